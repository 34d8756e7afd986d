"""Statistics that outliers and masked samples do not move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAD_TO_STD", "masked_median"]

#: Standard deviation of a normal variable over its median absolute deviation, 1 / Phi^-1(3/4).
MAD_TO_STD = 1.482602218505602


def masked_median(values: NDArray[np.float64], use: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the median (n,) of those of each row of ``values (n, m)`` that ``use (n, m)`` marks; 0 without any."""
    ordered = np.sort(np.where(use, values, np.inf), axis=1)
    count = use.sum(axis=1)
    rows = np.arange(len(values))
    with np.errstate(invalid="ignore"):
        middle = 0.5 * (ordered[rows, np.maximum(count - 1, 0) // 2] + ordered[rows, count // 2])
    return np.where(count > 0, middle, 0.0)
