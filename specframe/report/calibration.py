"""Whether predicted errors hold: coverage curve and PIT histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate import diagnostics
from specframe.evaluate.evaluation import align
from specframe.report.canvas import PALETTE, clean, new_figure, styled
from specframe.report.panels import MOST_PANELS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_calibration", "draw_parameter_calibration"]

_BINS = 20


@styled
def draw_calibration(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw measured against nominal coverage, and the histogram of the probability integral transform.

    The curve and the histogram are of normal errors with the prediction's ``std``; points are the prediction's own
    intervals. Error bars and the grey band are of one standard error with targets taken as independent.

    Raises
    ------
    DataError
        When the prediction has neither ``std`` nor intervals, or no target has a known truth.
    """
    prediction, truth = _judged(prediction, truth)
    fig = new_figure(7.6, 3.8)
    if "std" in prediction:
        left, right = fig.subplots(1, 2)
        _histogram(right, prediction, truth)
    else:
        left = fig.subplots()
    _coverage(left, prediction, truth)
    clean(*fig.axes)
    return fig


@styled
def draw_parameter_calibration(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw what :func:`draw_calibration` does, a row for each output: errors may hold for one and not for another.

    Each row is of the targets whose truth is known in that output; of more than 12 outputs the first are drawn.

    Raises
    ------
    DataError
        When the prediction has neither ``std`` nor intervals, or no target has a known truth.
    """
    prediction, truth = _judged(prediction, truth)
    known = np.isfinite(truth.values)
    drawn = np.flatnonzero(known.any(axis=0))[:MOST_PANELS]
    columns = 2 if "std" in prediction else 1
    fig = new_figure(3.8 * columns, 3.1 * drawn.size + 0.2)
    axes = fig.subplots(drawn.size, columns, squeeze=False)
    for row, j in zip(axes, drawn, strict=True):
        own = {"target": known[:, j], "output": [j]}
        of_one, truth_of_one = prediction.isel(own), truth.isel(own)
        _coverage(row[0], of_one, truth_of_one)
        if columns > 1:
            _histogram(row[1], of_one, truth_of_one)
        name = str(truth["output"].values[j])
        for ax in row:
            ax.set_title(f"{name}: {ax.get_title(loc='left')}", loc="left", fontsize="medium")
            if j != drawn[0]:
                ax.get_legend().remove()
    clean(*fig.axes)
    return fig


def _judged(prediction: xr.Dataset, truth: xr.DataArray) -> tuple[xr.Dataset, xr.DataArray]:
    """Return both of the targets with a known truth."""
    prediction, truth, _ = align(prediction, truth)
    if not prediction.sizes["target"]:
        raise DataError("calibration: no predicted target has a known truth")
    if "std" not in prediction and "lower" not in prediction:
        raise DataError("calibration: the prediction has neither std nor intervals; add an uncertainty step")
    return prediction, truth


def _coverage(ax: Axes, prediction: xr.Dataset, truth: xr.DataArray) -> None:
    ax.plot([0, 100], [0, 100], color="black", lw=0.9, ls="--", label="ideal")
    if "std" in prediction:
        levels = np.concatenate([np.linspace(0.02, 0.98, 49), [0.99]])
        curve = diagnostics.coverage_curve(prediction["mean"].values, prediction["std"].values, truth.values, levels)
        nominal, measured, scatter = 100 * curve.nominal, 100 * curve.empirical, 100 * np.nan_to_num(curve.error)
        ax.fill_between(nominal, measured - scatter, measured + scatter, color=PALETTE["sky"], alpha=0.35, lw=0)
        ax.plot(nominal, measured, color=PALETTE["blue"], label="normal errors of size std")
    if "lower" in prediction:
        for i, level in enumerate(prediction["level"].values):
            counts = diagnostics.coverage_by_target(
                prediction["lower"].values[..., i], prediction["upper"].values[..., i], truth.values
            )
            fraction, error = diagnostics.clustered_fraction(*counts)
            ax.errorbar(
                100 * level,
                100 * fraction,
                yerr=100 * np.nan_to_num(error),
                fmt="o",
                ms=5,
                capsize=2.5,
                color=PALETTE["vermillion"],
                zorder=4,
                label="stated intervals" if i == 0 else None,
            )
    ax.set(xlim=(0, 100), ylim=(0, 102), xlabel="Nominal coverage (%)", ylabel="Measured coverage (%)")
    ax.set_title(f"Coverage, {truth.sizes['target']} targets", loc="left")
    ax.legend(loc="lower right")


def _histogram(ax: Axes, prediction: xr.Dataset, truth: xr.DataArray) -> None:
    pit = diagnostics.pit_normal(prediction["mean"].values, prediction["std"].values, truth.values)
    counts, edges = np.histogram(pit, bins=_BINS, range=(0.0, 1.0))
    expected = 1.0 / _BINS
    # outputs of a target are correlated, so the number of independent values is that of targets
    scatter = np.sqrt(expected * (1 - expected) / truth.sizes["target"])
    ax.axhspan(100 * (expected - scatter), 100 * (expected + scatter), color="0.85", lw=0)
    ax.axhline(100 * expected, color="black", lw=0.9, ls="--", label="calibrated, ±1 standard error")
    ax.stairs(100 * counts / pit.size, edges, color=PALETTE["blue"], lw=1.4, fill=False, label="predictions")
    ax.set(xlim=(0, 1), ylim=(0, None), xlabel="PIT (predicted probability below the truth)", ylabel="Fraction (%)")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * 1.22)
    ax.set_title(f"PIT, distance from uniform {diagnostics.uniform_distance(pit):.3f}", loc="left")
    ax.legend(loc="upper right")
