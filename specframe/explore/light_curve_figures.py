"""Figures of light curves: white light, all channels, regressors, masked samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.explore.axes import cell_edges, colour_bar, label_text, panels, short
from specframe.explore.light_curves import (
    relative_flux,
    white_residual,
)
from specframe.report.canvas import PALETTE, clean, new_figure, styled
from specframe.report.white_light import hours, is_numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "plot_light_curve_image",
    "plot_masked_samples",
    "plot_regressors",
    "plot_white_light",
]

_MOST_PANELS, _MOST_REGRESSORS = 8, 8


@styled
def plot_white_light(curves: Mapping[str, xr.Dataset]) -> Figure:
    """Draw the white light curves of some targets, a panel each (the first eight).

    Parameters
    ----------
    curves
        Nodes of Observations with light curves, by the name that is written above them.

    Raises
    ------
    DataError
        When there are none.
    """
    chosen = _first(curves)
    fig, axes = panels(len(chosen), width=3.6, height=2.0, most_columns=2)
    for ax, (name, data) in zip(axes, chosen.items(), strict=True):
        curve, _, _ = white_residual(data)
        size = 2.6 if len(curve.hours) < 400 else 1.2
        ax.plot(curve.hours, curve.flux, "o", ms=size, mew=0, color=PALETTE["blue"], rasterized=len(curve.hours) > 2000)
        if curve.model is not None:
            ax.plot(curve.hours, curve.model, color=PALETTE["vermillion"], lw=1.0)
        for contact in curve.contacts:
            ax.axvline(contact, color="0.55", lw=0.8, ls=":", zorder=0)
        finite = curve.flux[np.isfinite(curve.flux)]
        low, high = np.percentile(finite, [0.2, 99.8])
        room = 0.1 * (high - low) or 1e-6
        ax.set_ylim(low - room, high + room)
        ax.ticklabel_format(axis="y", useOffset=False, style="plain")
        ax.set_title(short(name, 44), loc="left", fontsize="small")
        ax.set_xlabel(curve.clock, fontsize="small")
    _left(axes, "Relative flux")
    clean(*axes)
    return fig


@styled
def plot_light_curve_image(data: xr.Dataset) -> Figure:
    """Draw the flux of every channel relative to its median, by time and wavelength; masked samples are grey.

    Raises
    ------
    DataError
        When the node has no light curves.
    """
    relative = relative_flux(data)
    if not np.isfinite(relative).any():
        raise DataError("light curves: every sample is masked")
    time, _, clock = hours(data)
    wavelength = data["wavelength"].values.astype(float)
    low, high = np.nanpercentile(100 * (relative - 1), [1, 99])
    fig = new_figure(7.4, 3.6)
    ax = fig.subplots()
    ax.set_facecolor("0.75")
    image = ax.pcolormesh(
        cell_edges(time),
        cell_edges(wavelength),
        np.ma.masked_invalid(100 * (relative - 1)),
        cmap="viridis",
        vmin=low,
        vmax=max(high, low + 1e-9),
        rasterized=True,
    )
    colour_bar(fig, image, ax, "Flux - median (%)")
    ax.set(xlabel=clock, ylabel="Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)")
    return fig


@styled
def plot_regressors(data: xr.Dataset) -> Figure:
    """Draw the time series that were measured beside the light (variables with ``role: regressor``), the first eight.

    Raises
    ------
    DataError
        When there are none.
    """
    names = [
        str(name)
        for name, array in data.data_vars.items()
        if array.attrs.get("role") == "regressor" and array.dims in (("time",), ("wavelength", "time"))
    ][:_MOST_REGRESSORS]
    if not names:
        raise DataError("regressors: the node has none")
    time, contacts, clock = hours(data)
    fig, axes = panels(len(names), width=7.2, height=1.15, most_columns=1, sharex=True)
    for ax, name in zip(axes, names, strict=True):
        values = data[name].values.astype(float)
        if values.ndim == 2:  # one per channel: their median
            values = np.nanmedian(values, axis=0)
        ax.plot(time, values, "o", ms=1.8, mew=0, color=PALETTE["blue"], rasterized=len(time) > 2000)
        for contact in contacts:
            ax.axvline(contact, color="0.55", lw=0.8, ls=":", zorder=0)
        ax.set_ylabel(label_text(name, str(data[name].attrs.get("units", ""))).replace(" (", "\n("), fontsize="small")
    axes[-1].set_xlabel(clock)
    clean(*axes)
    fig.align_ylabels(axes)
    return fig


@styled
def plot_masked_samples(data: xr.Dataset) -> Figure:
    """Draw which part of the samples is masked or not finite, by wavelength and by time.

    Raises
    ------
    DataError
        When there are no light curves.
    """
    masked = ~np.isfinite(relative_flux(data))
    time, _, clock = hours(data)
    fig = new_figure(7.4, 2.6)
    left, right = fig.subplots(1, 2, sharey=True)
    left.plot(data["wavelength"].values, 100 * masked.mean(axis=1), color=PALETTE["blue"], drawstyle="steps-mid", lw=1)
    right.plot(time, 100 * masked.mean(axis=0), color=PALETTE["blue"], drawstyle="steps-mid", lw=1)
    text = "Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)"
    left.set(xlabel=text, ylabel="Masked (%)", ylim=(0, None))
    right.set(xlabel=clock)
    clean(left, right)
    return fig


def _first(curves: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    if not curves:
        raise DataError("light curves: there are none")
    return dict(list(curves.items())[:_MOST_PANELS])


def _left(axes: list[Axes], text: str) -> None:
    for ax in axes:
        spec = ax.get_subplotspec()
        if spec is not None and spec.is_first_col():
            ax.set_ylabel(text)
