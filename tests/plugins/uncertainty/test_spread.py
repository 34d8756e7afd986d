"""How far draws differ: Student's t for few of them, quantiles of their convolution with another error for many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe_uncertainty.spread import (
    ManyDraws,
    convolved_quantile,
    degrees_of_freedom,
    student_factor,
    student_half,
)


@pytest.mark.parametrize("degrees", [4.0, 7.5, 99.0])
def test_the_factor_is_the_standard_deviation_of_students_t(degrees):
    np.testing.assert_allclose(student_factor(np.array([degrees])), stats.t(degrees).std(), rtol=1e-12)


def test_the_factor_stays_finite_where_student_has_no_variance():
    np.testing.assert_allclose(student_factor(np.array([1.0, 2.0, 3.0])), np.sqrt(3.0), rtol=1e-12)


def test_half_widths_are_students_and_in_the_end_normal():
    degrees = np.array([1.0, 4.0, np.inf])
    expected = [stats.t(1).ppf(0.975), stats.t(4).ppf(0.975), stats.norm.ppf(0.975)]
    np.testing.assert_allclose(student_half(degrees, 0.95), expected, rtol=1e-9)


@pytest.mark.parametrize(("draws", "before"), [(3, 1.0), (3, 2.0), (5, 1.0), (10, 0.5)])
def test_a_sum_of_a_known_and_an_estimated_variance_holds_its_level(draws, before):
    """Draws of spread 1 beside a known error. 400,000 repetitions; Welch and Satterthwaite are good to one point."""
    rng = np.random.default_rng(draws)
    n = 400_000
    spread = ManyDraws.of(rng.normal(size=(draws, n, 1))).std
    total = np.hypot(spread, before)
    degrees = degrees_of_freedom(draws, spread, total)
    error = np.abs(rng.normal(0.0, np.hypot(1.0, before), (n, 1)))
    for level in (0.68, 0.95):
        assert np.mean(error <= student_half(degrees, level) * total) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize(("draws", "before"), [(5, 1.0), (8, 0.0), (10, 0.5)])
def test_errors_in_units_of_std_have_variance_one(draws, before):
    """400,000 repetitions. Exact without another error; with one the approximation is good to 3 %."""
    rng = np.random.default_rng(draws)
    n = 400_000
    spread = ManyDraws.of(rng.normal(size=(draws, n, 1))).std
    total = np.hypot(spread, before)
    std = total * student_factor(degrees_of_freedom(draws, spread, total))
    pull = rng.normal(0.0, np.hypot(1.0, before), (n, 1)) / std
    assert np.var(pull) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("tail", [0.025, 0.16, 0.84, 0.975])
@pytest.mark.parametrize("width", [0.1, 1.0, 3.0])
def test_draws_of_an_exponential_blurred_by_a_normal_error(tail, width):
    """Exactly an exponentially modified normal; 4000 evenly spaced draws stand for the exponential."""
    draws = ManyDraws.of(stats.expon.ppf((np.arange(4000) + 0.5) / 4000)[:, None, None])
    expected = stats.exponnorm(1.0 / width, scale=width).ppf(tail) - 1.0
    found = convolved_quantile(draws, np.full((1, 1), width), tail)
    np.testing.assert_allclose(found, expected, atol=4e-3)


def test_without_another_error_bounds_are_at_the_ranks_of_the_draws():
    """Of 19 draws the first lies at probability 1 / 20."""
    draws = ManyDraws.of(np.arange(19.0)[:, None, None])
    assert convolved_quantile(draws, np.zeros((1, 1)), 0.05) == pytest.approx(-9.0)


def test_what_is_found_for_one_target_does_not_depend_on_the_others():
    rng = np.random.default_rng(0)
    samples, width = rng.exponential(size=(60, 50, 2)), rng.uniform(0.0, 2.0, (50, 2))
    width[::7] = 0.0
    together = convolved_quantile(ManyDraws.of(samples), width, 0.975)
    alone = convolved_quantile(ManyDraws.of(samples[:, 3:4]), width[3:4], 0.975)
    np.testing.assert_array_equal(together[3:4], alone)
