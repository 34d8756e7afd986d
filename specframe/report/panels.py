"""A panel for each parameter: how they are laid out, named and marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.evaluation import align
from specframe.evaluate.intervals import interval
from specframe.evaluate.outputs import output_units
from specframe.report.canvas import new_figure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["LEVEL", "MOST_PANELS", "Parameter", "known_parameters", "labelled", "noted", "panel_grid"]

#: More panels than these are not drawn in one figure.
MOST_PANELS = 12
_COLUMNS = 3
#: Coverage of error bars.
LEVEL = 0.68


@dataclass(frozen=True)
class Parameter:
    """One output of the targets whose truth is known in it; arrays of shape (n_target,)."""

    name: str
    unit: str
    true: Array
    mean: Array
    std: Array | None
    #: Distance from ``mean`` to the bounds of the 68 % interval, (2, n_target), never below zero.
    error: Array | None
    extrapolating: NDArray[np.bool_]
    #: -1 and 1 at or beyond the lower and upper edge of the training labels.
    edge: NDArray[np.int8]

    @property
    def residual(self) -> Array:
        """Predicted minus true value."""
        return self.mean - self.true

    @property
    def label(self) -> str:
        """Name and unit, ``teff [K]``."""
        return labelled(self.name, self.unit)


def labelled(what: str, unit: str) -> str:
    """Return the label of an axis: ``teff [K]``, and without a unit the name alone."""
    return f"{what} [{unit}]" if unit else what


def noted(value: float, unit: str) -> str:
    """Return a number of three digits with its unit, for a note within a panel."""
    return f"{value:.3g} {unit}".rstrip()


def known_parameters(prediction: xr.Dataset, truth: xr.DataArray, what: str) -> list[Parameter]:
    """Return every output that some target's truth is known in, of at most 12 the first.

    ``what`` is the figure that an error is blamed on.

    Raises
    ------
    DataError
        When no target has a known truth.
    """
    prediction, truth, _ = align(prediction, truth)
    bounds = interval(prediction, LEVEL)
    found = []
    for j, (name, unit) in enumerate(zip(prediction["output"].values, output_units(prediction), strict=True)):
        mean = prediction["mean"].values[:, j]
        rows = np.flatnonzero(np.isfinite(truth.values[:, j]) & np.isfinite(mean))
        if not rows.size:
            continue
        error = None
        if bounds is not None:
            lower, upper = (bound[rows, j] for bound in bounds)
            error = np.maximum(np.stack([mean[rows] - lower, upper - mean[rows]]), 0.0)
        found.append(
            Parameter(
                str(name),
                unit,
                truth.values[rows, j],
                mean[rows],
                prediction["std"].values[rows, j] if "std" in prediction else None,
                error,
                _flags(prediction, rows),
                prediction["at_edge"].values[rows, j] if "at_edge" in prediction else np.zeros(rows.size, np.int8),
            )
        )
    if not found:
        raise DataError(f"{what}: no predicted target has a known truth")
    return found[:MOST_PANELS]


def _flags(prediction: xr.Dataset, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    if "extrapolating" not in prediction:
        return np.zeros(rows.size, bool)
    return np.asarray(prediction["extrapolating"].values[rows], bool)


def panel_grid(count: int, width: float = 3.7, height: float = 3.3) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels, each of ``width`` x ``height`` inches, at most three in a row."""
    columns = min(count, 2 if count == 4 else _COLUMNS)
    rows = -(-count // columns)
    fig = new_figure(max(width * columns, 4.8), height * rows + 0.3)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.remove()
    return fig, list(axes[:count])
