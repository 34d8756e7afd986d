"""Labels of a grid as nodes of a lattice that may have holes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Lattice"]

#: Values of a label that differ by less than this part of its range are one value, written with rounding.
_SAME = 1e-6


@dataclass(frozen=True)
class Lattice:
    """The values that each label takes, and which combinations of them exist.

    ``axes`` holds the ascending values of each label, ``nodes`` (n_node, p) the distinct labels as they are written,
    ``node_of`` (n,) the node of each spectrum. A node is found by ``levels``: at level k stand the sorted keys of all
    combinations of the first k + 1 labels, so that no key grows beyond n times the number of values, however many
    labels there are.
    """

    axes: tuple[NDArray[np.float64], ...]
    nodes: NDArray[np.float64]
    node_of: NDArray[np.intp]
    levels: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, labels: NDArray[np.float64]) -> Self:
        """Read it from finite ``labels`` (n, p)."""
        axes, columns = [], []
        for values in labels.T:
            distinct, inverse = np.unique(values, return_inverse=True)
            starts = np.diff(distinct, prepend=-np.inf) > _SAME * np.ptp(distinct)
            axes.append(distinct[starts])
            columns.append((np.cumsum(starts) - 1)[inverse])
        index = np.stack(columns, axis=1)  # shape: (n, p)
        identity = np.zeros(len(index), np.int64)
        levels = []
        for axis, column in zip(axes, columns, strict=True):
            keys, identity = np.unique(identity * axis.size + column, return_inverse=True)
            levels.append(keys)
        first = np.unique(identity, return_index=True)[1]
        return cls(tuple(axes), labels[first], identity.astype(np.intp), tuple(levels))

    def find(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the nodes (m,) at positions ``index`` (m, p) along the axes, -1 where there is a hole."""
        identity, known = np.zeros(len(index), np.int64), np.ones(len(index), bool)
        for axis, keys, column in zip(self.axes, self.levels, index.T, strict=True):
            key = identity * axis.size + column
            identity = np.minimum(np.searchsorted(keys, key), keys.size - 1)
            known &= keys[identity] == key
        return np.where(known, identity, -1)

    def corners(self, parameters: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Yield each corner of the cells that hold ``parameters`` (m, p): its nodes (m,) and its weights (m,).

        Weights are those of multilinear interpolation and sum to 1 over the 2^p corners. A node of -1 with a weight
        above 0 says that the cell has a hole there; ``parameters`` must lie between the ends of the axes.
        """
        below, share = [], []
        for axis, values in zip(self.axes, parameters.T, strict=True):
            at = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, axis.size - 2)
            below.append(at)
            share.append((values - axis[at]) / (axis[at + 1] - axis[at]))
        for upper in product((0, 1), repeat=len(self.axes)):
            weight = np.ones(len(parameters))
            for side, part in zip(upper, share, strict=True):
                weight = weight * (part if side else 1.0 - part)
            index = np.stack([at + side for at, side in zip(below, upper, strict=True)], axis=1)
            yield self.find(index.astype(np.int64)), weight
