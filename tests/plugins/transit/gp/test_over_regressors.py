"""Gaussian processes over regressors against scikit-learn and dense algebra; inducing points against the exact one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

from specframe.errors import DataError, ParameterError, UnavailableComponentError
from specframe_transit.gp.dense import make_dense_kernel
from specframe_transit.gp.low_rank import spread_out
from specframe_transit.gp.params import RegressorKernelParams

pytest.importorskip("gpytorch")

_RNG = np.random.default_rng(7)
_N = 120
_INPUTS = _RNG.standard_normal((_N, 2)) * [3.0, 0.1] + [512.0, -1.0]
_STANDARD = (_INPUTS - _INPUTS.mean(axis=0)) / _INPUTS.std(axis=0)
_VARIANCE = 1e-8 * _RNG.uniform(0.5, 2.0, _N)
_RESIDUAL = 1e-3 * np.sin(1.5 * _STANDARD[:, 0]) + np.sqrt(_VARIANCE) * _RNG.standard_normal(_N)
_USE = _RNG.uniform(size=_N) < 0.85
_HYPER = np.log([8e-4, 0.9, 3.0])
_KERNELS = [
    ("matern-3/2", Matern([0.9, 3.0], nu=1.5)),
    ("matern-5/2", Matern([0.9, 3.0], nu=2.5)),
    ("squared-exponential", RBF([0.9, 3.0])),
]


def _make(**params):
    return make_dense_kernel(RegressorKernelParams(**params), _INPUTS, ("x", "y"), 1e-4)


@pytest.mark.parametrize(("name", "reference"), _KERNELS)
def test_likelihood_and_prediction_are_those_of_scikit_learn(name, reference):
    own = _make(kernel=name)
    assert own.names == ("gp_log_amplitude", "gp_log_lengthscale_x", "gp_log_lengthscale_y")
    covariance = (ConstantKernel(8e-4**2) * reference)(_STANDARD[_USE]) + np.diag(_VARIANCE[_USE])
    expected = multivariate_normal(np.zeros(_USE.sum()), covariance).logpdf(_RESIDUAL[_USE])
    found = own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    assert found.value[0] == pytest.approx(expected, rel=1e-9)
    regressor = GaussianProcessRegressor(ConstantKernel(8e-4**2) * reference, alpha=_VARIANCE[_USE], optimizer=None)
    expected_mean, expected_std = regressor.fit(_STANDARD[_USE], _RESIDUAL[_USE]).predict(_STANDARD, return_std=True)
    mean, spread = own.predict(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(spread), expected_std, rtol=1e-4)
    elsewhere, _ = own.predict(_HYPER, _VARIANCE, _RESIDUAL, _USE, at=_INPUTS[:5])
    np.testing.assert_allclose(elsewhere, mean[:5], atol=1e-12)


@pytest.mark.parametrize("inducing", [0, 40])
@pytest.mark.parametrize("name", [name for name, _ in _KERNELS])
def test_gradients_are_those_of_finite_differences(name, inducing):
    own = _make(kernel=name, inducing_points=inducing)

    def value(hyper=_HYPER, variance=_VARIANCE, residual=_RESIDUAL):
        return own.log_likelihood(hyper, variance, residual, _USE).value[0]

    found = own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    for i in range(3):
        step = 1e-5 * (np.arange(3) == i)
        expected = (value(_HYPER + step) - value(_HYPER - step)) / 2e-5
        assert found.by_hyper[0, i] == pytest.approx(expected, rel=1e-5, abs=1e-3)
    sample = int(np.flatnonzero(_USE)[10])
    step = 1e-8 * (np.arange(_N) == sample)
    expected = (value(residual=_RESIDUAL + step) - value(residual=_RESIDUAL - step)) / 2e-8
    assert found.by_residual[0, sample] == pytest.approx(expected, rel=1e-4)
    step = 1e-11 * (np.arange(_N) == sample)
    expected = (value(variance=_VARIANCE + step) - value(variance=_VARIANCE - step)) / 2e-11
    assert found.by_variance[0, sample] == pytest.approx(expected, rel=1e-4)
    assert not found.by_residual[0, ~_USE].any()


@pytest.mark.parametrize("inducing", [0, 40])
def test_whitened_columns_give_the_likelihood_and_normal_equations(inducing):
    own = _make(inducing_points=inducing)
    columns = np.stack([_RESIDUAL, np.ones(_N), _STANDARD[:, 0]])
    columns[:, ~_USE] = np.nan
    white, log_determinant = own.whiten(_HYPER, _VARIANCE, columns, _USE)
    found = own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    value = -0.5 * (white[0] @ white[0] + log_determinant + _USE.sum() * np.log(2 * np.pi))
    assert value == pytest.approx(found.value[0], rel=1e-10)
    # d log L / d residual = -K^-1 residual
    np.testing.assert_allclose(white @ white[0], -columns[:, _USE] @ found.by_residual[0, _USE], rtol=1e-7)
    assert not white[:, ~_USE].any()


def test_inducing_points_bound_the_likelihood_and_become_exact():
    exact = _make(kernel="squared-exponential")
    target = exact.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    values = []
    for number in (20, 60, _N):
        low_rank = replace(exact, inducing=spread_out(exact.inputs, number))
        values.append(low_rank.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE).value[0])
    assert values[0] < values[1] < target.value[0]
    assert values[2] == pytest.approx(target.value[0], abs=1e-3)
    mean, spread = low_rank.predict(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    expected_mean, expected_spread = exact.predict(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-8)
    np.testing.assert_allclose(spread, expected_spread, atol=1e-12)


def test_inducing_points_are_taken_by_default_only_where_there_are_many_samples():
    inputs = np.random.default_rng(0).standard_normal((1501, 1))
    params = RegressorKernelParams()
    assert make_dense_kernel(params, inputs[:1500], ("x",), 1e-4).inducing is None
    many = make_dense_kernel(params, inputs, ("x",), 1e-4).inducing
    assert many is not None
    assert many.shape == (300, 1)


def test_spread_out_points_are_as_far_apart_as_can_be():
    line = np.linspace(0.0, 1.0, 101)[:, None]
    np.testing.assert_allclose(spread_out(line, 5)[:, 0], [0.0, 0.25, 0.5, 0.75, 1.0], atol=0.011)
    assert len(spread_out(np.zeros((10, 2)), 4)) == 1


def test_the_regressor_that_matters_gets_the_short_length_scale():
    own = _make()
    hyper, value, covariance = own.optimise(_VARIANCE, _RESIDUAL, _USE)
    amplitude, x, y = np.exp(hyper)
    assert 3e-4 < amplitude < 1e-2
    assert x < 5.0
    assert y > 20.0
    assert value >= own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE).value[0]
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    mean, spread = own.predict(hyper, _VARIANCE, _RESIDUAL, _USE)
    truth = 1e-3 * np.sin(1.5 * _STANDARD[:, 0])
    assert np.std(mean - truth) < 6e-5
    assert np.std((mean - truth) / np.sqrt(spread)) < 1.5


def test_fixed_hyper_parameters_stay():
    own = _make(amplitude=1e-3, lengthscale={"normal": [1.0, 0.5]})
    assert own.names == ("gp_log_lengthscale_x", "gp_log_lengthscale_y")
    full = _make().log_likelihood(np.log([1e-3, 0.9, 3.0]), _VARIANCE, _RESIDUAL, _USE)
    found = own.log_likelihood(_HYPER[1:], _VARIANCE, _RESIDUAL, _USE)
    assert found.value == pytest.approx(full.value)
    np.testing.assert_allclose(found.by_hyper[0], full.by_hyper[0, 1:])


def test_twins_without_noise_are_no_covariance_but_no_error():
    inputs = np.repeat(_INPUTS[:20], 2, axis=0)
    own = make_dense_kernel(RegressorKernelParams(), inputs, ("x", "y"), 1e-4)
    found = own.log_likelihood(_HYPER, np.zeros(40), np.linspace(-1, 1, 40) * 1e-4, np.ones(40, dtype=bool))
    # jitter lets it be factorised; the likelihood of twins that differ is what it is: hopeless
    assert found.value[0] < 0
    assert np.isfinite(found.value[0])


def test_wrong_regressors_are_named():
    inputs = _INPUTS.copy()
    inputs[3, 1] = np.nan
    with pytest.raises(DataError, match="regressor y has values that are not finite"):
        make_dense_kernel(RegressorKernelParams(), inputs, ("x", "y"), 1e-4)
    with pytest.raises(DataError, match=r"regressor y is constant .3."):
        make_dense_kernel(
            RegressorKernelParams(), np.stack([_INPUTS[:, 0], np.full(_N, 3.0)], axis=1), ("x", "y"), 1e-4
        )
    with pytest.raises(ParameterError, match="gp_lengthscale_x"):
        _make(lengthscale=-1.0)
    with pytest.raises(DataError, match=r"variance .* must have 120 samples, got \(119,\)"):
        _make().log_likelihood(_HYPER, _VARIANCE[1:], _RESIDUAL, _USE)


def test_missing_packages_are_answered_with_the_pip_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpytorch", None)
    with pytest.raises(UnavailableComponentError, match=r"pip install specframe\[gp\]"):
        _make()


def test_torch_keeps_its_threads():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        _make().log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_torch_is_imported_only_when_a_kernel_is_made():
    code = "import sys; import specframe_transit.gp.dense, specframe_transit.gp.grid; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
