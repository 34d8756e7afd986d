"""Depths averaged over models of the systematics, weighted by an information criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Average", "aic", "aicc", "average", "bic"]


class Average(NamedTuple):
    """``depth`` and ``error`` (n_channel,), and ``weight`` (n_model, n_channel), which sum to 1 over models."""

    depth: NDArray[np.float64]
    error: NDArray[np.float64]
    weight: NDArray[np.float64]


def aic(log_likelihood: ArrayLike, n_parameter: ArrayLike) -> NDArray[np.float64]:
    """Return Akaike's information criterion, ``2 k - 2 ln L`` (Akaike 1974).

    Count every fitted parameter, linear coefficients too, and use the largest likelihood, not one from which
    coefficients have been integrated out. With errors that are known, ``-2 ln L`` may be chi-square.
    """
    return np.asarray(2.0 * np.asarray(n_parameter, dtype=float) - 2.0 * np.asarray(log_likelihood, dtype=float))


def aicc(log_likelihood: ArrayLike, n_parameter: ArrayLike, n_sample: ArrayLike) -> NDArray[np.float64]:
    """Return Akaike's criterion corrected for few samples, ``AIC + 2 k (k + 1) / (n - k - 1)`` (Hurvich & Tsai 1989).

    Infinite where there are no more samples than ``k + 1``.
    """
    k, spare = np.asarray(n_parameter, dtype=float), np.asarray(n_sample, dtype=float) - n_parameter - 1
    correction = np.where(spare > 0, 2 * k * (k + 1) / np.where(spare > 0, spare, 1.0), np.inf)
    return np.asarray(aic(log_likelihood, n_parameter) + correction)


def bic(log_likelihood: ArrayLike, n_parameter: ArrayLike, n_sample: ArrayLike) -> NDArray[np.float64]:
    """Return the Bayesian information criterion, ``k ln n - 2 ln L`` (Schwarz 1978)."""
    k, n = np.asarray(n_parameter, dtype=float), np.asarray(n_sample, dtype=float)
    return np.asarray(k * np.log(n) - 2.0 * np.asarray(log_likelihood, dtype=float))


def average(depth: NDArray[np.float64], error: NDArray[np.float64], criterion: NDArray[np.float64]) -> Average:
    """Average over models with weights ``exp(-(criterion - least) / 2)``, normalised (Gibson 2014, eq. 12 to 15).

    The variance of the average is the mean of the models' variances plus the variance between models.

    Parameters
    ----------
    depth, error
        Shape ``(n_model, n_channel)``. A model that has not fitted a channel has NaN there and no weight.
    criterion
        AIC or BIC of each model and channel, shape ``(n_model, n_channel)``; or of each model over all channels,
        ``(n_model,)``, so that all channels average the same models and the spectrum's shape is that of no accident.

    Returns
    -------
    Average
        NaN where no model has fitted the channel, with weights of 0.

    Raises
    ------
    ValueError
        When the shapes do not agree.
    """
    depth, error = np.asarray(depth, dtype=float), np.asarray(error, dtype=float)
    criterion = np.asarray(criterion, dtype=float)
    if criterion.ndim == 1 and depth.ndim == 2:
        criterion = criterion[:, None]
    if depth.ndim != 2 or error.shape != depth.shape or criterion.shape not in (depth.shape, (len(depth), 1)):
        raise ValueError(
            "expected depth and error (n_model, n_channel) and criterion (n_model, n_channel) or (n_model,); got "
            f"{depth.shape}, {error.shape} and {criterion.shape}"
        )
    usable = np.isfinite(depth) & np.isfinite(error) & np.isfinite(criterion)
    criterion = np.where(usable, criterion, np.inf)
    least = criterion.min(axis=0)
    found = np.isfinite(least)
    weight = np.exp(-0.5 * (criterion - np.where(found, least, 0.0)))
    total = weight.sum(axis=0)
    weight = weight / np.where(found, total, 1.0)
    depth, error = np.where(usable, depth, 0.0), np.where(usable, error, 0.0)
    mean = (weight * depth).sum(axis=0)
    variance = (weight * (error**2 + (depth - mean) ** 2)).sum(axis=0)
    return Average(np.where(found, mean, np.nan), np.where(found, np.sqrt(variance), np.nan), weight)
