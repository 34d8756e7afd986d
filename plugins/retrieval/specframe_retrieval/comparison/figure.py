"""The figure of an observed spectrum, the model at its predicted parameters, and what is left."""

from __future__ import annotations

import math
import re
import textwrap
from io import BytesIO
from threading import RLock
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from specframe_retrieval.comparison.predicted import with_error

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["draw_comparison", "png_bytes"]

#: Colours that differ for every kind of colour vision (Okabe & Ito 2008, "Color Universal Design").
_BLACK, _VERMILLION, _BLUE, _GREY = "#000000", "#D55E00", "#0072B2", "#7A7A7A"
_STYLE: Any = {
    "font.size": 10.0,
    "legend.fontsize": 9.0,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.3,
    "text.parse_math": False,  # a dollar sign in the name of a target is just that
}
#: matplotlib's settings are those of the whole process.
_SETTINGS = RLock()
#: A step in wavelength so many times the usual one is a gap, over which no line is drawn.
_GAP = 6.0
#: Error bars of more samples than this are a band.
_MANY = 150
#: Residuals that are so many times larger than 99 % of them may be cut off.
_OUTLIER = 2.5
#: Height in inches that the text has, with and without a panel below it, and that of a line of 10 points.
_ROOM_ABOVE, _ROOM, _LINE = 2.85, 4.9, 0.175
#: Names of more characters stand above the legend, and those of still more are cut off.
_SHORT, _LONGEST = 20, 80
#: Characters in a line of the text beside the panels.
_WIDTH = 37
#: A value with its name and unit, or an edge with its unit, which stay in one line.
_VALUE = re.compile(r"\S+ = \S+( [^\s,]+)?|\S+ \([^() ]+( [^() ]+)?\)")
#: A factor of a unit: a symbol and its exponent.
_FACTOR = re.compile(r"([A-Za-z]+)(-?\d+)?")
#: Notes with one of these are warnings.
_WARNINGS = ("edge of the grid", "outside of the grid", "unlike", "agrees better")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def draw_comparison(comparison: xr.Dataset) -> Figure:
    """Draw what :func:`~specframe_retrieval.compare_with_grid` returned.

    Above: the observation with its errors, the model at the predicted parameters with the spread of models over the
    posterior, and the nearest spectrum of the grid. Below: what the model leaves, in units of the error. On the right:
    the parameters, what lies at the edge of the grid, and chi2 as a function of the radius where there is one.
    """
    with _SETTINGS, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        return _draw(comparison)


