"""Heavy tails: against scipy's Student t, and what it draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe_gp.tails import half_widths, precisions, updated_degrees


@pytest.mark.parametrize("degrees", [2.5, 4.0, 30.0])
def test_intervals_of_noise_alone_are_students(degrees: float) -> None:
    half = half_widths(np.zeros(1), np.full(1, 4.0), degrees, (0.68, 0.95))
    expected = [2.0 * stats.t.ppf(0.5 + level / 2, degrees) for level in (0.68, 0.95)]
    # the distribution of precisions is taken at 400 points
    assert half[0] == pytest.approx(expected, rel=5e-3)


def test_intervals_without_noise_are_normal() -> None:
    half = half_widths(np.full((2, 3), 4.0), np.zeros((2, 3)), 3.0, (0.95,))
    assert half == pytest.approx(np.full((2, 3, 1), 2.0 * stats.norm.ppf(0.975)), rel=1e-6)


def test_intervals_of_a_sum_hold_what_is_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.0, 1.5, 400_000) + 0.8 * rng.standard_t(3.0, 400_000)
    half = half_widths(np.array([1.5**2]), np.array([0.8**2]), 3.0, (0.68, 0.95))
    held = [np.mean(np.abs(drawn) < width) for width in half[0]]
    # 400,000 draws: 0.07 %
    assert held == pytest.approx([0.68, 0.95], abs=3e-3)


@pytest.mark.parametrize("degrees", [3.0, 8.0])
def test_degrees_of_freedom_of_drawn_noise_are_found(degrees: float) -> None:
    noise = stats.t.rvs(degrees, size=20_000, random_state=0)
    scale, found = 1.0, 4.0
    for _ in range(200):
        precision = precisions(np.square(noise / scale), 1, found)
        scale = float(np.sqrt(np.mean(precision * noise**2)))
        found = updated_degrees(precision, np.ones(20_000), 1, found)
    maximum, _, expected_scale = stats.t.fit(noise, floc=0.0)
    assert found == pytest.approx(maximum, rel=0.02)
    assert scale == pytest.approx(expected_scale, rel=0.01)


def test_a_target_that_is_bad_in_all_components_counts_little() -> None:
    precision = precisions(np.array([3.0, 300.0]), 3, 4.0)
    assert precision[0] == pytest.approx(1.0)
    assert precision[1] == pytest.approx(7.0 / 304.0)
