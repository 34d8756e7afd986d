"""Optimal weights: unbiased, the least noise, and those of a plain version of Horne's formulae."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from specframe_ariel.profile import light_shares, optimal_aperture

N_Y, N_X = 16, 60
READ = 2 * 13.0**2


def trace(width=1.2, growth=0.5, tilt=0.0):
    """A Gaussian integrated over pixels, which widens and moves along the columns; shares (y, x) that sum to 1."""
    x = np.linspace(0, 1, N_X)
    edges = np.arange(N_Y + 1)[:, None] - 0.5 - (7.6 + tilt * x)
    shares = np.diff(0.5 * erf(edges / np.sqrt(2) / (width + growth * x)), axis=0)
    return shares / shares.sum(axis=0)


def scene(seed=0, frames=4000, tilt=0.0):
    """Image (y, x) averaged over many frames, its variance in one frame, shares and flux."""
    rng = np.random.default_rng(seed)
    shares, flux = trace(tilt=tilt), np.geomspace(1e3, 5e4, N_X) * rng.uniform(0.8, 1.2, N_X)
    variance = shares * flux + READ
    return shares * flux + np.sqrt(variance / frames) * rng.standard_normal(shares.shape), variance, shares, flux


@pytest.mark.parametrize("tilt", [0.0, 0.5])
def test_shares_are_those_of_the_light(tilt):
    """To 0.3 %: noise of 4,000 frames and what the curve of the profile leaves over 15 columns."""
    image, variance, shares, _ = scene(tilt=tilt)
    got = light_shares(image, variance, np.ones(image.shape, bool), 15)
    assert np.allclose(got.sum(axis=0), 1.0, rtol=1e-12)
    assert np.max(np.abs(got - shares)) < 0.003


def test_a_pixel_that_is_not_good_has_the_share_of_its_neighbours():
    image, variance, shares, _ = scene()
    good = np.ones(image.shape, bool)
    good[7, [10, 30]] = good[2, 5] = False
    image[~good] = 1e6
    got = light_shares(image, variance, good, 15)
    assert np.max(np.abs(got - shares)) < 0.005


def test_an_outlier_does_not_shape_the_profile():
    image, variance, shares, _ = scene()
    image[12, 20] += 5_000.0  # a hot pixel that the calibration missed, at the edge of the star's image
    got = light_shares(image, variance, np.ones(image.shape, bool), 15)
    assert np.max(np.abs(got - shares)[:, np.arange(N_X) != 20]) < 0.004


def test_without_dispersion_the_shares_are_the_image():
    image = np.random.default_rng(0).uniform(-1.0, 100.0, (8, 8))
    got = light_shares(image, np.ones((8, 8)), np.ones((8, 8), bool), None)
    assert np.allclose(got, np.clip(image, 0, None) / np.clip(image, 0, None).sum(), rtol=1e-12)


def test_an_image_without_light_is_weighed_evenly():
    dark = -np.ones((8, 8))
    good = np.ones((8, 8), bool)
    assert np.allclose(light_shares(dark, np.ones((8, 8)), good, None), 1 / 64)
    assert np.allclose(light_shares(dark, np.ones((8, 8)), good, 5), 1 / 8)


def test_the_aperture_is_that_of_horne():
    """Horne (1986), equation 8: the sum of P D / V over the sum of P^2 / V, column by column, in plain loops."""
    image, variance, shares, _ = scene()
    good = np.random.default_rng(3).random(image.shape) > 0.03
    aperture = optimal_aperture(shares, variance, good, disperses=True)
    for x in range(N_X):
        top = bottom = 0.0
        for y in range(N_Y):
            if good[y, x]:
                top += shares[y, x] * image[y, x] / variance[y, x]
                bottom += shares[y, x] ** 2 / variance[y, x]
        assert (aperture * image)[:, x].sum() == pytest.approx(top / bottom, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 0.3))
def test_the_flux_is_unbiased_whatever_the_variance_and_the_bad_pixels(seed, bad):
    rng = np.random.default_rng(seed)
    shares, flux = trace(), np.geomspace(1e3, 5e4, N_X)
    good = rng.random(shares.shape) >= bad
    good[7] = True
    aperture = optimal_aperture(shares, rng.uniform(1.0, 1e4, shares.shape), good, disperses=True)
    assert np.allclose((aperture * shares * flux).sum(axis=0), flux, rtol=1e-12)
    assert not aperture[~good].any()


def test_the_noise_is_the_least_that_unbiased_weights_can_have():
    """1 / sum(P^2 / V), the Cramer-Rao bound; any other weights with the same flux have more."""
    _, variance, shares, _ = scene()
    aperture = optimal_aperture(shares, variance, np.ones(shares.shape, bool), disperses=True)
    noise = (aperture**2 * variance).sum(axis=0)
    assert np.allclose(noise, 1 / (shares**2 / variance).sum(axis=0), rtol=1e-12)
    box = variance.sum(axis=0)
    assert np.all(noise < box)
    other = aperture * np.random.default_rng(1).uniform(0.8, 1.2, aperture.shape)
    other /= (other * shares).sum(axis=0)
    assert np.all((other**2 * variance).sum(axis=0) > noise)


def test_all_pixels_are_one_channel_without_dispersion():
    rng = np.random.default_rng(2)
    shares = trace()[:, :16] / 16
    variance = rng.uniform(1.0, 5.0, shares.shape)
    aperture = optimal_aperture(shares, variance, np.ones(shares.shape, bool), disperses=False)
    assert (aperture * shares).sum() == pytest.approx(1.0, rel=1e-12)
    assert (aperture**2 * variance).sum() == pytest.approx(1 / (shares**2 / variance).sum(), rel=1e-12)
