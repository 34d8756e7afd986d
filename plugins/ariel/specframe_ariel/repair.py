"""Samples that the star did not make: cosmic rays and saturated reads, found and repaired in each pixel's series.

A cosmic ray leaves charge in one pixel and one pair of reads, so it can only raise a sample, and a transit can only
lower many. A sample is a hit when it stands above the median of the seven samples around it by more than a number of
standard deviations, those of photon and read noise or, where pointing or drift move the pixel more than that, those
of the pixel's own scatter from sample to sample. The median follows slopes exactly, so an ingress is no outlier.

A jump of the pointing lowers as many pixels as it raises. Bins in which pixels fall as far as others rise are left as
they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD
from specframe_ariel.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WINDOW", "find_outliers", "pointing_jumps", "replace_samples"]

#: Samples over which the median runs: two hits next to each other leave it where it was, and a transit is longer.
WINDOW = 7
_SIDE = WINDOW // 2
#: Pixels that fall, as a share of those that rise, from which the star moved.
_FALLING = 0.25


@compiled
def find_outliers(
    means: NDArray[np.float64],
    read_variance: NDArray[np.float64],
    per_bin: int,
    gain: float,
    offset: float,
    sigma: float,
    outlier: NDArray[np.int8],
) -> None:
    """Write into ``outlier`` (n, n_bin) 1 where a sample of ``means`` stands out above, -1 below, 0 elsewhere.

    Parameters
    ----------
    means
        Mean samples by bin (n, n_bin); electrons = value / ``gain`` + ``offset``.
    read_variance
        Of the read noise in a sample before binning, (n,), in electron^2.
    per_bin
        Samples in a bin.
    sigma
        Standard deviations from which a sample is an outlier.
    """
    n_bin = means.shape[1]
    square = sigma * sigma * gain * gain / per_bin
    outlier[:] = 0
    if n_bin < WINDOW:
        return
    around = np.empty(WINDOW)
    far = np.empty(n_bin - 1, np.bool_)
    for n in range(len(means)):
        series = means[n]
        suspects = 0
        for k in range(n_bin - 1):
            step = series[k + 1] - series[k]
            noise = square * (max(min(series[k], series[k + 1]) / gain + offset, 0.0) + read_variance[n])
            far[k] = step * step > noise
            suspects += far[k]
        if suspects == 0:
            continue
        scatter = -1.0
        for k in range(n_bin):
            # an outlier is far from one of its neighbours at least; a median for every sample would take too long
            if not ((k > 0 and far[k - 1]) or (k < n_bin - 1 and far[k])):
                continue
            first = min(max(k - _SIDE, 0), n_bin - WINDOW)
            edge = k - first != _SIDE
            count = 0
            low, high = np.inf, -np.inf
            for i in range(first, first + WINDOW):
                if not (edge and i == k):
                    around[count] = series[i]
                    low, high = min(low, series[i]), max(high, series[i])
                    count += 1
            middle = np.median(around[:count])
            step = series[k] - middle
            if edge:  # a median does not follow a slope there: an outlier is further off than the others are apart
                spread = high - low
                step = max(series[k] - high - spread, 0.0) + min(series[k] - low + spread, 0.0)
            noise = square * (max(middle / gain + offset, 0.0) + read_variance[n])
            if not step * step > noise:
                continue
            if scatter < 0.0:
                scatter = MAD_TO_STD * np.median(np.abs(series[1:] - series[:-1])) / np.sqrt(2.0)
            if abs(step) > sigma * scatter:
                outlier[n, k] = 1 if step > 0.0 else -1


def pointing_jumps(outlier: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return the bins (n_bin,) in which pixels stand out to both sides; ``outlier`` as from :func:`find_outliers`."""
    falling, rising = (outlier < 0).sum(axis=0), (outlier > 0).sum(axis=0)
    jumps: NDArray[np.bool_] = (falling > 0) & (falling >= _FALLING * rising)
    return jumps


@compiled
def replace_samples(means: NDArray[np.float64], bad: NDArray[np.bool_]) -> None:
    """Replace ``bad`` samples of ``means`` (n, n_bin), in place, by the median of the good ones around them.

    The samples around one are the seven of which it is in the middle, or the first or last seven. Where none of them
    is good, it stays as it is.
    """
    n_bin = means.shape[1]
    around = np.empty(WINDOW)
    for n in range(len(means)):
        for k in range(n_bin):
            if not bad[n, k]:
                continue
            first = max(min(k - _SIDE, n_bin - WINDOW), 0)
            count = 0
            for i in range(first, min(first + WINDOW, n_bin)):
                if not bad[n, i]:
                    around[count] = means[n, i]
                    count += 1
            if count > 0:
                means[n, k] = np.median(around[:count])
