"""The contact finder: physics, real curves, and refusals."""

from __future__ import annotations

import batman
import numpy as np
import pytest

from specframe.errors import DataError
from specframe_transit.contacts import WhiteCurve, find_transit, limb_crossing, trapezoid, white_curve


def _curve(time, flux):
    flux = np.atleast_2d(flux)
    return white_curve(time, flux, np.full(flux.shape, 1e-4), np.ones(flux.shape, bool))


def test_a_small_disc_crosses_a_straight_limb_as_the_area_says():
    """Compare with the area of a disc left of a line, counted on a grid of points (error below 1e-3)."""
    x, y = np.meshgrid(*[np.linspace(-1, 1, 2001)] * 2)
    disc = np.square(x) + np.square(y) < 1
    for phase in (-1.0, -0.6, 0.0, 0.3, 1.0):
        assert limb_crossing(np.array(phase)) == pytest.approx((disc & (x < phase)).sum() / disc.sum(), abs=1e-3)


@pytest.mark.parametrize("impact", [0.0, 0.5, 0.8])
def test_contacts_of_a_transit_model_are_found(impact):
    """Winn (2010, eqs. 14-15) gives the contacts of a transit; batman, without limb darkening, its light curve.

    With noise of 50 ppm and samples of 3 minutes every contact must lie within two samples.
    """
    period, a, k = 5.0, 12.0, 0.08
    inclination = np.arccos(impact / a)
    full, flat = (
        period / np.pi * np.arcsin(np.sqrt((1 + sign * k) ** 2 - impact**2) / a / np.sin(inclination))
        for sign in (1, -1)
    )
    true = np.array([-full, -flat, flat, full]) / 2

    parameters = batman.TransitParams()
    parameters.t0, parameters.per, parameters.rp, parameters.a = 0.0, period, k, a
    parameters.inc, parameters.ecc, parameters.w = np.degrees(inclination), 0.0, 90.0
    parameters.limb_dark, parameters.u = "uniform", []
    time = np.arange(-0.2, 0.2, 3 / 1440)
    flux = batman.TransitModel(parameters, time).light_curve(parameters)
    noisy = flux * (1 + 0.002 * time / 0.2) + np.random.default_rng(1).normal(0, 5e-5, len(time))

    found = find_transit([_curve(time, noisy)], order=3, min_significance=7)

    assert np.max(np.abs(found.contacts - true)) < 2 * 3 / 1440
    assert found.significance > 100


def test_ingress_and_egress_of_all_real_curves_are_found(white_curves, detrended):
    """The given breakpoints enclose ingress and egress with some margin: the contacts found lie within, on all 538."""
    found = np.array([detrended[name]["AIRS-CH0/0"]["contact_time"].values for name in white_curves.names])
    given = white_curves.contacts
    assert np.all(found[:, 0] >= given[:, 0])
    assert np.all(found[:, 1] <= given[:, 1])
    assert np.all(found[:, 2] >= given[:, 2])
    assert np.all(found[:, 3] <= given[:, 3])
    middles = np.abs(found.reshape(-1, 2, 2).mean(axis=2) - given.reshape(-1, 2, 2).mean(axis=2))
    assert np.percentile(middles, 99) < 0.7
    assert middles.max() < 1.5


def test_instruments_share_contacts_that_the_noisy_one_alone_would_not_have():
    rng = np.random.default_rng(5)
    contacts = np.array([0.30, 0.34, 0.62, 0.66])
    slow, fast = np.linspace(0, 1, 180), np.linspace(0, 1, 900)
    quiet = _curve(slow, 1 - 1e-3 * trapezoid(slow, contacts) + rng.normal(0, 5e-5, 180))
    noisy = _curve(fast, 1 - 1e-3 * trapezoid(fast, contacts) + rng.normal(0, 5e-3, 900))
    together = find_transit([noisy, quiet], order=2, min_significance=7)
    assert np.max(np.abs(together.contacts - contacts)) < 2 / 180
    with pytest.raises(DataError, match="no transit found"):
        find_transit([noisy], order=2, min_significance=7)


