"""Labels as they are: statistics, correlations, and how they cover the grid that they span."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.outputs import output_units
from specframe.explore.section import Statistics

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["GridCoverage", "grid_coverage", "grid_values", "label_statistics", "label_units", "names_of", "varying"]

#: A label lies on a grid when it has at most so many values, each this many times on average.
_MOST_VALUES, _REPEATS = 60, 3.0
#: So many combinations are looked through one by one.
_MOST_COMBINATIONS = 2_000_000


@dataclass(frozen=True)
class GridCoverage:
    """Which combinations of the labels' values there are.

    ``axes`` are the values of each label that lies on a grid; of all ``possible`` combinations of them ``filled`` have
    a target, ``repeated`` more than one. ``holes (n_hole, n_axis)`` are the first combinations without a target.
    """

    axes: dict[str, Array]
    possible: int
    filled: int
    repeated: int
    holes: Array

    @property
    def missing(self) -> int:
        """Combinations without a target."""
        return self.possible - self.filled


def names_of(labels: xr.DataArray) -> list[str]:
    """Return the names of the labels."""
    return [str(name) for name in labels["output"].values]


def label_units(labels: xr.DataArray) -> dict[str, str]:
    """Return the unit of each label, ``""`` for none."""
    return dict(zip(names_of(labels), output_units(labels), strict=True))


def varying(labels: xr.DataArray) -> list[str]:
    """Return the labels with at least two values."""
    return [name for name in names_of(labels) if len(_distinct(labels, name)) > 1]


def grid_values(labels: xr.DataArray) -> dict[str, Array]:
    """Return the values of each label that lies on a grid: few values, each of them several times."""
    found = {}
    for name in varying(labels):
        values, n_known = _distinct(labels, name), int(np.isfinite(labels.sel(output=name).values).sum())
        if len(values) <= _MOST_VALUES and n_known >= _REPEATS * len(values):
            found[name] = values
    return found


def grid_coverage(labels: xr.DataArray, most_holes: int = 1000) -> GridCoverage | None:
    """Return how the labels cover the grid of all combinations of their values.

    Labels that do not lie on a grid are left out; ``None`` when fewer than two are left.

    Parameters
    ----------
    labels
        Dims ``(target, output)``.
    most_holes
        At most so many combinations without a target are listed.
    """
    axes = grid_values(labels)
    if len(axes) < 2:
        return None
    rows = labels.sel(output=list(axes)).values
    rows = rows[np.isfinite(rows).all(axis=1)]
    indices = np.stack([np.searchsorted(values, rows[:, i]) for i, values in enumerate(axes.values())], axis=1)
    there, counts = np.unique(indices, axis=0, return_counts=True)
    possible = int(np.prod([len(values) for values in axes.values()], dtype=object))
    holes: list[tuple[float, ...]] = []
    if len(there) < possible <= _MOST_COMBINATIONS:
        known = {tuple(row) for row in there.tolist()}
        steps = product(*(range(len(values)) for values in axes.values()))
        empty = islice((step for step in steps if step not in known), most_holes)
        grid = list(axes.values())
        holes = [tuple(float(grid[i][j]) for i, j in enumerate(step)) for step in empty]
    return GridCoverage(
        axes, possible, len(there), int((counts > 1).sum()), np.array(holes, float).reshape(-1, len(axes))
    )


def label_statistics(labels: xr.DataArray) -> Statistics:
    """Return a table with a row per label: how many are known, how many values, quartiles, mean and scatter."""
    rows: dict[str, list[object]] = {
        key: []
        for key in ("label", "unit", "known", "values", "lowest", "p25", "median", "p75", "highest", "mean", "std")
    }
    units = label_units(labels)
    for name in names_of(labels):
        values = labels.sel(output=name).values.astype(float)
        values = values[np.isfinite(values)]
        rows["label"].append(name)
        rows["unit"].append(units[name])
        rows["known"].append(int(values.size))
        rows["values"].append(int(np.unique(values).size))
        quartiles = np.percentile(values, [0, 25, 50, 75, 100]) if values.size else np.full(5, np.nan)
        for key, value in zip(("lowest", "p25", "median", "p75", "highest"), quartiles, strict=True):
            rows[key].append(float(value))
        rows["mean"].append(float(values.mean()) if values.size else np.nan)
        rows["std"].append(float(values.std()) if values.size else np.nan)
    return Statistics("labels", "Labels", rows)


def _distinct(labels: xr.DataArray, name: str) -> Array:
    values = labels.sel(output=name).values.astype(float)
    return np.unique(values[np.isfinite(values)])
