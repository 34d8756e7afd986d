"""Weights of the pixels: what a perfect detector would show comes out, whatever is masked."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.stats import sigma_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from specframe.errors import DataError
from specframe_ariel.extraction import extraction_weights, find_region, hot_pixels, sky_weights

BACKGROUND = [(0, 8), (24, 32)]


def box(good, flat, background=BACKGROUND, variance=None):
    region = find_region(good, (8, 24), background)
    sky = None if region.sky is None else sky_weights(region.sky, variance)
    return region, extraction_weights(region, flat, sky=sky)


def with_a_good_column(mask):
    mask[[2, 12], 0] = True
    return mask


MASKS = arrays(bool, (32, 5), elements=st.sampled_from([True, True, True, False])).map(with_a_good_column)


@settings(max_examples=60)
@given(MASKS, st.floats(0.0, 1e4), st.integers(0, 2**31), st.booleans())
def test_an_even_sky_leaves_nothing_whatever_is_masked(good, sky, seed, weighted):
    rng = np.random.default_rng(seed)
    flat = rng.uniform(0.8, 1.2, good.shape)
    _, weight = box(good, flat, variance=rng.uniform(100.0, 1e4, good.shape) if weighted else None)
    seen = np.where(good, sky * flat, 1e9)  # what a masked pixel shows does not count
    assert np.allclose((weight * seen).sum(axis=0), 0.0, atol=1e-11 * max(sky, 1.0))


@settings(max_examples=60)
@given(MASKS, st.integers(0, 2**31))
def test_the_light_of_the_good_pixels_is_summed(good, seed):
    rng = np.random.default_rng(seed)
    flat = rng.uniform(0.8, 1.2, good.shape)
    light = np.zeros(good.shape)
    light[8:24] = rng.uniform(0.0, 1e4, (16, 5))
    region, weight = box(good, flat)
    expected = np.where(region.usable, (light * good).sum(axis=0), 0.0)
    assert np.allclose(expected, (weight * light * flat).sum(axis=0), rtol=1e-12)


def test_only_pixels_with_a_weight_are_asked_for():
    good = np.ones((32, 3), bool)
    good[10, 1] = False
    without, weight = box(good, None, [])
    assert len(without.pixels()) == np.count_nonzero(weight) == 16 * 3 - 1
    assert set(without.pixels()[:, 0].tolist()) == set(range(8, 24))
    assert len(box(good, None)[0].pixels()) == 32 * 3 - 1


def test_a_mean_weighted_by_the_noise_is_that_of_least_squares():
    rng = np.random.default_rng(8)
    variance = rng.uniform(1.0, 9.0, (6, 4))
    sky = np.ones((6, 4), bool)
    sky[2, 1] = False
    weights = sky_weights(sky, variance)
    for x in range(4):
        use = sky[:, x]
        # numpy.polyfit takes 1 / sigma; a polynomial of order 0 is the weighted mean
        values = rng.normal(size=6)
        expected = np.polyfit(np.arange(6)[use], values[use], 0, w=1 / np.sqrt(variance[use, x]))[0]
        assert (weights[:, x] * values).sum() == pytest.approx(expected, rel=1e-10)


def test_nothing_left_is_an_error():
    good = np.ones((32, 4), bool)
    good[8:24] = False
    with pytest.raises(DataError, match=r"no pixel is left: of the 128 pixels in use 64 are dead"):
        find_region(good, (8, 24), BACKGROUND)


def test_hot_pixels_are_those_of_astropy():
    rng = np.random.default_rng(0)
    dark = rng.normal(0.006, 0.001, (32, 50))
    dark[rng.random(dark.shape) < 0.01] = 0.5
    expected = sigma_clip(dark, sigma=5, maxiters=5).mask
    assert expected.sum() > 5
    assert np.array_equal(expected, hot_pixels(dark, 5.0))
    assert not hot_pixels(np.full((4, 4), 0.1), 5.0).any()
