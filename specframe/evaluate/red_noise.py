"""Red noise: how slowly the scatter of residuals falls when they are averaged over longer and longer bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["BinnedScatter", "binned_scatter"]

#: Bins of the largest size; with fewer, their scatter is hardly known.
_FEWEST_BINS = 8
_SIZES = 24


@dataclass(frozen=True)
class BinnedScatter:
    """Scatter of residuals by bin size, arrays of shape (n_size,), in the units of the residuals."""

    #: Samples per bin, and number of bins.
    size: NDArray[np.intp]
    count: NDArray[np.intp]
    #: Standard deviation of the bins' means, and what it would be of white noise.
    scatter: Array
    white: Array

    def beta(self, low: float, high: float) -> float:
        """Return by how much errors of averages over ``low`` to ``high`` samples exceed those of white noise.

        The mean of ``scatter / white`` over the bin sizes in that range, at least 1 (Winn et al. 2008, ApJ 683, 1076,
        who take bins of 10 to 30 minutes, about the duration of ingress). NaN where there is no such bin size.
        """
        used = (self.size >= low) & (self.size <= high)
        return max(1.0, float(np.mean(self.scatter[used] / self.white[used]))) if used.any() else float("nan")


def binned_scatter(residual: ArrayLike, sizes: ArrayLike | None = None) -> BinnedScatter:
    """Average residuals over bins of neighbouring samples and measure the scatter of the means.

    The time-averaging method of Pont, Zucker & Queloz (2006, MNRAS 373, 231): of white noise with standard deviation
    ``s``, means of ``N`` samples scatter by ``s / sqrt(N)``; red noise averages down more slowly. Both standard
    deviations are taken with ``n - 1``, so that white noise follows its line at any number of bins.

    Parameters
    ----------
    residual
        Shape (n_time,), in order of time and about evenly spaced; NaN (masked) samples are left out.
    sizes
        Samples per bin; by default up to 24 sizes, evenly spaced in logarithm, that leave at least 8 bins.

    Raises
    ------
    DataError
        When fewer than 16 samples are left, or they do not scatter.
    """
    values = np.asarray(residual, float)
    values = values[np.isfinite(values)]
    if values.size < 2 * _FEWEST_BINS:
        raise DataError(f"red noise: {values.size} usable residuals, expected at least {2 * _FEWEST_BINS}")
    spread = float(np.std(values, ddof=1))
    if not spread > 0:
        raise DataError("red noise: the residuals do not scatter")
    if sizes is None:
        size = np.unique(np.geomspace(1, values.size // _FEWEST_BINS, _SIZES).round().astype(np.intp))
    else:
        size = np.asarray(sizes, np.intp)
        if size.size == 0 or size.min() < 1 or values.size // size.max() < 2:
            raise DataError(f"red noise: bins of 1 to {values.size // 2} samples are possible, got {size.tolist()}")
    count = values.size // size
    scatter = [
        float(np.std(values[: m * n].reshape(m, n).mean(axis=1), ddof=1)) for n, m in zip(size, count, strict=True)
    ]
    return BinnedScatter(size, count, np.array(scatter), spread / np.sqrt(size))
