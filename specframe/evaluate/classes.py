"""Targets sorted into classes, so that scores can be told for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["target_classes"]

#: Up to so many different values are a class each.
_MOST_CLASSES = 12
#: More different numbers are cut into classes of equal count.
_CUTS = 4


def target_classes(values: ArrayLike, units: str = "") -> dict[str, NDArray[np.intp]]:
    """Sort targets into classes by what is known of each.

    Up to 12 different values make a class each; more numbers are cut into quarters of equal count, which are named by
    the lowest and highest number in them. Equal numbers are never parted.

    Parameters
    ----------
    values
        Shape (n_target,): numbers, texts or truth values. NaN and empty texts are in no class.
    units
        Written into the names.

    Returns
    -------
    Ascending indices of the targets by the name of the class; the classes in ascending order.

    Raises
    ------
    DataError
        When there are more than 12 different texts, or no value is known.
    """
    array = np.asarray(values)
    is_number = array.dtype.kind in "fiu"
    array = array.astype(float) if is_number else array.astype(str)
    known = np.flatnonzero(np.isfinite(array) if is_number else ~np.isin(array, ("", "nan", "None", "NaT")))
    if not known.size:
        raise DataError("none of the targets has a value")
    different = np.unique(array[known])
    unit = f" {units}" if units else ""
    if different.size <= _MOST_CLASSES:
        return {f"{_text(value)}{unit}": known[array[known] == value] for value in different}
    if not is_number:
        raise DataError(f"{different.size} different values are too many classes (at most {_MOST_CLASSES})")
    numbers = array[known].astype(float)
    edges = np.quantile(numbers, np.arange(1, _CUTS) / _CUTS)
    of = np.searchsorted(edges, numbers, side="left")
    found = {}
    for i in np.unique(of):
        own = numbers[of == i]
        found[f"{_text(own.min())} to {_text(own.max())}{unit}"] = known[of == i]
    return found


def _text(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
