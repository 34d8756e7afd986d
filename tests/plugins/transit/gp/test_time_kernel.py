"""Exact Gaussian processes in time against celerite2, scikit-learn, closed forms and arithmetic of 60 digits."""

from __future__ import annotations

import celerite2
import numpy as np
import pytest
from celerite2 import terms
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import Matern

from specframe.errors import DataError

_RNG = np.random.default_rng(42)
_N = 90
_TIME = np.sort(_RNG.uniform(0.0, 0.3, _N))
_VARIANCE = 1e-8 * _RNG.uniform(0.5, 2.0, (2, _N))
_RESIDUAL = 3e-4 * _RNG.standard_normal((2, _N))
_USE = _RNG.uniform(size=(2, _N)) < 0.85
_A = {"log_uniform": [1e-6, 1.0]}
_T = {"log_uniform": [1e-3, 10.0]}
_Q = {"log_uniform": [0.01, 100.0]}

#: Terms, logarithms of hyper-parameters of two curves, and the same of celerite2.
_EXPONENTIAL = (
    [{"kernel": "exponential", "amplitude": _A, "timescale": _T}],
    np.log([[3e-4, 0.02], [1e-3, 0.1]]),
    lambda h: terms.RealTerm(a=h[0] ** 2, c=1.0 / h[1]),
)
_SHO = (
    [{"kernel": "sho", "amplitude": _A, "timescale": _T, "quality": _Q}],
    np.log([[3e-4, 0.05, 0.3], [1e-3, 0.1, 8.0]]),
    lambda h: terms.SHOTerm(sigma=h[0], rho=h[1], Q=h[2]),
)
_ROTATION = (
    [
        {
            "kernel": "rotation",
            "amplitude": _A,
            "timescale": _T,
            "quality": _Q,
            "quality_difference": _Q,
            "mix": _Q,
        }
    ],
    np.log([[3e-4, 0.05, 0.4, 0.7, 0.2], [1e-3, 0.1, 5.0, 2.0, 0.8]]),
    lambda h: terms.RotationTerm(sigma=h[0], period=h[1], Q0=h[2], dQ=h[3], f=h[4]),
)
_SUM = (
    [*_SHO[0], *_EXPONENTIAL[0]],
    np.concatenate([_SHO[1], _EXPONENTIAL[1][::-1]], axis=1),
    lambda h: _SHO[2](h[:3]) + _EXPONENTIAL[2](h[3:]),
)
_CELERITE = [
    pytest.param(*case, id=name)
    for name, case in (("exponential", _EXPONENTIAL), ("sho", _SHO), ("rotation", _ROTATION), ("sum", _SUM))
]
_MATERN = ([{"kernel": "matern-3/2", "amplitude": _A, "timescale": _T}], np.log([[3e-4, 0.02], [1e-3, 0.1]]))
_ALL = [*_CELERITE, pytest.param(*_MATERN, None, id="matern-3/2")]


def _used(curve, *arrays):
    return [np.ascontiguousarray(array[..., _USE[curve]]) for array in arrays]


