"""What spectra leave when all that the training set knows is taken out, in blocks of neighbouring features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api.robust import MAD_TO_STD, masked_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["block_count", "block_distances", "block_means", "held_out_distances", "noise_of", "scores_of", "shapes_of"]

#: Features from which on neighbours are compared: fewer are a table, whose columns have no neighbours. And up to which:
#: an image of light curves has too many for another pass in each fold.
_FEWEST, _MOST = 30, 5000
#: At most so many blocks of neighbours, and how many features and targets there must be for each.
_MAX_BLOCKS, _FEATURES_PER_BLOCK, _TARGETS_PER_BLOCK = 24, 4, 8
#: At most so many principal components in units of the noise, and how many targets there must be for each.
_MAX_SHAPES, _TARGETS_PER_SHAPE = 6, 20
#: Smallest noise of a feature in units of its standard deviation, and of a target in units of the typical target's.
_LEAST_NOISE, _LEAST_OWN = 1e-6, 0.1
#: Keeps a component finite that only missing features could tell of.
_RIDGE = 1e-6


def block_count(n_target: int, n_feature: int) -> int:
    """Return into how many blocks features that vary are divided; 0 where neighbours are not compared."""
    if not _FEWEST <= n_feature <= _MOST:
        return 0
    return min(_MAX_BLOCKS, n_feature // _FEATURES_PER_BLOCK, n_target // _TARGETS_PER_BLOCK)


def noise_of(residual: Array, known: NDArray[np.bool_]) -> Array:
    """Return 1 / noise of each feature (n_feature,), 0 where nothing is known of it.

    ``residual (n_target, n_feature)`` is what principal components leave; the noise is its median absolute size,
    scaled to a standard deviation.
    """
    noise = MAD_TO_STD * masked_median(np.abs(residual).T, known.T)
    return np.where(known.any(axis=0), 1.0 / np.maximum(noise, _LEAST_NOISE), 0.0)


def shapes_of(noisy: Array, known: NDArray[np.bool_]) -> Array:
    """Return orthonormal principal components (n_feature, k) of rows in units of the features' noise.

    Each target is first divided by its own noise, what is left of it by the leading component.
    """
    leading = _leading(noisy, 1)
    own = _own_noise(noisy - noisy @ leading @ leading.T, known)
    return _leading(noisy / own, max(1, min(_MAX_SHAPES, len(noisy) // _TARGETS_PER_SHAPE)))


def block_means(noisy: Array, known: NDArray[np.bool_], shapes: Array, n_block: int) -> Array:
    """Return what ``shapes`` leave of each target, summed over blocks of neighbours (n_target, n_block).

    In units of the target's own noise and divided by the root of the features summed, so that independent noise gives
    1. ``noisy (n_target, n_feature)`` is in units of the features' noise, 0 where a feature is missing.
    """
    residual = np.where(known, noisy - scores_of(noisy, known, shapes) @ shapes.T, 0.0)
    residual /= _own_noise(residual, known)
    edges = np.arange(n_block) * known.shape[1] // n_block
    count = np.add.reduceat(known.astype(float), edges, axis=1)
    return np.asarray(np.add.reduceat(residual, edges, axis=1) / np.sqrt(np.maximum(count, 1.0)))


def scores_of(rows: Array, known: NDArray[np.bool_], components: Array) -> Array:
    """Return coefficients (n_target, k) of orthonormal ``components``, fitted to what is known of each target.

    ``rows (n_target, n_feature)`` are 0 where a feature is missing.
    """
    scores = rows @ components
    unit = np.eye(components.shape[1])
    for i in np.flatnonzero(~known.all(axis=1)):
        missing = components[~known[i]]
        # the normal equations of what is known: those of all features, which are the unit matrix, less the missing ones
        scores[i] = np.linalg.solve((1.0 + _RIDGE) * unit - missing.T @ missing, scores[i])
    return np.asarray(scores)


def held_out_distances(blocks: Array) -> tuple[Array, Array]:
    """Return the inverse covariance of ``blocks`` (n_target, n_block) and squared distances (n_target,) by it.

    Each target's distance is by the covariance of all others: with S that of all and d the distance by it, that is
    (n - 1) / n d / (1 - d / n), the formula of Sherman & Morrison.
    """
    n, n_block = blocks.shape
    if n_block == 0:
        return np.zeros((0, 0)), np.zeros(n)
    covariance = blocks.T @ blocks / n
    # Blocks whose features are all constant have no variance, and no distance.
    ridge = 1e-9 * max(float(np.trace(covariance)) / n_block, np.finfo(float).tiny)
    precision = np.linalg.inv(covariance + ridge * np.eye(n_block))
    apart = block_distances(blocks, precision)
    return precision, (n - 1) / n * apart / np.maximum(1.0 - apart / n, 1.0 / n)


def block_distances(blocks: Array, precision: Array) -> Array:
    """Return squared Mahalanobis distances from zero, shape (n_target,)."""
    return np.asarray(np.maximum(np.einsum("ni,ij,nj->n", blocks, precision, blocks), 0.0))


def _own_noise(residual: Array, known: NDArray[np.bool_]) -> Array:
    """Return the noise of each target in units of the features', shape (n_target, 1)."""
    own = MAD_TO_STD * masked_median(np.abs(residual), known)
    return np.maximum(own, _LEAST_OWN)[:, None]


def _leading(rows: Array, count: int) -> Array:
    """Return the leading right singular vectors (n_feature, k), from the smaller Gram matrix."""
    wide = rows.shape[1] > rows.shape[0]
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    keep = np.flatnonzero(values > 1e-10 * max(values[-1], np.finfo(float).tiny))[::-1][:count]
    if not wide:
        return np.asarray(vectors[:, keep])
    return np.asarray(rows.T @ vectors[:, keep] / np.sqrt(values[keep]))
