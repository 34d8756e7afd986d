"""Figures of the noise of light curves: by channel, by target, in frequency, in time and among channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.red_noise import binned_scatter
from specframe.explore.axes import bin_edges, cell_edges, colour_bar, label_text, log_axis, panels, short
from specframe.explore.light_curves import (
    channel_correlation,
    channel_noise,
    power_spectrum,
)
from specframe.report.canvas import PALETTE, clean, legend_above, new_figure, styled
from specframe.report.white_light import is_numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from specframe.explore.light_curves import ChannelNoise

    Array = NDArray[np.float64]

__all__ = [
    "plot_channel_correlations",
    "plot_noise",
    "plot_noise_of_targets",
    "plot_power_spectrum",
    "plot_red_noise",
]

#: So many series are drawn together at the most.
_MOST_SERIES = 8
_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky", "black", "grey")


@styled
def plot_noise(data: xr.Dataset, noise: ChannelNoise | None = None) -> Figure:
    """Draw the noise of each channel (measured, stated, expected of photons), and below it the amplitude of drifts.

    Parameters
    ----------
    data
        A node of an Observation with light curves.
    noise
        What :func:`~specframe.explore.channel_noise` found, where it is known already.

    Raises
    ------
    DataError
        When there are no light curves.
    """
    found = channel_noise(data) if noise is None else noise
    if not np.isfinite(found.measured).any():
        raise DataError("noise: every channel is masked")
    fig = new_figure(7.4, 4.6)
    upper, lower = fig.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    few = "o" if len(found.wavelength) < 60 else None
    for values, colour, name in (
        (found.measured, "vermillion", "measured, sample to sample"),
        (found.stated, "blue", "stated (flux_error)"),
        (found.photon, "green", "photon noise"),
    ):
        if np.isfinite(values).any():
            upper.plot(found.wavelength, values, color=PALETTE[colour], marker=few, ms=3, lw=1.1, label=name)
    lower.plot(found.wavelength, found.drift, color=PALETTE["purple"], marker=few, ms=3, lw=1.1)
    for ax, name in ((upper, "Noise per sample (ppm)"), (lower, "Drift (ppm)")):
        ax.set_ylabel(name)
        shown = np.concatenate([line.get_ydata() for line in ax.get_lines()] or [np.array([])])
        shown = shown[np.isfinite(shown)]
        if shown.size and shown.min() > 0 and shown.max() > 10 * shown.min():
            ax.set_ylim(shown.min() / 1.5, shown.max() * 1.5)
            log_axis(ax, "y")
    lower.set_xlabel("Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)")
    legend_above(upper)
    clean(upper, lower)
    fig.align_ylabels([upper, lower])
    return fig


@styled
def plot_noise_of_targets(measured: Array, stated: Array, drift: Array) -> Figure:
    """Draw how noise, its ratio to what is stated, and drifts are distributed over targets.

    Parameters
    ----------
    measured, stated, drift
        Shape (n_target,), in ppm, NaN where not known.

    Raises
    ------
    DataError
        When nothing is known.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(stated > 0, measured / stated, np.nan)
    shown = [
        (values[np.isfinite(values) & (values > 0)], name)
        for values, name in (
            (measured, "White-light noise per sample (ppm)"),
            (ratio, "Measured / stated noise"),
            (drift, "Drift of the white light (ppm)"),
        )
    ]
    shown = [(values, name) for values, name in shown if values.size]
    if not shown:
        raise DataError("noise of targets: nothing is known")
    fig, axes = panels(len(shown), width=2.6, height=2.4, most_columns=3)
    for ax, (values, name) in zip(axes, shown, strict=True):
        if values.max() > 10 * values.min():
            edges = [10.0**edge for edge in bin_edges(np.log10(values))]
            ax.hist(values, bins=edges, color=PALETTE["blue"])
            ax.set_xlim(edges[0] / 1.2, edges[-1] * 1.2)
            log_axis(ax, "x")
        else:
            ax.hist(values, bins=bin_edges(values), color=PALETTE["blue"])
        ax.set_xlabel(name, fontsize="small")
    axes[0].set_ylabel("Targets")
    clean(*axes)
    return fig


