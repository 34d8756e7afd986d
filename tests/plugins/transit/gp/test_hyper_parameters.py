"""Hyper-parameters of kernels: priors from YAML, defaults, and optima of one curve and of many."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from specframe.errors import DataError, ParameterError
from specframe_transit.gp.celerite import make_time_kernel
from specframe_transit.gp.optimum import find_optimum
from specframe_transit.gp.params import MaternParams
from specframe_transit.gp.terms import LogOf, log_parameter
from specframe_transit.inference.params import LogUniformPrior, NormalPrior, UniformPrior

_TIME = np.linspace(0.0, 2.0, 300)


@pytest.mark.parametrize(
    ("spec", "density"),
    [
        (NormalPrior(normal=(0.3, 0.1)), stats.truncnorm(-3, np.inf, 0.3, 0.1)),
        (UniformPrior(uniform=(0.1, 0.7)), stats.uniform(0.1, 0.6)),
        (LogUniformPrior(log_uniform=(0.1, 0.7)), stats.loguniform(0.1, 0.7)),
    ],
)
def test_the_prior_of_a_logarithm_is_the_density_of_the_value_times_the_value(spec, density):
    parameter = log_parameter("gp", "timescale", spec, "d")
    assert parameter.name == "gp_log_timescale"
    x = np.log(np.linspace(0.12, 0.6, 7))
    prior = parameter.prior
    np.testing.assert_allclose(prior.log_density(x), density.logpdf(np.exp(x)) + x, rtol=1e-9)
    np.testing.assert_allclose(
        prior.gradient(x), (prior.log_density(x + 1e-6) - prior.log_density(x - 1e-6)) / 2e-6, atol=1e-7
    )
    u = np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(np.exp(prior.transform(u)), density.ppf(u), rtol=1e-9)
    for bound in (prior.lower, prior.upper):
        # rounding of exp(log(bound)) must not put a bound outside itself
        assert not np.isfinite(bound) or np.isfinite(prior.log_density(bound))


def test_the_curvature_of_a_normal_prior_is_that_of_the_logarithm():
    prior = log_parameter("gp", "timescale", NormalPrior(normal=(0.3, 0.1))).prior
    assert isinstance(prior, LogOf)
    x = np.log(0.35)
    expected = -(prior.gradient(x + 1e-6) - prior.gradient(x - 1e-6)) / 2e-6
    assert prior.curvature(x) == pytest.approx(expected, rel=1e-6)


def test_defaults_span_the_scatter_and_the_times():
    kernel = make_time_kernel([MaternParams()], _TIME, 1e-4)
    assert kernel.names == ("gp_log_amplitude", "gp_log_timescale")
    amplitude, timescale = kernel.parameters
    assert np.exp([amplitude.prior.lower, amplitude.prior.upper]) == pytest.approx([1e-6, 1e-2])
    assert np.exp([timescale.prior.lower, timescale.prior.upper]) == pytest.approx([2.0 / 299, 2.0])


def test_what_is_fixed_is_no_parameter_and_several_terms_are_numbered(kernel):
    own = kernel({"kernel": "matern-3/2", "timescale": 0.1}, {"kernel": "sho", "quality": {"uniform": [0.5, 5]}})
    assert own.names == ("gp1_log_amplitude", "gp2_log_amplitude", "gp2_log_timescale", "gp2_log_quality")
    values = own.values(np.log([[1e-3, 2e-3, 0.05, 3.0]]))
    assert {name: float(value[0]) for name, value in values.items()} == pytest.approx(
        {
            "gp1_amplitude": 1e-3,
            "gp1_timescale": 0.1,
            "gp2_amplitude": 2e-3,
            "gp2_timescale": 0.05,
            "gp2_quality": 3.0,
        }
    )


@pytest.mark.parametrize("wrong", [0.0, -1.0, {"free": 0.0}, {"normal": [-1.0, 0.5]}, {"uniform": [-1, 1]}])
def test_a_prior_of_what_cannot_be_positive_is_refused(kernel, wrong):
    with pytest.raises(ParameterError, match="gp_timescale"):
        kernel({"kernel": "exponential", "timescale": wrong})


def test_kernels_of_nothing_are_refused():
    with pytest.raises(ParameterError, match="at least one kernel"):
        make_time_kernel([], _TIME, 1e-4)
    with pytest.raises(DataError, match="two times or more"):
        make_time_kernel([MaternParams()], np.zeros(3), 1e-4)
    with pytest.raises(DataError, match="scatter of the light curve must be positive, got 0"):
        make_time_kernel([MaternParams()], _TIME, 0.0)


def _curves(kernel, draw, hyper, n_curve, seed, noise=1e-4):
    lags = np.abs(_TIME[:, None] - _TIME).ravel()
    covariance = kernel.covariance(hyper, lags)[0].reshape(len(_TIME), -1)
    residual = draw(covariance + noise**2 * np.eye(len(_TIME)), n_curve, seed)
    return np.full(residual.shape, noise**2), residual, np.ones(residual.shape, dtype=bool)


@pytest.mark.parametrize(
    ("written", "truth"),
    [
        ({"kernel": "matern-3/2"}, [3e-4, 0.05]),
        ({"kernel": "exponential"}, [3e-4, 0.03]),
        ({"kernel": "sho", "quality": {"log_uniform": [0.3, 30]}}, [3e-4, 0.12, 3.0]),
    ],
)
def test_injected_hyper_parameters_are_recovered_within_their_errors(kernel, draw, written, truth):
    own = kernel(written, time=_TIME)
    truth = np.log(truth)
    hyper, value, covariance = own.optimise(_TIME, *_curves(own, draw, truth, 200, seed=1))
    pull = (hyper - truth) / np.sqrt(np.einsum("cii->ci", covariance))
    # the mean over 200 has an error of 0.07, and the logarithm of an amplitude is low by about a third of its error:
    # forty correlation lengths are not many
    np.testing.assert_allclose(pull.mean(axis=0), 0.0, atol=0.5)
    np.testing.assert_allclose(pull.std(axis=0), 1.0, atol=0.2)
    variance, residual, use = _curves(own, draw, truth, 200, seed=1)
    at_truth = own.log_likelihood(np.tile(truth, (200, 1)), _TIME, variance, residual, use).value
    # Wilks: twice the gain is chi^2 with as many degrees of freedom, whose mean over 200 has an error of 0.1 n^(1/2)
    assert 2.0 * np.mean(value - at_truth) == pytest.approx(len(truth), abs=0.6)


def test_optima_are_those_of_scipy_from_many_starts(kernel, draw):
    own = kernel({"kernel": "matern-3/2"}, {"kernel": "exponential"}, time=_TIME)
    variance, residual, use = _curves(own, draw, np.log([3e-4, 0.3, 1e-4, 0.01]), 3, seed=8)
    _, value, _ = own.optimise(_TIME, variance, residual, use)
    bounds = [(parameter.prior.lower, parameter.prior.upper) for parameter in own.parameters]
    rng = np.random.default_rng(0)
    for curve in range(3):

        def objective(x, curve=curve):
            found = own.log_likelihood(x, _TIME, variance[curve], residual[curve], use[curve])
            return -found.value[0], -found.by_hyper[0]

        starts = rng.uniform(*np.array(bounds).T, (6, 4))
        best = min(minimize(objective, x0, jac=True, bounds=bounds).fun for x0 in starts)
        assert value[curve] > -best - 0.02


def test_an_optimum_at_a_bound_is_found_and_no_error_is_wider_than_the_prior(kernel):
    own = kernel({"kernel": "matern-3/2"}, time=_TIME)
    rng = np.random.default_rng(2)
    residual = 1e-4 * rng.standard_normal((20, 300))
    hyper, _, covariance = own.optimise(_TIME, np.full((1, 300), 1e-8), residual, np.ones((1, 300), dtype=bool))
    lower, upper = (np.array([getattr(p.prior, b) for p in own.parameters]) for b in ("lower", "upper"))
    assert (hyper >= lower).all()
    assert (hyper <= upper).all()
    # white noise: most curves need no process
    assert np.median(np.exp(hyper[:, 0])) < 3e-5
    assert (np.sqrt(np.einsum("cii->ci", covariance)) <= (upper - lower) / np.sqrt(12.0) * 1.0001).all()


def test_priors_count(kernel, draw):
    narrow = {"kernel": "matern-3/2", "timescale": {"normal": [0.4, 0.001]}}
    own = kernel(narrow, time=_TIME)
    hyper, _, covariance = own.optimise(_TIME, *_curves(own, draw, np.log([3e-4, 0.05]), 3, seed=2))
    np.testing.assert_allclose(np.exp(hyper[:, 1]), 0.4, atol=0.01)
    np.testing.assert_allclose(np.sqrt(covariance[:, 1, 1]), 0.001 / 0.4, rtol=0.05)


def _fitted_columns():
    box = (np.abs(_TIME - 1.0) < 0.3).astype(float)
    return np.stack([np.ones(300), _TIME - 1.0, np.square(_TIME - 1.0), box])


def test_the_restricted_likelihood_is_that_with_a_wide_prior_of_the_coefficients(kernel, draw):
    own = kernel({"kernel": "matern-3/2"}, {"kernel": "exponential"}, time=_TIME)
    hyper = np.log([[3e-4, 0.3, 1e-4, 0.01], [5e-4, 0.1, 2e-4, 0.02]])
    variance, residual, use = _curves(own, draw, hyper[0], 2, seed=4)
    use = np.random.default_rng(0).uniform(size=use.shape) < 0.8
    columns = np.tile(_fitted_columns(), (2, 1, 1))
    spoiled = np.where(use[:, None], columns, np.nan)
    value, gradient = own.restricted_likelihood(hyper, _TIME, variance, residual, spoiled, use)
    lags = np.abs(_TIME[:, None] - _TIME).ravel()
    width = 0.1
    for curve in range(2):
        covariance = own.covariance(hyper[curve], lags)[0].reshape(300, 300) + np.diag(variance[curve])
        a = columns[curve][:, use[curve]]
        total = covariance[use[curve]][:, use[curve]] + width**2 * a.T @ a
        expected = stats.multivariate_normal(np.zeros(len(total)), total).logpdf(residual[curve, use[curve]])
        assert value[curve] == pytest.approx(expected + 4 * np.log(width * np.sqrt(2 * np.pi)), abs=1e-3)
    for i in range(4):
        step = 1e-5 * (np.arange(4) == i)
        up, down = (
            own.restricted_likelihood(hyper + s, _TIME, variance, residual, columns, use)[0] for s in (step, -step)
        )
        np.testing.assert_allclose(gradient[:, i], (up - down) / 2e-5, rtol=1e-5, atol=1e-5)


def test_columns_that_depend_on_others_change_no_gradient(kernel, draw):
    own = kernel({"kernel": "matern-3/2"}, time=_TIME)
    hyper = np.log([[3e-4, 0.1]])
    variance, residual, use = _curves(own, draw, hyper[0], 1, seed=4)
    columns = _fitted_columns()[None]
    more = np.concatenate([columns, 2.0 * columns[:, :1] - columns[:, 1:2], np.zeros((1, 1, 300))], axis=1)
    _, expected = own.restricted_likelihood(hyper, _TIME, variance, residual, columns, use)
    _, gradient = own.restricted_likelihood(hyper, _TIME, variance, residual, more, use)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_what_was_fitted_does_not_make_the_process_too_small(kernel, draw):
    own = kernel({"kernel": "matern-3/2"}, time=_TIME)
    truth = np.log([3e-4, 0.3])
    variance, drawn, use = _curves(own, draw, truth, 150, seed=6)
    columns = np.tile(_fitted_columns(), (150, 1, 1))
    basis, _ = np.linalg.qr(columns[0].T)
    residual = drawn - drawn @ basis @ basis.T
    ordinary = own.optimise(_TIME, variance, residual, use)
    restricted = own.optimise(_TIME, variance, residual, use, columns=columns)
    pulls = [
        ((hyper - truth) / np.sqrt(np.einsum("cii->ci", c))).mean(axis=0) for hyper, _, c in (ordinary, restricted)
    ]
    assert (pulls[0] < -1.0).all()
    np.testing.assert_allclose(pulls[1], 0.0, atol=0.5)


def test_a_kernel_without_free_hyper_parameters_has_nothing_to_optimise(kernel):
    own = kernel({"kernel": "matern-3/2", "amplitude": 1e-3, "timescale": 0.1}, time=_TIME)
    hyper, value, covariance = own.optimise(_TIME, np.ones((2, 300)), np.zeros((2, 300)), np.ones((2, 300), dtype=bool))
    assert hyper.shape == (2, 0)
    assert covariance.shape == (2, 0, 0)
    assert np.isfinite(value).all()


def test_a_curve_without_finite_density_does_not_stop_the_others(kernel):
    own = kernel({"kernel": "matern-3/2"}, time=_TIME)

    def evaluate(curves, values):
        bad = curves == 1
        value = np.where(bad, -np.inf, -np.square(values + 5.0).sum(axis=1))
        return value, np.where(bad[:, None], 0.0, -2.0 * (values + 5.0))

    found = find_optimum(evaluate, own.parameters, 3)
    assert np.isfinite(found.values).all()
    assert found.log_density[1] == -np.inf
    bound = own.parameters[0].prior.upper
    np.testing.assert_allclose(found.values[[0, 2], 0], min(-5.0, bound), atol=1e-3)


def test_the_parameters_import_nothing_heavy():
    code = (
        "import sys; import specframe_transit.gp.params; "
        "print(sorted({'numba', 'scipy', 'torch', 'gpytorch', 'xarray', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_process_in_time_needs_no_torch():
    code = (
        "import sys; import specframe_transit.gp.celerite; print({'torch', 'gpytorch', 'celerite2'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
