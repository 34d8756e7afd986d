"""Which targets of a training set are held out together, to choose what a model should be like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["label_folds"]


def label_folds(labels: NDArray[np.float64], folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold (n_target,) of each target, of as many folds as there are different labels at most.

    Targets with the same labels (n_target, n_output) are in one fold: they are one object that was observed more than
    once. Which labels share a fold depends on ``seed``, not on the order of the targets.
    """
    different, group = np.unique(labels, axis=0, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(different))
    fold: NDArray[np.intp] = (shuffled % min(folds, len(different)))[group.reshape(-1)]
    return fold