@styled
def plot_power_spectrum(series: Mapping[str, tuple[Array, Array]], clock: str = "h", unit: str = "ppm") -> Figure:
    """Draw the amplitude of sines by frequency, of some time series.

    Parameters
    ----------
    series
        Times and values (n_time,) by name; see :func:`~specframe.explore.power_spectrum`.
    clock, unit
        Units of the times and of the values.

    Raises
    ------
    DataError
        When no series is long enough.
    """
    fig = new_figure(7.0, 3.2)
    ax = fig.subplots()
    found = {}
    for name, (time, values) in list(series.items())[:_MOST_SERIES]:
        try:
            found[name] = power_spectrum(time, values)
        except DataError:
            continue
    if not found:
        raise DataError("power spectrum: no series has 16 usable samples")
    lowest, highest = np.inf, 0.0
    for (name, (frequency, amplitude)), colour in zip(found.items(), _COLOURS, strict=False):
        x, y = _thinned(frequency, amplitude)
        ax.plot(x, y, lw=0.8, color=PALETTE[colour], label=short(name), alpha=0.85)
        lowest, highest = min(lowest, float(np.percentile(y, 1))), max(highest, float(y.max()))
    ax.set_xlim(min(f[0] for f, _ in found.values()), max(f[-1] for f, _ in found.values()))
    if highest > 0:
        ax.set_ylim(max(lowest, 1e-4 * highest) / 1.5, 2 * highest)
        log_axis(ax, "y")
    log_axis(ax, "x")
    ax.set(xlabel=f"Frequency (1/{clock})", ylabel=label_text("Amplitude", unit))
    if len(found) > 1:
        ax.legend(loc="lower left", fontsize="x-small", ncols=2)
    clean(ax)
    return fig


@styled
def plot_red_noise(residuals: Mapping[str, tuple[Array, float]], clock: str = "min") -> Figure:
    """Draw how the scatter falls with the length of bins (Allan curve): on the dashed line it is white noise.

    Parameters
    ----------
    residuals
        By name the residual (n_time,) in ppm, NaN where masked, and the time between samples; see
        :func:`~specframe.evaluate.binned_scatter`.
    clock
        Unit of that time.

    Raises
    ------
    DataError
        When no residual has enough samples.
    """
    fig = new_figure(7.0, 3.4)
    ax = fig.subplots()
    drawn = 0
    for (name, (residual, cadence)), colour in zip(residuals.items(), _COLOURS, strict=False):
        try:
            found = binned_scatter(residual)
        except DataError:
            continue
        x = found.size * cadence
        ax.plot(x, found.scatter, "o-", ms=3, lw=1.0, color=PALETTE[colour], label=short(name))
        ax.plot(x, found.white, "--", lw=0.9, color=PALETTE[colour])
        drawn += 1
    if not drawn:
        raise DataError("red noise: no series has 16 usable samples")
    log_axis(ax, "x")
    log_axis(ax, "y")
    ax.set(xlabel=f"Bin size ({clock})", ylabel="Scatter of bins (ppm)")
    ax.legend(loc="lower left", fontsize="x-small", ncols=2)
    clean(ax)
    return fig


@styled
def plot_channel_correlations(data: xr.Dataset) -> Figure:
    """Draw how the noise of channels is correlated, see :func:`~specframe.explore.channel_correlation`.

    Raises
    ------
    DataError
        When there are fewer than two channels.
    """
    if data.sizes["wavelength"] < 2:
        raise DataError("correlation of channels: there is one channel")
    matrix = np.ma.masked_invalid(channel_correlation(data))
    np.fill_diagonal(matrix, np.ma.masked)
    if not matrix.count():
        raise DataError("correlation of channels: no two channels have samples in common")
    limit = float(np.clip(np.percentile(np.abs(matrix.compressed()), 99), 0.05, 1.0))
    edges = cell_edges(data["wavelength"].values.astype(float))
    fig = new_figure(5.4, 4.4)
    ax = fig.subplots()
    ax.set_facecolor("0.75")
    image = ax.pcolormesh(edges, edges, matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
    colour_bar(fig, image, ax, "Correlation")
    text = "Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)"
    ax.set(xlabel=text, ylabel=text)
    return fig


def _thinned(x: Array, y: Array, most: int = 1500) -> tuple[Array, Array]:
    """Return the largest value in bins of about equal length in the logarithm, where there are more than ``most``."""
    if len(x) <= most:
        return x, y
    edges = np.unique(np.searchsorted(x, np.geomspace(x[0], x[-1], most)))
    return x[edges[:-1]], np.maximum.reduceat(y, edges[:-1])
