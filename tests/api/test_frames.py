"""Lazy frames behave as an array, and hand out the series of single pixels."""

from __future__ import annotations

import numpy as np
import xarray as xr

from specframe.api import LazyFrames


class Counting(LazyFrames):
    """Frames whose value is their place in the file, and which count how often they are read."""

    shape = (4, 2, 3)
    dtype = np.dtype(np.uint16)
    reads = 0

    def time_series(self):
        self.reads += 1
        return list(np.arange(24, dtype=np.uint16).reshape(4, 6).T)


def test_frames_are_the_series_side_by_side():
    frames = Counting()
    assert np.array_equal(np.arange(24).reshape(4, 2, 3), frames.read())
    assert np.array_equal(frames.read()[1:3, 0], frames[1:3, 0])
    assert np.array_equal(2 * frames.read(), 2 * frames)
    assert np.mean(frames) == 11.5
    assert float((xr.Dataset({"f": (("time", "y", "x"), frames)})["f"] + 1).max()) == 24.0


def test_some_pixels_come_in_the_order_asked_for():
    """Pixel 4 is row 1, column 1."""
    series = Counting().pixel_series([4, 0])
    assert [s.tolist() for s in series] == [[4, 10, 16, 22], [0, 6, 12, 18]]


def test_a_dataset_keeps_them_unread():
    frames = Counting()
    data = xr.Dataset({"frames": (("time", "y", "x"), frames)})
    assert data["frames"].data is frames
    assert data.drop_vars("frames").sizes == {}
    assert frames.reads == 0
