"""Labels as standardised coefficients of principal components, and back, with errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Coefficients"]

#: A component with less than this part of the variance is rounding, and so is a spread below this part of the labels.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Coefficients:
    """Labels ``= mean + coefficients @ components + rest`` with coefficients of unit variance.

    Shapes: ``mean (n_output,)``, ``components (k, n_output)`` in the labels' units, ``inverse (n_output, k)`` which
    turns labels into coefficients, ``rest (n_output,)`` the variance that the components leave.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    inverse: NDArray[np.float64]
    rest: NDArray[np.float64]

    @classmethod
    def fit(cls, labels: NDArray[np.float64], weight: NDArray[np.float64], wanted: float | None) -> Self:
        """Learn from labels (n_target, n_output) and weights (n_target,).

        ``wanted`` is the number of components, the part of the variance that they should have, or ``None`` for every
        output by itself.
        """
        mean = np.average(labels, axis=0, weights=weight)
        share = (weight / weight.sum())[:, None]
        rows = (labels - mean) * np.sqrt(share)
        # labels that do not differ have no spread to be scaled by, but a standard deviation must be positive
        least = max(_ROUNDING * float(np.abs(labels).max()), float(np.finfo(float).tiny))
        if wanted is None or labels.shape[1] == 1:
            spread = np.maximum(np.sqrt(np.square(rows).sum(axis=0)), least)
            return cls(mean, np.diag(spread), np.diag(1.0 / spread), np.zeros_like(mean))
        _, singular, axes = np.linalg.svd(rows, full_matrices=False)
        total = max(float(np.square(singular).sum()), float(np.finfo(float).tiny))
        count = max(int(np.sum(np.square(singular) > _ROUNDING * total)), 1)
        if isinstance(wanted, int):
            count = min(wanted, count)
        else:
            count = min(int(np.searchsorted(np.cumsum(np.square(singular)) / total, wanted, side="right")) + 1, count)
        size, axes = np.maximum(singular[:count], least), axes[:count]
        # components adapt to the targets that they are made of, and hold their share of the noise of every output:
        # so much less of it is left
        freedom = max((1.0 - count / len(labels)) * (1.0 - count / labels.shape[1]), 0.1)
        rest = np.square(rows - rows @ axes.T @ axes).sum(axis=0) / freedom
        return cls(mean, size[:, None] * axes, axes.T / size, np.maximum(rest, np.square(least)))

    def of(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return coefficients (k, n_target)."""
        return np.ascontiguousarray(((labels - self.mean) @ self.inverse).T)

    def labels(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return labels (n_target, n_output) of coefficients (k, n_target)."""
        return np.asarray(coefficients.T @ self.components + self.mean)

    def variance(
        self, variance: NDArray[np.float64], between: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return what variances of coefficients (k, n_target) add to those of labels (n_target, n_output).

        ``between (n_target, k, k)`` has their covariances, where they have some.
        """
        own = variance.T @ np.square(self.components)
        if between is None:
            return np.asarray(own)
        others = np.einsum("nkl,ki,li->ni", _off_diagonal(between), self.components, self.components, optimize=True)
        return np.asarray(np.maximum(own + others, 0.0))

    def covariance(
        self, variance: NDArray[np.float64], between: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the covariances (n_target, n_output, n_output) of labels, from those of coefficients."""
        covariance = np.einsum("kn,ki,kj->nij", variance, self.components, self.components, optimize=True)
        if between is not None:
            off = _off_diagonal(between)
            covariance += np.einsum("nkl,ki,lj->nij", off, self.components, self.components, optimize=True)
        return np.asarray(covariance + np.diag(self.rest))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return arrays to be saved; the constructor takes them back."""
        return {name: np.ascontiguousarray(value) for name, value in vars(self).items()}


def _off_diagonal(between: NDArray[np.float64]) -> NDArray[np.float64]:
    return between * (1.0 - np.eye(between.shape[1]))
