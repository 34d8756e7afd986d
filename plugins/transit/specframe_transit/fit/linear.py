"""Linear coefficients solved exactly: separable least squares (Golub & Pereyra 1973; Kaufman 1975), in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LinearSolution", "solve_linear"]

#: Added to the diagonal of the columns' correlation matrix: a column that a curve does not determine (all its samples
#: masked, or equal to another) gets a finite coefficient rather than none.
_RIDGE = 1e-13


@dataclass(frozen=True)
class LinearSolution:
    """Weighted least-squares solutions of a batch of curves, all arrays whitened.

    ``columns`` (n_curve, n_column, n_time), ``coefficients`` (n_curve, n_column), ``residual`` (n_curve, n_time),
    ``covariance`` (n_curve, n_column, n_column) of the coefficients, other parameters held, and ``log_determinant``
    (n_curve,) of the columns' normal matrix, which a likelihood without the coefficients needs.
    """

    columns: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    residual: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_determinant: NDArray[np.float64]

    @property
    def chi2(self) -> NDArray[np.float64]:
        """Sum of squared residuals, shape (n_curve,)."""
        return np.asarray(np.einsum("kt,kt->k", self.residual, self.residual))

    def project(self, jacobian: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return information (n_curve, n, n) and gradient (n_curve, n) of the other parameters.

        ``jacobian`` (n_curve, n, n_time) are whitened derivatives of the model at these coefficients. The information
        is the Schur complement of the coefficients in the normal matrix of the joint problem, so its inverse is the
        covariance of the other parameters with the coefficients marginalised. The gradient is that of -chi2 / 2.
        """
        cross = jacobian @ self.columns.transpose(0, 2, 1)
        information = jacobian @ jacobian.transpose(0, 2, 1) - cross @ self.covariance @ cross.transpose(0, 2, 1)
        return information, (jacobian @ self.residual[:, :, None])[:, :, 0]


def solve_linear(columns: NDArray[np.float64], flux: NDArray[np.float64]) -> LinearSolution:
    """Solve flux (n_curve, n_time) = coefficients . columns (n_curve, n_column, n_time), both whitened."""
    normal = columns @ columns.transpose(0, 2, 1)
    diagonal = np.einsum("kii->ki", normal)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    correlation = normal / (scale[:, :, None] * scale[:, None, :])
    at = np.arange(columns.shape[1])
    correlation[:, at, at] = 1.0 + _RIDGE
    covariance = np.linalg.inv(correlation) / (scale[:, :, None] * scale[:, None, :])
    coefficients = np.zeros(columns.shape[:2])
    residual = flux
    # The second pass takes out what rounding left, normal equations square the condition number.
    for _ in range(2):
        coefficients = coefficients + (covariance @ (columns @ residual[:, :, None]))[:, :, 0]
        residual = flux - (coefficients[:, None, :] @ columns)[:, 0]
    log_determinant = np.linalg.slogdet(correlation)[1] + 2.0 * np.log(scale).sum(axis=1)
    return LinearSolution(columns, coefficients, residual, covariance, log_determinant)
