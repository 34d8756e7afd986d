"""Inputs of a linear model: standardised, filled where missing, and compared with the training set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FeatureSpace"]

#: A feature whose standard deviation is below this part of its size is constant but for rounding.
_CONSTANT = 1e-12
#: The inner space holds this part of the variance, in at most so many principal components.
_VARIANCE, _MAX_COMPONENTS = 0.99, 20
#: A target with more of its features missing than this is predicted from training means mostly.
_MAX_MISSING = 0.5


@dataclass(frozen=True)
class FeatureSpace:
    """The training set's mean and scale per feature, and how far its targets reach.

    A feature that is missing (not finite) takes the training mean; one that is constant or always missing in training
    counts for nothing. ``components (n_feature, k)`` are the leading principal components and ``variances (k,)``
    theirs; ``reach (2,)`` holds the largest squared distances of training targets within the space they span
    (Hotelling's T^2) and from it (the squared prediction error Q of Jackson & Mudholkar 1979, Technometrics 21, 341).
    """

    mean: NDArray[np.float64]
    inverse_scale: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    reach: NDArray[np.float64]

    @classmethod
    def fit(cls, matrix: NDArray[np.float64], weight: NDArray[np.float64]) -> Self:
        """Learn from a training matrix (n_target, n_feature), NaN where missing, and weights (n_target,)."""
        known = np.isfinite(matrix)
        weights = np.where(known, weight[:, None], 0.0)
        total = np.maximum(weights.sum(axis=0), np.finfo(float).tiny)
        filled = np.where(known, matrix, 0.0)
        mean = (weights * filled).sum(axis=0) / total
        scale = np.sqrt((weights * np.square(filled - mean)).sum(axis=0) / total)
        varies = scale > _CONSTANT * np.maximum(np.abs(mean), np.abs(filled).max(axis=0))
        inverse_scale = np.where(varies, 1.0 / np.where(varies, scale, 1.0), 0.0)
        standard = np.where(known, (filled - mean) * inverse_scale, 0.0)

        components, variances = _principal(standard)
        space = cls(mean, inverse_scale, components, variances, np.zeros(2))
        # Rounding must not flag the training targets themselves.
        reach = np.max(space._distances(standard), axis=1) * (1.0 + 1e-9) + 1e-9
        return cls(mean, inverse_scale, components, variances, reach)

    def transform(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standardised matrix, 0 where a feature is missing."""
        known = np.isfinite(matrix)
        return np.where(known, (np.where(known, matrix, 0.0) - self.mean) * self.inverse_scale, 0.0)

    def extrapolates(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which targets (n_target,) lie further out than any training target, or miss most features."""
        beyond = (self._distances(self.transform(matrix)) > self.reach[:, None]).any(axis=0)
        counts = self.inverse_scale > 0
        missing = ~np.isfinite(matrix[:, counts])
        result: NDArray[np.bool_] = beyond | (missing.sum(axis=1) > _MAX_MISSING * counts.sum())
        return result

    def _distances(self, standard: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return both squared distances, shape (2, n_target)."""
        scores = standard @ self.components
        within = np.sum(np.square(scores) / self.variances, axis=1)
        outside = np.sum(np.square(standard), axis=1) - np.sum(np.square(scores), axis=1)
        return np.stack([within, np.maximum(outside, 0.0)])


def _principal(standard: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the leading principal components (n_feature, k) and their variances, from the smaller Gram matrix."""
    n, p = standard.shape
    wide = p > n
    gram = standard @ standard.T if wide else standard.T @ standard
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1], vectors[:, ::-1]
    total = max(float(np.trace(gram)), np.finfo(float).tiny)
    count = int(np.searchsorted(np.cumsum(values) / total, _VARIANCE)) + 1
    count = min(count, _MAX_COMPONENTS, int(np.sum(values > 1e-10 * total)))
    values, vectors = values[:count], vectors[:, :count]
    if wide:
        vectors = standard.T @ vectors / np.sqrt(values)
    return vectors, values / max(n - 1, 1)
