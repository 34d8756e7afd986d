"""Cosmic rays are found and repaired; transits, drifts and pointing jumps are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_ariel.repair import find_outliers, pointing_jumps, replace_samples

PER_BIN, READ_VARIANCE, LEVEL = 30, 2 * 13.0**2, 20_000.0
#: Of one sample of a pixel at LEVEL.
NOISE = np.sqrt((LEVEL + READ_VARIANCE) / PER_BIN)


def outliers(means, sigma=5.0, gain=1.0, offset=0.0):
    found = np.empty(means.shape, np.int8)
    find_outliers(means, np.full(len(means), READ_VARIANCE), PER_BIN, gain, offset, sigma, found)
    return found


def noisy(rng, n=400, n_bin=187, curve=1.0):
    return LEVEL * curve + NOISE * rng.standard_normal((n, n_bin))


def test_hits_are_found_wherever_they_are():
    """400 pixels with a hit of 10 sigma each; the median of seven adds 20 % to the noise, so nearly all are seen."""
    rng = np.random.default_rng(1)
    means = noisy(rng)
    place = rng.integers(0, 187, 400)
    means[np.arange(400), place] += 10 * NOISE
    found = outliers(means) == 1
    assert found[np.arange(400), place].mean() > 0.99
    assert found.sum() - found[np.arange(400), place].sum() <= 2  # 75,000 samples at about 4.5 sigma: 0.3 expected


def test_noise_alone_is_no_hit():
    """400,000 samples of Gaussian noise at 6 sigma: fewer than one in a thousand such tests has three."""
    found = outliers(noisy(np.random.default_rng(2), n=2_140), sigma=6.0)
    assert np.count_nonzero(found) < 3


@pytest.mark.parametrize("depth", [0.002, 0.03])
@pytest.mark.parametrize("ingress", [1, 4, 12])
def test_a_transit_has_no_outliers_whatever_its_shape(depth, ingress):
    """Without noise and with thresholds as low as can be, an ingress of one bin and a depth of 100 sigma too."""
    time = np.arange(187)
    shape = np.clip((40 - np.abs(time - 93)) / ingress, 0, 1)
    curve = (1 - depth * shape) * (1 + 0.01 * np.exp(-time / 10))
    assert not outliers(np.tile(1e7 * curve, (3, 1)), sigma=3.0).any()


def test_slopes_at_the_ends_are_no_outliers():
    settling = 1e7 * (1 + 0.02 * np.exp(-np.arange(187) / 5))
    assert not outliers(np.stack([settling, settling[::-1]]), sigma=3.0).any()


def test_a_pixel_that_moves_more_than_its_noise_is_measured_by_its_own_scatter():
    rng = np.random.default_rng(3)
    means = noisy(rng) + 5 * NOISE * rng.standard_normal((400, 187))
    assert np.count_nonzero(outliers(means, sigma=6.0)) < 3


def test_a_jump_of_the_pointing_is_no_shower_of_cosmic_rays():
    rng = np.random.default_rng(4)
    means = noisy(rng)
    means[:, 100] += 20 * NOISE * np.linspace(-1, 1, 400)
    means[7, 50] += 20 * NOISE
    found = outliers(means)
    jumps = pointing_jumps(found)
    assert jumps.tolist() == [k == 100 for k in range(187)]
    assert found[7, 50] == 1


def test_units_and_number_of_pairs_do_not_matter():
    means = noisy(np.random.default_rng(5))
    means[:, 20] += 8 * NOISE
    assert np.array_equal(outliers(means), outliers((means + 350.0) * 0.4, gain=0.4, offset=-350.0))


def test_fewer_samples_than_the_window_are_not_judged():
    means = noisy(np.random.default_rng(6), n_bin=6)
    means[:, 3] *= 2
    assert not outliers(means).any()


def test_replaced_samples_are_medians_of_the_good_ones_around():
    means = np.array([[1.0, 2.0, 100.0, 4.0, 200.0, 6.0, 7.0, 8.0, 300.0]])
    bad = means >= 100
    replace_samples(means, bad)
    # around index 2: 1 2 4 6 7 (of 0..6); around 4: 2 4 6 7 8 (of 1..7); at the end: 4 6 7 8 (of 2..8)
    assert np.allclose(means, [[1, 2, np.median([1, 2, 4, 6, 7]), 4, 6, 6, 7, 8, np.median([4, 6, 7, 8])]])


def test_what_cannot_be_repaired_stays():
    means = np.array([[5.0, 6.0, 7.0]])
    replace_samples(means, np.ones((1, 3), bool))
    assert means.tolist() == [[5.0, 6.0, 7.0]]
