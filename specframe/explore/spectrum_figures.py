"""Figures of a set of spectra: all of them, their range, boxes, bad pixels, signal to noise, and what labels do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import LineCollection

from specframe.errors import DataError
from specframe.explore.axes import (
    bin_edges,
    cell_edges,
    colour_bar,
    label_text,
    log_axis,
    quantity_text,
    short,
    wavelength_text,
)
from specframe.explore.labels import label_units, names_of
from specframe.explore.spectra import check_spectra, label_correlations, labels_of, scale_of, signal_to_noise
from specframe.report.canvas import PALETTE, clean, legend_above, new_figure, styled
from specframe.report.gaps import without_gaps

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "chosen_label",
    "plot_bad_pixels",
    "plot_flux_boxes",
    "plot_signal_to_noise",
    "plot_spectra",
    "plot_spectrum_range",
    "plot_wavelength_correlations",
]

_MOST_LINES = 300
_BOXES = 24
#: Half the length of a dash that stands for a single wavelength, as part of the range of all.
_DASH = 0.01


def chosen_label(labels: xr.DataArray | None, color: str | None) -> str | None:
    """Return the label to colour by: the one that is asked for, else the first that varies; ``None`` for none.

    Raises
    ------
    DataError
        When there is no such label.
    """
    from specframe.explore.labels import varying

    if color is not None and (labels is None or color not in names_of(labels)):
        there = "there are no labels" if labels is None else f"there: {', '.join(names_of(labels)[:20])}"
        raise DataError(f"no label {color!r} to colour by ({there})")
    return color if color is not None or labels is None else next(iter(varying(labels)), None)


@styled
def plot_spectra(
    spectra: xr.DataArray, labels: xr.DataArray | None = None, color: str | None = None, seed: int = 0
) -> Figure:
    """Draw all spectra, coloured by a label; of more than 300, a random sample of them.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked.
    labels, color
        Dims ``(target, output)``, matched by name, and the label to colour by: the first that varies, if not given.
    seed
        Of the sample.

    Raises
    ------
    DataError
        When there are no spectra or no such label.
    """
    check_spectra(spectra)
    rows = np.arange(spectra.sizes["target"])
    if len(rows) > _MOST_LINES:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), _MOST_LINES, replace=False))
    own = labels_of(labels, [str(target) for target in spectra["target"].values])
    name = chosen_label(own, color)
    values = np.full(len(rows), np.nan) if own is None or name is None else own.sel(output=name).values[rows]
    known = np.isfinite(values)
    order = np.concatenate([np.flatnonzero(~known), np.flatnonzero(known)[np.argsort(values[known], kind="stable")]])
    rng = np.random.default_rng(seed + 1)
    order = order if not known.any() else rng.permutation(order)  # so that high labels do not hide low ones
    fig = new_figure(7.6, 4.2)
    ax = fig.subplots()
    wavelength = spectra["wavelength"].values
    flux = np.where(np.isfinite(spectra.values), spectra.values, np.nan)[rows[order]]
    if len(wavelength) == 1:
        _single(ax, flux[:, 0], values[order], name)
        ax.set_ylabel(quantity_text(spectra))
    else:
        parts = without_gaps(wavelength)
        dash = _DASH * float(wavelength[-1] - wavelength[0])
        lines = [_line(wavelength[part], row[part], dash) for row in flux for part in parts]
        colours = np.repeat(values[order], len(parts))
        width = 0.5 if len(rows) > 60 else 0.9
        colours_of = colormaps["viridis"].with_extremes(bad="0.6")
        drawn = LineCollection(lines, linewidths=width, cmap=colours_of, rasterized=True)
        if known.any():
            drawn.set_array(np.ma.masked_invalid(colours))
        else:
            drawn.set_color(PALETTE["blue"])
            drawn.set_alpha(float(np.clip(30 / len(rows), 0.15, 1.0)))
        ax.add_collection(drawn)
        if name is not None and own is not None and known.any():
            colour_bar(fig, drawn, ax, label_text(name, label_units(own)[name]))
        first, last = (2 * dash if len(part) == 1 else 0.0 for part in (parts[0], parts[-1]))
        ax.set_xlim(wavelength[0] - first, wavelength[-1] + last)
        _scaled(ax, spectra, flux)
        ax.set(xlabel=wavelength_text(spectra), ylabel=quantity_text(spectra))
    count = spectra.sizes["target"]
    what = f"{len(rows)} of {count} spectra" if len(rows) < count else f"{count} spectra" if count > 1 else "1 spectrum"
    ax.set_title(what, loc="left", fontsize="medium")
    clean(ax)
    return fig


@styled
def plot_spectrum_range(spectra: xr.DataArray) -> Figure:
    """Draw by wavelength the median and mean of all spectra and the ranges that hold 68 and 95 % of them, and all.

    Takes and raises the same as :func:`plot_spectra`.
    """
    check_spectra(spectra)
    values = np.where(np.isfinite(spectra.values), spectra.values, np.nan)
    wavelength, known = spectra["wavelength"].values, np.isfinite(values).any(axis=0)
    wavelength, values = wavelength[known], values[:, known]
    low2, low1, middle, high1, high2 = np.nanpercentile(values, [2.5, 16, 50, 84, 97.5], axis=0)
    fig = new_figure(7.6, 4.0)
    ax = fig.subplots()
    marker = "o" if len(wavelength) == 1 else None
    for i, part in enumerate(without_gaps(wavelength)):
        first = i == 0
        x = wavelength[part]
        if len(x) == 1:
            x = x + np.array([-1.0, 1.0]) * (_DASH * float(np.ptp(wavelength)) or 0.015 * x[0])
            part = np.repeat(part, 2)
        lowest, highest = np.nanmin(values[:, part], axis=0), np.nanmax(values[:, part], axis=0)
        ax.fill_between(x, lowest, highest, color="0.92", lw=0, label="all" if first else None)
        ax.fill_between(
            x, low2[part], high2[part], color=PALETTE["sky"], alpha=0.35, lw=0, label="95 %" if first else None
        )
        ax.fill_between(
            x, low1[part], high1[part], color=PALETTE["sky"], alpha=0.8, lw=0, label="68 %" if first else None
        )
        ax.plot(x, middle[part], color=PALETTE["blue"], lw=1.2, marker=marker, label="median" if first else None)
        mean = np.nanmean(values[:, part], axis=0)
        ax.plot(x, mean, color=PALETTE["vermillion"], lw=1.0, ls="--", label="mean" if first else None)
    _scaled(ax, spectra, values)
    ax.set(xlabel=wavelength_text(spectra), ylabel=quantity_text(spectra))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, frameon=False, borderaxespad=0.1)
    clean(ax)
    return fig


@styled
def plot_flux_boxes(spectra: xr.DataArray) -> Figure:
    """Draw box plots of the values in up to 24 bins of wavelength: each spectrum counts once, with its mean in the bin.

    Takes and raises the same as :func:`plot_spectra`.
    """
    check_spectra(spectra)
    wavelength = spectra["wavelength"].values
    values = np.where(np.isfinite(spectra.values), spectra.values, np.nan)
    parts = np.array_split(np.arange(len(wavelength)), min(_BOXES, len(wavelength)))
    bins, centres = [], []
    for part in parts:
        known = np.isfinite(values[:, part]).any(axis=1)
        if known.any():
            bins.append(np.nanmean(values[known][:, part], axis=1))
            centres.append(float(np.mean(wavelength[part])))
    fig = new_figure(7.6, 3.8)
    ax = fig.subplots()
    boxes = ax.boxplot(bins, widths=0.6, patch_artist=True, flierprops={"ms": 1.5, "mew": 0.4, "alpha": 0.5})
    for box in boxes["boxes"]:
        box.set(facecolor=PALETTE["sky"], alpha=0.6, lw=0.7)
    for median in boxes["medians"]:
        median.set(color=PALETTE["vermillion"], lw=1.4)
    step = -(-len(centres) // 12)
    ax.set_xticks(
        np.arange(1, len(centres) + 1, step), [f"{centre:.4g}" for centre in centres[::step]], fontsize="small"
    )
    _scaled(ax, spectra, np.concatenate(bins))
    ax.set(xlabel=wavelength_text(spectra), ylabel=quantity_text(spectra))
    clean(ax)
    ax.tick_params(axis="x", top=False)
    return fig


@styled
def plot_wavelength_correlations(spectra: xr.DataArray, labels: xr.DataArray) -> Figure:
    """Draw how every wavelength correlates with every label: Pearson's and Spearman's coefficients as heat maps.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked; logarithms are correlated where spectra are drawn as such.
    labels
        Dims ``(target, output)``, matched by name; those that do not vary are left out.

    Raises
    ------
    DataError
        When there is nothing to correlate.
    """
    found = label_correlations(spectra, labels)
    names = [short(str(name)) for name in found["output"].values]
    wavelength = spectra["wavelength"].values.astype(float)
    fig = new_figure(7.6, float(np.clip(1.9 + 0.5 * len(names), 2.8, 9.0)))
    axes = fig.subplots(2, 1, sharex=True)
    image = None
    for ax, (key, title) in zip(axes, (("pearson", "Pearson"), ("spearman", "Spearman (ranks)")), strict=True):
        ax.set_facecolor("0.75")
        for part in without_gaps(wavelength):
            edges = cell_edges(wavelength[part])
            image = ax.pcolormesh(
                edges,
                np.arange(len(names) + 1),
                np.ma.masked_invalid(found[key].values[:, part]),
                cmap="RdBu_r",
                vmin=-1,
                vmax=1,
                rasterized=True,
            )
        if len(names) <= 40:
            ax.set_yticks(np.arange(len(names)) + 0.5, names, fontsize="small")
        ax.set_ylim(len(names), 0)
        ax.set_title(title, loc="left", fontsize="medium")
        ax.tick_params(direction="out", labelsize=9)
    axes[-1].set_xlabel(wavelength_text(spectra))
    log = "log " if scale_of(spectra) == "log" else ""
    colour_bar(
        fig, image, axes.tolist(), f"Correlation with {log}{short(str(spectra.attrs.get('long_name', 'value')))}"
    )
    return fig


@styled
def plot_bad_pixels(spectra: xr.DataArray) -> Figure:
    """Draw by wavelength the part of the spectra that is masked or not finite, and that is at or below zero.

    Takes and raises the same as :func:`plot_spectra`.
    """
    check_spectra(spectra)
    wavelength, values = spectra["wavelength"].values, spectra.values
    with np.errstate(invalid="ignore"):
        parts = {
            "masked or not finite": (~np.isfinite(values)).mean(axis=0),
            "zero or negative": (values <= 0).mean(axis=0),
        }
    fig = new_figure(7.6, 2.8)
    ax = fig.subplots()
    for (name, part), colour in zip(parts.items(), ("vermillion", "blue"), strict=True):
        ax.plot(wavelength, 100 * part, color=PALETTE[colour], lw=1.2, drawstyle="steps-mid", label=name)
    ax.set(xlabel=wavelength_text(spectra), ylabel="Spectra (%)", ylim=(0, None))
    legend_above(ax)
    clean(ax)
    return fig


@styled
def plot_signal_to_noise(spectra: xr.DataArray, errors: xr.DataArray) -> Figure:
    """Draw the signal to noise: by wavelength over all spectra, and the medians of the spectra as a histogram.

    Parameters
    ----------
    spectra, errors
        Dims ``(target, wavelength)``, in the same unit.

    Raises
    ------
    DataError
        When no error is above zero.
    """
    check_spectra(spectra)
    ratio = signal_to_noise(spectra, errors)
    known = np.isfinite(ratio).any(axis=0)
    if not known.any():
        raise DataError("signal to noise: no error is above 0")
    wavelength, ratio = spectra["wavelength"].values[known], ratio[:, known]
    low, middle, high = np.nanpercentile(ratio, [16, 50, 84], axis=0)
    each = ratio[np.isfinite(ratio).any(axis=1)]
    medians = np.nanmedian(each, axis=1)
    several = len(wavelength) > 1
    fig = new_figure(7.6 if several else 3.8, 3.0)
    left, right = fig.subplots(1, 2, width_ratios=[2, 1]) if several else (None, fig.subplots())
    positive = medians[medians > 0]
    wide = positive.size > 1 and positive.max() > _BOXES * positive.min()
    if wide:
        right.hist(positive, bins=[10.0**edge for edge in bin_edges(np.log10(positive))], color=PALETTE["blue"])
        log_axis(right, "x")
    else:
        right.hist(medians, bins=bin_edges(medians), color=PALETTE["blue"])
    right.set(xlabel="Median signal / noise", ylabel="Spectra")
    clean(right)
    if left is None:
        return fig
    for i, part in enumerate(without_gaps(wavelength)):
        shown = {"color": PALETTE["sky"], "alpha": 0.5, "label": None if i else "68 %"}
        left.fill_between(wavelength[part], low[part], high[part], lw=0, **shown)
        left.plot(wavelength[part], middle[part], color=PALETTE["blue"], lw=1.2, label=None if i else "median")
    if wide:
        log_axis(left, "y")
    left.set(xlabel=wavelength_text(spectra), ylabel="Signal / noise")
    legend_above(left)
    clean(left)
    return fig


def _line(wavelength: Array, values: Array, dash: float) -> Array:
    """Return points (n, 2) of a line; a single wavelength becomes a dash of twice this length."""
    if len(wavelength) == 1:
        wavelength, values = wavelength + np.array([-dash, dash]), np.repeat(values, 2)
    return np.column_stack([wavelength, values])


def _scaled(ax: Axes, spectra: xr.DataArray, values: Array) -> None:
    """Choose scale and range of the axis of values, so that a few wild pixels do not hide the rest."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    if scale_of(spectra) == "log":
        positive = finite[finite > 0]
        low, high = np.percentile(positive, [0.05, 99.95])
        ax.set_yscale("log")
        ax.set_ylim(low / 1.5, high * 1.5)
        log_axis(ax, "y")
        return
    low, high = np.percentile(finite, [0.1, 99.9])
    room = 0.06 * (high - low) or 0.05 * abs(float(high)) or 1.0
    ax.set_ylim(low - room, high + room)


def _single(ax: Axes, values: Array, labels: Array, name: str | None) -> None:
    """Draw spectra of a single wavelength against the label, or against their order."""
    known = np.isfinite(labels)
    x = labels if known.any() else np.arange(len(values), dtype=float)
    ax.plot(x, values, ".", ms=4, mew=0, color=PALETTE["blue"])
    ax.set(xlabel=short(name) if name is not None and known.any() else "Spectrum")