def png_bytes(figure: Figure, dpi: int = 150) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes."""
    stream = BytesIO()
    with _SETTINGS, matplotlib.rc_context({"text.parse_math": False}):
        figure.savefig(stream, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return stream.getvalue()


def _draw(comparison: xr.Dataset) -> Figure:
    figure = Figure(figsize=(10.0, 5.4), layout="constrained")
    halves = figure.add_gridspec(1, 2, width_ratios=(2.9, 1.15 if "chi2_of_radius" in comparison else 0.95))
    left, right = halves[0].subgridspec(2, 1, height_ratios=(2.6, 1.0), hspace=0.02), halves[1]
    top = figure.add_subplot(left[0])
    bottom = figure.add_subplot(left[1], sharex=top)
    top.tick_params(labelbottom=False)
    factor, label = _scaled(comparison)
    _spectra(top, comparison, factor)
    top.set_ylabel(label)
    target = str(comparison.attrs["target"])
    target = target if len(target) <= _LONGEST else f"{target[: _LONGEST - 1]}…"
    top.set_title(target, loc="left", fontsize=11, pad=6.0 if len(target) <= _SHORT else 22.0)
    _residuals(bottom, comparison, factor)
    bottom.set_xlabel("Wavelength (µm)")
    axes = [top, bottom]
    if "chi2_of_radius" in comparison:
        column = right.subgridspec(2, 1, height_ratios=(1.5, 1.0))
        _text(figure.add_subplot(column[0]), comparison)
        axes.append(figure.add_subplot(column[1]))
        _radius(axes[-1], comparison)
    else:
        _text(figure.add_subplot(right), comparison)
    for ax in axes:
        ax.tick_params(direction="in", top=True, right=True, labelsize=9.0)
    return figure


def _spectra(ax: Axes, comparison: xr.Dataset, factor: float) -> None:
    wavelength = comparison["wavelength"].values
    used = comparison["used"].values & np.isfinite(comparison["observed"].values)
    observed = np.where(used, comparison["observed"].values, np.nan) * factor
    error = comparison["error"].values * factor
    known = used & np.isfinite(error) & (error > 0)
    if used.sum() > _MANY:
        x, y = _broken(wavelength, observed)
        ax.plot(x, y, color=_BLACK, lw=0.9, label="observed", zorder=3)
        if known.any():
            error = np.where(known, error, np.nan)
            _band(ax, wavelength, observed - error, observed + error, _GREY, 0.45)
    else:
        bars = np.where(known, error, 0.0)[used] if known.any() else None
        ax.errorbar(
            wavelength[used], observed[used], bars, fmt="o", ms=3.5, color=_BLACK, lw=0.9, label="observed", zorder=3
        )
    if comparison.sizes["neighbour"]:
        x, y = _broken(wavelength, comparison["neighbour_flux"].values[0] * factor)
        ax.plot(x, y, color=_BLUE, lw=1.1, ls=(0, (4, 1.5)), label="nearest of the grid", zorder=4)
    if "model" in comparison:
        if "model_lower" in comparison:
            low, high = (comparison[f"model_{side}"].values * factor for side in ("lower", "upper"))
            _band(ax, wavelength, low, high, _VERMILLION, 0.3)
        x, y = _broken(wavelength, comparison["model"].values * factor)
        ax.plot(x, y, color=_VERMILLION, label="model as predicted", zorder=5)
    reach = np.where(known, error, 0.0) if used.sum() <= _MANY else 0.0
    shown = [np.asarray(line.get_ydata(), float) for line in ax.get_lines()]
    low, high = np.nanpercentile(np.concatenate([*shown, observed - reach, observed + reach]), (0.3, 99.7))
    ax.set_ylim(low - 0.08 * (high - low), high + 0.1 * (high - low))
    first, last = wavelength[used].min(), wavelength[used].max()
    beside = 0.02 * (last - first) if used.sum() <= _MANY else 0.0
    ax.set_xlim(first - beside, last + beside)
    ax.legend(
        *_observed_first(ax),
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        frameon=False,
        borderaxespad=0.1,
    )


def _observed_first(ax: Axes) -> tuple[list[Artist], list[str]]:
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i] != "observed")
    return [handles[i] for i in order], [labels[i] for i in order]


def _residuals(ax: Axes, comparison: xr.Dataset, factor: float) -> None:
    """Draw what the model leaves, else what the nearest spectrum does."""
    ax.axhline(0.0, color=_GREY, lw=0.8)
    what, color = "Obs. − model", _VERMILLION
    if "model" in comparison:
        left = comparison["residual"].values
    elif comparison.sizes["neighbour"]:
        left = comparison["observed"].values - comparison["neighbour_flux"].values[0]
        what, color = "Obs. − nearest", _BLUE
    else:
        return
    error = comparison["error"].values
    used = comparison["used"].values & np.isfinite(left)
    known = used & np.isfinite(error) & (error > 0)
    if known.any():
        values, used = np.where(known, left / np.where(known, error, 1.0), np.nan), known
        ax.axhspan(-1.0, 1.0, color=_GREY, alpha=0.25, lw=0.0)
        ax.set_ylabel(f"{what}\n(σ)")
    else:
        values = np.where(used, left * factor, np.nan)
        ax.set_ylabel(f"{what}\n(as above)")
    if used.sum() > _MANY:
        x, y = _broken(comparison["wavelength"].values, values)
        ax.plot(x, y, color=color, lw=0.8)
    else:
        ax.plot(comparison["wavelength"].values[used], values[used], "o", ms=3.0, color=color)
    away = np.abs(values[used])
    reach = 1.1 * min(float(away.max()), _OUTLIER * float(np.percentile(away, 99.0)))
    reach = max(reach, 2.0) if known.any() else reach or 1.0
    ax.set_ylim(-reach, reach)


def _radius(ax: Axes, comparison: xr.Dataset) -> None:
    radius, chi2 = comparison["radius"].values, comparison["chi2_of_radius"].values
    best = float(comparison["radius_best"])
    ax.plot(radius, chi2, color=_VERMILLION)
    ax.axvline(best, color=_GREY, lw=0.8, ls="--")
    ax.set_xlabel(r"Radius (R$_\mathrm{Jup}$)", parse_math=True)
    ax.set_ylabel("χ²")
    ax.locator_params(nbins=4)


def _text(ax: Axes, comparison: xr.Dataset) -> None:
    """Write the parameters, how well they agree, and what must be known, from the top downwards."""
    ax.set_axis_off()
    lines = [(line, _BLACK) for line in comparison.attrs.get("parameters", "").splitlines()]
    lines += [("", _BLACK), *((line, _BLACK) for line in _numbers(comparison))]
    for note in [_nearest(comparison), *comparison.attrs.get("notes", "").splitlines()]:
        color = _VERMILLION if any(word in note for word in _WARNINGS) else _GREY
        whole = _VALUE.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), note)
        lines += [("", color), *((line, color) for line in textwrap.wrap(whole, _WIDTH))]
    heights = [0.4 if not line else 1.0 if color == _BLACK else 0.85 for line, color in lines]
    room = _ROOM_ABOVE if "chi2_of_radius" in comparison else _ROOM
    shrink = min(1.0, room / (_LINE * sum(heights)))
    below = 0.0
    for (line, color), height in zip(lines, heights, strict=True):
        text = ax.annotate(
            line,
            (0.0, 1.0),
            xytext=(0.0, -72.0 * below),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=shrink * (9.5 if color == _BLACK else 8.0),
            color=color,
            annotation_clip=False,
        )
        text.set_in_layout(False)
        below += shrink * _LINE * height


def _numbers(comparison: xr.Dataset) -> list[str]:
    lines = []
    if "chi2" in comparison:
        if math.isfinite(float(comparison["chi2"])):
            degrees = int(comparison["degrees_of_freedom"])
            lines.append(f"χ² / d.o.f. = {float(comparison['chi2']):.4g} / {degrees}")
            lines.append(f"reduced χ² = {float(comparison['chi2_reduced']):.3g}")
        best = float(comparison["radius_best"])
        if math.isfinite(best):
            error = float(comparison["radius_std"]) if "radius_std" in comparison else math.nan
            lines.append(f"R = {with_error(best, error)} RJup")
    return lines


def _nearest(comparison: xr.Dataset) -> str:
    if not comparison.sizes["neighbour"]:
        return ""
    labels = [
        " ".join(filter(None, [f"{name} = {value + 0.0:.6g}", unit]))
        for name, unit, value in zip(
            comparison["parameter"].values,
            comparison["unit"].values,
            comparison["neighbour_label"].values[0],
            strict=True,
        )
        if math.isfinite(value)
    ]
    reduced = float(comparison["neighbour_chi2_reduced"][0])
    if math.isfinite(reduced):
        labels.append(f"reduced χ² = {reduced:.3g}")
    return f"nearest of the grid: {', '.join(labels) or comparison['neighbour'].values[0]}"


def _scaled(comparison: xr.Dataset) -> tuple[float, str]:
    """Return the factor that values are drawn with and the axis' label, with powers of ten in the unit."""
    values = np.abs(comparison["observed"].values[comparison["used"].values])
    largest = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    unit = str(comparison["observed"].attrs.get("units", ""))
    if comparison.attrs.get("quantity") == "depth":
        return (1e6, "Depth (ppm)") if largest < 0.01 else (1e2, "Depth (%)")
    power = math.floor(math.log10(largest)) if largest > 0 else 0
    power = 0 if -2 <= power <= 3 else power
    words = " ".join(filter(None, [f"10{str(power).translate(_SUPERSCRIPT)}" if power else "", _typeset(unit)]))
    return 10.0**-power, f"Flux ({words})" if words else "Flux"


