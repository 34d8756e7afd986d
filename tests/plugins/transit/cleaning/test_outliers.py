"""Outliers are found, and transits, however deep, steep or cut by gaps, are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.stats import sigma_clip

from specframe_transit.cleaning.outliers import find_outliers
from specframe_transit.cleaning.scatter import error_flags, error_ratio, known_scatter, light_curve_scatter
from specframe_transit.cleaning.series import direction_ratio, stretches, white_curve

LIMITS = {"sigma_time": 5.0, "sigma_wavelength": 5.0, "window": 20, "iterations": 5}


def clipped(flux, use=None, stretch=None, **changes):
    flux = np.atleast_2d(np.asarray(flux, float))
    use = np.ones(flux.shape, bool) if use is None else use
    stretch = np.zeros(flux.shape[1], int) if stretch is None else stretch
    found = find_outliers(flux, use, stretch, **{**LIMITS, **changes})
    return found.time | found.wavelength | found.exposure


def noise(shape, seed=0, size=1e-3):
    return 1e4 * (1.0 + size * np.random.default_rng(seed).standard_normal(shape))


@pytest.fixture(scope="module")
def transit():
    batman = pytest.importorskip("batman")

    def make(time, radius, inclination):
        p = batman.TransitParams()
        p.t0, p.per, p.rp, p.a, p.inc, p.ecc, p.w = 0.0, 3.0, radius, 12.0, inclination, 0.0, 90.0
        p.limb_dark, p.u = "quadratic", [0.3, 0.2]
        return batman.TransitModel(p, time).light_curve(p)

    return make


@pytest.mark.parametrize("channels", [1, 25])
@pytest.mark.parametrize("inclination", [89.5, 86.0], ids=["central", "grazing"])
@pytest.mark.parametrize("gaps", [False, True])
def test_no_sample_of_a_transit_is_clipped(transit, channels, inclination, gaps):
    """Depths of 0.25 to 20 %, ingress in fewer than one to 90 samples, and up to 2000 sigma deep in the white curve."""
    rng = np.random.default_rng(1)
    lost = outside = total = 0
    for radius in (0.05, 0.16, 0.45):
        for cadence in (20.0, 120.0, 300.0, 600.0):
            for size in (1e-5, 1e-3):
                time = np.arange(-0.12, 0.12, cadence / 86400.0)
                if gaps:  # the star is hidden for half of each orbit of 95 minutes
                    time = time[(time * 86400.0 + rng.uniform(0.0, 5700.0)) % 5700.0 < 2800.0]
                light = transit(time, radius, inclination)
                found = clipped(light * noise((channels, len(time)), int(cadence), size), stretch=stretches(time))
                lost += int(found[:, light < 1.0].sum())
                outside, total = outside + int(found[:, light == 1.0].any(axis=0).sum()), total + len(time)
    # 5 sigma of normal noise is less than one in a million; a scatter known to 10 % makes it a few, in all channels
    assert lost <= 1
    assert outside <= 1e-3 * total


def test_a_plain_sigma_clip_would_have_eaten_the_transit(transit):
    """A grazing transit of nine exposures, and a running median of 21, as long as the window."""
    time = np.arange(-0.2, 0.2, 600.0 / 86400.0)
    flux = transit(time, 0.1, 86.0) * noise(len(time), size=1e-4)
    running = np.array([np.median(flux[max(i - 10, 0) : i + 11]) for i in range(len(flux))])
    assert np.ma.getmaskarray(sigma_clip(flux - running, sigma=5, stdfunc="mad_std")).sum() > 5
    assert clipped(flux).sum() == 0


@pytest.mark.parametrize(("channels", "least"), [(1, 0.9), (30, 0.95)])
def test_outliers_of_ten_sigma_are_found(channels, least):
    flux = noise((channels, 600))
    bad = np.random.default_rng(1).random(flux.shape) < (0.02 if channels == 1 else 0.005)
    flux[bad] += 100.0 * np.sign(np.random.default_rng(2).standard_normal(bad.sum()))
    found = clipped(flux)
    assert (found & bad).sum() >= least * bad.sum()
    assert (found & ~bad).sum() <= 2


def test_in_flat_noise_it_finds_what_astropy_finds():
    flux = noise((1, 2000))
    flux[0, ::97] *= 1.02
    expected = np.ma.getmaskarray(sigma_clip(flux[0], sigma=6))
    assert np.array_equal(clipped(flux)[0, 4:-4], expected[4:-4])


def test_an_outlier_in_ingress_is_found(transit):
    time = np.arange(-0.12, 0.12, 60.0 / 86400.0)
    flux = transit(time, 0.1, 89.5) * noise((20, len(time)), size=3e-4)
    at = int(np.argmin(np.abs(time + 0.041)))
    flux[3, at] *= 1.01
    assert np.argwhere(clipped(flux)).tolist() == [[3, at]]


def test_two_bad_exposures_in_a_row_are_found():
    flux = noise((1, 300))
    flux[0, 100:102] *= 1.03
    assert np.flatnonzero(clipped(flux)[0]).tolist() == [100, 101]


def test_an_exposure_that_is_off_in_all_channels_is_one_outlier_of_the_white_curve():
    flux = noise((30, 200))
    flux[:, 77] *= 0.995  # 5 sigma of a channel, 27 of their mean
    found = find_outliers(flux, np.ones(flux.shape, bool), np.zeros(200, int), **LIMITS)
    assert np.flatnonzero(found.exposure).tolist() == [77]


def test_a_narrow_line_that_only_the_planet_has_is_not_clipped(transit):
    """One channel twice as deep as its neighbours, like helium at 1083 nm, 40 sigma per exposure."""
    time = np.arange(-0.12, 0.12, 120.0 / 86400.0)
    depth = np.full(40, 0.1)
    depth[20] = 0.1 * np.sqrt(2.0)
    flux = np.stack([transit(time, radius, 89.0) for radius in depth]) * noise((40, len(time)), size=2.5e-4)
    assert not clipped(flux)[20].any()


def test_scatter_that_rises_in_one_exposure_is_no_outlier():
    flux = noise((100, 300))
    flux[:, 150] = noise(100, seed=5, size=3e-3)
    only_wavelength = clipped(flux, sigma_time=None)
    assert not only_wavelength.any()
    flux[40, 150] = 1e4 * 1.03
    assert np.argwhere(clipped(flux, sigma_time=None)).tolist() == [[40, 150]]


def test_alternating_scan_directions_are_no_outliers():
    direction = np.arange(100) % 2 == 1
    flux = noise((3, 100), size=2e-4) * np.where(direction, 1.01, 1.0)
    flux[1, 50] *= 1.005
    found = clipped(flux, direction=direction)
    assert np.argwhere(found).tolist() == [[1, 50]]
    assert not clipped(flux)[1, 50]  # without the directions it drowns


@pytest.mark.parametrize("channels", [1, 40])
@pytest.mark.parametrize("size", [5e-4, 5e-3, 5e-2])
def test_a_spot_crossing_and_a_step_of_the_mirror_are_real(channels, size):
    time = np.arange(500)
    for shape in (np.exp(-0.5 * ((time - 250) / 3.0) ** 2), time > 250):
        assert not clipped((1.0 + size * shape) * noise((channels, 500), size=3e-4)).any()


def test_a_spike_that_decays_is_masked_while_it_is_steep():
    time = np.arange(500)
    flare = 0.01 * np.where(time >= 250, np.exp(-(time - 250) / 3.0), 0.0)
    found = np.flatnonzero(clipped((1.0 + flare) * noise((40, 500), size=3e-4)).all(axis=0))
    assert found[0] == 250
    assert np.array_equal(found, np.arange(250, 250 + len(found)))
    assert len(found) < 12


def test_what_is_masked_has_no_influence_and_is_not_counted():
    flux = noise((10, 100))
    use = np.ones(flux.shape, bool)
    use[2, 30:60] = False
    use[:, 80] = False
    wild = np.where(use, flux, 1e9)
    assert np.array_equal(clipped(flux, use), clipped(wild, use))
    assert not (clipped(wild, use) & ~use).any()


def test_the_white_curve_is_the_transit_whatever_is_masked(transit):
    time = np.arange(-0.12, 0.12, 120.0 / 86400.0)
    light = transit(time, 0.1, 89.0)
    level = np.linspace(1.0, 9.0, 20)[:, None]
    flux = level * light * noise((20, len(time)), size=1e-4) / 1e4
    use = np.ones(flux.shape, bool)
    use[15:, : len(time) // 2] = False
    white, found = white_curve(flux, use)
    # noise of the mean of 15 channels
    assert np.std(white / np.median(white[:20]) / light - 1.0) < 4e-5
    assert found / found[0] == pytest.approx(level[:, 0] / level[0], rel=2e-4)


def test_scatter_of_known_noise_under_a_transit_a_ramp_and_gaps(transit):
    time = np.concatenate([np.arange(-0.12, -0.01, 4e-4), np.arange(0.02, 0.12, 4e-4)])
    stretch = stretches(time)
    assert np.unique(stretch).tolist() == [0, 1]
    shape = transit(time, 0.15, 88.5) * (1.0 + 0.01 * np.exp(-(time + 0.12) / 0.01) + 0.1 * time)
    sizes = np.geomspace(1e-4, 1e-2, 40)[:, None]
    flux = shape * (1.0 + sizes * np.random.default_rng(0).standard_normal((40, len(time))))
    found = known_scatter(flux, np.ones(flux.shape, bool), stretch)
    # the median of 520 second differences is uncertain by 6 % (checked with 10000 series of normal noise)
    assert np.median(found / sizes[:, 0]) == pytest.approx(1.0, abs=0.03)
    assert np.abs(found / sizes[:, 0] - 1.0).max() < 0.2


def test_scatter_of_alternating_exposures_is_that_of_each_direction():
    direction = np.arange(400) % 2 == 1
    flux = noise((20, 400), size=5e-4) * np.where(direction, 1.01, 1.0)
    use = np.ones(flux.shape, bool)
    stretch = np.zeros(400, int)
    assert direction_ratio(flux, use, direction, stretch) == pytest.approx(np.full(20, 1.01), abs=2e-4)
    assert np.median(known_scatter(flux, use, stretch)) > 50.0
    assert np.median(light_curve_scatter(flux, use, stretch, direction)) == pytest.approx(5.0, rel=0.05)


def test_too_few_neighbours_have_no_scatter():
    flux = noise((2, 30))
    use = np.ones(flux.shape, bool)
    use[1, ::2] = False
    assert np.isfinite(known_scatter(flux, use, np.zeros(30, int))).tolist() == [True, False]


def test_error_ratio_and_its_flags():
    flux = noise((50, 500))
    use = np.ones(flux.shape, bool)
    scatter = known_scatter(flux, use, np.zeros(500, int))
    for factor, flags in ((20.0, ("errors-overestimated",)), (1.0, ()), (0.4, ("errors-underestimated",))):
        ratio = error_ratio(np.full(flux.shape, factor * 10.0), use, scatter)
        assert np.median(ratio) == pytest.approx(factor, rel=0.05)
        assert error_flags(ratio) == flags
