"""Laplace's approximation of the posterior of a network's last layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LastLayer"]

#: Rounds of the fixed point for the prior's precision, and the change of its logarithm at which it has settled.
_ROUNDS, _SETTLED = 200, 1e-9
#: Prior precisions are kept between these: weights of exactly 0 would ask for an infinite one.
_LEAST, _MOST, _ZERO = 1e-8, 1e12, 1e-200


@dataclass(frozen=True)
class LastLayer:
    """Gaussian posterior of the weights ``w_o`` of outputs that are linear in features, ``phi @ w_o``.

    The covariance of ``w_o`` is ``(p_o sum_n h_no phi_n phi_n^T + alpha_o 1)^-1``, with ``p_o h_no`` the curvature of
    the negative log-likelihood, the inverse variance of the noise (generalised Gauss-Newton; Daxberger et al. 2021,
    NeurIPS 34, Laplace Redux). The precision ``alpha`` of the prior maximises the marginal likelihood given the
    trained weights, by the fixed point ``alpha = gamma / |w|^2``, ``gamma = sum_i lambda_i / (lambda_i + alpha)``
    with the eigenvalues ``lambda`` of the curvature (MacKay 1992, Neural Computation 4, 415).

    Attributes
    ----------
    design
        Features of the training targets, (row, feature), the last one constant 1 for the bias.
    curvature
        ``h`` (row, output), or (row, 1) where it is the same for all outputs.
    precision
        ``p`` (output,).
    weights
        Trained ``w``, (output, feature).
    alpha
        (output,)
    """

    design: NDArray[np.float64]
    curvature: NDArray[np.float64]
    precision: NDArray[np.float64]
    weights: NDArray[np.float64]
    alpha: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        features: NDArray[Any],
        curvature: NDArray[np.float64],
        precision: NDArray[np.float64],
        weights: NDArray[Any],
        bias: NDArray[Any],
    ) -> Self:
        """Learn it from features (row, k), curvature and precision as above, and the layer (output, k), (output,)."""
        design = np.column_stack([np.asarray(features, float), np.ones(len(features))])
        layer = np.column_stack([np.asarray(weights, float), np.asarray(bias, float)])
        if curvature.shape[1] == 1 and len(design) > design.shape[1]:
            # All that counts is sum_n h_n phi_n phi_n^T, which this triangle has too.
            design = np.asarray(np.linalg.qr(design * np.sqrt(curvature), mode="r"))
            curvature = np.ones((len(design), 1))
        posterior = cls(design, curvature, precision, layer, np.ones(len(layer)))
        for output, (values, _) in enumerate(posterior._eigen()):
            posterior.alpha[output] = _prior_precision(values, float(np.square(layer[output]).sum()))
        return posterior

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws of the weights, (count, output, feature), the bias last."""
        n_output, n_feature = self.weights.shape
        draws = np.empty((count, n_output, n_feature))
        for output, (values, vectors) in enumerate(self._eigen()):
            normal = rng.standard_normal((count, n_feature)) / np.sqrt(values + self.alpha[output])
            draws[:, output] = self.weights[output] + normal @ vectors.T
        return draws

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; the constructor takes them back."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    def _eigen(self) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Yield eigenvalues and eigenvectors of the curvature of each output's weights."""
        values, vectors = np.zeros(0), np.zeros((0, 0))
        for output, precision in enumerate(self.precision):
            if output < self.curvature.shape[1]:
                gram = (self.design * self.curvature[:, output, None]).T @ self.design
                values, vectors = np.linalg.eigh(gram)
            yield precision * np.maximum(values, 0.0), vectors


def _prior_precision(eigenvalues: NDArray[np.float64], square: float) -> float:
    alpha = 1.0
    for _ in range(_ROUNDS):
        gamma = float((eigenvalues / (eigenvalues + alpha)).sum())
        changed = min(max(gamma / max(square, _ZERO), _LEAST), _MOST)
        settled = abs(np.log(changed / alpha)) < _SETTLED
        alpha = changed
        if settled:
            break
    return alpha