def _typeset(unit: str) -> str:
    """Return a unit such as ``erg s-1 cm-2 AA-1`` with raised exponents, in the order in which it is written."""
    parts = [_FACTOR.fullmatch(part) for part in unit.split()]
    if all(parts):
        symbols = {"um": "µm", "AA": "Å", "Angstrom": "Å", "angstrom": "Å", "micron": "µm"}
        return " ".join(symbols.get(p[1], p[1]) + (p[2] or "").translate(_SUPERSCRIPT) for p in parts if p)
    from astropy import units

    return str(units.Unit(unit).to_string("unicode", fraction=False))


def _broken(wavelength: Array, values: Array) -> tuple[Array, Array]:
    """Return a line with NaN in its gaps, over which nothing is drawn."""
    good = np.isfinite(values)
    x, y = wavelength[good], values[good]
    if x.size < 3:
        return x, y
    at = np.flatnonzero(np.diff(x) > _GAP * np.median(np.diff(wavelength))) + 1
    return np.insert(x, at, np.nan), np.insert(y, at, np.nan)


def _band(ax: Axes, wavelength: Array, lower: Array, upper: Array, color: str, alpha: float) -> None:
    x, low = _broken(wavelength, lower)
    high = _broken(wavelength, upper)[1]
    ax.fill_between(x, low, high, color=color, alpha=alpha, lw=0.0, zorder=2)
