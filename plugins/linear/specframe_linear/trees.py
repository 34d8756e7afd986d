"""Decision trees as arrays: kept without pickle, and walked without scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Trees", "rounded"]

#: Targets that walk at a time, to bound the memory they take.
_CHUNK = 2048


@dataclass(frozen=True)
class Trees:
    """The nodes of many trees, one tree after the other.

    ``feature``, ``threshold``, ``missing_left``, ``left`` and ``right`` have an entry per node; a leaf has feature -1.
    A target goes left where its feature is at most the threshold, or where it is missing and ``missing_left`` is set.
    ``root (n_tree,)`` is the node that a tree starts from.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    root: NDArray[np.int32]

    @classmethod
    def join(cls, trees: Sequence[tuple[Any, Any, Any, Any, Any]]) -> Self:
        """Join trees given as feature, threshold, missing_left, left and right, with nodes counted from 0 in each."""
        sizes = [len(tree[0]) for tree in trees]
        root = np.cumsum([0, *sizes[:-1]])
        feature, threshold, missing_left = (np.concatenate([tree[i] for tree in trees]) for i in range(3))
        left, right = (
            np.concatenate([tree[i].astype(np.int64) + first for tree, first in zip(trees, root, strict=True)])
            for i in (3, 4)
        )
        return cls(
            feature.astype(np.int32),
            threshold.astype(np.float64),
            missing_left.astype(bool),
            left.astype(np.int32),
            right.astype(np.int32),
            root.astype(np.int32),
        )

    def leaves(self, features: NDArray[Any]) -> NDArray[np.intp]:
        """Return the leaf's node of each target (n_target, n_feature) in each tree, shape (n_target, n_tree)."""
        parts = [self._walk(features[i : i + _CHUNK]) for i in range(0, len(features), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.root)), np.intp)

    def _walk(self, features: NDArray[Any]) -> NDArray[np.intp]:
        node = np.broadcast_to(self.root, (len(features), len(self.root))).astype(np.intp)
        target, tree = np.nonzero(self.feature[node] >= 0)
        while len(target):
            here = node[target, tree]
            value = features[target, self.feature[here]]
            leftwards = np.where(np.isnan(value), self.missing_left[here], value <= self.threshold[here])
            there = np.where(leftwards, self.left[here], self.right[here])
            node[target, tree] = there
            inner = self.feature[there] >= 0
            target, tree = target[inner], tree[inner]
        return node

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the nodes as arrays; :meth:`from_arrays` is the inverse."""
        return {f"trees.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`arrays` returned, other arrays beside it."""
        named = {name.removeprefix("trees."): value for name, value in arrays.items() if name.startswith("trees.")}
        return cls(**named)


def rounded(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights to single precision.

    Two splits of a few targets are often equally good. The last digit of the weights, in which a multiple of all of
    them differs, must not decide between them.
    """
    return weight.astype(np.float32).astype(np.float64)
