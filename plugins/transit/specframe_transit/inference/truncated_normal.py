"""Gaussians cut at bounds: quantiles of one, draws of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["log_mass", "truncated_draws", "truncated_quantile"]

#: Rounds of drawing and rejecting before conditional sampling takes over, and its sweeps over all coordinates.
_ROUNDS = 50
_SWEEPS = 60


def log_mass(low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return the log of the probability that a standard Gaussian has between ``low`` and ``high``."""
    low, high, _ = _mirrored(low, high)
    upper, lower = log_ndtr(high), log_ndtr(low)
    return np.asarray(upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-300))))


def truncated_quantile(
    u: ArrayLike, mean: ArrayLike, std: ArrayLike, lower: float, upper: float
) -> NDArray[np.float64]:
    """Return quantiles of Gaussians cut at two bounds; exact in the far tails, where the cumulative is 0 or 1."""
    mean, std, u = np.asarray(mean, dtype=float), np.asarray(std, dtype=float), np.asarray(u, dtype=float)
    low, high, sign = _mirrored((lower - mean) / std, (upper - mean) / std)
    with np.errstate(divide="ignore"):
        log_u = np.where(sign > 0, np.log(u), np.log1p(-u))
    log_cumulative = np.logaddexp(log_ndtr(low), log_u + log_mass(low, high))
    return np.asarray(np.clip(mean + sign * std * ndtri_exp(np.minimum(log_cumulative, 0.0)), lower, upper))


def _mirrored(low: ArrayLike, high: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval moved to the lower tail, where logs of the cumulative keep their precision, and the sign."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    flip = low > 0
    return np.where(flip, -high, low), np.where(flip, -low, high), np.where(flip, -1.0, 1.0)


def truncated_draws(
    rng: np.random.Generator,
    number: int,
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Draw from a Gaussian of several variables within a box.

    By rejection; where the box has too little of the Gaussian for that, by Gibbs sampling of one coordinate given
    the others, each draw a chain of its own.

    Returns
    -------
    tuple
        Draws, shape ``(number, n)``, and the fraction of the Gaussian within the box, as far as rejection tells it.
    """
    root = _root(covariance)
    kept = np.empty((0, mean.size))
    tried = 0
    for _ in range(_ROUNDS):
        draws = mean + rng.standard_normal((number, mean.size)) @ root.T
        tried += number
        kept = np.concatenate([kept, draws[((draws >= lower) & (draws <= upper)).all(axis=1)]])
        if len(kept) >= number:
            return kept[:number], len(kept) / tried
    return _gibbs(rng, number, mean, covariance, lower, upper), max(len(kept), 1) / tried


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a matrix whose product with its transpose is the covariance, singular ones too."""
    scale = np.sqrt(np.diag(covariance))
    safe = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(safe, safe))
    return np.asarray(scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))


def _gibbs(
    rng: np.random.Generator,
    number: int,
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> NDArray[np.float64]:
    precision = np.linalg.pinv(covariance, hermitian=True)
    spread = 1 / np.sqrt(np.diag(precision))
    draws = np.tile(np.clip(mean, lower, upper), (number, 1))
    for _ in range(_SWEEPS):
        for i in range(mean.size):
            pull = (draws - mean) @ precision[i] - (draws[:, i] - mean[i]) * precision[i, i]
            centre = mean[i] - pull / precision[i, i]
            draws[:, i] = truncated_quantile(rng.random(number), centre, spread[i], lower[i], upper[i])
    return draws
