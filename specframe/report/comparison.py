"""Predicted against true values of all targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.evaluation import align
from specframe.evaluate.intervals import interval
from specframe.report.canvas import PALETTE, clean, headline, new_figure, styled
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["draw_comparison"]

_LEVEL = 0.68


@styled
def draw_comparison(prediction: xr.Dataset, truth: xr.DataArray, output: str | None = None) -> Figure:
    """Draw predicted against true values, a point per target, and the residuals below.

    Parameters
    ----------
    prediction, truth
        Matched by name; targets without truth are left out.
    output
        Which output. ``None`` takes the only one, or the mean over all channels of a spectrum. The mean has an
        interval only when the prediction has a covariance.

    Raises
    ------
    DataError
        When there is no such output, several that are no channels, or no target with a known truth.
    """
    prediction, truth, _ = align(prediction, truth)
    if not prediction.sizes["target"]:
        raise DataError("comparison: no target has a known truth")
    outputs = [str(name) for name in prediction["output"].values]
    if output is not None and output not in outputs:
        raise DataError(f"comparison: there is no output {output!r} (there: {', '.join(outputs[:10])})")
    if output is None and len(outputs) == 1:
        output = outputs[0]
    if output is None and "wavelength" not in prediction.coords:
        raise DataError(f"comparison: choose one of the outputs {', '.join(outputs[:10])}; only channels are averaged")
    quantity = Quantity.of(prediction, output)
    if output is None:
        known, mean, errors = _averaged(prediction, truth)
        what = f"mean of {len(outputs)} channels"
    else:
        known, mean, errors = _single(prediction, truth, outputs.index(output))
        what = "" if len(outputs) == 1 else output
    good = np.isfinite(known)
    if not good.any():
        raise DataError(f"comparison: no target has a known truth of output {output!r}")
    known, mean = known[good], mean[good]
    errors = None if errors is None else np.maximum(errors[:, good], 0.0)
    residual = (mean - known) * quantity.error_factor

    fig = new_figure(5.2, 6.2)
    ax, below = fig.subplots(2, 1, sharex=True, height_ratios=(3.0, 1.3))
    style = {
        "fmt": "o",
        "ms": 3.2,
        "color": PALETTE["blue"],
        "ecolor": PALETTE["sky"],
        "elinewidth": 0.7,
        "mec": "white",
        "mew": 0.3,
    }
    x = known * quantity.factor
    ax.errorbar(
        x,
        mean * quantity.factor,
        yerr=None if errors is None else errors * quantity.factor,
        label=f"{x.size} targets" + (f", {100 * _LEVEL:g} % intervals" if errors is not None else ""),
        **style,
    )
    ax.axline((x.mean(), x.mean()), slope=1.0, color=PALETTE["vermillion"], lw=1.2, label="predicted = true", zorder=3)
    below.axhline(0.0, color=PALETTE["vermillion"], lw=1.2, zorder=3)
    below.errorbar(x, residual, yerr=None if errors is None else errors * quantity.error_factor, **style)
    unit = f" {quantity.error_unit}" if quantity.error_unit else ""
    below.text(
        0.02,
        0.96,
        f"rms {np.sqrt(np.mean(residual**2)):.3g}{unit}, median |residual| {np.median(np.abs(residual)):.3g}{unit}",
        transform=below.transAxes,
        va="top",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        zorder=4,
    )
    # room for the text above the points
    low, high = below.get_ylim()
    below.set_ylim(low, high + 0.18 * (high - low))
    ax.set_ylabel(f"Predicted {_lower_first(quantity.label)}")
    below.set_ylabel(quantity.error_label("Pred. − true"))
    below.set_xlabel(f"True {_lower_first(quantity.label)}")
    if what:
        headline(ax, what)
    ax.legend(loc="upper left")
    clean(ax, below)
    return fig


def _lower_first(text: str) -> str:
    return text.replace("Transit depth", "transit depth")


def _single(
    prediction: xr.Dataset, truth: xr.DataArray, column: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Return truth and mean (n_target,) and errors (2, n_target) of one output."""
    mean = prediction["mean"].values[:, column]
    bounds = interval(prediction, _LEVEL)
    if bounds is None:
        return truth.values[:, column], mean, None
    return truth.values[:, column], mean, np.stack([mean - bounds[0][:, column], bounds[1][:, column] - mean])


def _averaged(
    prediction: xr.Dataset, truth: xr.DataArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the same for the mean over the outputs whose truth is known."""
    known = np.isfinite(truth.values)
    weight = known / known.sum(axis=1, keepdims=True)
    mean = (weight * prediction["mean"].values).sum(axis=1)
    true = (weight * np.where(known, truth.values, 0.0)).sum(axis=1)
    if "covariance" not in prediction:
        return true, mean, None
    std = np.sqrt(np.einsum("ti,tij,tj->t", weight, prediction["covariance"].values, weight))
    return true, mean, np.stack([std, std])
