"""Figures of detector frames: images, bad pixels, noise, time series, linearity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from specframe.explore.axes import bin_edges, colour_bar, log_axis
from specframe.explore.frames import FrameStatistics, frame_statistics
from specframe.report.canvas import PALETTE, clean, legend_above, new_figure, styled

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["plot_bad_pixel_map", "plot_frame_images", "plot_frame_series", "plot_linearity", "plot_pixel_noise"]


#: Longer time series are also drawn in so many bins.
_BINS = 100


@styled
def plot_frame_images(frames: xr.Dataset | FrameStatistics) -> Figure:
    """Draw the mean signal of every pixel and its scatter in time.

    Parameters
    ----------
    frames
        A node of an Observation with frames, or what :func:`~specframe.explore.frame_statistics` returned for it.

    Raises
    ------
    DataError
        When there are no frames.
    """
    found = _statistics(frames)
    images = ((found.mean, f"Mean signal ({found.unit})"), (found.std, f"Std in time ({found.unit})"))
    fig, axes = _pictures(found, len(images))
    for ax, (image, name) in zip(axes, images, strict=True):
        _image(fig, ax, image, name)
    return fig


@styled
def plot_bad_pixel_map(data: xr.Dataset, frames: FrameStatistics | None = None) -> Figure:
    """Draw the dark current (or else the mean signal), with dead, hot and stuck pixels marked.

    Parameters
    ----------
    data
        A node of an Observation with frames.
    frames
        What :func:`~specframe.explore.frame_statistics` returned for it, where it is known already.

    Raises
    ------
    DataError
        When there are no frames.
    """
    found = _statistics(data) if frames is None else frames
    fig, (ax,) = _pictures(found, 1)
    if "dark" in data.variables:
        _image(fig, ax, data["dark"].values, "Dark (electron/s)")
    else:
        _image(fig, ax, found.mean, f"Mean signal ({found.unit})")
    for bad, marker, colour, name in (
        (found.dead, "x", "vermillion", "dead"),
        (found.hot, "+", "orange", "hot"),
        (found.stuck, "1", "purple", "stuck"),
    ):
        y, x = np.nonzero(bad)
        ax.plot(x, y, marker, ms=4, mew=0.9, color=PALETTE[colour], label=f"{name} ({len(y)})", ls="none")
    legend_above(ax)
    return fig


@styled
def plot_pixel_noise(frames: xr.Dataset | FrameStatistics) -> Figure:
    """Draw the noise of every pixel as an image, and against its signal with what photons and read noise make.

    Takes and raises the same as :func:`plot_frame_images`.
    """
    found = _statistics(frames)
    fig = new_figure(7.6, 5.4)
    upper, lower = fig.subplots(2, 1, height_ratios=[2, 3])
    _image(fig, upper, found.noise, f"Noise ({found.unit})")
    good = found.good & (found.noise > 0)
    signal, noise = found.mean[good], found.noise[good]
    lower.plot(signal, noise, "o", ms=1.6, mew=0, color=PALETTE["blue"], alpha=0.5, rasterized=True, label="pixels")
    expected = found.expected[good]
    if np.isfinite(expected).any():
        # pixels of about the same signal differ in their read noise
        parts = np.array_split(np.argsort(signal), max(1, min(60, len(signal) // 8)))
        x, y = (np.array([np.nanmedian(values[part]) for part in parts]) for values in (signal, expected))
        lower.plot(x, y, color=PALETTE["vermillion"], lw=1.4, label="photons and read noise")
    positive = signal > 0
    if positive.any():
        lower.set_xlim(max(float(np.percentile(signal[positive], 1)), 1e-3), 1.3 * float(signal.max()))
        log_axis(lower, "x")
    if noise.size:
        lower.set_ylim(0.8 * float(np.percentile(noise, 0.5)), 1.3 * float(np.percentile(noise, 99.9)))
        log_axis(lower, "y")
    lower.set(xlabel=f"Signal ({found.unit})", ylabel=f"Noise ({found.unit})")
    legend_above(lower)
    clean(lower)
    return fig


@styled
def plot_frame_series(frames: xr.Dataset | FrameStatistics) -> Figure:
    """Draw total signal and centroid of all good pixels by time.

    Takes and raises the same as :func:`plot_frame_images`.
    """
    found = _statistics(frames)
    with np.errstate(invalid="ignore"):
        rows = (
            (1e2 * (found.total / np.median(found.total) - 1.0), "Total signal\n- median (%)"),
            (found.centroid_y - np.nanmedian(found.centroid_y), "Centroid y\n- median (pixel)"),
            (found.centroid_x - np.nanmedian(found.centroid_x), "Centroid x\n- median (pixel)"),
        )
    fig = new_figure(7.2, 4.8)
    axes = fig.subplots(3, 1, sharex=True)
    for ax, (values, name) in zip(axes, rows, strict=True):
        many = len(values) > 2 * _BINS
        ax.plot(
            found.hours,
            values,
            "o",
            ms=1.0 if many else 3.0,
            mew=0,
            color=PALETTE["grey" if many else "blue"],
            rasterized=True,
        )
        if many:
            ax.plot(*_binned(found.hours, values), "o-", ms=2.4, lw=0.8, color=PALETTE["blue"])
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = np.percentile(finite, [0.5, 99.5])
            room = 0.1 * (high - low) or 1e-6
            ax.set_ylim(low - room, high + room)
        ax.set_ylabel(name)
    axes[-1].set_xlabel("Time from first read (h)")
    clean(*axes)
    fig.align_ylabels(list(axes))
    return fig


@styled
def plot_linearity(frames: xr.Dataset | FrameStatistics) -> Figure:
    """Draw the highest read of every pixel, and what the linearity correction changes it by.

    Takes and raises the same as :func:`plot_frame_images`.
    """
    found = _statistics(frames)
    known = np.isfinite(found.correction) & found.good
    fig = new_figure(7.2, 2.8)
    axes = fig.subplots(1, 2) if known.any() else [fig.subplots()]
    highest = found.last[found.good]
    axes[0].hist(highest, bins=bin_edges(highest), color=PALETTE["blue"], log=True)
    axes[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes[0].set(xlabel=f"Highest read of a pixel ({found.unit})", ylabel="Pixels")
    if known.any():
        axes[1].plot(
            found.last[known], 100 * found.correction[known], ".", ms=2, mew=0, color=PALETTE["blue"], rasterized=True
        )
        low, high = np.percentile(100 * found.correction[known], [0.5, 99.5])
        room = 0.15 * (high - low) or 0.1
        axes[1].set(
            xlabel=f"Highest read ({found.unit})", ylabel="Linearity correction (%)", ylim=(low - room, high + room)
        )
    clean(*axes)
    return fig


def _statistics(frames: xr.Dataset | FrameStatistics) -> FrameStatistics:
    return frames if isinstance(frames, FrameStatistics) else frame_statistics(frames)


def _pictures(found: FrameStatistics, count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of about the detector's shape, below each other where that is wide."""
    n_y, n_x = found.mean.shape
    wide = n_x > 2 * n_y
    height = float(np.clip(6.2 * n_y / n_x, 1.3, 4.5)) if wide else 3.4
    fig = new_figure(7.6, count * (height + 0.6)) if wide else new_figure(4.2 * count, height + 0.4)
    axes = fig.subplots(count if wide else 1, 1 if wide else count, squeeze=False).ravel()
    return fig, list(axes)


def _image(fig: Figure, ax: Axes, image: Array, name: str) -> Any:
    finite = image[np.isfinite(image)]
    low, high = np.percentile(finite, [0.5, 99.5]) if finite.size else (0.0, 1.0)
    ax.set_facecolor("0.75")
    drawn = ax.imshow(
        np.ma.masked_invalid(image),
        origin="lower",
        aspect="auto",
        cmap="viridis",
        vmin=low,
        vmax=max(high, low + 1e-12),
        interpolation="nearest",
    )
    colour_bar(fig, drawn, ax, name)
    ax.set(xlabel="x (pixel)", ylabel="y (pixel)")
    return drawn


def _binned(time: Array, values: Array, count: int = _BINS) -> tuple[Array, Array]:
    good = np.flatnonzero(np.isfinite(values))
    parts = [part for part in np.array_split(good, min(count, max(len(good) // 4, 1))) if part.size]
    return np.array([time[part].mean() for part in parts]), np.array([values[part].mean() for part in parts])
