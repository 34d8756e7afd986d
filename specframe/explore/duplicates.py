"""Spectra that are the same under different labels, which no model can tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.explore.labels import names_of
from specframe.explore.spectra import check_spectra, sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Duplicates", "accuracy_ceiling", "find_duplicates"]

#: Up to this difference, relative to the root mean square, two spectra differ by rounding only: some steps of float32.
_DIFFERENT = 1e-6
#: Directions onto which spectra are projected to find neighbours, and neighbours of each that are looked at.
_DIRECTIONS, _NEIGHBOURS = 24, 6
#: Spectra of fewer wavelengths have no shape to speak of.
_FEWEST_FOR_SHAPE = 5


@dataclass(frozen=True)
class Duplicates:
    """Spectra that are the same.

    ``groups`` are lists of indices of spectra that are identical, ``scaled`` those that are up to a factor.
    ``nearest (n_target,)`` is the root mean square of the difference to the nearest other spectrum, relative to that
    of the spectrum itself, and ``neighbour`` its index.
    """

    groups: list[list[int]]
    scaled: list[list[int]]
    nearest: Array
    neighbour: NDArray[np.intp]

    def within(self, tolerance: float) -> int:
        """Return how many spectra have another one within this relative difference."""
        return int((self.nearest <= tolerance).sum())


def find_duplicates(spectra: xr.DataArray) -> Duplicates:
    """Find spectra that are identical, identical up to a factor, or nearly so.

    Neighbours are looked for among projections onto a few directions and then compared pixel by pixel. Identical
    spectra have equal projections, so that none is missed; the nearest neighbour may be, where several are about as
    near.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked. Identical ones are masked at the same pixels.

    Raises
    ------
    DataError
        When there are fewer than two.
    """
    check_spectra(spectra)
    values = np.where(np.isfinite(spectra.values), spectra.values, np.nan)
    if len(values) < 2:
        raise DataError("duplicates: one spectrum has nothing to be compared with")
    size = sizes(values)
    shapes = values / size[:, None]
    nearest, neighbour = _nearest(values, size)
    scaled = _groups(shapes) if values.shape[1] >= _FEWEST_FOR_SHAPE else []
    return Duplicates(_groups(values), scaled, nearest, neighbour)


def accuracy_ceiling(labels: xr.DataArray, groups: Sequence[Sequence[int]]) -> dict[str, float]:
    """Return the highest R2 that any model can reach for each label, given groups of identical spectra.

    A model can do no better than predict the mean label of a group: R2 = 1 - sum of squares within groups / total sum
    of squares. Labels that do not vary are left out.

    Parameters
    ----------
    labels
        Dims ``(target, output)``, in the order of the spectra.
    groups
        Indices of identical spectra.
    """
    ceilings = {}
    for name in names_of(labels):
        values = labels.sel(output=name).values.astype(float)
        known = np.isfinite(values)
        total = float(np.square(values[known] - values[known].mean()).sum()) if known.any() else 0.0
        if not total > 0:
            continue
        within = 0.0
        for group in groups:
            own = values[list(group)]
            own = own[np.isfinite(own)]
            within += float(np.square(own - own.mean()).sum()) if own.size else 0.0
        ceilings[name] = 1.0 - within / total
    return ceilings


def _groups(values: Array) -> list[list[int]]:
    """Return the indices of rows that differ by rounding only."""
    known: NDArray[np.bool_] = np.isfinite(values)
    filled, limit = np.nan_to_num(values), _DIFFERENT * sizes(values)
    direction = np.random.default_rng(0).normal(size=values.shape[1])
    # rows whose elements differ by at most so much differ at most so much in this weighted mean
    place = filled @ (direction / np.abs(direction).sum())
    order = np.argsort(place, kind="stable")
    last = np.searchsorted(place[order], place[order] + limit[order], side="right")
    groups: list[list[int]] = []
    taken: NDArray[np.bool_] = np.logical_not(known.any(axis=1))
    for i, first in enumerate(order):
        rivals = order[i + 1 : last[i]]
        rivals = rivals[~taken[rivals]]
        if taken[first] or not rivals.size:
            continue
        near = np.abs(filled[rivals] - filled[first]).max(axis=1) <= limit[first]
        same = rivals[near & (known[rivals] == known[first]).all(axis=1)]
        if same.size:
            taken[same] = True
            groups.append(sorted([int(first), *(int(j) for j in same)]))
    return sorted(groups)


def _nearest(values: Array, size: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return the relative difference to the nearest neighbour and its index."""
    from scipy.spatial import cKDTree

    filled = np.nan_to_num(values) / np.median(size)
    directions = np.random.default_rng(0).normal(size=(filled.shape[1], _DIRECTIONS)) / np.sqrt(_DIRECTIONS)
    projected = filled @ directions
    # in a set that spans magnitudes, near is meant relative to the spectrum
    projected = projected / np.linalg.norm(projected, axis=1, keepdims=True).clip(1e-300)
    brightness = np.log(size)[:, None] - np.log(np.median(size))
    count = min(_NEIGHBOURS + 1, len(values))
    _, found = cKDTree(np.hstack([projected, brightness])).query(np.hstack([projected, brightness]), k=count)
    nearest, neighbour = np.full(len(values), np.inf), np.zeros(len(values), np.intp)
    for k in range(found.shape[1]):
        other = found[:, k]
        difference = _size_of_difference(values, values[other]) / size
        better = (other != np.arange(len(values))) & (difference < nearest)
        nearest[better], neighbour[better] = difference[better], other[better]
    return nearest, neighbour


def _size_of_difference(a: Array, b: Array) -> Array:
    difference = a - b
    known = np.isfinite(difference)
    mean = np.where(known, difference, 0.0) ** 2
    count = known.sum(axis=1)
    return np.asarray(np.where(count > 0, np.sqrt(mean.sum(axis=1) / np.maximum(count, 1)), np.inf))
