"""Covariances from a scale for each output and a triangle of coefficients between them."""

from __future__ import annotations

import torch

from specframe.errors import UsageError

__all__ = ["MOST_OUTPUTS", "check_outputs", "factor", "n_coefficients", "whitened"]

#: A triangle of more outputs than these has more coefficients than a network learns (64: 2,016).
MOST_OUTPUTS = 64
#: Coefficients are kept within this, softly: a correlation of 0.9995 between two outputs.
_STEEPEST = 30.0


def check_outputs(n_output: int, head: str) -> None:
    """Refuse more outputs than a joint density of all of them is meant for."""
    if n_output > MOST_OUTPUTS:
        raise UsageError(
            f"head: {head} states how all outputs hang together, for {MOST_OUTPUTS} outputs at most, got {n_output}; "
            "take the head low-rank, or predict principal components of them (label_components)"
        )


def n_coefficients(n_output: int) -> int:
    """Return the number of coefficients below the diagonal."""
    return n_output * (n_output - 1) // 2


def whitened(offset: torch.Tensor, log_variance: torch.Tensor, coefficients: torch.Tensor) -> torch.Tensor:
    r"""Return ``z``, standard normal where ``offset`` (..., output) has the covariance of :func:`factor`.

    :math:`z_i = r_i / s_i + \sum_{j<i} a_{ij} r_j / s_j`: each output is predicted from the ones before it, with the
    scale :math:`s_i` of what they leave, the exponential of half the ``log_variance`` (..., output), and with the
    ``coefficients`` (..., triangle) row by row (Pourahmadi 1999, Biometrika 86, 677, in units of the scales). The
    determinant of the covariance is the product of the :math:`s_i^2`.
    """
    scaled = offset * (-log_variance / 2).exp()
    result: torch.Tensor = (_triangle(coefficients, offset.shape[-1]) @ scaled[..., None])[..., 0]
    return result


def factor(log_variance: torch.Tensor, coefficients: torch.Tensor) -> torch.Tensor:
    """Return the lower triangle ``F`` (..., output, other), with which ``F F^T`` is the covariance.

    It turns standard normal numbers into offsets, and :func:`whitened` offsets into these.
    """
    n = log_variance.shape[-1]
    identity = torch.eye(n, dtype=log_variance.dtype, device=log_variance.device)
    inverse: torch.Tensor = torch.linalg.solve_triangular(
        _triangle(coefficients, n), identity, upper=False, unitriangular=True
    )
    return (log_variance / 2).exp()[..., None] * inverse


def _triangle(coefficients: torch.Tensor, n: int) -> torch.Tensor:
    """Return ``A`` (..., output, other), with ones on its diagonal."""
    rows, columns = torch.tril_indices(n, n, -1, device=coefficients.device)
    below = torch.zeros(*coefficients.shape[:-1], n, n, dtype=coefficients.dtype, device=coefficients.device)
    below[..., rows, columns] = _STEEPEST * (coefficients / _STEEPEST).tanh()
    return below + torch.eye(n, dtype=below.dtype, device=below.device)
