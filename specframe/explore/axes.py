"""Axes that several figures share: panels, bars of colours, ranges, names with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from specframe.report.canvas import new_figure, short

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "bin_edges",
    "cell_edges",
    "colour_bar",
    "label_text",
    "log_axis",
    "panels",
    "quantity_text",
    "short",
    "wavelength_text",
]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def label_text(name: str, unit: str) -> str:
    """Return ``name (unit)``."""
    return f"{short(name)} ({short(unit)})" if unit else short(name)


def log_axis(ax: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic once its range is set, with numbers at powers of ten and, in a short one, at 2 and 5.

    matplotlib's own numbers are formulae, which are not read as such here.
    """
    axis: Axis = ax.xaxis if which == "x" else ax.yaxis
    if which == "x":
        ax.set_xscale("log")
    else:
        ax.set_yscale("log")
    axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
    axis.set_minor_formatter(NullFormatter())
    low, high = sorted(axis.get_view_interval())
    if low > 0 and high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))


def _power(value: float) -> str:
    if value <= 0:
        return ""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    if -4 < exponent < 5:
        return f"{value:g}"
    mantissa = value / 10.0**exponent
    raised = f"10{str(exponent).translate(_RAISED)}"
    return raised if abs(mantissa - 1) < 1e-6 else f"{mantissa:g}·{raised}"


def quantity_text(spectra: xr.DataArray) -> str:
    """Return the name of what spectra hold, with its unit."""
    name = str(spectra.attrs.get("long_name") or spectra.name or "value").replace("_", " ")
    return label_text(name[:1].upper() + name[1:], str(spectra.attrs.get("units", "")))


def wavelength_text(spectra: xr.DataArray) -> str:
    """Return the name of the wavelength axis, or that it only counts channels."""
    if str(spectra["wavelength"].attrs.get("comment", "")).startswith("channel numbers"):
        return "Channel"
    return "Wavelength (µm)"


def panels(count: int, width: float, height: float, most_columns: int = 4, **shared: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels of this size in inches, row by row; ``shared`` as in ``subplots``."""
    columns = min(count, most_columns)
    rows = -(-count // columns)
    fig = new_figure(max(width * columns, 3.4) + 0.4, height * rows + 0.3)
    axes = list(fig.subplots(rows, columns, squeeze=False, **shared).ravel())
    for ax in axes[count:]:
        ax.remove()
    return fig, axes[:count]


def colour_bar(fig: Figure, image: Any, axes: Any, text: str) -> None:
    """Add a bar of colours beside ``axes``."""
    bar = fig.colorbar(image, ax=axes, pad=0.02)
    bar.set_label(text, fontsize="small")
    bar.ax.tick_params(labelsize=8.0)


def bin_edges(values: Array, most: int = 60) -> list[float]:
    """Return edges of a histogram by the rule of Freedman & Diaconis, at most so many bins; outliers widen no bin."""
    values = values[np.isfinite(values)]
    if values.size < 2 or np.ptp(values) == 0:
        middle = float(values[0]) if values.size else 0.0
        return [middle - 0.5, middle + 0.5]
    low, high = float(values.min()), float(values.max())
    quartiles = np.percentile(values, [25, 75])
    width = 2.0 * float(quartiles[1] - quartiles[0]) / values.size ** (1 / 3)
    count = int(np.clip(np.ceil((high - low) / width) if width > 0 else 10, 5, most))
    return [float(edge) for edge in np.linspace(low, high, count + 1)]


def cell_edges(centres: Array) -> Array:
    """Return the n + 1 edges half way between ascending ``centres``; a single one gets a width of one percent."""
    if centres.size == 1:
        half = 0.005 * abs(float(centres[0])) or 0.5
        return np.array([centres[0] - half, centres[0] + half])
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
