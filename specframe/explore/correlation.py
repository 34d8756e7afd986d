"""Correlations between columns in which values may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["pearson", "spearman"]


def pearson(a: ArrayLike, b: ArrayLike) -> Array:
    """Return Pearson's correlation of every column of ``a`` with every column of ``b``, shape (n_a, n_b).

    Each pair is correlated over the rows where both are finite; NaN where one of them does not vary there.

    Parameters
    ----------
    a, b
        Shapes (n, n_a) and (n, n_b).
    """
    a, b = (_scaled(np.asarray(values, float)) for values in (a, b))
    known_a, known_b = np.isfinite(a).astype(float), np.isfinite(b).astype(float)
    a, b = np.nan_to_num(a, posinf=0.0, neginf=0.0), np.nan_to_num(b, posinf=0.0, neginf=0.0)
    count = known_a.T @ known_b
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_a, mean_b = (a.T @ known_b) / count, (known_a.T @ b) / count
        covariance = (a.T @ b) / count - mean_a * mean_b
        variance_a = (np.square(a).T @ known_b) / count - mean_a**2
        variance_b = (known_a.T @ np.square(b)) / count - mean_b**2
        # columns have unit variance over all rows, so that this is rounding
        varies = (variance_a > 1e-10) & (variance_b > 1e-10)
        found = np.where(varies, covariance / np.sqrt(variance_a * variance_b), np.nan)
    return np.clip(found, -1.0, 1.0)


def spearman(a: ArrayLike, b: ArrayLike) -> Array:
    """Return Spearman's rank correlation of every column of ``a`` with every column of ``b``, shape (n_a, n_b).

    Ranks are those among the finite values of each column.
    """
    return pearson(_ranks(np.asarray(a, float)), _ranks(np.asarray(b, float)))


def _ranks(values: Array) -> Array:
    from scipy.stats import rankdata

    known = np.isfinite(values)
    ranks = rankdata(np.where(known, values, np.inf), axis=0)
    return np.where(known, ranks, np.nan)


def _scaled(values: Array) -> Array:
    """Centre columns and divide them by their standard deviation, against rounding in what follows."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    centred = np.where(known, values - mean, np.nan)
    size = np.sqrt(np.where(known, centred**2, 0.0).sum(axis=0) / count)
    scale = np.where(size > 1e-12 * np.abs(mean), size, np.inf)
    return np.asarray(centred / scale)
