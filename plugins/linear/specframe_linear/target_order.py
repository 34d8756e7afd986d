"""An order of targets of their own, so that how they were given does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["target_order"]


def target_order(
    matrix: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return an order of the targets that depends on what is known of each only: sums are then equal to the last bit.

    Shapes are (n_target, n_feature), (n_target, n_output) and (n_target,).
    """
    rows = np.column_stack([matrix, labels, weight])
    keys = [row.tobytes() for row in rows]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
