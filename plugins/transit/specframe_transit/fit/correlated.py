"""Noise correlated in time that a fit leaves in the residuals of the curves of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.systematics.noise import RedNoise, red_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.rounds import FitResult

    Array = NDArray[np.float64]

__all__ = ["correlated_noise"]

#: Information on a parameter that the fit holds at a bound, over that of the data.
_HELD = 1e12


def correlated_noise(result: FitResult, node: int, curves: Curves) -> RedNoise:
    """Return the noise factors of one batch, (n_curve,), what the fit took from its curves accounted for.

    ``curves`` are those of the node that the batch belongs to, all of them.

    A parameter with a prior, or seen by other nodes too, takes less than a degree of freedom from a curve; a slope
    takes all of its degree from averages over 20 minutes, an ingress hardly any. A process takes what is slow from the
    averages itself, parameters at its side count one degree each.
    """
    # times at which all is masked must not shift the bins, which begin with the first one
    seen = curves.use.any(axis=0)
    time = curves.time[seen]
    batch, pick, fitted = result.problem.batches[node], result.problem.picks[node], result.batches[node]
    use, error = batch.noise.use, batch.noise.error
    normalised = np.where(use, fitted.rest / np.where(use, error, 1.0), 0.0)
    n_column = batch.design.systematics.n_column
    if batch.noise.kernel is not None:
        return red_noise(normalised[:, seen], time, use[:, seen], n_fitted=n_column + len(pick))
    values, prior = result.minimum.values, result.problem.prior
    held = (values <= prior.lower) | (values >= prior.upper)
    covariance = _without(result.covariance, held)[:, pick[:, None], pick[None, :]]
    step, parts = batch.rows_at_once(len(pick)), []
    for first in range(0, len(use), step):
        rows = np.arange(first, min(first + step, len(use)))
        own = values[rows][:, pick]
        weight = np.where(use[rows], 1.0 / np.sqrt(batch.noise.variance(rows)), 0.0)
        tangent = batch.tangent(own, rows) * weight[:, None, :]
        taken = _taken(tangent, covariance[rows], n_column)[:, :, seen]
        n_fitted = round(float(np.median(np.square(taken).sum(axis=(1, 2)))))
        own_use = use[rows][:, seen]
        parts.append(red_noise(normalised[rows][:, seen], time, own_use, n_fitted=n_fitted, taken=taken))
    return RedNoise(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("beta", "ratio", "error")))


def _without(covariance: Array, held: NDArray[np.bool_]) -> Array:
    """Return covariances (n_row, n, n) with some parameters known."""
    if not held.any():
        return covariance
    information = np.linalg.inv(covariance)
    size = np.einsum("kii->ki", information)
    return np.asarray(
        np.linalg.inv(information + np.where(held, _HELD * size, 0.0)[:, :, None] * np.eye(held.shape[1]))
    )


def _taken(tangent: Array, covariance: Array, n_column: int) -> Array:
    """Return rows (n_row, n_column + n, n_time) whose outer products sum to the hat matrix of a fit.

    ``tangent`` is whitened, its first ``n_column`` rows belong to linear coefficients without priors; ``covariance``
    (n_row, n, n) is that of the other parameters, the coefficients marginalised.
    """
    linear = np.linalg.qr(tangent[:, :n_column].transpose(0, 2, 1))[0].transpose(0, 2, 1)
    others = tangent[:, n_column:]
    others = others - (others @ linear.transpose(0, 2, 1)) @ linear
    variance, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(variance, 0.0))[:, None, :]
    return np.concatenate([linear, root.transpose(0, 2, 1) @ others], axis=1)
