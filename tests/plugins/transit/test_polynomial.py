"""The fit of depth and polynomial: against an independent optimiser, and against injected truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from specframe_transit.contacts import trapezoid
from specframe_transit.polynomial import fit_depths, trend_covariance

_TIME = np.linspace(0.0, 7.5, 187)
_CONTACTS = np.array([2.1, 2.4, 4.9, 5.2])


def _injected(n_channel, order, noise, seed, level=1e5):
    rng = np.random.default_rng(seed)
    shape = trapezoid(_TIME, _CONTACTS)
    depth = rng.uniform(5e-4, 2e-2, n_channel)
    x = (_TIME - 3.75) / 3.75
    trend = 1 + sum(rng.normal(0, 3e-3, (n_channel, 1)) * x**k for k in range(1, order + 1))
    clean = level * trend * (1 - depth[:, None] * shape)
    error = level * noise * rng.uniform(0.5, 2.0, clean.shape)
    return shape, depth, clean, clean + rng.normal(0, 1, clean.shape) * error, error


def test_agrees_with_an_independent_optimiser_in_depth_and_error():
    """scipy's Levenberg-Marquardt on the same model, per channel, masks and unequal errors included."""
    order = 3
    shape, _, _, flux, error = _injected(6, order, 1e-3, seed=0)
    use = (shape == 0) | (shape == 1)
    use = np.broadcast_to(use, flux.shape) & (np.random.default_rng(1).random(flux.shape) > 0.2)
    fit = fit_depths(_TIME, flux, error, use, shape, order)
    x = (_TIME - 3.75) / 3.75

    for channel in range(len(flux)):
        kept = use[channel]

        def model(index, depth, *coefficients):
            index = index.astype(int)
            return np.polynomial.polynomial.polyval(x[index], coefficients) * (1 - depth * shape[index])

        best, covariance = curve_fit(
            model,
            np.flatnonzero(kept).astype(float),
            flux[channel, kept] / 1e5,
            p0=[0.005, 1, 0, 0, 0],
            sigma=error[channel, kept] / 1e5,
            absolute_sigma=True,
            xtol=1e-12,
            ftol=1e-12,
        )
        # Finite differences limit curve_fit's covariance to a few 1e-6 and its optimum to 1e-3 of an error bar.
        assert fit.depth[channel] == pytest.approx(best[0], abs=1e-3 * np.sqrt(covariance[0, 0]))
        assert fit.depth_error[channel] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-4)


@pytest.mark.parametrize("order", [0, 1, 4, 10])
def test_noise_free_curves_give_the_depth_exactly(order):
    shape, depth, clean, _, error = _injected(5, order, 1e-4, seed=order)
    fit = fit_depths(_TIME, clean, error, np.ones(clean.shape, bool), shape, order, clip_sigma=5.0)
    np.testing.assert_allclose(fit.depth, depth, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fit.baseline, clean / (1 - depth[:, None] * shape), rtol=1e-11)
    assert not fit.clipped.any()


def test_errors_are_those_of_repeated_measurements():
    """Pulls of 1000 channels have zero mean and unit variance, within four standard errors, and so has chi-square."""
    shape, depth, _, flux, error = _injected(1000, 3, 1e-3, seed=3)
    fit = fit_depths(_TIME, flux, error, np.ones(flux.shape, bool), shape, 3)
    pulls = (fit.depth - depth) / fit.depth_error
    assert abs(pulls.mean()) < 4 / np.sqrt(1000)
    assert abs(pulls.std() - 1) < 4 / np.sqrt(2 * 1000)
    assert fit.chi2_reduced.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 182 / 1000))


def test_outliers_are_clipped_and_nothing_else_changes():
    shape, _, _, flux, error = _injected(20, 3, 1e-3, seed=4)
    rng = np.random.default_rng(4)
    hit = rng.random(flux.shape) < 0.02
    spoiled = np.where(hit, flux + 40 * error * rng.choice([-1, 1], flux.shape), flux)
    use = np.ones(flux.shape, bool)
    clipped = fit_depths(_TIME, spoiled, error, use, shape, 3, clip_sigma=6.0)
    without = fit_depths(_TIME, flux, error, ~hit, shape, 3)
    np.testing.assert_array_equal(clipped.clipped, hit)
    np.testing.assert_allclose(clipped.depth, without.depth, rtol=1e-9)


