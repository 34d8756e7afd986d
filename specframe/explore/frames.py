"""What detector frames are like, pixel by pixel and read by read, from one pass over lazy frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.frames import LazyFrames
from specframe.api.robust import MAD_TO_STD
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["FrameStatistics", "frame_statistics", "hot_pixels"]

#: Pixels are read together up to so many samples: 0.4 GB of 16 bit.
_MOST_SAMPLES = 200_000_000
#: A pixel whose dark current lies so many robust standard deviations above the median is hot.
_HOT = 5.0
#: A pixel that stands at the highest number of its type, or this close to the full well, is saturated.
_NEARLY_FULL = 0.999


@dataclass(frozen=True)
class FrameStatistics:
    """What frames are like. Images are (y, x), time series (n_ramp,), in electrons where ``unit`` says so, else adu.

    Of every ramp (reads between two resets) the signal is the last read minus the first; a single read is its own
    signal. ``mean``, ``std`` are those of the signal over time, ``noise`` its robust scatter from one ramp to the next,
    ``expected`` what photons and read noise make; ``last`` is the highest read; ``saturated`` the number of saturated
    reads; ``correction`` what the linearity polynomial changes the highest read by, relative to it, NaN without one.
    ``total``, ``centroid_y`` and ``centroid_x`` are of all pixels that are not dead, hot or stuck.
    """

    unit: str
    reads: int
    reads_per_ramp: int
    mean: Array
    std: Array
    noise: Array
    expected: Array
    last: Array
    saturated: NDArray[np.intp]
    correction: Array
    dead: NDArray[np.bool_]
    hot: NDArray[np.bool_]
    stuck: NDArray[np.bool_]
    hours: Array
    total: Array
    centroid_y: Array
    centroid_x: Array

    @property
    def good(self) -> NDArray[np.bool_]:
        """Pixels that are neither dead nor hot nor stuck."""
        return np.asarray(~(self.dead | self.hot | self.stuck))


def hot_pixels(dark: Array) -> NDArray[np.bool_]:
    """Return the pixels (y, x) whose dark current lies 5 robust standard deviations above the median."""
    finite = dark[np.isfinite(dark)]
    if not finite.size:
        return np.zeros(dark.shape, bool)
    middle = float(np.median(finite))
    scatter = MAD_TO_STD * float(np.median(np.abs(finite - middle)))
    with np.errstate(invalid="ignore"):
        return np.asarray(dark > middle + _HOT * scatter) if scatter > 0 else np.zeros(dark.shape, bool)


def frame_statistics(data: xr.Dataset) -> FrameStatistics:
    """Return what the frames of one node are like, reading pixel by pixel.

    All reads are used; memory is that of the samples of up to 2e8 reads of pixels at a time, as they are in the file.

    Parameters
    ----------
    data
        A node of an Observation at level ``frames``.

    Raises
    ------
    DataError
        When it holds no frames, or fewer than two ramps.
    """
    if "frames" not in data.variables:
        raise DataError("frames: the node has none")
    shape = tuple(data["frames"].shape)
    first, last, times = _ramps(data)
    if len(first) < 2:
        raise DataError(f"frames: {len(first)} ramp, expected at least 2 to tell noise from signal")
    scale, unit = _converter(data)
    dead = data["dead"].values.astype(bool) if "dead" in data.variables else np.zeros(shape[1:], bool)
    hot = hot_pixels(data["dark"].values) if "dark" in data.variables else np.zeros(shape[1:], bool)
    full = _full_well(data, scale)
    images = {name: np.zeros(shape[1:]).ravel() for name in ("mean", "std", "noise", "last", "lowest")}
    saturated = np.zeros(images["mean"].size, np.intp)
    total, moment_y, moment_x = (np.zeros(len(first)) for _ in range(3))
    usable = ~(dead | hot).ravel()
    difference = len(first) < shape[0]
    for pixel, series in _series(data["frames"].data, shape):
        values = np.asarray(series)
        signal = values[last].astype(float) * scale
        if difference:
            signal -= values[first].astype(float) * scale
        step = np.diff(signal)
        images["mean"][pixel], images["std"][pixel] = signal.mean(), signal.std()
        images["noise"][pixel] = MAD_TO_STD * np.median(np.abs(step - np.median(step))) / np.sqrt(2.0)
        highest = values.max()
        images["last"][pixel], images["lowest"][pixel] = highest, values.min()
        if full is not None and highest >= full:
            saturated[pixel] = int((values >= full).sum())
        if usable[pixel] and images["std"][pixel] > 0:
            total += signal
            moment_y += signal * (pixel // shape[2])
            moment_x += signal * (pixel % shape[2])
    pictures = {name: image.reshape(shape[1:]) for name, image in images.items()}
    offset = float(data.attrs.get("offset", 0.0)) if unit == "electron" else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        centroid_y, centroid_x = moment_y / total, moment_x / total
    return FrameStatistics(
        unit=unit,
        reads=shape[0],
        reads_per_ramp=shape[0] // len(first),
        mean=pictures["mean"],
        std=pictures["std"],
        noise=pictures["noise"],
        expected=_expected_noise(data, pictures["mean"], unit, difference),
        last=pictures["last"] * scale + offset,
        saturated=saturated.reshape(shape[1:]),
        correction=_correction(data, pictures["last"] * scale + offset),
        dead=dead,
        hot=hot & ~dead,
        stuck=(pictures["last"] == pictures["lowest"]) & ~dead,
        hours=times,
        total=total,
        centroid_y=centroid_y,
        centroid_x=centroid_x,
    )


def _ramps(data: xr.Dataset) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Return the first and last read of every ramp, and the times of the last ones in hours since the first read."""
    from astropy.units import Unit

    time = data["time"].values.astype(float)
    if "integration_time" in data.variables:
        since_reset = data["integration_time"].values.astype(float)
        start = np.concatenate([[0], np.flatnonzero(np.diff(since_reset) <= 0) + 1]).astype(np.intp)
    else:
        start = np.arange(len(time), dtype=np.intp)
    end = np.append(start[1:], len(time)).astype(np.intp) - 1
    length = int(np.median(end - start))
    whole = (end - start) == length  # the last ramp may be cut short
    scale = float(Unit(str(data["time"].attrs.get("units", "d"))).to("h"))
    return start[whole], end[whole], (time[end[whole]] - time[0]) * scale


