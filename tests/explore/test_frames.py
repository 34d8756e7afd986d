"""Frames: bad pixels, noise, saturation and movement that were put in are found, in one pass over the pixels."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import LazyFrames, make_observation
from specframe.errors import DataError
from specframe.explore import (
    Survey,
    frame_statistics,
    hot_pixels,
    plot_bad_pixel_map,
    plot_frame_images,
    plot_frame_series,
    plot_linearity,
    plot_pixel_noise,
)
from specframe.report import png_bytes

SHAPE, RAMPS, GAIN, READ_NOISE = (12, 20), 300, 0.5, 10.0


class Pixels(LazyFrames):
    """Frames that are read pixel by pixel, and count how often."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.reads = values, values.shape, values.dtype, 0

    def time_series(self):
        self.reads += 1
        return list(np.ascontiguousarray(self.values.reshape(len(self.values), -1).T))


@pytest.fixture
def frames():
    """Ramps of two reads of a star that moves up by 0.2 pixels; (3, 4) is dead, (5, 6) hot, (0, 0) saturated."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    centre = 5.5 + np.linspace(-0.1, 0.1, RAMPS)
    star = 4e4 * np.exp(-0.5 * ((y[None] - centre[:, None, None]) ** 2 + (x[None] - 9.5) ** 2) / 2.0**2) + 50.0
    first = 100 + READ_NOISE * rng.normal(size=star.shape)
    last = first + 0 * star
    last = 100 + rng.poisson(star) + READ_NOISE * rng.normal(size=star.shape)
    reads = np.empty((2 * RAMPS, *SHAPE))
    reads[::2], reads[1::2] = first, last
    reads = np.round(reads * GAIN)
    reads[1::2, 0, 0] = 65535
    reads[:, 11, 19] = 7  # stuck
    dark = 0.01 + 0.001 * rng.normal(size=SHAPE)
    dark[5, 6] = 1.0
    dead = np.zeros(SHAPE, bool)
    dead[3, 4] = True
    pixel = ("y", "x")
    linearity = np.zeros((3, *SHAPE))
    linearity[1], linearity[2] = 1.0, 1e-6
    time = np.repeat(np.arange(RAMPS) * 4.8, 2) / 86400
    time[1::2] += 4.5 / 86400
    return xr.Dataset(
        {
            "frames": (("time", *pixel), Pixels(np.clip(reads, 0, 65535).astype(np.uint16)), {"units": "adu"}),
            "integration_time": ("time", np.tile([0.1, 4.6], RAMPS), {"units": "s"}),
            "dark": (pixel, dark, {"units": "electron / s"}),
            "read_noise": (pixel, np.full(SHAPE, READ_NOISE), {"units": "electron"}),
            "dead": (pixel, dead),
            "linearity": (("coefficient", *pixel), linearity),
        },
        coords={"time": ("time", time, {"units": "d"})},
        attrs={"gain": GAIN, "offset": 0.0},
    )


def test_signal_and_noise_are_in_electrons(frames):
    found = frame_statistics(frames)
    assert (found.unit, found.reads, found.reads_per_ramp) == ("electron", 2 * RAMPS, 2)
    assert found.mean[5, 15] == pytest.approx(50 + 4e4 * np.exp(-0.5 * (0.25 + 30.25) / 4), rel=0.02)
    background = found.noise[:, 18]
    # two reads of noise 10 and about 50 electrons of background, 300 ramps, 12 pixels
    assert np.median(background) == pytest.approx(np.sqrt(2 * READ_NOISE**2 + 52), rel=0.08)
    ratio = found.noise[found.good] / found.expected[found.good]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.06)


def test_dead_hot_stuck_and_saturated_pixels_are_found(frames):
    found = frame_statistics(frames)
    assert np.argwhere(found.dead).tolist() == [[3, 4]]
    assert np.argwhere(found.hot).tolist() == [[5, 6]]
    assert np.argwhere(found.stuck).tolist() == [[11, 19]]
    assert np.argwhere(found.saturated).tolist() == [[0, 0]]
    assert found.saturated[0, 0] == RAMPS


def test_the_centroid_follows_the_star(frames):
    frames["frames"].data.values[:, 0, 0] = 50  # a saturated pixel would weigh on it
    found = frame_statistics(frames)
    moved = np.polyfit(np.arange(RAMPS), found.centroid_y, 1)[0] * RAMPS
    star = 4e4 * 2 * np.pi * 4
    assert moved == pytest.approx(0.2 * star / np.median(found.total), rel=0.1)  # diluted by the background
    assert np.abs(np.polyfit(np.arange(RAMPS), found.centroid_x, 1)[0] * RAMPS) < 0.02
    assert found.hours[-1] - found.hours[0] == pytest.approx((RAMPS - 1) * 4.8 / 3600)


def test_the_linearity_correction_is_that_of_the_highest_read(frames):
    found = frame_statistics(frames)
    assert found.correction[6, 9] == pytest.approx(1e-6 * found.last[6, 9], rel=1e-6)


def test_lazy_frames_are_read_once_and_give_what_arrays_give(frames):
    lazy = frame_statistics(frames)
    assert frames["frames"].data.reads == 1
    plain = frame_statistics(frames.assign(frames=(("time", "y", "x"), frames["frames"].data.values, {"units": "adu"})))
    for name in ("mean", "std", "noise", "last", "total", "centroid_x"):
        np.testing.assert_array_equal(getattr(lazy, name), getattr(plain, name))


def test_single_reads_without_calibration_are_described_in_adu():
    values = np.random.default_rng(1).poisson(100.0, size=(40, 4, 5)).astype(float)
    time = ("time", np.arange(40.0), {"units": "s"})
    found = frame_statistics(xr.Dataset({"frames": (("time", "y", "x"), values, {"units": "adu"})}, {"time": time}))
    assert (found.unit, found.reads_per_ramp) == ("adu", 1)
    np.testing.assert_allclose(found.mean, values.mean(axis=0))
    assert np.isnan(found.expected).all()
    assert found.good.all()


def test_too_few_ramps_are_an_error(frames):
    short = frames.drop_vars("frames").isel(time=slice(0, 2))
    short["frames"] = (("time", "y", "x"), np.ones((2, *SHAPE)), {"units": "adu"})
    with pytest.raises(DataError, match="1 ramp, expected at least 2"):
        frame_statistics(short)


def test_no_pixel_of_an_even_dark_is_hot():
    assert not hot_pixels(np.full((3, 3), 0.01)).any()
    assert not hot_pixels(np.full((3, 3), np.nan)).any()


def test_figures_and_section(frames):
    found = frame_statistics(frames)
    for figure in (
        plot_frame_images(frames),
        plot_bad_pixel_map(frames, found),
        plot_pixel_noise(found),
        plot_frame_series(found),
        plot_linearity(found),
    ):
        assert len(png_bytes(figure)) > 5000
    survey = Survey()
    survey.add(make_observation("p", {"DET/0": frames, "DET/1": frames}))
    section = survey.sections()[1]
    text = " ".join(section.findings)
    assert "2 sets of frames of 12 x 20 pixels. The figures are of p, visit 0: 600 reads, in ramps of 2 reads" in text
    assert "1 pixel dead, 1 hot, 1 stuck of 240" in text
    assert "1 pixel saturated in 300 reads" in text
    assert section.tables[0].columns["target"] == ["p, visit 0", "p, visit 1"]
