"""Quantiles of scores at the ranks that hold a level for finite numbers of targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["conformal_quantile", "least_targets", "pooled_quantile", "rank_of"]

#: Products such as 0.68 x 25 must not be one rank too high by rounding.
_ROUNDING = 1e-9


def least_targets(level: float) -> int:
    """Return the smallest number of targets that has the rank for a level: 3 for 0.68, 19 for 0.95, 99 for 0.99."""
    return math.ceil(level / (1 - level) * (1 - _ROUNDING))


def rank_of(count: NDArray[np.intp], level: float, who: str) -> NDArray[np.intp]:
    """Return ``ceil((n + 1) level)`` for each ``n`` of ``count``; raise :class:`DataError` where it is above ``n``."""
    rank = np.ceil((count + 1) * level - _ROUNDING).astype(int)
    if np.any(rank > count):
        raise _too_few(int(count.min()), level, who)
    return np.asarray(rank)


def conformal_quantile(scores: Array, levels: Sequence[float], who: str = "conformal_quantile") -> Array:
    """Return the ``ceil((n + 1) level)``-th smallest score of each output, shape (n_level, n_output).

    ``scores`` (n_target, n_output), of which ``n`` are not NaN. Raises :class:`DataError` when there is no such rank.
    """
    ordered = np.sort(scores.T, axis=1)  # NaN go last; rows are contiguous
    count = np.isfinite(ordered).sum(axis=1)
    found = np.empty((len(levels), len(ordered)))
    for i, level in enumerate(levels):
        rank = rank_of(count, level, who)
        found[i] = np.take_along_axis(ordered, rank[:, None] - 1, axis=1)[:, 0]
    return found


def pooled_quantile(scores: Array, levels: Sequence[float], who: str = "pooled_quantile") -> Array:
    """Return the smallest ``q`` that holds each level on average over outputs, shape (n_level,).

    The smallest ``q`` with ``sum_i F_i(q) >= (n + 1) level``, where ``F_i`` is the fraction of target ``i``'s known
    scores up to ``q``: conformal risk control of the fraction of outputs missed. For a single output it is
    :func:`conformal_quantile`.
    """
    known = np.isfinite(scores)
    weight = np.broadcast_to(1.0 / known.sum(axis=1, keepdims=True), scores.shape)[known]
    values = scores[known]
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weight[order])
    n = len(scores)
    found = np.empty(len(levels))
    for i, level in enumerate(levels):
        at = int(np.searchsorted(held, (n + 1) * level - _ROUNDING))
        if at >= held.size:
            raise _too_few(n, level, who)
        found[i] = values[order[at]]
    return found


def _too_few(n: int, level: float, who: str) -> DataError:
    needed = least_targets(level)
    return DataError(
        f"{who}: an interval at level {level:g} needs at least {needed} calibration targets with known truth, got {n}; "
        "give more targets or ask for lower levels"
    )
