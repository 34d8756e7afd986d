"""Normalisation and averaging of light curves, against injected levels and textbook formulae."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_cnn.curves import binned, group_starts, out_of_transit_level, relative_errors


def _transit(n_time=80, depth=0.01, first=0.3, last=0.7):
    time = np.linspace(0.0, 1.0, n_time)
    return time, 1.0 - depth * ((time > first) & (time < last))


def test_the_level_of_a_transit_is_what_it_was_before_and_after():
    _, transit = _transit()
    flux = 5e4 * np.ones((2, 3, 1)) * np.array([1.0, 2.0, 3.0])[:, None] * transit
    level = out_of_transit_level(flux, "edges")
    np.testing.assert_allclose(level[:, :, 0], 5e4 * np.tile([1.0, 2.0, 3.0], (2, 1)), rtol=1e-12)


def test_outliers_and_missing_samples_at_the_edges_do_not_move_the_level():
    _, transit = _transit()
    flux = 1e4 * np.ones((1, 1, 1)) * transit
    flux[0, 0, 2] = 1e7
    flux[0, 0, :2] = np.nan
    assert out_of_transit_level(flux, "edges")[0, 0, 0] == pytest.approx(1e4, rel=1e-12)


def test_a_linear_drift_is_divided_out_by_a_line():
    time, transit = _transit()
    drift = 1.0 + 0.05 * time
    flux = (2e4 * drift * transit)[None, None]
    relative = flux / out_of_transit_level(flux, "line") - 1.0
    np.testing.assert_allclose(relative[0, 0], transit - 1.0, atol=1e-12)


def test_contacts_tell_what_is_out_of_transit_when_the_edges_do_not():
    """The transit begins within the first eighth: the edges' line would lie too low, that of the contacts does not."""
    time, transit = _transit(first=0.06, last=0.7)
    flux = (1e4 * transit)[None, None]
    contacts = np.array([[0.055, 0.06, 0.7, 0.705]])
    level = out_of_transit_level(flux, "contacts", time, contacts)
    np.testing.assert_allclose(level[0, 0], 1e4, rtol=1e-12)
    assert out_of_transit_level(flux, "line")[0, 0, 0] < 0.995e4


def test_a_curve_without_any_sample_has_no_level():
    flux = np.full((1, 2, 40), np.nan)
    flux[0, 1] = 3.0
    for level in ("edges", "line"):
        found = out_of_transit_level(flux, level)
        assert np.isnan(found[0, 0]).all()
        np.testing.assert_allclose(found[0, 1], 3.0)


def test_the_noise_is_told_by_the_errors_and_else_by_the_scatter():
    rng = np.random.default_rng(0)
    noise = np.array([1e-4, 1e-3])
    relative = rng.normal(0.0, noise[None, :, None], (50, 2, 400))
    level = np.full((50, 2, 1), 2e4)
    given = relative_errors(relative, level, np.full(relative.shape, 6.0))
    np.testing.assert_allclose(given, 3e-4)
    scatter = relative_errors(relative, level, None)
    # the median absolute difference of 400 samples is known to about 5 %
    np.testing.assert_allclose(scatter.mean(axis=0)[:, 0], noise, rtol=0.02)


def test_averages_have_the_weights_and_the_error_of_a_weighted_mean():
    rng = np.random.default_rng(1)
    values = rng.normal(0.0, 1.0, (4, 6, 5))
    errors = rng.uniform(0.5, 2.0, (4, 6, 1))
    values[1, 2, 3] = np.nan
    mean, error = binned(values, errors, group_starts(6, 2), 1, weigh=True)
    group, sigma = values[1, :3, 3], errors[1, :3, 0]
    there = np.isfinite(group)
    expected = np.average(group[there], weights=1 / sigma[there] ** 2)
    assert mean[1, 0, 3] == pytest.approx(expected, rel=1e-12)
    assert error[1, 0, 3] == pytest.approx(1 / np.sqrt(np.sum(1 / sigma[there] ** 2)), rel=1e-12)


def test_a_group_without_any_sample_stays_missing():
    values = np.full((1, 4, 3), np.nan)
    values[0, 2:] = 1.0
    mean, error = binned(values, np.full((1, 4, 1), np.nan), group_starts(4, 2), 1, weigh=True)
    assert np.isnan(mean[0, 0]).all()
    np.testing.assert_allclose(mean[0, 1], 1.0)
    assert np.isnan(error[0, 0]).all()


def test_groups_are_of_about_equal_size():
    assert list(np.diff([*group_starts(283, 10), 283])) == [28, 28, 28, 29, 28, 28, 29, 28, 28, 29]
    assert list(group_starts(3, 10)) == [0, 1, 2]
