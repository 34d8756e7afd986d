"""Partial least squares by the kernel algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["latent_components"]

#: Nothing is left to learn when the features' covariance with the labels has fallen to this part of what it was.
_NOTHING = 1e-10


def latent_components(
    features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return directions of the features (n_feature, n_found) and what labels gain along each (n_found, n_output).

    The first k of both, multiplied, are the coefficients of a fit with k components. The improved kernel algorithm 1
    of Dayal & MacGregor (1997, Journal of Chemometrics 11, 73). It reads the labels once, so that all numbers of
    components cost as much as the largest, and weights of targets enter in the covariances. Fewer components than
    asked for are found where the features have no more.

    Parameters
    ----------
    features, labels, weight
        Shapes (n_target, n_feature), (n_target, n_output) and (n_target,), both with a weighted mean of 0.
    n_components
        How many are wanted.
    """
    root = np.sqrt(weight)[:, None]
    rows = features * root
    covariance = rows.T @ (labels * root)
    smallest = _NOTHING * np.linalg.norm(covariance)
    directions: list[NDArray[np.float64]] = []
    loadings: list[NDArray[np.float64]] = []
    gains: list[NDArray[np.float64]] = []
    for _ in range(min(n_components, len(rows) - 1, rows.shape[1])):
        if np.linalg.norm(covariance) <= smallest:
            break
        direction = _leading(covariance)
        for loading, earlier in zip(loadings, directions, strict=True):
            direction = direction - (loading @ direction) * earlier
        score = rows @ direction
        square = score @ score
        if square <= smallest * np.finfo(float).eps:
            break
        loading = rows.T @ score / square
        gain = covariance.T @ direction / square
        covariance = covariance - square * np.outer(loading, gain)
        directions.append(direction)
        loadings.append(loading)
        gains.append(gain)
    found = len(gains)
    return np.reshape(directions, (found, rows.shape[1])).T, np.reshape(gains, (found, covariance.shape[1]))


def _leading(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector (n_feature,) of the features' greatest covariance with any combination of labels."""
    if covariance.shape[1] == 1:
        leading = covariance[:, 0]
    elif covariance.shape[1] <= covariance.shape[0]:
        leading = covariance @ np.linalg.eigh(covariance.T @ covariance)[1][:, -1]
    else:
        leading = np.linalg.eigh(covariance @ covariance.T)[1][:, -1]
    unit: NDArray[np.float64] = leading / np.linalg.norm(leading)
    return unit
