"""Spectra of depths averaged over bins in wavelength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BinnedDepths", "bin_depths"]


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
