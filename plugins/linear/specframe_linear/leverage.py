"""How well a training set determines what a linear model says of a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Leverage"]

#: Directions of the features whose singular value is below this part of the largest are rounding errors.
_RANK = 1e-10


@dataclass(frozen=True)
class Leverage:
    """The singular value decomposition of standardised training features, and the errors that follow from it.

    ``directions (n_feature, rank)`` are orthonormal, ``singular (rank,)`` their singular values over the ``size``
    training targets, with weights of mean 1.
    """

    directions: NDArray[np.float64]
    singular: NDArray[np.float64]
    size: int

    @classmethod
    def of(cls, features: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[Self, NDArray[np.float64]]:
        """Return it, and the left singular vectors (n_target, rank).

        Features (n_target, n_feature) have a weighted mean of 0, and are 0 where missing.
        """
        left, singular, right = np.linalg.svd(features * np.sqrt(weight)[:, None], full_matrices=False)
        rank = int(np.sum(singular > _RANK * singular[0]))
        return cls(right[:rank].T.copy(), singular[:rank].copy(), len(features)), left[:, :rank]

    def of_mean(self, features: NDArray[np.float64], penalty: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return the variance of the fitted mean, in units of that of the noise, shape (n_target, 1 or n_output).

        ``1/n + z' (Z'WZ + penalty)^-1 z``, for a penalty per output (n_output,). Without a penalty the inverse is the
        pseudo-inverse (n_target, 1).
        """
        squares = np.square(features @ self.directions)
        if penalty is None:
            return 1.0 / self.size + squares @ np.square(1.0 / self.singular)[:, None]
        outside = np.maximum(np.sum(np.square(features), axis=1) - squares.sum(axis=1), 0.0)
        within = squares @ (1.0 / (np.square(self.singular)[:, None] + penalty))
        variance: NDArray[np.float64] = 1.0 / self.size + within + outside[:, None] / penalty
        return variance

    def of_missing(self, missing: NDArray[np.bool_], coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the variance of what missing features would have told, shape (n_target, n_output).

        The training set's variance of the sum of coefficients times features over those that are ``missing``
        (n_target, n_feature) and so took their mean.
        """
        variance = np.zeros((len(missing), coefficients.shape[1]))
        factor = self.directions * (self.singular / np.sqrt(self.size))
        for row in np.flatnonzero(missing.any(axis=1)):
            there = missing[row]
            variance[row] = np.sum(np.square(factor[there].T @ coefficients[there]), axis=0)
        return variance

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays; :meth:`from_arrays` is the inverse."""
        return {"directions": self.directions, "singular": self.singular, "size": np.array(self.size)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`arrays` returned, other arrays beside it."""
        return cls(arrays["directions"], arrays["singular"], int(arrays["size"]))
