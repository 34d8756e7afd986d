"""Inputs of a model: standardised, filled where missing, and compared with the training set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from specframe.api.neighbours import (
    block_count,
    block_distances,
    block_means,
    held_out_distances,
    noise_of,
    scores_of,
    shapes_of,
)

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
    theirs; ``reach (3,)`` holds the largest squared distances of training targets: within the space they span
    (Hotelling's T^2), from it (the squared prediction error Q of Jackson & Mudholkar 1979, Technometrics 21, 341), and
    from it in blocks of neighbouring features.

    The last is for what the training set never had, such as a band at a wavelength of its own: below the noise of each
    channel it is lost in Q, but not in the mean of its channels. Residuals are taken in units of the noise, that of
    the feature (``inverse_noise``, (n_feature,)) times that of the target itself, so that a faint star is not far off.
    What the principal components of such spectra (``shapes``, (n_feature, l)) leave is summed over up to 24 blocks of
    neighbours, and the distance is Mahalanobis', with ``precision (n_block, n_block)``. It is 0 for fewer than 30
    features, which are a table without neighbours, and for more than 5000.

    The distance of a training target is taken from the mean, scale and components of the other folds. Its own would
    be too small, and with more features than targets next to nothing: components adapt to the noise of what they
    are made of. So a target like those of the training set exceeds each reach with a chance of about 1 in
    n_target + 1, whatever the number of features. Groups of targets are not regarded: where those of a group are alike,
    one of a new group exceeds it more often.
    """

    mean: NDArray[np.float64]
    inverse_scale: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    inverse_noise: NDArray[np.float64]
    shapes: NDArray[np.float64]
    precision: NDArray[np.float64]
    reach: NDArray[np.float64]

    @classmethod
    def fit(cls, matrix: NDArray[np.float64], weight: NDArray[np.float64]) -> Self:
        """Learn from a training matrix (n_target, n_feature), NaN where missing, and weights (n_target,)."""
        space = cls._without_reach(matrix, weight, _MAX_COMPONENTS)
        n_block = block_count(len(matrix), int(np.sum(space.inverse_scale > 0)))
        space = space._with_shapes(matrix, n_block)
        folds = np.arange(len(matrix)) % min(_FOLDS, len(matrix))
        held_out = np.zeros((2, len(matrix)))
        blocks = np.zeros((len(matrix), n_block))
        for fold in range(folds.max() + 1):
            out = folds == fold
            others = cls._without_reach(matrix[~out], weight[~out], space.components.shape[1])
            others = others._with_shapes(matrix[~out], n_block)
            held_out[:, out] = others._distances(matrix[out])
            if n_block:
                blocks[out] = others._blocks(matrix[out])
        precision, apart = held_out_distances(blocks)
        space = replace(space, precision=precision)
        # The training targets themselves are never beyond, not even by rounding.
        reach = np.maximum(np.vstack([held_out, apart]), space._all_distances(matrix)).max(axis=1)
        return replace(space, reach=reach * (1.0 + 1e-9) + 1e-9)

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
        none = np.zeros(0)
        return cls(mean, inverse_scale, components, variances, none, none[:, None], none[:, None], np.zeros(3))

    def _with_shapes(self, matrix: NDArray[np.float64], n_block: int) -> Self:
        """Add the noise of each feature, and the components in units of it, unless there are no blocks."""
        if n_block == 0:
            return self
        standard, known = self.transform(matrix), self._counted(matrix)
        inverse_noise = noise_of(standard - standard @ self.components @ self.components.T, known)
        return replace(
            self,
            inverse_noise=inverse_noise,
            shapes=shapes_of(standard * inverse_noise, known),
            precision=np.zeros((n_block, n_block)),
        )

    def transform(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standardised matrix, 0 where a feature is missing."""
        known = np.isfinite(matrix)
        return np.where(known, (np.where(known, matrix, 0.0) - self.mean) * self.inverse_scale, 0.0)

    def distance(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far targets (n_target,) lie from the training set, in units of its reach.

        The largest of the three distances (not squared), each in units of its own reach. Above 1, a target is further
        out than any of the training set's.
        """
        beyond = self._all_distances(matrix) / self.reach[:, None]
        return np.asarray(np.sqrt(beyond.max(axis=0)))

    def extrapolates(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which targets (n_target,) lie beyond the reach of the training set, or miss most features."""
        counts = self.inverse_scale > 0
        missing = ~np.isfinite(matrix[:, counts])
        result: NDArray[np.bool_] = (self.distance(matrix) > 1.0) | (missing.sum(axis=1) > _MAX_MISSING * counts.sum())
        return result

    def _all_distances(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the three squared distances, shape (3, n_target)."""
        distances = self._distances(matrix)
        if not len(self.precision):
            return np.vstack([distances, np.zeros(len(matrix))])
        return np.vstack([distances, block_distances(self._blocks(matrix), self.precision)])

    def _distances(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return squared distances within the components and from them, shape (2, n_target)."""
        standard, varies = self.transform(matrix), self.inverse_scale > 0
        known = self._counted(matrix) | ~varies
        scores = scores_of(standard, known, self.components)
        within = np.sum(np.square(scores) / self.variances, axis=1)
        outside = np.where(known, standard - scores @ self.components.T, 0.0)
        return np.stack([within, np.sum(np.square(outside), axis=1)])

    def _blocks(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is left of each target in blocks of neighbours, shape (n_target, n_block)."""
        noisy = self.transform(matrix) * self.inverse_noise
        return block_means(noisy, self._counted(matrix), self.shapes, len(self.precision))

    def _counted(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which features of which target are known and vary."""
        return np.asarray(np.isfinite(matrix) & (self.inverse_scale > 0))


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
