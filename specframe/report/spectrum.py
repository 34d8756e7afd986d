"""The spectrum of one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.intervals import interval
from specframe.report.canvas import PALETTE, clean, headline, legend_above, new_figure, styled
from specframe.report.gaps import without_gaps
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["draw_spectrum"]

_LEVEL = 0.68
#: Spectra with more channels than this get light error bars, so that the points stay visible.
_MANY = 60
#: Colours of published spectra, in turn.
_PUBLISHED = ("vermillion", "green", "purple", "orange", "black")


@styled
def draw_spectrum(
    prediction: xr.Dataset,
    target: str,
    truth: xr.DataArray | None = None,
    published: Mapping[str, xr.Dataset] | None = None,
) -> Figure:
    """Draw a spectrum with its 68 % intervals, and below it what it differs from the truth, where known.

    Of measured depths the errors are those of the fit, asymmetric where it left such, and bars along the wavelength
    show the channels.

    Parameters
    ----------
    prediction
        A Prediction with coordinate ``wavelength`` in um.
    target
        Name of the target.
    truth
        Labels (target, output), matched by name; ``None`` or without this target: no truth is drawn.
    published
        Spectra of others by their label, as :func:`~specframe.api.measured_spectrum` returns them.

    Raises
    ------
    DataError
        When the target is not predicted or the outputs have no wavelengths.
    """
    names = prediction["target"].values.astype(str)
    at = np.flatnonzero(names == target)
    if not at.size:
        raise DataError(f"spectrum: target {target!r} is not among the {names.size} predicted ones")
    if "wavelength" not in prediction.coords:
        raise DataError("spectrum: the outputs of the prediction have no wavelengths")
    one = prediction.isel(target=[int(at[0])]).sortby("wavelength")
    one = one.isel(output=np.isfinite(one["mean"].values[0])) if np.isfinite(one["mean"].values).any() else one
    quantity = Quantity.of(one)
    wavelength, mean = one["wavelength"].values, one["mean"].values[0]
    bounds = _bounds(one)
    known = _truth_of(truth, target, one["output"].values.astype(str))

    fig = new_figure(7.2, 4.8 if known is not None else 3.6)
    if known is None:
        ax = fig.subplots()
        lowest = ax
    else:
        ax, lowest = fig.subplots(2, 1, sharex=True, height_ratios=(2.4, 1.0))
        ax.tick_params(labelbottom=False)
        _line(ax, wavelength, known * quantity.factor, PALETTE["vermillion"], "truth")
        lowest.axhline(0.0, color=PALETTE["vermillion"], lw=1.2)
        _points(lowest, wavelength, mean - known, bounds, mean, quantity.error_factor, "")
        lowest.set_ylabel(quantity.error_label("Pred. − true\n"))
    what = "measured" if "measured" in prediction.attrs else "prediction"
    label = f"{what}, {100 * _LEVEL:g} % interval" if bounds is not None else what
    _points(ax, wavelength, mean, bounds, mean, quantity.factor, label)
    _widths(ax, one, quantity.factor)
    for color, (name, spectrum) in zip(_PUBLISHED, (published or {}).items(), strict=False):
        _published(ax, spectrum, quantity.factor, PALETTE[color], name)
    ax.set_ylabel(quantity.label)
    headline(ax, f"Target {target}")
    legend_above(ax)
    lowest.set_xlabel("Wavelength (µm)")
    clean(*fig.axes)
    return fig


def _bounds(one: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the bounds of the 68 % interval, (1, n_output) each: the fit's own where its errors are asymmetric."""
    if "error_lower" in one and "lower" not in one:
        mean = one["mean"].values
        return mean - one["error_lower"].values, mean + one["error_upper"].values
    return interval(one, _LEVEL)


def _widths(ax: Axes, one: xr.Dataset, factor: float) -> None:
    """Draw the channels as bars along the wavelength, where they are known and wide enough to be seen."""
    if one.sizes["output"] > _MANY or not {"wavelength_lower", "wavelength_upper"} <= set(one.coords):
        return
    lower, upper = one["wavelength_lower"].values, one["wavelength_upper"].values
    ax.hlines(one["mean"].values[0] * factor, lower, upper, color=PALETTE["blue"], lw=1.0, zorder=2)


def _published(ax: Axes, spectrum: xr.Dataset, factor: float, color: str, label: str) -> None:
    """Draw somebody else's spectrum, under ours."""
    many = spectrum.sizes["wavelength"] > _MANY
    error = np.stack(
        [spectrum.get(f"depth_error_{side}", spectrum["depth_error"]).values * factor for side in ("lower", "upper")]
    )
    ax.errorbar(
        spectrum["wavelength"].values,
        spectrum["depth"].values * factor,
        yerr=np.nan_to_num(error),
        fmt="s",
        ms=1.8 if many else 3.4,
        mfc="white",
        color=color,
        elinewidth=0.5 if many else 0.9,
        alpha=0.6 if many else 0.9,
        zorder=1,
        label=label,
    )


def _truth_of(truth: xr.DataArray | None, target: str, outputs: NDArray[np.str_]) -> NDArray[np.float64] | None:
    if truth is None or target not in truth["target"].values.astype(str):
        return None
    row = truth.isel(target=int(np.flatnonzero(truth["target"].values.astype(str) == target)[0]))
    value_of = dict(zip(row["output"].values.astype(str), row.values, strict=True))
    values = np.array([value_of.get(name, np.nan) for name in outputs], float)
    return values if np.isfinite(values).any() else None


def _points(
    ax: Axes,
    wavelength: NDArray[np.float64],
    values: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    mean: NDArray[np.float64],
    factor: float,
    label: str,
) -> None:
    """Draw ``values`` with error bars that reach from the bounds to the ``mean``, all times ``factor``."""
    many = wavelength.size > _MANY
    errors = None
    if bounds is not None:
        lower, upper = bounds[0][0], bounds[1][0]
        errors = np.maximum(np.stack([mean - lower, upper - mean]), 0.0) * factor
    ax.errorbar(
        wavelength,
        values * factor,
        yerr=errors,
        fmt="o",
        ms=2.2 if many else 4.0,
        color=PALETTE["blue"],
        ecolor=PALETTE["sky"] if many else PALETTE["blue"],
        elinewidth=0.7 if many else 1.0,
        zorder=2,
        label=label or None,
    )


def _line(ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64], color: str, label: str) -> None:
    """Draw a line that is broken where the wavelengths have a gap; a channel on its own is a dash."""
    parts = without_gaps(x)
    for i, part in enumerate(parts):
        dash = part.size == 1
        ax.plot(
            x[part],
            y[part],
            marker="_" if dash else None,
            ms=9,
            mew=1.6,
            color=color,
            zorder=3,
            label=label if i == len(parts) - 1 else None,
        )