def _converter(data: xr.Dataset) -> tuple[float, str]:
    """Return the factor from the frames' units to electrons, if it is known, and the unit that it leads to."""
    if str(data["frames"].attrs.get("units", "")) == "electron":
        return 1.0, "electron"
    if "gain" in data.attrs:
        return 1.0 / float(data.attrs["gain"]), "electron"
    return 1.0, "adu"


def _full_well(data: xr.Dataset, scale: float) -> float | None:
    """Return the reading from which a read is saturated, in the units of the frames."""
    if "full_well" in data.attrs:
        offset = float(data.attrs.get("offset", 0.0)) if scale != 1.0 else 0.0
        return _NEARLY_FULL * (float(data.attrs["full_well"]) - offset) / scale
    kind = data["frames"].dtype
    return float(np.iinfo(kind).max) if kind.kind in "iu" else None


def _expected_noise(data: xr.Dataset, signal: Array, unit: str, difference: bool) -> Array:
    """Return sqrt(electrons + read noise^2 of one or two reads), NaN where it is not known."""
    if unit != "electron" or "read_noise" not in data.variables:
        return np.full(signal.shape, np.nan)
    reads = 2.0 if difference else 1.0
    return np.asarray(np.sqrt(np.maximum(signal, 0.0) + reads * np.square(data["read_noise"].values)))


def _correction(data: xr.Dataset, highest: Array) -> Array:
    if "linearity" not in data.variables:
        return np.full(highest.shape, np.nan)
    coefficients = data["linearity"].values
    corrected = np.zeros_like(highest)
    for coefficient in coefficients[::-1]:
        corrected = corrected * highest + coefficient
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(highest > 0, corrected / highest - 1.0, np.nan))


def _series(frames: object, shape: Sequence[int]) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Yield index and time series of each pixel, some pixels at a time in memory."""
    n_pixel = int(np.prod(shape[1:]))
    chunk = max(1, _MOST_SAMPLES // max(shape[0], 1))
    if not isinstance(frames, LazyFrames):
        flat = np.asarray(frames).reshape(shape[0], -1)
        for pixel in range(n_pixel):
            yield pixel, np.ascontiguousarray(flat[:, pixel])
        return
    if chunk >= n_pixel:
        yield from enumerate(frames.time_series())
        return
    for begin in range(0, n_pixel, chunk):
        pixels = np.arange(begin, min(begin + chunk, n_pixel))
        yield from zip(pixels.tolist(), frames.pixel_series(pixels), strict=True)