@pytest.mark.parametrize(("written", "hyper", "reference"), _CELERITE)
def test_likelihood_whitening_and_prediction_are_those_of_celerite2(kernel, written, hyper, reference):
    own = kernel(*written)
    found = own.log_likelihood(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
    at = np.linspace(-0.02, 0.32, 57)
    mean, spread = own.predict(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE, at)
    columns = np.random.default_rng(1).standard_normal((2, 3, _N))
    whitened, log_determinant = own.whiten(hyper, _TIME, _VARIANCE, columns, _USE)
    solved = own.solve(hyper, _TIME, _VARIANCE, columns, _USE)
    for curve in range(2):
        time, variance, residual, c = _used(curve, _TIME, _VARIANCE[curve], _RESIDUAL[curve], columns[curve])
        process = celerite2.GaussianProcess(reference(np.exp(hyper[curve])))
        process.compute(time, diag=variance)
        assert found.value[curve] == pytest.approx(process.log_likelihood(residual), rel=1e-10)
        expected_mean, expected_spread = process.predict(residual, at, return_var=True)
        np.testing.assert_allclose(mean[curve], expected_mean, atol=1e-11)
        np.testing.assert_allclose(spread[curve], expected_spread, rtol=1e-6, atol=1e-15)
        inverse = process.apply_inverse(c.T).T
        np.testing.assert_allclose(whitened[curve] @ whitened[curve].T, c @ inverse.T, rtol=1e-8)
        np.testing.assert_allclose(solved[curve][:, _USE[curve]], inverse, rtol=1e-7, atol=1e-9 * np.abs(inverse).max())
        expected = -2.0 * process.log_likelihood(0.0 * residual) - len(time) * np.log(2 * np.pi)
        assert log_determinant[curve] == pytest.approx(expected, rel=1e-11)


def test_matern_is_that_of_scikit_learn_and_not_an_approximation(kernel):
    written, hyper = _MATERN
    own = kernel(*written)
    found = own.log_likelihood(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
    for curve, (amplitude, timescale) in enumerate(np.exp(hyper)):
        time, variance, residual = _used(curve, _TIME, _VARIANCE[curve], _RESIDUAL[curve])
        covariance = amplitude**2 * Matern(timescale, nu=1.5)(time[:, None]) + np.diag(variance)
        expected = multivariate_normal(np.zeros(len(time)), covariance).logpdf(residual)
        assert found.value[curve] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("written", "hyper", "_"), _ALL)
def test_prediction_is_that_of_the_dense_covariance_at_unused_samples_too(kernel, written, hyper, _):
    own = kernel(*written)
    mean, spread = own.predict(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
    lags = np.abs(_TIME[:, None] - _TIME)
    for curve in range(2):
        covariance = own.covariance(hyper[curve], lags.ravel())[0].reshape(lags.shape)
        use = _USE[curve]
        cross = covariance[:, use]
        inverse = np.linalg.inv(covariance[use][:, use] + np.diag(_VARIANCE[curve, use]))
        np.testing.assert_allclose(mean[curve], cross @ inverse @ _RESIDUAL[curve, use], atol=1e-11)
        expected = np.diag(covariance) - np.einsum("ij,jk,ik->i", cross, inverse, cross)
        np.testing.assert_allclose(spread[curve], expected, rtol=1e-6)


@pytest.mark.parametrize(("written", "hyper", "_"), _ALL)
def test_gradients_are_those_of_finite_differences(kernel, written, hyper, _):
    own = kernel(*written)

    def value(hyper=hyper, variance=_VARIANCE, residual=_RESIDUAL):
        return own.log_likelihood(hyper, _TIME, variance, residual, _USE).value

    found = own.log_likelihood(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
    for i in range(own.n_hyper):
        step = 1e-5 * (np.arange(own.n_hyper) == i)
        expected = (value(hyper + step) - value(hyper - step)) / 2e-5
        np.testing.assert_allclose(found.by_hyper[:, i], expected, rtol=1e-6, atol=1e-5)
    for i in (0, 17, _N - 1):
        step = np.zeros(_N)
        step[i] = 1e-8
        expected = (value(residual=_RESIDUAL + step) - value(residual=_RESIDUAL - step)) / 2e-8
        np.testing.assert_allclose(found.by_residual[:, i], expected, rtol=1e-5, atol=1e-2)
        step[i] = 1e-12
        expected = (value(variance=_VARIANCE + step) - value(variance=_VARIANCE - step)) / 2e-12
        np.testing.assert_allclose(found.by_variance[:, i], expected, rtol=1e-4, atol=1e2)


def test_unused_samples_are_as_if_they_were_not_there(kernel):
    own = kernel({"kernel": "matern-3/2"}, {"kernel": "sho"})
    hyper = np.array([[*np.log([3e-4, 0.05]), *np.log([1e-4, 0.01])]])
    use = _USE[:1]
    spoiled = np.where(use, _RESIDUAL[:1], np.nan)
    variance = np.where(use, _VARIANCE[:1], np.nan)
    found = own.log_likelihood(hyper, _TIME, variance, spoiled, use)
    time, own_variance, residual = _used(0, _TIME, _VARIANCE[:1], _RESIDUAL[:1])
    alone = own.log_likelihood(hyper, time, own_variance, residual, np.ones(residual.shape, dtype=bool))
    assert found.value == pytest.approx(alone.value, rel=1e-13)
    np.testing.assert_allclose(found.by_residual[use], alone.by_residual[0], rtol=1e-10)
    assert not found.by_residual[~use].any()
    assert not found.by_variance[~use].any()
    assert np.isfinite(own.predict(hyper, _TIME, variance, spoiled, use)).all()
    assert not own.whiten(hyper, _TIME, variance, spoiled[:, None], use)[0][:, 0][~use].any()


def test_a_curve_without_samples_has_a_likelihood_of_one_and_the_prior_as_prediction(kernel):
    own = kernel(*_MATERN[0])
    nothing = np.zeros((2, _N), dtype=bool)
    assert own.log_likelihood(_MATERN[1], _TIME, _VARIANCE, _RESIDUAL, nothing).value.tolist() == [0.0, 0.0]
    mean, spread = own.predict(_MATERN[1], _TIME, _VARIANCE, _RESIDUAL, nothing)
    assert not mean.any()
    np.testing.assert_allclose(spread, [[9e-8] * _N, [1e-6] * _N], rtol=1e-10)


def test_every_curve_has_its_own_hyper_parameters_and_what_is_given_once_serves_all(kernel):
    own = kernel(*_SUM[0])
    together = own.log_likelihood(_SUM[1], _TIME, _VARIANCE[:1], _RESIDUAL, _USE[:1])
    for curve in range(2):
        alone = own.log_likelihood(_SUM[1][curve], _TIME, _VARIANCE[0], _RESIDUAL[curve], _USE[0])
        assert alone.value[0] == together.value[curve]
        assert alone.by_hyper[0].tolist() == together.by_hyper[curve].tolist()


def test_a_single_block_by_the_fast_way_is_that_of_a_sum_with_nothing(kernel):
    nothing = {"kernel": "exponential", "amplitude": 1e-30, "timescale": 0.1}
    for written, hyper in ((_MATERN[0][0], _MATERN[1]), (_SHO[0][0], _SHO[1]), (_EXPONENTIAL[0][0], _EXPONENTIAL[1])):
        fast = kernel(written).log_likelihood(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
        slow = kernel(written, nothing).log_likelihood(hyper, _TIME, _VARIANCE, _RESIDUAL, _USE)
        np.testing.assert_allclose(fast.value, slow.value, rtol=1e-12)
        np.testing.assert_allclose(fast.by_hyper, slow.by_hyper, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(fast.by_residual, slow.by_residual, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(fast.by_variance, slow.by_variance, rtol=1e-8, atol=1.0)


@pytest.mark.parametrize(
    ("amplitude", "timescale", "noise", "time"),
    [
        pytest.param(1e-2, 300.0, 1e-5, np.linspace(0.0, 0.3, 30), id="timescale a thousand times the data"),
        pytest.param(1e-3, 0.1, 1e-9, np.linspace(0.0, 0.3, 30), id="noise a millionth of the process"),
        pytest.param(
            1e-3, 0.05, 1e-4, np.sort(np.repeat(np.linspace(0, 0.3, 10), 3)) + np.tile([0, 0, 1e-13], 10), id="twins"
        ),
        pytest.param(1e-3, 1e-6, 1e-4, np.linspace(0.0, 0.3, 30), id="timescale far below the cadence"),
    ],
)
def test_ill_conditioned_likelihoods_agree_with_arithmetic_of_60_digits(kernel, amplitude, timescale, noise, time):
    mpmath = pytest.importorskip("mpmath")
    residual = noise * np.random.default_rng(5).standard_normal(len(time)) + amplitude * np.sin(9 * time) * 0.1
    with mpmath.workdps(60):
        x = [[mpmath.sqrt(3) * abs(mpmath.mpf(a) - mpmath.mpf(b)) / mpmath.mpf(timescale) for a in time] for b in time]
        matrix = mpmath.matrix(
            [[mpmath.mpf(amplitude) ** 2 * (1 + value) * mpmath.exp(-value) for value in row] for row in x]
        )
        for i in range(len(time)):
            matrix[i, i] += mpmath.mpf(noise) ** 2
        factor = mpmath.cholesky(matrix)
        white = mpmath.lu_solve(factor, mpmath.matrix(residual.tolist()))
        exact = -0.5 * sum(w**2 for w in white) - sum(mpmath.log(factor[i, i]) for i in range(len(time)))
        exact = float(exact - 0.5 * len(time) * mpmath.log(2 * mpmath.pi))
        weight = mpmath.lu_solve(factor.T, white)
        fitted = [float(mpmath.mpf(r) - mpmath.mpf(noise) ** 2 * w) for r, w in zip(residual, weight, strict=True)]
    own = kernel(*_MATERN[0])
    hyper = np.log([[amplitude, timescale]])
    arrays = time, np.full((1, len(time)), noise**2), residual[None], np.ones((1, len(time)), dtype=bool)
    found = own.log_likelihood(hyper, *arrays)
    # dense Cholesky in double precision errs by 1e-7 to 1e-4 here
    assert found.value[0] == pytest.approx(exact, rel=1e-8)
    mean, spread = own.predict(hyper, *arrays)
    np.testing.assert_allclose(mean[0], fitted, atol=1e-6 * noise)
    assert (spread >= 0).all()
    white, log_determinant = own.whiten(hyper, arrays[0], arrays[1], residual[None, None], arrays[3])
    chi2 = float(np.square(white).sum())
    assert -0.5 * (chi2 + log_determinant[0] + len(time) * np.log(2 * np.pi)) == pytest.approx(exact, rel=1e-8)


def test_likelihood_is_continuous_through_critical_damping(kernel):
    own = kernel(*_SHO[0])
    quality = 0.5 + np.array([-1e-7, -1e-12, 0.0, 1e-12, 1e-7])
    hyper = np.log(np.stack([np.full(5, 3e-4), np.full(5, 0.05), quality], axis=1))
    found = own.log_likelihood(hyper, _TIME, _VARIANCE[:1], _RESIDUAL[:1], _USE[:1])
    np.testing.assert_allclose(found.value, found.value[2], rtol=1e-6)
    np.testing.assert_allclose(found.by_hyper, found.by_hyper[2:3].repeat(5, axis=0), rtol=1e-4)


def test_prediction_intervals_hold_at_samples_that_were_held_out(kernel, draw):
    own = kernel(*_MATERN[0])
    hyper = np.log([[1e-3, 0.05]])
    truth = draw(1e-6 * Matern(0.05, nu=1.5)(_TIME[:, None]), 400, seed=3)
    rng = np.random.default_rng(4)
    use = rng.uniform(size=truth.shape) < 0.7
    mean, spread = own.predict(
        hyper, _TIME, np.full((1, _N), 9e-8), truth + 3e-4 * rng.standard_normal(truth.shape), use
    )
    pull = ((truth - mean) / np.sqrt(spread))[~use]
    # some 10,000 samples, correlated over a few: the errors of these are about 0.015
    assert np.std(pull) == pytest.approx(1.0, abs=0.05)
    assert np.mean(np.abs(pull) < 1.0) == pytest.approx(0.683, abs=0.03)
    assert np.mean(np.abs(pull) < 1.96) == pytest.approx(0.95, abs=0.015)


def test_a_covariance_that_is_not_positive_definite_is_minus_infinity_and_not_an_error(kernel):
    own = kernel(*_MATERN[0])
    time = np.array([0.0, 0.1, 0.1, 0.2])
    arrays = time, np.zeros((1, 4)), np.ones((1, 4)), np.ones((1, 4), dtype=bool)
    found = own.log_likelihood(np.log([[1.0, 0.1]]), *arrays)
    assert found.value.tolist() == [-np.inf]
    assert not found.by_hyper.any()
    assert not found.by_residual.any()
    white, log_determinant = own.whiten(np.log([[1.0, 0.1]]), arrays[0], arrays[1], arrays[2][:, None], arrays[3])
    assert np.isnan(white).all()
    assert log_determinant.tolist() == [-np.inf]


def test_wrong_data_are_named(kernel):
    own = kernel(*_MATERN[0])
    hyper, use = _MATERN[1], np.ones((2, _N), dtype=bool)
    with pytest.raises(DataError, match="must ascend; number 1"):
        own.log_likelihood(hyper, _TIME[::-1], _VARIANCE, _RESIDUAL, use)
    with pytest.raises(DataError, match=r"2 free hyper-parameters .gp_log_amplitude, gp_log_timescale., got 3"):
        own.log_likelihood(np.zeros((2, 3)), _TIME, _VARIANCE, _RESIDUAL, use)
    with pytest.raises(DataError, match=r"variances .* not negative"):
        own.log_likelihood(hyper, _TIME, -_VARIANCE, _RESIDUAL, use)
    with pytest.raises(DataError, match=r"variance .* 2 curves \(or 1\) and 90 times, got \(2, 89\)"):
        own.log_likelihood(hyper, _TIME, _VARIANCE[:, 1:], _RESIDUAL, use)


def test_smooth_kernels_of_other_libraries_have_no_counterpart_in_time(kernel):
    with pytest.raises(ValueError, match=r"matern-3/2.*exponential.*sho.*rotation"):
        kernel({"kernel": "squared-exponential"})
