"""Real and predicted errors by wavelength."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.bootstrap import groups_of, make_resamples
from specframe.evaluate.evaluation import align
from specframe.report.canvas import PALETTE, clean, headline, legend_above, new_figure, styled
from specframe.report.gaps import without_gaps
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["draw_error_spectrum"]

#: Enough for the 68 % band of a curve.
_DRAWS = 400
_SIDES = (0.16, 0.84)


@styled
def draw_error_spectrum(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw the root mean square error and the root mean square predicted error by wavelength, and the bias below.

    Calibrated errors make the two lines one. Bands are 68 % intervals by a bootstrap over targets, or over ``group`` of
    the Prediction; there are none with fewer than 8.

    Parameters
    ----------
    prediction, truth
        Matched by name; targets without truth are left out. Outputs need a wavelength.

    Raises
    ------
    DataError
        When the outputs have no wavelengths, or no target has a known truth.
    """
    prediction, truth, _ = align(prediction, truth)
    if "wavelength" not in prediction.coords:
        raise DataError("error spectrum: the outputs have no wavelengths")
    if not prediction.sizes["target"]:
        raise DataError("error spectrum: no predicted target has a known truth")
    order = np.argsort(prediction["wavelength"].values, kind="stable")
    prediction, truth = prediction.isel(output=order), truth.isel(output=order)
    quantity = Quantity.of(prediction)
    wavelength = prediction["wavelength"].values
    error = (prediction["mean"].values - truth.values) * quantity.error_factor
    counts = _counts(prediction)

    fig = new_figure(7.6, 5.0)
    ax, below = fig.subplots(2, 1, sharex=True, height_ratios=(2.2, 1.0))
    below.axhline(0.0, color="black", lw=0.9)
    rms, bands = _means(error**2, counts)
    _curve(ax, wavelength, np.sqrt(rms), None if bands is None else np.sqrt(bands), "rms error", "blue")
    if "std" in prediction:
        sigma = np.where(np.isfinite(error), prediction["std"].values * quantity.error_factor, np.nan)
        _curve(ax, wavelength, np.sqrt(_means(sigma**2, None)[0]), None, "predicted (rms σ)", "vermillion")
    _curve(below, wavelength, *_means(error, counts), "bias", "blue")
    ax.set_ylim(0, None)
    ax.set_ylabel(quantity.error_label("Error"))
    headline(ax, f"{prediction.sizes['target']} targets")
    legend_above(ax)
    below.set_ylabel(quantity.error_label("Bias"))
    below.set_xlabel("Wavelength (µm)")
    clean(ax, below)
    return fig


def _curve(ax: Axes, wavelength: Array, values: Array, bands: Array | None, label: str, colour: str) -> None:
    """Draw a line with its band, broken at gaps; a channel on its own is a point."""
    parts = without_gaps(wavelength)
    for i, part in enumerate(parts):
        alone = part.size == 1
        ax.plot(
            wavelength[part],
            values[part],
            color=PALETTE[colour],
            ls="-" if colour == "blue" else "--",
            marker=("o" if colour == "blue" else "_") if alone else None,
            ms=4 if colour == "blue" else 9,
            label=label if i == len(parts) - 1 else None,
        )
        if bands is not None and alone:
            ax.plot(np.repeat(wavelength[part], 2), bands[:, part[0]], color=PALETTE["sky"], lw=2.5, alpha=0.6)
        elif bands is not None:
            ax.fill_between(wavelength[part], *bands[:, part], color=PALETTE["sky"], alpha=0.35, lw=0)


def _counts(prediction: xr.Dataset) -> Array | None:
    """Return how often each target is in each resample, ``None`` where there are too few."""
    try:
        return make_resamples(groups_of(prediction), _DRAWS, 0).counts
    except DataError:
        return None


def _means(table: Array, counts: Array | None) -> tuple[Array, Array | None]:
    """Return the mean over known targets of each output, and its 68 % band (2, n_output)."""
    known = np.isfinite(table)
    filled = np.where(known, table, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / known.sum(axis=0)
        if counts is None:
            return mean, None
        drawn = (counts @ filled) / (counts @ known)
    return mean, np.nanquantile(drawn, _SIDES, axis=0) if known.any(axis=0).all() else None