@pytest.mark.parametrize("seed", range(5))
def test_noise_holds_no_transit(seed):
    time = np.linspace(0, 1, 200)
    flux = 1 + 1e-3 * time**2 + np.random.default_rng(seed).normal(0, 1e-4, 200)
    with pytest.raises(DataError, match=r"no transit found: .* sigma, less than min_significance \(7\)"):
        find_transit([_curve(time, flux)], order=3, min_significance=7)


@pytest.mark.parametrize(("part", "side"), [(slice(95, None), "first"), (slice(0, 95), "last")])
def test_half_a_transit_is_refused(white_curves, part, side):
    for flux in white_curves.flux[:20]:
        time = np.arange(len(flux), dtype=float)[part]
        with pytest.raises(DataError, match=f"touches the {side} sample"):
            find_transit([_curve(time, flux[part])], order=3, min_significance=7)


def test_white_curve_leaves_out_masked_moments_and_single_outliers():
    rng = np.random.default_rng(2)
    time = np.arange(100.0)
    flux = np.array([[1e4], [3e4]]) * (1 + rng.normal(0, 1e-3, (2, 100)))
    flux[:, 40] *= 1.5
    use = np.ones(flux.shape, bool)
    use[1, 60] = False  # most of the light
    use[0, 70] = False  # a little of it
    curve = white_curve(time, flux, np.sqrt(flux), use)
    assert isinstance(curve, WhiteCurve)
    assert {40.0, 60.0}.isdisjoint(curve.time)
    assert 70.0 in curve.time
    # Both channels average with weights 1 : 3, so the noise is 1e-3 * sqrt(1 + 9) / 4; 100 samples know it to 20 %.
    assert curve.noise == pytest.approx(1e-3 * np.sqrt(10) / 4, rel=0.3)


def test_cosmic_rays_in_single_channels_do_not_move_the_contacts():
    """282 channels of 0.5 % noise, and in 0.3 % of their samples a spike of 200 sigma: at nearly every moment one."""
    rng = np.random.default_rng(0)
    time = np.linspace(0, 7.5, 187)
    contacts = np.array([2.1, 2.3, 5.1, 5.3])
    flux = (1 - 2.5e-3 * trapezoid(time, contacts)) * rng.uniform(1e4, 1e5, (282, 1))
    sigma = 5e-3 * flux.max(axis=1, keepdims=True)
    clean = flux + sigma * rng.normal(size=flux.shape)
    hit = rng.random(flux.shape) < 3e-3
    spiked = clean + 200 * sigma * hit * rng.choice([-1, 1], flux.shape)
    use = np.ones(flux.shape, bool)
    error = np.broadcast_to(sigma, flux.shape)
    found, quiet = (find_transit([white_curve(time, f, error, use)], 3, 7) for f in (spiked, clean))
    cadence = time[1]
    assert np.max(np.abs(found.contacts - contacts)) < 3 * cadence
    assert np.max(np.abs(found.contacts - quiet.contacts)) < cadence
    assert found.significance == pytest.approx(quiet.significance, rel=0.1)
    # What the masked samples hold does not matter.
    masked = find_transit([white_curve(time, np.where(hit, np.nan, spiked), error, ~hit)], 3, 7)
    assert np.max(np.abs(masked.contacts - found.contacts)) < cadence


def test_ingress_and_egress_are_no_outliers_however_deep_and_sharp():
    """A dip of 100 sigma per channel, in one step and over two samples: every moment stays in the white curve."""
    time = np.arange(120.0)
    noise = 1e-4 * np.random.default_rng(1).uniform(-1.7, 1.7, (50, 120))
    for contacts in ([40, 40.5, 80, 80.5], [40, 42, 80, 82]):
        flux = 1 - 1e-2 * trapezoid(time, np.array(contacts)) + noise
        curve = white_curve(time, flux, np.full(flux.shape, 1e-4), np.ones(flux.shape, bool))
        np.testing.assert_array_equal(curve.time, time)
        np.testing.assert_allclose(curve.flux, flux.mean(axis=0) / np.median(flux.mean(axis=0)), atol=2e-5)


def test_a_curve_of_masked_samples_is_none():
    flux = np.ones((3, 50))
    assert white_curve(np.arange(50.0), flux, flux, np.zeros(flux.shape, bool)) is None
