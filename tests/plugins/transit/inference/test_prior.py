"""Prior densities against scipy.stats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from specframe.errors import ParameterError
from specframe_transit.inference.params import FreePrior, LogUniformPrior, NormalPrior, UniformPrior
from specframe_transit.inference.prior import Prior, make_parameter

CASES: list[tuple[str, Any, dict[str, float], Any]] = [
    ("normal", NormalPrior(normal=(0.3, 0.2)), {}, stats.norm(0.3, 0.2)),
    ("normal above 0", NormalPrior(normal=(0.3, 0.2)), {"lower": 0.0}, stats.truncnorm(-1.5, np.inf, 0.3, 0.2)),
    (
        "normal in bounds of its own",
        NormalPrior(normal=(0.3, 0.2), lower=0.1, upper=0.4),
        {"lower": 0.0},
        stats.truncnorm(-1.0, 0.5, 0.3, 0.2),
    ),
    ("normal's upper tail", NormalPrior(normal=(0, 1), lower=9.0), {}, stats.truncnorm(9, np.inf)),
    ("normal's lower tail", NormalPrior(normal=(0, 1), upper=-9.0), {}, stats.truncnorm(-np.inf, -9)),
    ("uniform", UniformPrior(uniform=(-1, 3)), {}, stats.uniform(-1, 4)),
    ("log-uniform", LogUniformPrior(log_uniform=(0.01, 10)), {}, stats.loguniform(0.01, 10)),
    ("free between bounds", FreePrior(free=0.5), {"lower": 0.0, "upper": 2.0}, stats.uniform(0, 2)),
]
pytestmark = pytest.mark.filterwarnings("error")


def prior_of(spec: Any, bounds: dict[str, float]) -> Prior:
    return make_parameter("x", spec, **bounds).prior


@pytest.fixture(params=CASES, ids=[case[0] for case in CASES])
def case(request: pytest.FixtureRequest) -> tuple[Prior, Any]:
    _, spec, bounds, oracle = request.param
    return prior_of(spec, bounds), oracle


def test_density_is_that_of_scipy(case: tuple[Prior, Any]) -> None:
    prior, oracle = case
    x = oracle.ppf(np.linspace(0.01, 0.99, 25))
    np.testing.assert_allclose(prior.log_density(x), oracle.logpdf(x), rtol=1e-9, atol=1e-9)


def test_density_is_zero_outside_the_bounds(case: tuple[Prior, Any]) -> None:
    prior, _ = case
    for bound, outward in ((prior.lower, -1e-9), (prior.upper, 1e-9)):
        if math.isfinite(bound):
            assert prior.log_density(bound) > -np.inf
            assert prior.log_density(bound + outward) == -np.inf


def test_density_integrates_to_one(case: tuple[Prior, Any]) -> None:
    prior, oracle = case
    low, high = oracle.ppf([0.0, 1.0])
    low, high = max(low, oracle.ppf(1e-9)), min(high, oracle.ppf(1 - 1e-9))
    assert prior.proper
    assert quad(lambda x: math.exp(float(prior.log_density(x))), low, high)[0] == pytest.approx(1.0, abs=1e-6)


def test_gradient_and_curvature_are_derivatives_of_scipys_density(case: tuple[Prior, Any]) -> None:
    prior, oracle = case
    x = oracle.ppf(np.linspace(0.1, 0.9, 9))
    h = 1e-4 * oracle.std()
    before, at, after = oracle.logpdf(x - h), oracle.logpdf(x), oracle.logpdf(x + h)
    np.testing.assert_allclose(prior.gradient(x), (after - before) / (2 * h), rtol=1e-4, atol=1e-6)
    curvature = np.maximum(-(after - 2 * at + before) / h**2, 0.0)
    np.testing.assert_allclose(prior.curvature(x), curvature, rtol=1e-3, atol=1e-3 * curvature.max() + 1e-3)


def test_transform_is_scipys_quantile(case: tuple[Prior, Any]) -> None:
    prior, oracle = case
    u = np.linspace(0.001, 0.999, 21)
    np.testing.assert_allclose(prior.transform(u), oracle.ppf(u), rtol=1e-8, atol=1e-10)


def test_transform_ends_at_finite_bounds(case: tuple[Prior, Any]) -> None:
    prior, _ = case
    assert prior.transform(0.0) == pytest.approx(prior.lower)
    assert prior.transform(1.0) == pytest.approx(prior.upper)


def test_free_prior_without_bounds_is_improper() -> None:
    prior = prior_of(FreePrior(free=1.0, lower=0.0), {})
    assert not prior.proper
    assert prior.log_density(5.0) == 0.0
    assert prior.log_density(-1.0) == -np.inf
    with pytest.raises(ValueError, match="improper"):
        prior.transform(0.5)


def test_number_is_fixed() -> None:
    parameter = make_parameter("period", 3.5, "d", lower=0.0)
    assert parameter.prior.fixed
    assert parameter.start == 3.5
    assert (parameter.prior.lower, parameter.prior.upper) == (3.5, 3.5)
    np.testing.assert_array_equal(parameter.prior.transform([0.1, 0.9]), [3.5, 3.5])


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        (FreePrior(free=0.7), 0.7),
        (NormalPrior(normal=(0.3, 0.1)), 0.3),
        (NormalPrior(normal=(-0.3, 0.1)), 0.0),
        (NormalPrior(normal=(0.3, 0.1), start=0.4), 0.4),
        (UniformPrior(uniform=(0.2, 0.4)), 0.3),
        (LogUniformPrior(log_uniform=(0.01, 1.0)), 0.1),
        (LogUniformPrior(log_uniform=(0.01, 1.0), start=0.5), 0.5),
    ],
)
def test_where_a_fit_starts(spec: Any, start: float) -> None:
    parameter = make_parameter("x", spec, lower=0.0)
    assert parameter.start == pytest.approx(start)
    assert parameter.step > 0
    assert np.isfinite(parameter.prior.log_density(parameter.start))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (-2.0, r"impact_parameter: -2 R\* is outside what it can be, 0 to 2 R\*"),
        (FreePrior(free=3.0), r"impact_parameter: 3 R\* is outside what it can be, 0 to 2 R\*"),
        (UniformPrior(uniform=(-0.5, 1)), r"impact_parameter: uniform: \[-0.5, 1\] reaches beyond what it can be, 0"),
        (LogUniformPrior(log_uniform=(0.1, 7)), r"impact_parameter: log_uniform: \[0.1, 7\] reaches beyond"),
        (NormalPrior(normal=(1, 1), lower=5.0), "impact_parameter: the bounds leave nothing of what it can be"),
    ],
)
def test_impossible_prior_names_the_parameter(spec: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make_parameter("impact_parameter", spec, "R*", lower=0.0, upper=2.0)
