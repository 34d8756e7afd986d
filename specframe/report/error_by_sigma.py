"""Real errors against predicted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from specframe.errors import DataError
from specframe.evaluate.bootstrap import groups_of, make_resamples
from specframe.evaluate.evaluation import align
from specframe.report.canvas import PALETTE, clean, new_figure, styled
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["draw_error_by_sigma"]

_BINS = 12
_DRAWS = 400
#: More points than these are a cloud in which nothing can be told apart.
_POINTS = 4000


@styled
def draw_error_by_sigma(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw absolute errors against predicted ones, and their root mean square in bins of predicted error.

    Calibrated errors have their root mean square on the diagonal, in every bin: a level line says that the predicted
    errors do not know which targets and channels are bad. Error bars are 95 % intervals by a bootstrap over targets, or
    over ``group`` of the Prediction.

    Raises
    ------
    DataError
        When the prediction has no ``std``, or no target has a known truth.
    """
    prediction, truth, _ = align(prediction, truth)
    if "std" not in prediction:
        raise DataError("error by sigma: the prediction has no std; add an uncertainty step")
    error = np.abs(prediction["mean"].values - truth.values)
    known = np.isfinite(error) & (prediction["std"].values > 0)
    if not known.any():
        raise DataError("error by sigma: no predicted target has a known truth and an error above zero")
    quantity = Quantity.of(prediction)
    error, sigma = error * quantity.error_factor, prediction["std"].values * quantity.error_factor
    binned_sigma, rms, bars = _binned(error, sigma, known, groups_of(prediction))

    fig = new_figure(5.4, 4.6)
    ax = fig.subplots()
    x, y = sigma[known], error[known]
    shown = np.random.default_rng(0).permutation(x.size)[:_POINTS]
    what = f"{shown.size} of {x.size} values" if x.size > shown.size else f"{x.size} values"
    ax.plot(x[shown], y[shown], ".", ms=1.8, color=PALETTE["grey"], alpha=0.5, label=what, rasterized=True)
    ends = np.array([binned_sigma.min() / 1.5, binned_sigma.max() * 1.5])
    ax.plot(ends, ends, color="black", lw=0.9, ls="--", label="calibrated")
    ax.errorbar(binned_sigma, rms, yerr=bars, fmt="o", ms=4.5, capsize=2.5, color=PALETTE["blue"], label="rms in bins")
    ax.set(xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    if rms.min() > 0:
        ax.set_ylim(bottom=0.02 * rms.min())
    ax.set_xlabel(quantity.error_label("Predicted error"))
    ax.set_ylabel(quantity.error_label("|Predicted − true|"))
    ax.legend(loc="lower right")
    clean(ax)
    return fig


def _binned(error: Array, sigma: Array, known: Array, groups: NDArray[np.str_]) -> tuple[Array, Array, Array | None]:
    """Return root mean squares of sigma and error in bins of sigma, and error bars (2, n_bin) of the latter.

    Bins hold about equally many values; equal sigmas are never parted.
    """
    edges = np.unique(np.quantile(sigma[known], np.arange(1, _BINS) / _BINS))
    target, _ = np.nonzero(known)
    bin_of = np.searchsorted(edges, sigma[known], side="left")
    used, bin_of = np.unique(bin_of, return_inverse=True)
    shape = (len(error), used.size)
    sums = {name: np.zeros(shape) for name in ("count", "error", "sigma")}
    for name, values in (("count", np.ones(target.size)), ("error", error[known] ** 2), ("sigma", sigma[known] ** 2)):
        np.add.at(sums[name], (target, bin_of), values)
    count = sums["count"].sum(axis=0)
    rms = np.sqrt(sums["error"].sum(axis=0) / count)
    mean_sigma = np.sqrt(sums["sigma"].sum(axis=0) / count)
    try:
        counts = make_resamples(groups, _DRAWS, 0).counts
    except DataError:
        return mean_sigma, rms, None
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.sqrt((counts @ sums["error"]) / (counts @ sums["count"]))
    low, high = np.nanquantile(drawn, (0.025, 0.975), axis=0)
    return mean_sigma, rms, np.maximum(np.stack([rms - low, high - rms]), 0.0)
