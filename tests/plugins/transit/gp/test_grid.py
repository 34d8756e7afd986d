"""Gaussian processes over time and wavelength against the dense covariance of scikit-learn's kernels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import RBF, Matern

from specframe.errors import DataError
from specframe_transit.gp.grid import make_grid_kernel, separable_variance
from specframe_transit.gp.params import GridKernelParams

pytest.importorskip("gpytorch")

_RNG = np.random.default_rng(3)
_SHAPE = (9, 16)
_TIME = np.sort(_RNG.uniform(0.0, 0.2, _SHAPE[1]))
_WAVELENGTH = np.linspace(0.8, 5.0, _SHAPE[0])
_VARIANCE = 1e-8 * np.outer(_RNG.uniform(0.5, 2.0, _SHAPE[0]), _RNG.uniform(0.5, 2.0, _SHAPE[1]))
_RESIDUAL = 3e-4 * _RNG.standard_normal(_SHAPE)
_USE = np.ones(_SHAPE, dtype=bool)
_USE[3] = False
_USE[:, [0, 7]] = False
_HYPER = np.log([3e-4, 0.05, 0.4])


def _make(**params):
    return make_grid_kernel(GridKernelParams(**params), _TIME, _WAVELENGTH, 1e-4)


def _dense(hyper):
    amplitude, timescale, wavelength_scale = np.exp(hyper)
    along_wavelength = RBF(wavelength_scale)(np.log(_WAVELENGTH)[:, None])
    return amplitude**2 * np.kron(along_wavelength, Matern(timescale, nu=1.5)(_TIME[:, None]))


def _dense_likelihood(hyper, variance=_VARIANCE, residual=_RESIDUAL):
    use = _USE.ravel()
    covariance = (_dense(hyper) + np.diag(variance.ravel()))[np.ix_(use, use)]
    return multivariate_normal(np.zeros(use.sum()), covariance).logpdf(residual.ravel()[use])


def test_likelihood_and_gradients_are_those_of_the_dense_covariance():
    own = _make()
    found = own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    assert found.value[0] == pytest.approx(_dense_likelihood(_HYPER), rel=1e-11)
    for i in range(3):
        step = 1e-5 * (np.arange(3) == i)
        expected = (_dense_likelihood(_HYPER + step) - _dense_likelihood(_HYPER - step)) / 2e-5
        assert found.by_hyper[0, i] == pytest.approx(expected, rel=1e-5)
    use = _USE.ravel()
    inverse = np.linalg.inv((_dense(_HYPER) + np.diag(_VARIANCE.ravel()))[np.ix_(use, use)])
    weight = inverse @ _RESIDUAL[_USE]
    np.testing.assert_allclose(found.by_residual[_USE], -weight, rtol=1e-8)
    np.testing.assert_allclose(found.by_variance[_USE], 0.5 * (weight**2 - np.diag(inverse)), rtol=1e-7)
    assert not found.by_residual[~_USE].any()


def test_prediction_and_whitening_are_those_of_the_dense_covariance():
    own = _make()
    use = _USE.ravel()
    covariance = _dense(_HYPER)
    noisy = (covariance + np.diag(_VARIANCE.ravel()))[np.ix_(use, use)]
    cross = covariance[:, use]
    mean, spread = own.predict(_HYPER, _VARIANCE, _RESIDUAL, _USE)
    np.testing.assert_allclose(mean.ravel(), cross @ np.linalg.solve(noisy, _RESIDUAL[_USE]), atol=1e-12)
    expected = np.diag(covariance) - np.einsum("ij,ji->i", cross, np.linalg.solve(noisy, cross.T))
    np.testing.assert_allclose(spread.ravel(), expected, rtol=1e-7)
    columns = np.random.default_rng(1).standard_normal((3, *_SHAPE))
    white, log_determinant = own.whiten(_HYPER, _VARIANCE, columns, _USE)
    kept = columns[:, _USE]
    np.testing.assert_allclose(np.einsum("iab,jab->ij", white, white), kept @ np.linalg.solve(noisy, kept.T), rtol=1e-8)
    assert log_determinant == pytest.approx(np.linalg.slogdet(noisy)[1], rel=1e-11)


def test_injected_hyper_parameters_are_recovered():
    rng = np.random.default_rng(11)
    time, wavelength = np.linspace(0.0, 0.3, 80), np.geomspace(1.0, 5.0, 30)
    own = make_grid_kernel(GridKernelParams(), time, wavelength, 1e-4)
    half = (
        np.linalg.cholesky(k(x[:, None]) + 1e-10 * np.eye(len(x)))
        for k, x in ((RBF(0.3), np.log(wavelength)), (Matern(0.02, nu=1.5), time))
    )
    left, right = half
    residual = 3e-4 * left @ rng.standard_normal((30, 80)) @ right.T + 1e-4 * rng.standard_normal((30, 80))
    use = np.ones((30, 80), dtype=bool)
    hyper, _, covariance = own.optimise(np.full((30, 80), 1e-8), residual, use)
    pull = (hyper - np.log([3e-4, 0.02, 0.3])) / np.sqrt(np.diag(covariance))
    assert (np.abs(pull) < 3.0).all()
    assert (np.sqrt(np.diag(covariance)) < 0.4).all()


def test_what_is_no_grid_is_refused_with_what_to_do():
    own = _make()
    use = _USE.copy()
    use[0, 5] = False
    with pytest.raises(DataError, match=r"complete grid: 1 of 112 samples are missing.*leave out"):
        own.log_likelihood(_HYPER, _VARIANCE, _RESIDUAL, use)
    variance = _VARIANCE * np.random.default_rng(0).uniform(0.9, 1.1, _SHAPE)
    with pytest.raises(DataError, match="separable_variance"):
        own.log_likelihood(_HYPER, variance, _RESIDUAL, _USE)
    near = separable_variance(variance, _USE)
    assert np.isfinite(own.log_likelihood(_HYPER, near, _RESIDUAL, _USE).value[0])
    np.testing.assert_allclose(near[_USE], _VARIANCE[_USE], rtol=0.12)
    with pytest.raises(DataError, match=r"variance .* must be \(9, 16\), got \(16, 9\)"):
        own.log_likelihood(_HYPER, _VARIANCE.T, _RESIDUAL, _USE)
    with pytest.raises(DataError, match="wavelengths must ascend"):
        make_grid_kernel(GridKernelParams(), _TIME, _WAVELENGTH[::-1], 1e-4)