@pytest.mark.parametrize("clip_sigma", [2.0, 2.5, 3.0, 4.0])
def test_errors_hold_when_good_samples_are_clipped(clip_sigma):
    """Pulls of 4000 channels without a single outlier, whose standard deviation is known to 1.1 %.

    At 2 sigma, 5 % of good samples go, and errors that took no notice would be 29 % too small.
    """
    shape, depth, _, flux, error = _injected(4000, 3, 1e-3, seed=8)
    fit = fit_depths(_TIME, flux, error, np.ones(flux.shape, bool), shape, 3, clip_sigma=clip_sigma)
    pulls = (fit.depth - depth) / fit.depth_error
    assert abs(pulls.mean()) < 4 / np.sqrt(4000)
    assert pulls.std() == pytest.approx(1, abs=0.035)
    assert (pulls / np.sqrt(fit.chi2_reduced)).std() == pytest.approx(1, abs=0.035)
    assert fit.chi2_reduced.mean() == pytest.approx(1, abs=0.01)


def test_channels_without_samples_are_nan_and_leave_the_others_alone():
    shape, _, _, flux, error = _injected(4, 2, 1e-3, seed=5)
    use = np.ones(flux.shape, bool)
    alone = fit_depths(_TIME, flux[[0, 3]], error[[0, 3]], use[[0, 3]], shape, 2)
    use[1] = False
    flux[1] = np.nan
    use[2, shape > 0] = False  # nothing in transit
    fit = fit_depths(_TIME, flux, error, use, shape, 2)
    assert np.isnan(fit.depth[[1, 2]]).all()
    assert np.isnan(fit.depth_error[[1, 2]]).all()
    np.testing.assert_array_equal(fit.depth[[0, 3]], alone.depth)


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(1e-6, 1e12), shift=st.floats(-1e5, 1e5), stretch=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_units_of_flux_and_time_do_not_matter(scale, shift, stretch, seed):
    shape, _, _, flux, error = _injected(2, 3, 1e-3, seed)
    use = np.ones(flux.shape, bool)
    fit = fit_depths(_TIME, flux, error, use, shape, 3, clip_sigma=5.0)
    time = shift + stretch * _TIME
    other = fit_depths(time, scale * flux, scale * error, use, shape, 3, clip_sigma=5.0)
    # Adding 1e5 to a time in units of 1e-3 costs eight digits.
    np.testing.assert_allclose(other.depth, fit.depth, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.depth_error, fit.depth_error, rtol=1e-5)
    np.testing.assert_array_equal(other.clipped, fit.clipped)


def test_covariance_of_depth_and_trend_is_that_of_repeated_observations():
    """300 draws of the noise, one per channel, of the same transit and drift: scatter within its own error."""
    rng = np.random.default_rng(2)
    shape, order, n = trapezoid(_TIME, _CONTACTS), 4, 300
    x = (_TIME - 3.75) / 3.75
    clean = 1e5 * (1 + 2e-3 * x + 1e-3 * x**2 - 5e-4 * x**4) * (1 - 8e-3 * shape)
    error = np.full((n, len(_TIME)), 20.0)
    flux = clean + rng.normal(0, 20.0, error.shape)
    use = np.broadcast_to((shape == 0) | (shape == 1), flux.shape)
    fit = fit_depths(_TIME, flux, error, use, shape, order)
    found = trend_covariance(_TIME, error, use, shape, fit)
    measured = np.column_stack([fit.depth, fit.coefficients[:, 1:] / fit.coefficients[:, :1]])
    scatter = np.cov(measured.T)
    size = np.sqrt(np.diag(scatter))
    # a correlation of 300 draws is known to 0.06
    assert found[0] / np.outer(size, size) == pytest.approx(scatter / np.outer(size, size), abs=0.2)
    assert np.sqrt(found[:, 0, 0]) == pytest.approx(fit.depth_error, rel=1e-9)
