"""Hyper-parameters of Gaussian processes by restricted maximum likelihood, and what not knowing them adds to errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.linear import solve_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.fit.linear import LinearSolution
    from specframe_transit.fit.noise import Noise
    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]

__all__ = ["RestrictedLikelihood"]

#: Steps of finite differences and largest step of an iteration, in natural logarithms of hyper-parameters.
_DIFFERENCE, _LARGEST_STEP = 0.1, 1.0
_ITERATIONS, _TOLERANCE = 12, 0.02
#: A flat prior's variance over its squared width.
_FLAT_VARIANCE = 1.0 / 12.0


@dataclass(frozen=True)
class RestrictedLikelihood:
    """Likelihood of residuals as a function of hyper-parameters, all that the fit took from them integrated out.

    An ordinary maximum of the likelihood takes residuals for noise, and finds too little of it at long timescales,
    where a slope and a transit have been fitted to it (REML: Patterson & Thompson 1971, Biometrika 58, 545).

    ``tangent`` (n_curve, n_column, n_time) are the derivatives of the model by all that was fitted, ``residual``
    (n_curve, n_time) what the model leaves, the process in it.
    """

    noise: Noise
    tangent: Array
    residual: Array

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The hyper-parameters, natural logarithms."""
        assert self.noise.kernel is not None
        return self.noise.kernel.parameters

    def _solve(self, hyper: Array) -> tuple[LinearSolution, Array]:
        both = np.concatenate([self.tangent, self.residual[:, None, :]], axis=1)
        whitened, log_determinant = self.noise.whiten(both, np.arange(len(hyper)), hyper)
        return solve_linear(whitened[:, :-1], whitened[:, -1]), log_determinant

    def log_posterior(self, hyper: Array) -> Array:
        """Return the log posterior density (n_curve,) of hyper (n_curve, n_hyper), up to a constant."""
        solution, log_determinant = self._solve(hyper)
        prior = sum(p.prior.log_density(column) for p, column in zip(self.parameters, hyper.T, strict=True))
        return np.asarray(-0.5 * (solution.chi2 + log_determinant + solution.log_determinant) + prior)

    def _bounds(self) -> tuple[Array, Array]:
        lower = np.array([p.prior.lower for p in self.parameters])
        return lower, np.array([p.prior.upper for p in self.parameters])

    def _expand(self, hyper: Array) -> tuple[Array, Array, Array]:
        """Return the log posterior (n_curve,), its gradient and minus its Hessian by central differences."""
        n = hyper.shape[1]
        lower, upper = self._bounds()
        # the points of the differences must stay where the prior is not zero
        centre = np.clip(hyper, lower + _DIFFERENCE, upper - _DIFFERENCE)
        unit = _DIFFERENCE * np.eye(n)
        value = self.log_posterior(centre)
        plus = np.stack([self.log_posterior(centre + unit[i]) for i in range(n)], axis=1)
        minus = np.stack([self.log_posterior(centre - unit[i]) for i in range(n)], axis=1)
        gradient = (plus - minus) / (2.0 * _DIFFERENCE)
        curvature = np.zeros((*hyper.shape, n))
        for i in range(n):
            curvature[:, i, i] = (2.0 * value - plus[:, i] - minus[:, i]) / _DIFFERENCE**2
            for j in range(i):
                both = self.log_posterior(centre + unit[i] + unit[j])
                mixed = (both - plus[:, i] - plus[:, j] + value) / _DIFFERENCE**2
                curvature[:, i, j] = curvature[:, j, i] = -mixed
        return value, gradient, curvature

    def optimise(self, start: Array) -> Array:
        """Return the hyper-parameters (n_curve, n_hyper) of largest posterior density near ``start``."""
        lower, upper = self._bounds()
        hyper = np.clip(start, lower, upper)
        best = self.log_posterior(hyper)
        for _ in range(_ITERATIONS):
            _, gradient, curvature = self._expand(hyper)
            values, vectors = np.linalg.eigh(np.nan_to_num(curvature))
            # uphill along directions in which the density is not concave as well
            step = np.einsum("kij,kj,klj,kl->ki", vectors, 1.0 / np.maximum(np.abs(values), 0.05), vectors, gradient)
            step = np.nan_to_num(step)
            length = np.abs(step).max(axis=1, keepdims=True)
            step = step * np.minimum(1.0, _LARGEST_STEP / np.maximum(length, 1e-300))
            moved = 0.0
            for _ in range(3):
                trial = np.clip(hyper + step, lower, upper)
                value = self.log_posterior(trial)
                better = value > best
                moved = max(moved, float(np.abs(np.where(better[:, None], trial - hyper, 0.0)).max()))
                hyper = np.where(better[:, None], trial, hyper)
                best = np.where(better, value, best)
                step = np.where(better[:, None], 0.0, 0.3 * step)
            if moved < _TOLERANCE:
                break
        return hyper

    def covariance(self, hyper: Array) -> Array:
        """Return the covariance of the hyper-parameters (n_curve, n_hyper, n_hyper), no wider than their priors."""
        lower, upper = self._bounds()
        curvature = np.nan_to_num(self._expand(hyper)[2])
        values, vectors = np.linalg.eigh(curvature)
        curvature = np.einsum("kij,kj,klj->kil", vectors, np.maximum(values, 0.0), vectors)
        with np.errstate(divide="ignore"):
            flat = np.where(np.isfinite(upper - lower), 1.0 / (_FLAT_VARIANCE * np.square(upper - lower)), 1e-6)
        return np.linalg.inv(curvature + np.diag(flat))

    def widening(self, hyper: Array, column: int) -> Array:
        """Return what the variance of one fitted number is to be multiplied by, (n_curve,).

        The variance at given hyper-parameters is averaged over them, and the variance of the number's value with them
        is added, by the cubature rule of third degree.
        """
        n = hyper.shape[1]
        lower, upper = self._bounds()
        solution, _ = self._solve(hyper)
        centre_value, centre = solution.coefficients[:, column], solution.covariance[:, column, column]
        root = np.linalg.cholesky(self.covariance(hyper)) * np.sqrt(n)
        total = np.zeros(len(hyper))
        for i in range(n):
            for sign in (-1.0, 1.0):
                moved, _ = self._solve(np.clip(hyper + sign * root[:, :, i], lower, upper))
                change = moved.coefficients[:, column] - centre_value
                total += (moved.covariance[:, column, column] + np.square(change)) / (2 * n)
        return np.asarray(total / centre)
