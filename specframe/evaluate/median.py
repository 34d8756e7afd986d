"""The median of values whose targets count several times, for many such counts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["resampled_median"]


def resampled_median(values: Array, counts: Array) -> Array:
    """Return the median of each resample, (n_resample,); NaN where it holds no value.

    The sorted values are cut into blocks: how many of a resample are in each block is a matrix product, and only the
    block that holds the middle is looked through. The result is that of ``np.median`` on the repeated values.

    Parameters
    ----------
    values
        Shape (n_target, n_output); NaN is left out.
    counts
        Shape (n_resample, n_target): how often each target is in each resample, whole numbers.
    """
    target, _ = known = np.nonzero(np.isfinite(values))
    if not target.size:
        return np.full(len(counts), np.nan)
    order = np.argsort(values[known], kind="stable")
    ordered, target = values[known][order], target[order]
    size = int(np.ceil(np.sqrt(target.size)))
    block = np.arange(target.size) // size
    n_block = int(block[-1]) + 1
    in_block = np.zeros((counts.shape[1], n_block))
    np.add.at(in_block, (target, block), 1.0)
    below = np.cumsum(counts @ in_block, axis=1)  # shape: (n_resample, n_block)
    total = below[:, -1]
    middle = [
        _at(np.floor((total - 1) / 2), below, ordered, target, counts, size),
        _at(np.floor(total / 2), below, ordered, target, counts, size),
    ]
    return np.where(total > 0, np.mean(middle, axis=0), np.nan)


def _at(rank: Array, below: Array, ordered: Array, target: NDArray[np.intp], counts: Array, size: int) -> Array:
    """Return the value at a rank, counted from zero, of each resample."""
    rows = np.arange(len(counts))
    block = np.argmax(below > rank[:, None], axis=1)
    before = np.where(block > 0, below[rows, block - 1], 0.0)
    place = np.minimum(block[:, None] * size + np.arange(size), ordered.size - 1)  # shape: (n_resample, size)
    passed = before[:, None] + np.cumsum(counts[rows[:, None], target[place]], axis=1)
    found: Array = ordered[place[rows, np.argmax(passed > rank[:, None], axis=1)]]
    return found
