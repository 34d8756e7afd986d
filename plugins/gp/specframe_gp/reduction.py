"""Inputs of a Gaussian process: standardised features, long ones reduced to principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api import FeatureSpace, design_matrix
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Features", "Reduction"]

#: A principal component with less than this part of the variance is rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Features:
    """What is known of targets: ``matrix (n_target, n_feature)``, NaN where missing, and ``squared_error``.

    ``widths`` are the numbers of features of each input. ``squared_error (n_target, n_error)`` is the mean square of
    each variable that tells of noise, NaN where it is missing.
    """

    matrix: NDArray[np.float64]
    widths: tuple[int, ...]
    squared_error: NDArray[np.float64]
    targets: tuple[str, ...]

    @classmethod
    def read(cls, X: Any, inputs: Sequence[str], errors: Sequence[str]) -> Self:
        """Read inputs and errors by name from a collection; an array is one input, and has no errors."""
        import xarray as xr

        if not isinstance(X, (xr.DataTree, xr.Dataset)):
            if errors:
                raise DataError(f"noise_errors {list(errors)} are variables of a collection, but X is an array")
            matrix, targets = design_matrix(X)
            return cls(matrix, (matrix.shape[1],), np.zeros((len(matrix), 0)), tuple(targets))
        matrix, targets = design_matrix(X, tuple(inputs))
        widths = tuple(design_matrix(X, (name,))[0].shape[1] for name in inputs) or (matrix.shape[1],)
        squares = [_mean_square(design_matrix(X, (name,))[0]) for name in errors]
        return cls(matrix, widths, np.stack([np.zeros(len(matrix)), *squares], axis=1)[:, 1:], tuple(targets))

    def take(self, index: NDArray[Any]) -> Self:
        """Return some of the targets, by integers or booleans."""
        targets = tuple(np.array(self.targets)[index].tolist())
        return type(self)(self.matrix[index], self.widths, self.squared_error[index], targets)


@dataclass(frozen=True)
class Reduction:
    """From features to inputs of unit variance: ``space.transform(matrix) @ projection``, and errors to unit mean.

    ``projection (n_feature, d)`` holds, for an input with more features than asked for, principal components of the
    training set divided by the standard deviation along them; for others one column per feature that varies.
    ``error_scale (n_error,)`` is the mean of the squared errors.
    """

    space: FeatureSpace
    projection: NDArray[np.float64]
    error_scale: NDArray[np.float64]

    @classmethod
    def fit(cls, features: Features, weight: NDArray[np.float64], n_inputs: int | None) -> Self:
        """Learn from the training set and its weights (n_target,)."""
        space = FeatureSpace.fit(features.matrix, weight)
        standard = space.transform(features.matrix)
        columns, first = [], 0
        for width in features.widths:
            part = slice(first, first + width)
            found = np.eye(width)[:, space.inverse_scale[part] > 0]
            if n_inputs is not None and found.shape[1] > n_inputs:
                found = _principal(standard[:, part], weight, n_inputs)
            placed = np.zeros((standard.shape[1], found.shape[1]))
            placed[part] = found
            columns.append(placed)
            first += width
        projection = np.concatenate(columns, axis=1)
        if not projection.shape[1]:  # nothing varies: one input that is 0 for all
            projection = np.zeros((standard.shape[1], 1))
        known = np.isfinite(features.squared_error)
        counts = np.where(known, weight[:, None], 0.0)
        total = (counts * np.where(known, features.squared_error, 0.0)).sum(axis=0)
        if not np.all(total > 0):
            raise DataError("noise_errors must be above 0 for some target of the training set, they are missing or 0")
        return cls(space, np.ascontiguousarray(projection), total / counts.sum(axis=0))

    def inputs(self, features: Features) -> NDArray[np.float64]:
        """Return inputs (n_target, d); a feature that is missing takes the training mean."""
        return np.asarray(self.space.transform(features.matrix) @ self.projection)

    def squared_errors(self, features: Features) -> NDArray[np.float64]:
        """Return squared errors (n_target, n_error) in units of their training mean, which missing ones take."""
        relative = features.squared_error / self.error_scale
        return np.where(np.isfinite(relative), relative, 1.0)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return arrays to be saved; :meth:`from_state` is the inverse."""
        space = {f"space.{name}": np.asarray(value) for name, value in vars(self.space).items()}
        return {**space, "projection": self.projection, "error_scale": self.error_scale}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`state` returned."""
        space = {k.removeprefix("space."): a for k, a in arrays.items() if k.startswith("space.")}
        return cls(FeatureSpace(**space), arrays["projection"], arrays["error_scale"])


def _principal(standard: NDArray[np.float64], weight: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return principal components (n_feature, k) over the standard deviations of their scores."""
    rows = standard * np.sqrt(weight / weight.sum())[:, None]
    _, singular, components = np.linalg.svd(rows, full_matrices=False)
    keep = np.flatnonzero(np.square(singular) > _ROUNDING * np.square(singular).sum())[:count]
    return np.asarray(components[keep].T / singular[keep])


def _mean_square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    square = np.square(np.where(known, values, 0.0)).sum(axis=1)
    return np.where(count > 0, square / np.where(count > 0, count, 1), np.nan)
