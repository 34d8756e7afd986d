"""A light curve with its model, detrended, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.report.canvas import PALETTE, clean, headline, legend_above, new_figure, styled
from specframe.report.white_light import Curve, is_numbered, light_curve

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["draw_light_curve"]

#: Curves with more samples than this are also drawn in this many bins.
_BINS = 60
#: A step in time this many times the median one is a gap.
_GAP = 5.0


@styled
def draw_light_curve(data: xr.Dataset, channel: int | None = None, title: str = "") -> Figure:
    """Draw a light curve: raw with the model, detrended with the transit, and the residual in ppm.

    Panels for which the node has no variables are left out, so that calibrated curves can be drawn before detrending.

    Parameters
    ----------
    data
        A node of an Observation with light curves, see :mod:`specframe.api.observation`.
    channel
        Index along ``wavelength``; ``None`` is the white light, the weighted mean of all channels.
    title
        What it is, e.g. target and instrument; wavelength and visit are not added.

    Raises
    ------
    DataError
        When there is no such light curve.
    """
    curve = light_curve(data, channel)
    panels = ["raw"]
    if curve.detrended is not None:
        panels.append("detrended")
    if curve.model is not None:
        panels.append("residual")
    fig = new_figure(7.2, 1.2 + 1.9 * len(panels))
    axes = fig.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for panel, ax in zip(panels, axes, strict=True):
        _DRAW[panel](ax, curve)
        for contact in curve.contacts:
            ax.axvline(contact, color="0.55", lw=0.8, ls=":", zorder=0)
    headline(fig, _title(data, channel, title, curve.n_channel), x=0.01, ha="left")
    axes[-1].set_xlabel(curve.clock)
    clean(*axes)
    fig.align_ylabels(list(axes))
    return fig


def _title(data: xr.Dataset, channel: int | None, title: str, n_used: int) -> str:
    if channel is None:
        n = data.sizes["wavelength"]
        count = f"{n}" if n_used == n else f"{n_used} of {n}"
        what = f"white light of {count} channels" if n > 1 else _channel(data, 0, digits=3)
    else:
        what = _channel(data, channel, digits=4)
    return f"{title}, {what}" if title else what


def _channel(data: xr.Dataset, channel: int, digits: int) -> str:
    """Return the channel's wavelength, or its number where the data have no wavelengths."""
    value = float(data["wavelength"].values[channel])
    return f"channel {value:g}" if is_numbered(data, "wavelength") else f"{value:.{digits}g} µm"


def _raw(ax: Axes, curve: Curve) -> None:
    _samples(ax, curve, curve.flux, curve.flux_error, "flux")
    if np.isfinite(curve.clipped).any():
        ax.plot(curve.hours, curve.clipped, "x", ms=4.5, mew=1.0, color=PALETTE["orange"], label="left out", zorder=3)
    if curve.model is not None:
        _line(ax, curve, curve.model, "model")
    ax.set_ylabel("Relative flux")
    _plain(ax)
    legend_above(ax)


def _detrended(ax: Axes, curve: Curve) -> None:
    assert curve.detrended is not None
    _samples(ax, curve, curve.detrended, curve.flux_error, "detrended flux")
    if curve.transit is not None:
        _line(ax, curve, curve.transit, "eclipse" if "eclipse" in curve.clock else "transit")
    ax.set_ylabel("Relative flux")
    _plain(ax)
    legend_above(ax)


def _residual(ax: Axes, curve: Curve) -> None:
    assert curve.model is not None
    residual = 1e6 * (curve.flux / curve.model - 1)
    error = 1e6 * curve.flux_error / curve.model
    _samples(ax, curve, residual, error, "")
    ax.axhline(0.0, color=PALETTE["vermillion"], lw=1.2, zorder=4)
    ax.set_ylabel("Residual (ppm)")
    measured, expected = np.sqrt(np.nanmean(residual**2)), np.sqrt(np.nanmean(error**2))
    ax.text(
        0.01,
        0.95,
        f"rms {measured:.4g} ppm, expected from flux_error {expected:.4g} ppm",
        transform=ax.transAxes,
        va="top",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        zorder=5,
    )
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.2 * (high - low))


_DRAW = {"raw": _raw, "detrended": _detrended, "residual": _residual}


def _line(ax: Axes, curve: Curve, values: Array, label: str) -> None:
    """Draw a model as a line that is broken where nothing was observed, between the orbits of a telescope."""
    step = np.diff(curve.hours)
    gaps = np.flatnonzero(step > _GAP * np.median(step)) + 1 if step.size else np.array([], int)
    x, y = np.insert(curve.hours, gaps, np.nan), np.insert(values, gaps, np.nan)
    ax.plot(x, y, color=PALETTE["vermillion"], label=label, zorder=4)


def _plain(ax: Axes) -> None:
    """Show 0.9985, not 1 - 1.5e-3."""
    ax.ticklabel_format(axis="y", useOffset=False, style="plain")


def _samples(ax: Axes, curve: Curve, values: Array, error: Array, label: str) -> None:
    many = int(np.isfinite(values).sum()) > 2 * _BINS
    ax.errorbar(
        curve.hours,
        values,
        yerr=error,
        fmt="o",
        ms=1.8 if many else 3.2,
        color=PALETTE["grey"] if many else PALETTE["blue"],
        ecolor="0.82" if many else PALETTE["sky"],
        elinewidth=0.6,
        mew=0,
        zorder=1,
        label=label or None,
    )
    if many:
        x, y, y_error = _binned(curve.hours, values, error)
        ax.errorbar(
            x,
            y,
            yerr=y_error,
            fmt="o",
            ms=3.2,
            color=PALETTE["blue"],
            elinewidth=0.9,
            mew=0,
            zorder=3,
            label=f"in {len(x)} bins" if label else None,
        )


def _binned(x: Array, y: Array, error: Array) -> tuple[Array, Array, Array]:
    """Return mean time, weighted mean and its error in bins of about equal count, arrays (n_bin,)."""
    good = np.flatnonzero(np.isfinite(y) & np.isfinite(error))
    parts = np.array_split(good[np.argsort(x[good], kind="stable")], _BINS)
    weight = 1.0 / error**2
    return (
        np.array([x[part].mean() for part in parts]),
        np.array([np.average(y[part], weights=weight[part]) for part in parts]),
        np.array([weight[part].sum() ** -0.5 for part in parts]),
    )
