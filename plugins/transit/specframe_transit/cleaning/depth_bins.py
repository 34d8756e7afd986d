"""Spectra of depths averaged over bins in wavelength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BinnedDepths", "bin_depths", "shared_noise"]


@dataclass(frozen=True)
class BinnedDepths:
    """``depth`` and ``depth_error`` (n_bin,), their ``covariance`` (n_bin, n_bin), and ``weight`` (n_bin, n_channel).

    Rows of ``weight`` sum to 1. Bins with too few depths are NaN.
    """

    depth: NDArray[np.float64]
    depth_error: NDArray[np.float64]
    covariance: NDArray[np.float64]
    weight: NDArray[np.float64]


def bin_depths(
    depth: NDArray[np.float64],
    depth_error: NDArray[np.float64],
    part: NDArray[np.float64],
    width: NDArray[np.float64],
    covariance: NDArray[np.float64] | None = None,
    max_masked: float = 0.5,
) -> BinnedDepths:
    """Return the means of depths weighted with 1 / depth_error^2 and the part of each channel in a bin.

    The covariance is W C W^T with the weights W; without ``covariance`` channels are taken to be independent. Errors
    that channels share (of the orbit, the common mode or limb darkening) do not average out, and are only seen where
    ``covariance`` holds them. A bin more than ``max_masked`` of which, in wavelength, has no depth is NaN.

    Shapes: ``depth``, ``depth_error`` and ``width`` (n_channel,), ``part`` (n_bin, n_channel) as from
    :func:`~specframe_transit.cleaning.rebinning.rebin_matrix`, ``covariance`` (n_channel, n_channel).
    """
    known = np.isfinite(depth) & np.isfinite(depth_error) & (depth_error > 0)
    precision = np.where(known, 1.0 / np.square(np.where(known, depth_error, 1.0)), 0.0)
    weight = part * precision
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, weight / np.where(total > 0, total, 1.0), 0.0)
    if covariance is None:
        covariance = np.diag(np.square(np.where(known, depth_error, 0.0)))
    both = known[:, None] & known
    combined = weight @ np.where(both, covariance, 0.0) @ weight.T
    all_of_it = part @ width
    lost = (part @ (width * ~known) > (max_masked + 1e-12) * all_of_it) | (total[:, 0] <= 0)
    combined[lost, :] = np.nan
    combined[:, lost] = np.nan
    mean = np.where(lost, np.nan, weight @ np.where(known, depth, 0.0))
    return BinnedDepths(mean, np.sqrt(np.diagonal(combined)), combined, weight)


def shared_noise(
    residual: NDArray[np.float64], use: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return by what factor bins scatter more than channels of independent noise would, (n_bin,), at least 1.

    Noise that channels share (1 / f noise of the detector, pointing, the common mode) does not average out in a bin.
    How much there is of it, residuals of the channels' fits show: the standard deviation of their weighted mean, over
    that of the mean of independent residuals. Times at which less than half of the weight of a bin is used do not
    count.
    A ratio of 1 is known to 1 / sqrt(2 n_time), so white noise raises errors by less than half of that on average.

    Shapes: ``residual`` and ``use`` (n_channel, n_time), residuals relative to the flux; ``weight`` (n_bin, n_channel),
    rows that sum to 1.
    """
    count = use.sum(axis=1)
    clean = np.where(use, residual, 0.0)
    mean = clean.sum(axis=1) / np.maximum(count, 1)
    clean = np.where(use, clean - mean[:, None], 0.0)
    variance = np.square(clean).sum(axis=1) / np.maximum(count - 1, 1)
    present = weight @ use
    kept = present > 0.5
    scale = np.where(kept, present, 1.0)
    binned = weight @ clean / scale
    expected = np.square(weight) @ (use * variance[:, None]) / np.square(scale)
    n = np.maximum(kept.sum(axis=1), 1)
    measured = np.where(kept, np.square(binned), 0.0).sum(axis=1) / n
    predicted = np.where(kept, expected, 0.0).sum(axis=1) / n
    known = predicted > 0
    return np.asarray(np.sqrt(np.maximum(np.where(known, measured / np.where(known, predicted, 1.0), 1.0), 1.0)))
