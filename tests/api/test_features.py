"""How far from the training set: in units of its reach, with false alarms as seldom as promised."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import FeatureSpace

WAVELENGTH = np.linspace(1.0, 4.0, 120)


def spectra(rng, n, noise=1e-4):
    """Spectra of two kinds of bands on a level of their own, seen under noise that differs from star to star."""
    bands = np.exp(-0.5 * ((WAVELENGTH - np.array([[1.4], [2.7]])) / 0.15) ** 2)
    level = 10 ** rng.uniform(-3, -2, (n, 1))
    own = noise * 10 ** rng.uniform(-0.3, 0.3, (n, 1))
    return level + 2e-4 * rng.normal(size=(n, 2)) @ bands + own * rng.normal(size=(n, len(WAVELENGTH)))


def new_band(size, where=3.3, width=0.1):
    return size * np.exp(-0.5 * ((WAVELENGTH - where) / width) ** 2)


def test_a_band_below_the_noise_of_every_channel_is_noticed():
    """400 ppm at its peak against noise of 50 to 200 ppm in each channel; Q alone, of 120 channels, sees little."""
    rng = np.random.default_rng(0)
    seen, unseen, by_rest = [], [], []
    for _ in range(5):
        space = FeatureSpace.fit(spectra(rng, 300), np.ones(300))
        alike = spectra(rng, 300)
        seen.append(space.extrapolates(alike + new_band(4e-4)).mean())
        unseen.append(space.extrapolates(alike).mean())
        others = space._all_distances(alike + new_band(4e-4))[:2] > space.reach[:2, None]
        by_rest.append(others.any(axis=0).mean())
    assert np.mean(seen) > 0.6
    assert np.mean(unseen) < 0.02
    assert np.mean(by_rest) < 0.25


@pytest.mark.parametrize(("n", "p"), [(60, 40), (150, 120), (100, 400)])
def test_targets_like_the_others_are_seldom_beyond(n, p):
    """Three distances, each beyond with a chance of about 1 / (n + 1); a mean over 20 training sets."""
    rng = np.random.default_rng(n + p)
    direction = rng.normal(size=(3, p))

    def draw(count):
        own = 10 ** rng.uniform(-0.5, 0.5, (count, 1))
        return rng.normal(size=(count, 3)) @ direction + 0.3 * own * rng.normal(size=(count, p))

    flagged = []
    for _ in range(20):
        train = draw(n)
        space = FeatureSpace.fit(train, np.ones(n))
        assert not space.extrapolates(train).any()
        flagged.append(space.extrapolates(draw(200)).mean())
    assert np.mean(flagged) < 1.5 * 3 / (n + 1)


def test_distance_is_in_units_of_the_reach():
    """Moved ten times as far along the only direction, a target is ten times as distant."""
    rng = np.random.default_rng(1)
    direction = rng.normal(size=8)
    train = rng.normal(size=(200, 1)) * direction + 1e-3 * rng.normal(size=(200, 8))
    space = FeatureSpace.fit(train, np.ones(200))
    centre = train.mean(axis=0)
    near, far = space.distance(np.stack([centre + 5 * direction, centre + 50 * direction]))
    assert far == pytest.approx(10 * near, rel=1e-3)
    assert near > 1
    assert space.distance(train).max() <= 1
    np.testing.assert_array_equal(space.extrapolates(train * 3), space.distance(train * 3) > 1)


def test_a_target_that_misses_most_features_is_flagged():
    rng = np.random.default_rng(2)
    train = spectra(rng, 100)
    space = FeatureSpace.fit(train, np.ones(100))
    gaps = train.copy()
    gaps[0, :70] = np.nan
    gaps[1, :30] = np.nan
    gaps[2] = np.nan
    assert list(space.extrapolates(gaps)[:4]) == [True, False, True, False]
    assert np.isfinite(space.distance(gaps)).all()


def test_a_gap_alone_does_not_make_a_target_distant():
    """A quarter of the spectrum is missing; the rest is as in training, but for levels that span a decade."""
    rng = np.random.default_rng(2)
    space = FeatureSpace.fit(spectra(rng, 100), np.ones(100))
    gaps = spectra(rng, 500)
    gaps[:, :30] = np.nan
    assert space.extrapolates(gaps).mean() < 0.03


def test_units_of_the_features_do_not_matter():
    rng = np.random.default_rng(3)
    train, new = spectra(rng, 100), spectra(rng, 20) + new_band(1e-4)
    expected = FeatureSpace.fit(train, np.ones(100)).distance(new)
    found = FeatureSpace.fit(1e6 * train - 5.0, np.ones(100)).distance(1e6 * new - 5.0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_constant_and_missing_features_count_for_nothing():
    rng = np.random.default_rng(4)
    train = spectra(rng, 100)
    more = np.column_stack([train, np.full(100, 7.0), np.full(100, np.nan)])
    other = np.column_stack([train, np.arange(100.0) * 1e9, np.arange(100.0)])
    space = FeatureSpace.fit(more, np.ones(100))
    np.testing.assert_array_equal(space.distance(more), space.distance(other))


def test_a_table_of_a_few_columns_has_no_neighbours():
    rng = np.random.default_rng(5)
    space = FeatureSpace.fit(rng.normal(size=(100, 12)), np.ones(100))
    assert space.precision.size == 0
    assert np.isfinite(space.distance(rng.normal(size=(5, 12)))).all()


def test_no_noise_at_all_is_no_division_by_zero():
    rng = np.random.default_rng(6)
    train = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 50))
    space = FeatureSpace.fit(train, np.ones(80))
    assert not space.extrapolates(train).any()
    assert space.extrapolates(train + new_band(1.0)[None, :50] + 3.0 * (np.arange(50) > 40)).all()
