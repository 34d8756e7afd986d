"""The evidence of a linear model with a normal prior, and where it is greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["log_evidence", "maximise_evidence"]

#: Penalties that are tried, for features of unit variance: from hardly any to one that leaves the mean alone.
_GRID = np.logspace(-6, 9, 61)
#: Golden-section steps between neighbours of the best of them; each leaves 0.618 of the interval.
_STEPS = 40
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def log_evidence(
    penalty: NDArray[np.float64],
    singular: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    outside: NDArray[np.float64],
    size: int,
) -> NDArray[np.float64]:
    """Return the log evidence of penalties (..., n_output), with the noise variance of its maximum, up to a constant.

    Labels with a flat prior of their mean and prior variance noise / penalty of each coefficient are normal within
    the ``size - 1`` dimensions of contrasts; along a singular vector of the features their variance is noise times
    ``1 + singular^2 / penalty`` (Bishop 2006, Pattern Recognition and Machine Learning, eq. 3.78 and 3.86).

    Parameters
    ----------
    penalty
        Shape (..., n_output).
    singular, amplitudes, outside
        Singular values (rank,), the labels along the singular vectors (rank, n_output), and the sum of squares of
        what is left of them (n_output,).
    size
        Number of targets.
    """
    shrunk = penalty[..., None, :] / (np.square(singular)[:, None] + penalty[..., None, :])  # (..., rank, n_output)
    misfit = outside + np.sum(np.square(amplitudes) * shrunk, axis=-2)
    log: NDArray[np.float64] = 0.5 * np.sum(np.log(shrunk), axis=-2) - 0.5 * (size - 1) * np.log(misfit)
    return log


def maximise_evidence(
    singular: NDArray[np.float64], amplitudes: NDArray[np.float64], outside: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return penalty and noise variance (n_output,) of the greatest evidence; arguments as in :func:`log_evidence`."""
    tiny = np.finfo(float).tiny
    scale = np.maximum(outside + np.sum(np.square(amplitudes), axis=0), tiny)
    amplitudes, outside = amplitudes / np.sqrt(scale), np.maximum(outside / scale, tiny)

    def evidence(log_penalty: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_evidence(np.exp(log_penalty), singular, amplitudes, outside, size)

    grid = np.log(_GRID)
    n_output = len(outside)
    best = np.stack([evidence(np.full(n_output, value)) for value in grid]).argmax(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        leftwards = evidence(left) > evidence(right)
        low, high = np.where(leftwards, low, left), np.where(leftwards, right, high)
    penalty = np.exp(0.5 * (low + high))
    shrunk = penalty / (np.square(singular)[:, None] + penalty)
    misfit = outside + np.sum(np.square(amplitudes) * shrunk, axis=0)
    return penalty, misfit * scale / (size - 1)
