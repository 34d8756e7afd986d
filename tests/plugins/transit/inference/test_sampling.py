"""Samplers on posteriors whose moments and evidence are known."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import dblquad

from specframe.errors import DataError, ParameterError, UnavailableComponentError
from specframe_transit.fit.linear import solve_linear
from specframe_transit.inference.diagnostics import autocorrelation_time
from specframe_transit.inference.params import (
    DynestyParams,
    EmceeParams,
    FreePrior,
    LaplaceParams,
    NormalPrior,
    UniformPrior,
)
from specframe_transit.inference.posterior import log_probability
from specframe_transit.inference.prior import Parameter, make_parameter
from specframe_transit.inference.sampling import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from specframe_transit.inference.params import MethodParams

METHODS = [
    LaplaceParams(draws=4000),
    EmceeParams(n_effective=4000, draws=4000),
    DynestyParams(live_points=400, evidence_tolerance=0.1),
]
WIDE = UniformPrior(uniform=(-20.0, 20.0))


@dataclass
class Problem:
    """A posterior from a function of the parameters."""

    parameters: tuple[Parameter, ...]
    optimum: np.ndarray
    covariance: np.ndarray
    function: Callable[[np.ndarray], np.ndarray]
    evaluations: int = 0

    def log_likelihood(self, values: np.ndarray) -> np.ndarray:
        self.evaluations += len(values)
        return self.function(values)


def normal(x: np.ndarray, mean: object, std: float) -> np.ndarray:
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))


MEAN = np.array([1.0, -2.0])
COVARIANCE = np.array([[0.5, 0.6], [0.6, 1.5]])
DENSITY = stats.multivariate_normal(MEAN, COVARIANCE)


def gaussian(priors: tuple[object, ...] = (WIDE, WIDE)) -> Problem:
    parameters = tuple(make_parameter(f"p{i}", prior) for i, prior in enumerate(priors))
    return Problem(parameters, MEAN, COVARIANCE, lambda v: np.atleast_1d(DENSITY.logpdf(v)))


def banana() -> Problem:
    """``y`` follows ``x^2``: the Gaussian approximation at the maximum misses the arms."""

    def function(values: np.ndarray) -> np.ndarray:
        x, y = values.T
        return normal(x, 0.0, 1.0) + normal(y, x**2, 0.3)

    parameters = tuple(make_parameter(name, WIDE) for name in "xy")
    return Problem(parameters, np.zeros(2), np.diag([1.0, 0.09]), function)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.method)
def test_moments_of_a_gaussian(method: MethodParams) -> None:
    samples = sample(gaussian(), method, seed=1)
    assert samples.names == ("p0", "p1")
    # 4 standard errors of a mean and of a variance from at least 1500 independent draws
    np.testing.assert_allclose(samples.draws.mean(axis=0), MEAN, atol=4 * 1.22 / np.sqrt(1500))
    np.testing.assert_allclose(np.cov(samples.draws.T), COVARIANCE, rtol=4 * np.sqrt(2 / 1500))
    assert samples.flags == ()
    expected = gaussian()
    if method.method != "laplace":
        np.testing.assert_allclose(samples.log_probability, log_probability(expected, samples.draws), rtol=1e-9)


@pytest.mark.parametrize("method", [METHODS[0], METHODS[2]], ids=lambda m: m.method)
def test_evidence_of_a_gaussian_is_the_prior_density_there(method: MethodParams) -> None:
    samples = sample(gaussian(), method, seed=2)
    assert samples.log_evidence is not None
    error = samples.diagnostics.get("log_evidence_error", 0.0)
    assert samples.log_evidence == pytest.approx(-2 * np.log(40.0), abs=4 * error + 1e-6)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.method)
def test_same_seed_same_draws_and_global_random_state_untouched(method: MethodParams) -> None:
    short = method.model_copy(update={"n_effective": 100, "live_points": 60})
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not be used
    first, again, other = (sample(gaussian(), short, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert first.draws.shape != other.draws.shape or not np.array_equal(first.draws, other.draws)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.method)
def test_prior_is_counted_once(method: MethodParams) -> None:
    """A Gaussian prior as informative as the likelihood halves variance and distance."""
    parameters = (make_parameter("x", NormalPrior(normal=(2.0, 1.0))),)
    problem = Problem(parameters, np.array([1.0]), np.array([[0.5]]), lambda v: normal(v[:, 0], 0.0, 1.0))
    samples = sample(problem, method, seed=3)
    assert samples.draws.mean() == pytest.approx(1.0, abs=0.08)
    assert samples.draws.std() == pytest.approx(np.sqrt(0.5), abs=0.06)
    if samples.log_evidence is not None:
        expected = stats.norm(0, np.sqrt(2.0)).logpdf(2.0)
        assert samples.log_evidence == pytest.approx(
            expected, abs=4 * samples.diagnostics.get("log_evidence_error", 0.0) + 1e-6
        )


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.method)
def test_no_draw_outside_the_bounds(method: MethodParams) -> None:
    samples = sample(gaussian((UniformPrior(uniform=(1.0, 20.0)), WIDE)), method, seed=4)
    assert samples.draws[:, 0].min() >= 1.0
    half_normal = stats.halfnorm(1.0, np.sqrt(0.5))
    assert samples.draws[:, 0].mean() == pytest.approx(half_normal.mean(), abs=0.06)
    # a prior density of 1/19 and 1/40, and half of the likelihood
    if samples.log_evidence is not None:
        assert samples.log_evidence == pytest.approx(-np.log(19 * 40 * 2), abs=0.35)


@pytest.mark.parametrize("method", METHODS[1:], ids=lambda m: m.method)
def test_banana(method: MethodParams) -> None:
    samples = sample(banana(), method, seed=7)
    x, y = samples.draws.T
    assert x.std() == pytest.approx(1.0, abs=0.1)
    assert y.mean() == pytest.approx(1.0, abs=0.15)
    assert y.var() == pytest.approx(2.0 + 0.09, rel=0.35)
    assert np.var(y - x**2) == pytest.approx(0.09, rel=0.15)


def test_laplace_says_when_the_posterior_is_no_gaussian() -> None:
    samples = sample(banana(), LaplaceParams(), seed=7)
    assert samples.flags == ("posterior-not-gaussian",)
    assert samples.diagnostics["efficiency"] < 0.5


def test_laplace_draws_where_nearly_all_of_the_gaussian_is_out_of_bounds() -> None:
    """An upper limit: the optimum sits at the bound, three times over."""
    parameters = tuple(make_parameter(f"p{i}", UniformPrior(uniform=(0.0, 100.0))) for i in range(3))
    correlated = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    mean = np.full(3, -2.0)
    problem = Problem(parameters, mean, correlated, stats.multivariate_normal(mean, correlated).logpdf)
    draws = sample(problem, LaplaceParams(draws=2000), seed=8).draws
    assert draws.min() >= 0.0
    rng = np.random.default_rng(0)
    many = rng.multivariate_normal(mean, correlated, size=2_000_000)
    many = many[(many > 0).all(axis=1)]
    np.testing.assert_allclose(draws.mean(axis=0), many.mean(axis=0), rtol=0.15)


def test_diagnostics_of_emcee() -> None:
    samples = sample(gaussian(), EmceeParams(n_effective=1000, draws=500), seed=9)
    diagnostics = samples.diagnostics
    assert len(samples.draws) <= 500
    assert diagnostics["ess"] >= 1000
    assert diagnostics["r_hat"] < 1.05
    assert 1.0 <= diagnostics["autocorrelation"] < 60
    assert 0.2 < diagnostics["acceptance"] < 0.9


def test_chains_that_end_too_early_are_flagged() -> None:
    samples = sample(gaussian(), EmceeParams(n_effective=50_000, max_steps=300), seed=10)
    assert samples.flags == ("not-converged",)


def test_walkers_start_where_the_density_is_not_zero() -> None:
    """A covariance far too wide, in a model that has no likelihood away from its maximum."""

    def function(values: np.ndarray) -> np.ndarray:
        inside = np.abs(values - 1.0).max(axis=1) < 0.5
        return np.where(inside, normal(values, 1.0, 0.1).sum(axis=1), -np.inf)

    parameters = tuple(make_parameter(name, FreePrior(free=1.0)) for name in "xy")
    problem = Problem(parameters, np.ones(2), np.diag([25.0, 25.0]), function)
    samples = sample(problem, EmceeParams(n_effective=1000), seed=11)
    assert samples.flags == ()
    np.testing.assert_allclose(samples.draws.std(axis=0), 0.1, rtol=0.15)


def test_nested_sampling_names_the_parameter_that_needs_a_prior() -> None:
    with pytest.raises(ParameterError, match=r"p1 has none .* in place of free"):
        sample(gaussian((WIDE, FreePrior(free=0.0))), DynestyParams(), seed=1)


def test_nested_sampling_without_dynesty_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dynesty", None)
    with pytest.raises(UnavailableComponentError, match=r"pip install 'specframe\[nested\]'"):
        sample(gaussian(), DynestyParams(), seed=1)


def test_nothing_to_sample() -> None:
    with pytest.raises(DataError, match="every nonlinear parameter is fixed"):
        sample(Problem((), np.zeros(0), np.zeros((0, 0)), lambda v: np.zeros(len(v))), LaplaceParams(), seed=1)


def test_evidence_of_a_banana_against_numerical_integration() -> None:
    problem = banana()
    integral, _ = dblquad(
        lambda y, x: float(np.exp(problem.function(np.array([[x, y]])))[0]),
        -6,
        6,
        lambda x: x**2 - 2,
        lambda x: x**2 + 2,
    )
    samples = sample(problem, DynestyParams(live_points=200, evidence_tolerance=0.1), seed=12)
    expected = np.log(integral) - 2 * np.log(40.0)
    assert samples.log_evidence == pytest.approx(expected, abs=4 * samples.diagnostics["log_evidence_error"])


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.method)
def test_slope_of_a_line_with_the_intercept_integrated_out(method: MethodParams) -> None:
    """The engine's likelihood, marginalised over linear coefficients, against the textbook's straight line."""
    rng = np.random.default_rng(13)
    x, error = np.linspace(0.0, 1.0, 50) ** 2, np.linspace(0.05, 0.3, 50)
    y = 2.0 + 0.7 * x + error * rng.standard_normal(50)
    weight = error**-2
    s, sx, sxx = weight.sum(), (weight * x).sum(), (weight * x * x).sum()
    slope = (s * (weight * x * y).sum() - sx * (weight * y).sum()) / (s * sxx - sx**2)
    slope_error = np.sqrt(s / (s * sxx - sx**2))
    # exact integral over intercept (flat) and slope (flat over 40): that of a Gaussian in two dimensions
    chi2 = (weight * (y - slope * x - ((weight * y).sum() - slope * sx) / s) ** 2).sum()
    evidence = -0.5 * chi2 - np.log(error).sum() - 24.0 * np.log(2 * np.pi) - 0.5 * np.log(s * sxx - sx**2) - np.log(40)

    def function(values: np.ndarray) -> np.ndarray:
        columns = np.broadcast_to(1.0 / error, (len(values), 1, 50))
        solution = solve_linear(columns, (y - values * x) / error)
        return -0.5 * (solution.chi2 + solution.log_determinant + 49 * np.log(2 * np.pi)) - np.log(error).sum()

    parameters = (make_parameter("slope", WIDE),)
    problem = Problem(parameters, np.array([slope]), np.array([[slope_error**2]]), function)
    samples = sample(problem, method, seed=14)
    assert samples.draws.mean() == pytest.approx(slope, abs=0.1 * slope_error)
    assert samples.draws.std() == pytest.approx(slope_error, rel=0.08)
    if samples.log_evidence is not None:
        allowed = 4 * samples.diagnostics.get("log_evidence_error", 0.0) + 1e-6
        assert samples.log_evidence == pytest.approx(evidence, abs=allowed)


def test_walkers_that_linger_in_a_tail_count_by_how_far_out_they_are():
    """Half of the walkers are white with variance 1, half an AR(1) of variance 9 with (1 + 0.98) / (1 - 0.98) = 99."""
    rng = np.random.default_rng(8)
    quick = rng.standard_normal((20000, 16))
    slow = np.empty_like(quick)
    slow[0] = 3.0 * rng.standard_normal(16)
    for step in range(1, len(slow)):
        slow[step] = 0.98 * slow[step - 1] + 3.0 * np.sqrt(1 - 0.98**2) * rng.standard_normal(16)
    chain = np.concatenate([quick, slow], axis=1)[:, :, None]
    assert autocorrelation_time(chain)[0] == pytest.approx((9 * 99 + 1) / 10, rel=0.15)
