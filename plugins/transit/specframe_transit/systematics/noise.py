"""Time-correlated noise of residuals: how slowly their scatter falls when they are averaged over longer times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Allan", "RedNoise", "allan", "beta_of_channels", "red_noise"]

#: Bins over which beta is taken, d: 10 to 30 minutes, about the duration of ingress (Winn et al. 2008).
INGRESS = (10.0 / 1440.0, 30.0 / 1440.0)
#: Bin lengths within that range.
_LENGTHS = 6
#: A bin length needs so many bins more than parameters were fitted, else its scatter is hardly known.
_MIN_FREE_BINS = 4
#: A bin with less than this part of the usual samples is left out.
_MIN_FILL = 0.5
#: Standard error of the median over these lengths, over that of the middle one; from simulated white noise.
_MEDIAN_ERROR = 0.8
#: Beta is believed when it exceeds 1 by this many of its own standard errors.
_SIGNIFICANT = 1.0
#: Channels whose median ratio says something, standard error of a median over that of a mean, and standard errors by
#: which the median ratio must exceed 1.
_FEW_CHANNELS, _MEDIAN_OVER_MEAN, _COMMON = 3, 1.2533, 2.0


@dataclass(frozen=True)
class Allan:
    """Scatter of binned residuals: ``length`` (n_length,) of the bins in d, the others (n_channel, n_length).

    ``scatter`` is the standard deviation of the bins' means, ``white`` what it would be of white noise, and ``error``
    the standard error of ``scatter / white`` if the noise is white; NaN where there are too few bins.
    """

    length: Array
    scatter: Array
    white: Array
    error: Array


@dataclass(frozen=True)
class RedNoise:
    """Noise factors of each channel, all (n_channel,).

    ``ratio`` is the scatter of averages over that of white noise, ``error`` its standard error, and ``beta`` what
    errors are to be multiplied by: ``ratio`` where it exceeds 1 by more than ``error``, else 1.
    """

    beta: Array
    ratio: Array
    error: Array


def allan(
    residual: Array,
    time: Array,
    use: NDArray[np.bool_] | None = None,
    lengths: Array | None = None,
    n_fitted: int = 1,
    taken: Array | None = None,
) -> Allan:
    """Average residuals over bins of equal duration and measure the scatter of the means.

    The time-averaging method of Pont, Zucker & Queloz (2006, MNRAS 373, 231). Bins lie on the clock, so that gaps and
    masked samples leave bins with fewer samples rather than bins that reach across them: with ``n_j`` samples each, the
    mean of ``n_j mean_j^2`` is the variance of a sample if the noise is white. A fit takes ``n_fitted`` degrees of
    freedom from the bins as it does from the samples; both variances are divided by what is left, without which
    residuals of short series look whiter than they are.

    Parameters
    ----------
    residual
        Shape (n_channel, n_time), best over their errors: samples count alike.
    time
        Shape (n_time,) in d, ascending.
    use
        Which samples count, (n_channel, n_time).
    lengths
        Durations of the bins, d; by default from two sampling intervals to an eighth of the data.
    n_fitted
        Parameters that the fit took from each channel, as many from the bins as from the samples.
    taken
        What the fit took exactly, (n_channel, n_basis, n_time): ``sum_b taken_b taken_b^T`` is the matrix that turns
        flux over error into model over error. In place of ``n_fitted``.
    """
    residual = np.atleast_2d(np.asarray(residual, float))
    use = np.isfinite(residual) if use is None else np.asarray(use, bool) & np.isfinite(residual)
    values = np.where(use, residual, 0.0)
    interval = float(np.median(np.diff(time)))
    if lengths is None:
        span = float(time[-1] - time[0])
        lengths = np.geomspace(2.0 * interval, max(span / 8.0, 4.0 * interval), 16)
    count = use.sum(axis=1)
    lost = np.full(len(values), float(n_fitted)) if taken is None else np.square(taken).sum(axis=(1, 2))
    free = np.maximum(count - lost, 1.0)
    single = np.sqrt(np.square(values).sum(axis=1) / free)
    scatter, white, error = (np.full((len(values), len(lengths)), np.nan) for _ in range(3))
    for column, length in enumerate(lengths):
        number = np.floor((time - time[0]) / length + 1e-9).astype(np.intp)
        start = np.flatnonzero(np.diff(number, prepend=-1))
        total = np.add.reduceat(values, start, axis=1)
        filled = np.add.reduceat(use.astype(float), start, axis=1)
        full = filled >= np.maximum(_MIN_FILL * length / interval, 1.0)
        n_bins = full.sum(axis=1)
        if taken is not None:
            shared = np.square(np.add.reduceat(taken, start, axis=2)).sum(axis=1)
            lost = np.where(full, shared / np.where(full, filled, 1.0), 0.0).sum(axis=1)
        left = n_bins - lost
        known = (left >= _MIN_FREE_BINS) & (single > 0)
        # n_j mean_j^2 = total_j^2 / n_j
        square = np.where(full, np.square(total) / np.where(full, filled, 1.0), 0.0).sum(axis=1)
        size = np.where(full, filled, 0.0).sum(axis=1) / np.maximum(n_bins, 1)
        root = np.sqrt(np.where(known, size, 1.0))
        scatter[:, column] = np.where(known, np.sqrt(square / np.maximum(left, 1.0)) / root, np.nan)
        white[:, column] = np.where(known, single / root, np.nan)
        error[:, column] = np.where(known, 1.0 / np.sqrt(2.0 * np.maximum(left, 1.0)), np.nan)
    return Allan(np.asarray(lengths, float), scatter, white, error)


def red_noise(
    residual: Array,
    time: Array,
    use: NDArray[np.bool_] | None = None,
    window: tuple[float, float] = INGRESS,
    n_fitted: int = 1,
    taken: Array | None = None,
) -> RedNoise:
    """Return by how much errors of averages over 10 to 30 minutes exceed those of white noise.

    Winn et al. (2008, ApJ 683, 1076): the median over bin lengths of measured over expected scatter. Its standard error
    is little below that of one length, for the bins of one tell little that those of another do not. A ratio within one
    standard error of 1 gives ``beta = 1``: white noise is not inflated five times in six, by 4 % on average, and red
    noise that the data show is.

    Parameters
    ----------
    residual, time, use, n_fitted, taken
        As of :func:`allan`.
    window
        Shortest and longest bin, d. The duration of ingress is the best choice where it is known. Bins hold at least
        two samples; where the data are too short for them, shorter ones are taken, and no red noise is claimed where
        none can be measured.
    """
    interval = float(np.median(np.diff(time)))
    span = float(time[-1] - time[0]) + interval
    longest = max(span / (n_fitted + _MIN_FREE_BINS + 1), 2.0 * interval)
    low = min(max(window[0], 2.0 * interval), longest)
    high = min(max(window[1], 2.0 * low), longest)
    measured = allan(residual, time, use, np.geomspace(low, high, _LENGTHS), n_fitted, taken)
    with np.errstate(invalid="ignore", divide="ignore"):
        every = measured.scatter / measured.white
    there = np.isfinite(every).any(axis=1)
    ratio, error = np.ones(len(every)), np.full(len(every), np.inf)
    if there.any():
        ratio[there] = np.nanmedian(every[there], axis=1)
        error[there] = _MEDIAN_ERROR * np.nanmedian(measured.error[there], axis=1)
    return RedNoise(np.where(ratio > 1.0 + _SIGNIFICANT * error, ratio, 1.0), ratio, error)


def beta_of_channels(noise: RedNoise) -> Array:
    """Return ``beta`` (n_channel,) of the channels of one node, not below what they have in common.

    Weak red noise is within the standard error of the ratio of most channels, and yet plain in their median: where
    that exceeds 1 by two of its standard errors, it is the least beta of all.
    """
    known = np.isfinite(noise.error)
    if known.sum() < _FEW_CHANNELS:
        return noise.beta
    typical = float(np.median(noise.ratio[known]))
    error = _MEDIAN_OVER_MEAN * float(np.median(noise.error[known])) / np.sqrt(known.sum())
    return np.maximum(noise.beta, typical) if typical > 1.0 + _COMMON * error else noise.beta
