"""Cross-validation folds that keep groups whole."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["grouped_folds", "validation_split"]


def grouped_folds(groups: ArrayLike, folds: int, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Split targets into ``folds`` of about equal size without ever splitting a group.

    Groups go, the largest first and equally large ones in random order, to the fold that is the smallest so far
    (Graham's longest-processing-time rule). When every target is a group of its own this is a shuffled K-fold whose
    test sizes differ by one at most. Which groups share a fold depends on ``seed`` and on the groups' names and
    sizes only, not on the order of the targets.

    Parameters
    ----------
    groups
        Group of each target, shape (n_target,): names or numbers, compared as text.
    folds
        Number of folds, at least 2.
    seed
        Decides which groups meet.

    Returns
    -------
    list of (train, test)
        Ascending indices into the targets; every target is in exactly one ``test``.

    Raises
    ------
    UsageError
        When there are fewer groups than folds.
    DataError
        When a target has no group (NaN or an empty name).
    """
    values = np.asarray(groups)
    if values.ndim != 1:
        raise UsageError(f"cross-validation: expected one group per target, shape (n_target,), got {values.shape}")
    if folds < 2:
        raise UsageError(f"cross-validation: folds (={folds}) must be at least 2")
    labels = np.array([str(value) for value in values])
    missing = np.flatnonzero(np.isin(labels, ("", "nan", "None", "NaT")))
    if missing.size:
        raise DataError(
            f"cross-validation: {missing.size} of {labels.size} targets have no group, the first at index "
            f"{missing[0]}; give each a value or group by another variable"
        )
    names, group_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if names.size < folds:
        listed = ", ".join(names[:5]) + (" ..." if names.size > 5 else "")
        raise UsageError(
            f"cross-validation: {folds} folds need at least {folds} groups, but {labels.size} targets are in "
            f"{names.size} ({listed or 'none'}); ask for fewer folds or group by a variable with more values"
        )

    shuffled = np.random.default_rng(seed).permutation(names.size)
    largest_first = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    fold_of_group = np.empty(names.size, int)
    lightest = [(0, fold) for fold in range(folds)]
    for group in largest_first:
        size, fold = heapq.heappop(lightest)
        fold_of_group[group] = fold
        heapq.heappush(lightest, (size + int(sizes[group]), fold))
    fold_of_target = fold_of_group[group_of]
    return [(np.flatnonzero(fold_of_target != fold), np.flatnonzero(fold_of_target == fold)) for fold in range(folds)]


def validation_split(groups: ArrayLike, fraction: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hold out about ``fraction`` of the targets, in whole groups, to validate a fit by.

    Groups are taken in random order until the fraction is reached, one at least and all but one at most; which they
    are depends on ``seed`` and on the groups' names and sizes, not on the order of the targets. ``groups (n_target,)``
    are names.

    Returns
    -------
    train, validation
        Ascending indices into the targets. With a single group both hold all targets: there is nothing to hold out.

    Raises
    ------
    UsageError
        When ``fraction`` is not between 0 and 1.
    """
    if not 0.0 < fraction < 1.0:
        raise UsageError(f"validation: the fraction held out must be between 0 and 1, got {fraction}")
    names, group_of, sizes = np.unique(np.asarray(groups).astype(str), return_inverse=True, return_counts=True)
    everything = np.arange(group_of.size)
    if names.size < 2:
        return everything, everything
    order = np.random.default_rng(seed).permutation(names.size)
    reached = int(np.searchsorted(np.cumsum(sizes[order]), fraction * group_of.size)) + 1
    held_out = np.isin(group_of, order[: min(reached, names.size - 1)])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
