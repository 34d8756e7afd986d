"""The likelihood of a Gaussian process with everything else that was fitted integrated out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.gp.celerite import TimeKernel

__all__ = ["restricted_likelihood"]

#: Eigenvalue of the columns' products, relative to the largest, below which they depend on each other.
_DEPENDENT = 1e-12


def restricted_likelihood(
    kernel: TimeKernel,
    hyper: NDArray[np.float64],
    time: NDArray[np.float64],
    variance: NDArray[np.float64],
    residual: NDArray[np.float64],
    columns: NDArray[np.float64],
    use: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log likelihood and its gradient, as :meth:`TimeKernel.restricted_likelihood` says.

    With K the covariance, A the columns, r the residual less what the columns explain of it and B = A R^-1 with
    A^T K^-1 A = R^T R, it is -1/2 (r^T K^-1 r + ln |K| + 2 ln |R| + (n - n_column) ln 2 pi). Its derivatives are those
    of -1/2 (ln |K| + the sum of y^T K^-1 y over y = r and the columns of B), y held fixed.
    """
    variance, residual, use = np.broadcast_arrays(*map(np.atleast_2d, (variance, residual, use)))
    hyper = np.atleast_2d(hyper)
    n_curve, n_column, n_time = columns.shape
    known = np.where(use[:, None], np.concatenate([columns, residual[:, None]], axis=1), 0.0)
    white, log_determinant = kernel.whiten(hyper, time, variance, known, use)
    good = np.isfinite(log_determinant)
    white = np.where(good[:, None, None], white, 0.0)
    # of unit length, whatever the hyper-parameters, then orthonormal in the metric of the inverse covariance
    size = np.sqrt(np.square(known[:, :-1]).sum(axis=2))
    size[size == 0.0] = 1.0
    scaled = white[:, :-1] / size[:, :, None]
    eigenvalue, vector = np.linalg.eigh(scaled @ scaled.transpose(0, 2, 1))
    kept = eigenvalue > _DEPENDENT * eigenvalue[:, -1:]
    turn = np.where(kept[:, None, :], vector / np.sqrt(np.where(kept, eigenvalue, 1.0))[:, None, :], 0.0)
    turn = (turn / size[:, :, None]).transpose(0, 2, 1)
    normal, white_normal = turn @ known[:, :-1], turn @ white[:, :-1]
    share = (white_normal @ white[:, -1, :, None])[..., 0]
    rest = white[:, -1] - (share[:, None] @ white_normal)[:, 0]
    spread = np.where(kept, np.log(np.where(kept, eigenvalue, 1.0)), 0.0).sum(axis=1) + 2.0 * np.log(size).sum(axis=1)
    value = np.square(rest).sum(axis=1) + log_determinant + spread
    value = -0.5 * (value + (use.sum(axis=1) - kept.sum(axis=1)) * np.log(2.0 * np.pi))
    # Each of them pulls at the covariance as a residual does; a curve of zeros takes back its determinant.
    rows = np.zeros((n_curve, n_column + 2, n_time))
    rows[:, 0] = known[:, -1] - (share[:, None] @ normal)[:, 0]
    rows[:, 1:-1] = normal
    each = kernel.log_likelihood(
        np.repeat(np.broadcast_to(hyper, (n_curve, kernel.n_hyper)), n_column + 2, axis=0),
        time,
        np.repeat(variance, n_column + 2, axis=0),
        rows.reshape(-1, n_time),
        np.repeat(use, n_column + 2, axis=0),
    ).by_hyper.reshape(n_curve, n_column + 2, -1)
    gradient = each[:, :-1].sum(axis=1) - n_column * each[:, -1]
    good &= np.isfinite(value)
    return np.where(good, value, -np.inf), np.where(good[:, None], gradient, 0.0)
