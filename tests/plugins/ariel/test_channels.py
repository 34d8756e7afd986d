"""What saturation, cosmic rays and missing calibration take is repaired, masked, counted and flagged, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, validate_observation
from specframe.errors import DataError
from specframe_ariel import ArielDetector
from specframe_ariel.channels import lost_light

N_PAIRS, N_Y, N_X = 80, 32, 10
READ_NOISE = 10.0
#: Share of a column's light in each row: the brightest two see 26 and 25 %.
SHARE = np.exp(-0.5 * ((np.arange(N_Y) - 15.4) / 1.5) ** 2)
SHARE /= SHARE.sum()
TRANSIT = np.where(np.abs(np.arange(N_PAIRS) - 40) < 12, 0.99, 1.0)
BOX = {"columns": [0, N_X], "pairs_per_bin": 1, "extraction": "box"}
OPTIMAL = {**BOX, "extraction": "optimal"}


def star(flux=40_000.0, seed=1):
    """Signal of each pair in electrons (time, y, x), with its noise, and calibration that has nothing to correct."""
    rng = np.random.default_rng(seed)
    light = np.broadcast_to(np.asarray(flux, float), (N_X,)) * SHARE[:, None] * TRANSIT[:, None, None]
    return rng.poisson(light) + np.sqrt(2) * READ_NOISE * rng.standard_normal(light.shape)


def observe(signal, *, highest=65_535, instrument="AIRS-CH0", **changes):
    """Frames of the pairs: 1000 adu in the first read, a converter that ends at 65535, gain 1."""
    frames = np.empty((2 * len(signal), N_Y, N_X), np.uint16)
    frames[::2] = 1_000
    frames[1::2] = np.clip(np.rint(1_000 + signal), 0, highest)
    plane = ("y", "x")
    stamps = {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}
    node = xr.Dataset(
        {
            "frames": (("time", *plane), frames, {"units": "adu"}),
            "integration_time": ("time", np.tile([0.1, 4.6], len(signal)), {"units": "s"}),
            "dark": (plane, np.zeros((N_Y, N_X)), {"units": "electron / s"}),
            "flat": (plane, np.ones((N_Y, N_X)), {"units": ""}),
            "read_noise": (plane, np.full((N_Y, N_X), READ_NOISE), {"units": "electron"}),
            "dead": (plane, np.zeros((N_Y, N_X), bool)),
            "linearity": (("coefficient", *plane), np.stack([np.zeros((N_Y, N_X)), np.ones((N_Y, N_X))])),
        },
        coords={"time": ("time", np.arange(2 * len(signal)) / 1e4, stamps)},
        attrs={"gain": 1.0, "offset": 0.0},
    )
    if instrument == "AIRS-CH0":
        node = node.assign_coords(wavelength=("x", np.linspace(4.0, 2.0, N_X), {"units": "um"}))
    else:
        node = node.assign_attrs(wavelength=0.7)
    return make_observation("planet 7", {f"{instrument}/0": node.assign_attrs(changes)})


def reduce(observation, instrument="AIRS-CH0", **settings):
    curves = ArielDetector(**{**BOX, **settings}).apply(observation)
    validate_observation(curves, "curves", ("light-curves",))
    return curves[f"{instrument}/0"].to_dataset()


def column(node, name, x):
    """A variable of detector column ``x``; wavelengths ascend against the columns."""
    return node[name].values[N_X - 1 - x]


def measured_depth(flux):
    return 1 - flux[TRANSIT < 1].mean() / flux[TRANSIT == 1].mean()


def test_nothing_is_flagged_where_nothing_is_wrong():
    node = reduce(observe(star()))
    assert "flags" not in node.attrs
    assert [node.attrs[k] for k in ("saturated_pixels", "saturated_samples", "channels_lost")] == [0, 0, 0]


@pytest.mark.parametrize("settings", [BOX, OPTIMAL], ids=["box", "optimal"])
def test_a_pixel_that_saturates_is_left_out_and_the_depth_is_right(settings):
    """The brightest pixel of column 3 would hide a quarter of the transit: it is full all the time."""
    flux = np.full(N_X, 200_000.0)
    flux[3] = 258_000.0  # 66,300 electrons in its brightest pixel, of which the converter sees 64,535; then 63,300
    node = reduce(observe(star(flux)), **settings)
    assert node.attrs["saturated_pixels"] == 1
    assert node.attrs["flags"] == "saturated"
    assert not node["mask"].values.any()
    # from 80 pairs at 560 electrons of noise each, of 190,000 left: 0.07 %
    assert measured_depth(column(node, "flux", 3)) == pytest.approx(0.01, abs=4e-3)
    clipped = np.clip(star(flux)[:, 8:24, 3], 0, 64_535).sum(axis=1)
    assert measured_depth(clipped) < 0.0085


def test_a_channel_that_lost_most_of_its_light_is_masked():
    flux = np.full(N_X, 150_000.0)
    flux[3] = 400_000.0
    node = reduce(observe(star(flux)))
    assert column(node, "mask", 3).all()
    assert np.isnan(column(node, "flux", 3)).all()
    assert node["mask"].values.sum() == N_PAIRS
    assert node.attrs["flags"].split() == ["saturated", "channels-lost"]
    assert node.attrs["channels_lost"] == 1


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
@pytest.mark.parametrize("settings", [BOX, OPTIMAL], ids=["box", "optimal"])
def test_a_planet_that_is_saturated_altogether_is_refused(instrument, settings):
    with pytest.raises(DataError, match=r"planet 7, node /\S+: saturated: \d+ of 160 pixels .* top of the converter"):
        reduce(observe(star(2e6), instrument=instrument), instrument, **settings)


def test_a_planet_whose_every_read_is_at_the_top_is_refused():
    observation = observe(star())
    observation["AIRS-CH0/0/frames"].values[:] = 65_535
    with pytest.raises(DataError, match=r"saturated: 160 of 160 pixels"):
        reduce(observation)


def test_wells_may_be_full_before_the_converter():
    """At 40,000 electrons in a column no pixel is near 65535 adu; the brightest is read at 11,280 electrons."""
    node = reduce(observe(star()), full_well=11_150.0)
    assert node.attrs["saturated_pixels"] == N_X
    assert node.attrs["flags"] == "saturated"
    assert not node["mask"].values.any()


def test_bins_with_a_saturated_read_are_repaired_where_they_are_few():
    signal = star()
    signal[[20, 50], 14, 4] = 90_000.0
    node = reduce(observe(signal), cosmic_ray_sigma=None)
    assert (node.attrs["saturated_samples"], node.attrs["saturated_pixels"]) == (2, 0)
    expected = reduce(observe(star()), cosmic_ray_sigma=None)
    # a pixel of 7,000 electrons: the median of six neighbours instead of one sample of noise 85
    assert np.max(np.abs(column(node, "flux", 4) - column(expected, "flux", 4))) < 500.0
    assert "flags" not in node.attrs


@pytest.mark.parametrize("settings", [BOX, OPTIMAL], ids=["box", "optimal"])
def test_cosmic_rays_are_repaired_and_the_transit_is_not(settings):
    rng = np.random.default_rng(7)
    clean, hit = star(), star()
    place = [rng.integers(0, n, 60) for n in hit.shape]
    hit[tuple(place)] += rng.uniform(2_000, 20_000, 60)
    plain = reduce(observe(clean), **settings, cosmic_ray_sigma=None)
    left = reduce(observe(hit), **settings, cosmic_ray_sigma=None)
    repaired = reduce(observe(hit), **settings)
    assert 55 <= repaired.attrs["cosmic_rays"] <= 60
    assert left.attrs["cosmic_rays"] == 0
    spoiled, rest = (np.abs(one["flux"] - plain["flux"]).values.max() for one in (left, repaired))
    assert spoiled > 10_000
    assert rest < 600  # what is left: hits below six sigma of the brightest pixels, 104 electrons each, and a median's
    depths = [measured_depth(one["flux"].values.mean(axis=0)) for one in (plain, repaired)]
    assert depths[1] == pytest.approx(depths[0], abs=1e-4)


def test_single_reads_are_not_searched():
    """They go up and down with the integration time: every second one would stand out."""
    node = reduce(observe(star()), cds=False)
    assert node.attrs["cosmic_rays"] == 0


def test_pairs_of_unlike_exposure_are_not_searched():
    observation = observe(star())
    observation["AIRS-CH0/0/integration_time"].values[1::8] = 6.0
    assert reduce(observation).attrs["cosmic_rays"] == 0


@pytest.mark.parametrize("settings", [BOX, OPTIMAL], ids=["box", "optimal"])
@pytest.mark.parametrize("name", ["flat", "dark", "read_noise", "linearity"])
def test_a_column_without_calibration_is_a_channel_lost(name, settings):
    observation = observe(star())
    observation[f"AIRS-CH0/0/{name}"].values[..., :, 6] = np.nan
    node = reduce(observation, **settings)
    expected = reduce(observe(star()), **settings)
    assert column(node, "mask", 6).all()
    assert node.attrs["flags"] == "channels-lost"
    others = np.arange(N_X) != N_X - 1 - 6
    # the profile of the others is smoothed over nine columns instead of ten
    assert np.allclose(node["flux"][others], expected["flux"][others], rtol=1e-12 if settings is BOX else 1e-3)


def test_a_dead_column_is_a_channel_lost():
    observation = observe(star())
    observation["AIRS-CH0/0/dead"].values[:, 2] = True
    node = reduce(observation)
    assert column(node, "mask", 2).all()
    assert node.attrs["flags"] == "channels-lost"


def test_flags_of_the_loader_stay():
    observation = observe(star(), flags="visit-missing")
    observation["AIRS-CH0/0/dead"].values[:, 2] = True
    assert reduce(observation).attrs["flags"] == "visit-missing channels-lost"


def test_nothing_with_calibration_is_refused():
    observation = observe(star())
    observation["AIRS-CH0/0/flat"].values[:] = np.nan
    with pytest.raises(DataError, match=r"no pixel is left: .* without calibration"):
        reduce(observation)


def test_lost_light_is_at_least_that_of_the_brightest_pixel_left():
    light = np.array([[1.0, 0.0], [8.0, 0.0], [10.0, 5.0], [1.0, 5.0]])
    saturated = np.zeros((4, 2), bool)
    saturated[1:3, 0] = True
    everywhere = np.ones((4, 2), bool)
    assert np.allclose(lost_light(light, saturated, everywhere, disperses=True), [18 / 20, 0.0])
    light[1:3, 0] = 0.0  # full in both reads: their difference shows nothing
    assert np.allclose(lost_light(light, saturated, everywhere, disperses=True), [2 / 4, 0.0])
    assert np.allclose(lost_light(light, saturated, everywhere, disperses=False), [10 / 22])
    assert lost_light(light, everywhere, everywhere, disperses=True).tolist() == [1.0, 1.0]
