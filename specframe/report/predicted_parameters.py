"""What is predicted of a few targets, beside the range that the model learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.intervals import interval
from specframe.evaluate.outputs import output_units
from specframe.report.canvas import PALETTE, clean, short, styled
from specframe.report.panels import MOST_PANELS, labelled, panel_grid

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_predicted_parameters"]

#: More targets than these are not legible one below the other.
MOST_TARGETS = 40
_MARKERS = {-1: "<", 0: "o", 1: ">"}


@styled
def draw_predicted_parameters(prediction: xr.Dataset, truth: xr.DataArray | None = None) -> Figure:
    """Draw a panel for each parameter with a row for each target: mean, 68 % interval, and thinner the 95 % one.

    Triangles lie at the lower or upper edge of the training labels or beyond, rings are targets unlike those of the
    training set, crosses are true values where they are known. Of more than 40 targets and 12 parameters the first are
    drawn.

    Raises
    ------
    DataError
        When there is no target.
    """
    if not prediction.sizes["target"]:
        raise DataError("predicted parameters: there is no target")
    prediction = prediction.isel(target=slice(MOST_TARGETS), output=slice(MOST_PANELS))
    targets = [str(name) for name in prediction["target"].values]
    fig, axes = panel_grid(prediction.sizes["output"], height=1.0 + 0.28 * max(len(targets), 3))
    known = None
    if truth is not None:
        known = truth.reindex(target=prediction["target"].values, output=prediction["output"].values).values
    units = output_units(prediction)
    for j, ax in enumerate(axes):
        _panel(ax, prediction, j, None if known is None else known[:, j])
        ax.set_xlabel(labelled(str(prediction["output"].values[j]), units[j]))
        ax.set_yticks(np.arange(len(targets)), [short(target) for target in targets])
        ax.set_ylim(len(targets) - 0.5, -0.5)
    clean(*axes)
    return fig


def _panel(ax: Axes, prediction: xr.Dataset, column: int, known: np.ndarray | None) -> None:
    mean = prediction["mean"].values[:, column]
    rows = np.arange(mean.size)
    for level, width in ((0.95, 0.8), (0.68, 2.2)):
        bounds = interval(prediction, level)
        if bounds is not None:
            lower, upper = (bound[:, column] for bound in bounds)
            ax.hlines(rows, lower, upper, color=PALETTE["sky"], lw=width)
    edge = prediction["at_edge"].values[:, column] if "at_edge" in prediction else np.zeros(mean.size, int)
    for side, marker in _MARKERS.items():
        own = edge == side
        if own.any():
            ax.plot(mean[own], rows[own], marker, ms=5, color=PALETTE["orange" if side else "blue"], zorder=3)
    if "extrapolating" in prediction and prediction["extrapolating"].values.any():
        beyond = prediction["extrapolating"].values
        ax.plot(mean[beyond], rows[beyond], "o", ms=9, mfc="none", mec=PALETTE["vermillion"], mew=1.0, zorder=3)
    if known is not None:
        ax.plot(known, rows, "x", ms=5, color="black", zorder=4)
    ax.grid(axis="y", color="0.92", lw=0.8)
    ax.set_axisbelow(True)
