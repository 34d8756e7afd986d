"""An ellipsoid that holds all outputs of a target at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe_uncertainty.ranks import conformal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Ellipsoid"]

#: Most columns of the low-rank part, and how many targets there must be for each.
_MAX_RANK, _TARGETS_PER_COLUMN = 10, 10
#: Smallest part of an output's variance that is its own.
_LEAST_OWN = 0.05


@dataclass(frozen=True)
class Ellipsoid:
    """Correlation ``loadings @ loadings.T + diag(own)`` of errors, and the ellipsoid's radius at each level.

    ``loadings (n_output, k)``, ``own (n_output,)``; the truth of all outputs is within the Mahalanobis distance
    ``radius (n_level,)`` of the mean with the level's probability. Low rank plus diagonal, since 283 outputs and some
    hundred targets do not make a matrix that could be inverted.
    """

    loadings: Array
    own: Array
    radius: Array

    @classmethod
    def learn(cls, pulls: Array, folds: NDArray[np.intp], levels: Sequence[float], who: str) -> Self:
        """Learn from errors in units of their std (n_target, n_output), all known.

        The distance of a target is by the correlation of other ``folds`` (n_target,), as it will be for new ones.
        """
        distance = np.empty(len(pulls))
        for fold in np.unique(folds):
            out = folds == fold
            distance[out] = _distance(pulls[out], *_factors(pulls[~out] if not out.all() else pulls))
        return cls(*_factors(pulls), conformal_quantile(distance[:, None], levels, who)[:, 0])

    def describe(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``covariance``, its ``std`` on the diagonal, and ``radius``."""
        std = prediction["std"].values
        correlation = self.loadings @ self.loadings.T + np.diag(self.own)
        covariance = correlation * std[:, :, None] * std[:, None, :]
        return prediction.assign(
            covariance=(("target", "output", "output_other"), covariance), radius=("level", self.radius)
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Return its arrays; :meth:`from_state` takes them back."""
        return {f"ellipsoid.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`state` returned, other arrays beside it."""
        return cls(*(arrays[f"ellipsoid.{name}"] for name in ("loadings", "own", "radius")))


def _factors(pulls: Array) -> tuple[Array, Array]:
    """Return loadings and own variances: principal components above the mean of the rest (probabilistic PCA).

    Tipping & Bishop (1999, J. R. Stat. Soc. B 61, 611), with an own variance for each output that makes it a
    correlation.
    """
    n, m = pulls.shape
    count = min(_MAX_RANK, n // _TARGETS_PER_COLUMN, m - 1)
    if count < 1:
        return np.zeros((m, 0)), np.ones(m)
    scaled = pulls / np.sqrt(np.maximum(np.mean(np.square(pulls), axis=0), np.finfo(float).tiny))
    _, singular, components = np.linalg.svd(scaled, full_matrices=False)
    values = np.square(singular) / n
    rest = max(m - values[:count].sum(), 0.0) / (m - count)
    loadings = components[:count].T * np.sqrt(np.maximum(values[:count] - rest, 0.0))
    shared = np.square(loadings).sum(axis=1)
    loadings *= np.sqrt(np.minimum(1.0, (1.0 - _LEAST_OWN) / np.maximum(shared, np.finfo(float).tiny)))[:, None]
    return np.ascontiguousarray(loadings), 1.0 - np.square(loadings).sum(axis=1)


def _distance(pulls: Array, loadings: Array, own: Array) -> Array:
    """Return Mahalanobis distances (n_target,), by Woodbury's identity."""
    weighted = loadings / own[:, None]
    inner = np.eye(loadings.shape[1]) + loadings.T @ weighted
    projected = pulls @ weighted
    square = (np.square(pulls) / own).sum(axis=1) - (projected * np.linalg.solve(inner, projected.T).T).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)))
