"""Inputs of a model: standardised, filled where missing, and compared with the training set."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
#: Fewer training targets than this per component would not tell how much the component varies.
_TARGETS_PER_COMPONENT = 5
#: Parts of the training set that are held out in turn, to learn how far targets lie from a space they did not shape.
_FOLDS = 10


@dataclass(frozen=True)
class FeatureSpace:
    """The training set's mean and scale per feature, and how far its targets reach.

    A feature that is missing (not finite) takes the training mean; one that is constant or always missing in training
    counts for nothing. ``components (n_feature, k)`` are the leading principal components and ``variances (k,)``
    theirs; ``reach (2,)`` holds the largest squared distances of training targets within the space they span
    (Hotelling's T^2) and from it (the squared prediction error Q of Jackson & Mudholkar 1979, Technometrics 21, 341).

    The distance of a training target is taken from the mean, scale and components of the other folds. Its own would
    be too small, and with more features than targets next to nothing: components adapt to the noise of what they
    are made of. So a target like those of the training set exceeds either reach with a chance of about 1 in
    n_target + 1, whatever the number of features.
    """

    mean: NDArray[np.float64]
    inverse_scale: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    reach: NDArray[np.float64]

    @classmethod
    def fit(cls, matrix: NDArray[np.float64], weight: NDArray[np.float64]) -> Self:
        """Learn from a training matrix (n_target, n_feature), NaN where missing, and weights (n_target,)."""
        space = cls._without_reach(matrix, weight, _MAX_COMPONENTS)
        folds = np.arange(len(matrix)) % min(_FOLDS, len(matrix))
        held_out = np.zeros((2, len(matrix)))
        for fold in range(folds.max() + 1):
            out = folds == fold
            others = cls._without_reach(matrix[~out], weight[~out], space.components.shape[1])
            held_out[:, out] = others._distances(others.transform(matrix[out]))
        # The training targets themselves are never beyond, not even by rounding.
        reach = np.maximum(held_out, space._distances(space.transform(matrix))).max(axis=1) * (1.0 + 1e-9) + 1e-9
        return replace(space, reach=reach)

    @classmethod
    def _without_reach(cls, matrix: NDArray[np.float64], weight: NDArray[np.float64], max_components: int) -> Self:
        known = np.isfinite(matrix)
        weights = np.where(known, weight[:, None], 0.0)
        total = np.maximum(weights.sum(axis=0), np.finfo(float).tiny)
        filled = np.where(known, matrix, 0.0)
        mean = (weights * filled).sum(axis=0) / total
        scale = np.sqrt((weights * np.square(filled - mean)).sum(axis=0) / total)
        varies = scale > _CONSTANT * np.maximum(np.abs(mean), np.abs(filled).max(axis=0))
        inverse_scale = np.where(varies, 1.0 / np.where(varies, scale, 1.0), 0.0)
        standard = np.where(known, (filled - mean) * inverse_scale, 0.0)
        components, variances = _principal(standard, weight, max_components)
        return cls(mean, inverse_scale, components, variances, np.zeros(2))

    def transform(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standardised matrix, 0 where a feature is missing."""
        known = np.isfinite(matrix)
        return np.where(known, (np.where(known, matrix, 0.0) - self.mean) * self.inverse_scale, 0.0)

    def extrapolates(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which targets (n_target,) lie beyond the reach of the training set, or miss most features."""
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


def _principal(
    standard: NDArray[np.float64], weight: NDArray[np.float64], max_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the leading principal components (n_feature, k) and their variances, from the smaller Gram matrix."""
    n, p = standard.shape
    wide = p > n
    rows = standard * np.sqrt(weight / weight.mean())[:, None]
    gram = rows @ rows.T if wide else rows.T @ rows
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1], vectors[:, ::-1]
    total = max(float(np.trace(gram)), np.finfo(float).tiny)
    count = int(np.searchsorted(np.cumsum(values) / total, _VARIANCE)) + 1
    count = min(count, max_components, max(n // _TARGETS_PER_COMPONENT, 1), int(np.sum(values > 1e-10 * total)))
    values, vectors = values[:count], vectors[:, :count]
    if wide:
        vectors = rows.T @ vectors / np.sqrt(values)
    return vectors, values / max(n - 1, 1)
