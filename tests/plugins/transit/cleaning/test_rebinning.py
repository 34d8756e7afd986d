"""From one grid of channels to another: counts are conserved, errors propagate, and nothing dips for a mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe_transit.cleaning import rebin_matrix
from specframe_transit.cleaning.depth_bins import bin_depths, shared_noise
from specframe_transit.cleaning.light_curve_bins import (
    Binned,
    bin_in_time,
    bin_in_wavelength,
    channel_weights,
    time_bins,
    time_means,
)
from specframe_transit.cleaning.rebinning import edges_from_centres


def edges(widths, start=1.0):
    cuts = start + np.concatenate([[0.0], np.cumsum(widths)])
    return cuts[:-1], cuts[1:]


widths = st.lists(st.floats(0.01, 2.0), min_size=1, max_size=12)


@given(widths, widths)
@settings(max_examples=60, deadline=None)
def test_counts_are_conserved_between_any_two_grids_of_the_same_span(old, new):
    new = np.asarray(new) * sum(old) / sum(new)
    part = rebin_matrix(*edges(old), *edges(new))
    assert part.shape == (len(new), len(old))
    assert ((part >= 0.0) & (part <= 1.0)).all()
    assert part.sum(axis=0) == pytest.approx(np.ones(len(old)), abs=1e-6)
    # an even spectrum stays one
    assert part @ np.asarray(old) == pytest.approx(new, rel=1e-6)


@given(widths)
@settings(max_examples=30, deadline=None)
def test_the_same_grid_changes_nothing(old):
    assert np.array_equal(rebin_matrix(*edges(old), *edges(old)), np.eye(len(old)))


def test_parts_of_channels_by_hand():
    part = rebin_matrix([0.0, 1.0, 3.0], [1.0, 3.0, 4.0], [0.5, 2.5], [2.0, 9.0])
    assert part == pytest.approx(np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 1.0]]))


def test_means_of_a_density_are_those_of_specutils_style_integration():
    """A straight density has the value at the middle of each bin as its mean, whatever the channels."""
    rng = np.random.default_rng(0)
    lower, upper = edges(rng.uniform(0.01, 0.1, 60))
    low, high = np.array([1.2, 1.57, 2.0]), np.array([1.5, 1.9, 2.9])
    cuts = np.sort(np.concatenate([lower, [upper[-1]], low, high]))  # so that no channel is cut
    fine_lower, fine_upper = cuts[:-1], cuts[1:]
    part = rebin_matrix(fine_lower, fine_upper, low, high) * (fine_upper - fine_lower)
    density = 3.0 + 2.0 * 0.5 * (fine_lower + fine_upper)
    assert part @ density / part.sum(axis=1) == pytest.approx(3.0 + low + high)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([0.0], [1.0, 2.0], [0.0], [1.0]), "as many lower as upper"),
        (([0.0], [0.0], [0.0], [1.0]), "channel 0 must have a lower edge below"),
        (([0.0], [1.0], [0.0, 2.0], [1.0, 1.5]), "bin 1 must have a lower edge below its upper one, got 2 and 1.5"),
    ],
)
def test_wrong_edges_are_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        rebin_matrix(*arguments)


def test_edges_of_channels_that_have_none_are_half_way():
    lower, upper = edges_from_centres([1.0, 2.0, 4.0])
    assert lower.tolist() == [0.5, 1.5, 3.0]
    assert upper.tolist() == [1.5, 3.0, 5.0]
    with pytest.raises(ValueError, match="one channel alone"):
        edges_from_centres([1.0])


@pytest.fixture
def photons():
    """Counts of 40 channels and 300 exposures with a transit of 2 %, in Poisson noise."""
    rng = np.random.default_rng(3)
    level = rng.uniform(2e5, 2e6, 40)[:, None]
    shape = 1.0 - 0.02 * ((np.arange(300) > 100) & (np.arange(300) < 200))
    flux = rng.poisson(level * shape).astype(float)
    return flux, np.sqrt(flux), np.ones(flux.shape, bool), shape, level


def halves(n):
    part = np.zeros((2, n))
    part[0, : n // 2], part[1, n // 2 :] = 1.0, 1.0
    return part


def test_sums_of_counts_and_their_errors(photons):
    flux, error, use, *_ = photons
    weights = channel_weights(halves(40), np.ones(40), flux, error, use, "sum")
    binned = bin_in_wavelength(flux, error, use, weights, 0.5)
    assert binned.flux == pytest.approx(np.stack([flux[:20].sum(axis=0), flux[20:].sum(axis=0)]))
    assert binned.flux_error == pytest.approx(np.sqrt(binned.flux))  # photon noise stays photon noise
    assert binned.use.all()


def test_a_cut_channel_gives_its_part_with_its_part_of_the_error(photons):
    flux, error, use, *_ = photons
    part = np.zeros((1, 40))
    part[0, 3], part[0, 4] = 0.25, 1.0
    binned = bin_in_wavelength(flux, error, use, channel_weights(part, np.ones(40), flux, error, use, "sum"), 0.5)
    assert binned.flux[0] == pytest.approx(0.25 * flux[3] + flux[4])
    assert binned.flux_error[0] == pytest.approx(np.hypot(0.25 * error[3], error[4]))


def test_relative_curves_averaged_are_the_counts_added(photons):
    """Dividing each channel by its level loses its weight; one over the variance gives that back."""
    flux, error, use, _, level = photons
    relative = bin_in_wavelength(
        flux / level,
        error / level,
        use,
        channel_weights(halves(40), np.ones(40), flux / level, error / level, use, "inverse-variance"),
        0.5,
    )
    counts = bin_in_wavelength(flux, error, use, channel_weights(halves(40), np.ones(40), flux, error, use, "sum"), 0.5)
    normal = [np.median(b.flux, axis=1, keepdims=True) for b in (relative, counts)]
    assert relative.flux / normal[0] == pytest.approx(counts.flux / normal[1], rel=1e-5)
    assert relative.flux_error / normal[0] == pytest.approx(counts.flux_error / normal[1], rel=1e-2)
    assert normal[0][:, 0] == pytest.approx([1.0, 1.0], rel=0.01)


def test_no_dip_where_a_bright_channel_is_masked(photons):
    """The brightest channel of a bin is missing for the second half of the transit; drift and transit go on."""
    flux, error, use, shape, level = photons
    drift = 1.0 + 0.01 * np.linspace(-1.0, 1.0, 300)
    flux = flux * drift
    brightest = int(np.argmax(level[:20]))
    use = use.copy()
    use[brightest, 150:260] = False
    wild = np.where(use, flux, np.nan)
    for how in ("sum", "width", "inverse-variance"):
        weights = channel_weights(halves(40), np.ones(40), flux * use, error, use, how)
        binned = bin_in_wavelength(wild, error, use, weights, 0.5)
        curve = binned.flux[0] / shape / drift
        noise = np.median(binned.flux_error[0] / binned.flux[0])
        jump = np.mean(curve[150:260]) / np.mean(np.r_[curve[:150], curve[260:]]) - 1.0
        # means of 110 and 190 samples
        assert abs(jump) < 4.0 * noise * np.sqrt(1 / 110 + 1 / 190)
        # simply leaving it out would have cost its share
        assert weights.share[0, brightest] > 0.05
        grown = np.median(binned.flux_error[0, 150:260]) / np.median(binned.flux_error[0, :150])
        assert 1.0 < grown < 1.1


def test_bins_with_too_much_masked_are_masked(photons):
    flux, error, use, *_ = photons
    use = use.copy()
    use[:20, 7] = False
    use[20:39, 8] = False
    use[5] = False  # a channel that is lost counts neither as light nor as missing
    weights = channel_weights(halves(40), np.ones(40), flux, error, use, "sum")
    binned = bin_in_wavelength(flux, error, use, weights, 0.5)
    assert np.argwhere(~binned.use).tolist() == [[0, 7], [1, 8]]
    assert weights.share[0, 5] == 0.0
    strict = bin_in_wavelength(flux, error, use, weights, 0.0)
    assert strict.use[0, 50]


def test_bins_in_time_end_at_gaps_and_are_even():
    stretch = np.repeat([0, 1], [10, 7])
    time = np.arange(17) + 50.0 * stretch
    number = time_bins(time, stretch, samples=3)
    assert np.bincount(number).tolist() == [4, 3, 3, 4, 3]
    assert not set(number[:10]) & set(number[10:])
    by_width = time_bins(time, stretch, width=3.0)
    assert sorted(np.bincount(by_width).tolist()) == [3, 3, 3, 4, 4]
    assert not set(by_width[:10]) & set(by_width[10:])
    assert np.array_equal(time_bins(time, stretch, samples=1), np.arange(17))


def test_means_in_time_keep_the_flux_and_lower_the_error(photons):
    flux, error, use, *_ = photons
    number = time_bins(np.arange(300.0), np.zeros(300, int), samples=4)
    binned, counts = bin_in_time(Binned(flux, error, use), number, 0.5)
    assert counts.all()
    assert binned.flux == pytest.approx(flux.reshape(40, 75, 4).mean(axis=2))
    assert binned.flux_error == pytest.approx(np.sqrt(np.square(error).reshape(40, 75, 4).sum(axis=2)) / 4.0)


def test_a_channel_masked_in_the_brighter_half_of_a_bin_in_ingress_is_not_fainter(photons):
    flux, error, use, _, level = photons
    steep = 1.0 - 0.002 * np.arange(300)
    flux = level * steep
    use = use.copy()
    use[3, 100:102] = False
    number = time_bins(np.arange(300.0), np.zeros(300, int), samples=4)
    binned, _ = bin_in_time(Binned(flux, error, use), number, 0.5)
    assert binned.flux / level == pytest.approx(np.tile(steep.reshape(75, 4).mean(axis=1), (40, 1)), rel=1e-9)
    assert binned.flux_error[3, 25] > 1.3 * binned.flux_error[3, 24]


def test_times_that_no_channel_has_do_not_count(photons):
    flux, error, use, *_ = photons
    use = use.copy()
    use[:, [0, 1, 5]] = False
    use[:, 8:12] = False
    time = 2_459_000.0 + np.arange(300.0) / 1e4
    number = time_bins(time, np.zeros(300, int), samples=4)
    binned, counts = bin_in_time(Binned(flux, error, use), number, 0.5)
    means = time_means(time, number, counts)
    assert means[:3] == pytest.approx([time[[2, 3]].mean(), time[[4, 6, 7]].mean(), time[8:12].mean()], abs=1e-9)
    assert binned.use.all(axis=0).tolist() == [True, True, False] + [True] * 72


def test_depths_are_averaged_by_inverse_variance():
    depth, error = np.array([0.01, 0.012, 0.02, 0.03]), np.array([1e-4, 2e-4, 1e-4, 1e-4])
    part = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.5]])
    binned = bin_depths(depth, error, part, np.ones(4))
    weight = np.array([1.0, 0.25]) / 1.25
    assert binned.depth == pytest.approx([weight @ depth[:2], (0.02 + 0.5 * 0.03) / 1.5])
    assert binned.depth_error == pytest.approx([1e-4 / np.sqrt(1.25), 1e-4 * np.sqrt(1.25) / 1.5])


def test_errors_that_channels_share_do_not_average_out():
    n, shared = 20, 5e-5
    covariance = np.diag(np.full(n, 1e-8)) + shared**2
    binned = bin_depths(np.full(n, 0.01), np.sqrt(np.diagonal(covariance)), halves(n), np.ones(n), covariance)
    assert binned.depth_error == pytest.approx(np.full(2, np.hypot(1e-4 / np.sqrt(10), shared)))
    assert binned.covariance[0, 1] == pytest.approx(shared**2)


def test_bins_that_share_a_channel_are_correlated():
    part = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    binned = bin_depths(np.full(3, 0.01), np.full(3, 1e-4), part, np.ones(3))
    # weights 2/3, 1/3 and 1/3, 2/3: the channel they share counts 1/9 of 1e-8
    assert binned.covariance[0, 1] == pytest.approx(1e-8 / 9.0)


def test_depths_that_are_missing_are_left_out_until_too_much_is():
    depth, error = np.array([0.01, np.nan, 0.02, np.nan, np.nan]), np.full(5, 1e-4)
    part = np.array([[1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0, 1.0]])
    binned = bin_depths(depth, error, part, np.ones(5))
    assert binned.depth[0] == pytest.approx(0.01)
    assert np.isnan(binned.depth[1])
    assert np.isnan(binned.depth_error[1])


def test_noise_that_channels_share_is_found_in_their_residuals():
    rng = np.random.default_rng(5)
    own, common = 1e-3 * rng.standard_normal((40, 4000)), 3e-4 * rng.standard_normal(4000)
    weight = halves(40) / 20.0
    use = rng.random(own.shape) > 0.1
    assert shared_noise(own, use, weight) == pytest.approx(np.ones(2), abs=0.05)
    # own noise falls to 1e-3 / sqrt(20), the common one stays
    expected = np.hypot(1e-3 / np.sqrt(20.0), 3e-4) / np.sqrt((1e-6 + 9e-8) / 20.0)
    assert shared_noise(own + common, use, weight) == pytest.approx(np.full(2, expected), rel=0.05)
    assert shared_noise(np.where(use, own, 9e9), use, weight) == pytest.approx(np.ones(2), abs=0.05)
