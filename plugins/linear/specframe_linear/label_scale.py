"""Centre and scatter of training labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LabelScale"]

#: Labels that scatter by less than this part of their size are the same but for rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class LabelScale:
    """Weighted ``mean`` and ``std`` of each output, shape (n_output,); ``std`` is 1 for an output that is constant.

    ``rounding`` is the smallest error that can be told from none, above 0 for every output.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    rounding: NDArray[np.float64]

    @classmethod
    def of(cls, labels: NDArray[np.float64], weight: NDArray[np.float64]) -> Self:
        """Measure labels (n_target, n_output) with weights (n_target,)."""
        mean = np.average(labels, axis=0, weights=weight)
        std = np.sqrt(np.average(np.square(labels - mean), axis=0, weights=weight))
        # below the root of the smallest number, the square of an error would be 0
        rounding = np.maximum(_ROUNDING * np.abs(labels).max(axis=0), np.sqrt(np.finfo(float).tiny))
        return cls(mean, np.where(std > rounding, std, 1.0), rounding)

    def standard(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return labels of mean 0 and variance 1, exactly 0 for an output that is constant."""
        centred = labels - self.mean
        return np.where(np.abs(centred) > self.rounding, centred, 0.0) / self.std
