"""Levenberg-Marquardt for many independent curves at once, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from specframe_transit.fit.prior_table import PriorTable

    #: Takes values (n_row, n) and the curves (n_row,) they are of; returns chi2 (n_row,), gradient of -chi2 / 2
    #: (n_row, n) and information (n_row, n, n).
    Evaluate = Callable[
        [NDArray[np.float64], NDArray[np.intp]],
        tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    ]

__all__ = ["Minimum", "minimise"]

_DAMPING = 1e-3
_MAX_DAMPING = 1e8
#: A fit has converged when a step would lower chi2 / 2 by less than this part of itself per sample.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Minimum:
    """Where -log posterior is least: ``values`` (n_curve, n), ``chi2`` (n_curve,), ``converged`` (n_curve,).

    ``information`` (n_curve, n, n) of the data alone, without the prior.
    """

    values: NDArray[np.float64]
    chi2: NDArray[np.float64]
    information: NDArray[np.float64]
    converged: NDArray[np.bool_]


def minimise(evaluate: Evaluate, start: NDArray[np.float64], prior: PriorTable, max_steps: int = 60) -> Minimum:
    """Minimise chi2 / 2 - log prior of each curve by damped Gauss-Newton steps, clipped to the prior's bounds.

    A parameter at a bound that a step would leave is held for that step. Curves that have converged are evaluated no
    more.
    """
    values = np.clip(start, prior.lower, prior.upper)
    n_curve, n = values.shape
    every = np.arange(n_curve)
    chi2, gradient, information = evaluate(values, every)
    converged = np.zeros(n_curve, bool)
    if n == 0:
        return Minimum(values, chi2, information, np.ones(n_curve, bool))
    damping = np.full(n_curve, _DAMPING)
    for _ in range(max_steps):
        active = np.flatnonzero(~converged & (damping < _MAX_DAMPING))
        if active.size == 0:
            break
        own, at = prior.only(active), values[active]
        slope = gradient[active] + own.gradient(at)
        curvature = information[active] + _diagonal(own.weight)
        trial, gain = _step(at, slope, curvature, damping[active], own)
        new = evaluate(trial, active)
        old_objective = 0.5 * chi2[active] + own.penalty(at)
        objective = 0.5 * new[0] + own.penalty(trial)
        with np.errstate(invalid="ignore"):
            better = objective <= old_objective * (1.0 + 1e-13)
        damping[active] = np.where(better, damping[active] * 0.1, damping[active] * 10.0)
        taken = active[better]
        values[taken] = trial[better]
        for kept, fresh in zip((chi2, gradient, information), new, strict=True):
            kept[taken] = fresh[better]
        converged[active] = better & (gain < _TOLERANCE * np.maximum(old_objective, 1e-300))
    # Only rounding keeps a curve from its minimum where even the smallest step does not lower chi2.
    converged |= damping >= _MAX_DAMPING
    return Minimum(values, chi2, information, converged)


def _diagonal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, :, None] * np.eye(values.shape[1])


def _step(
    values: NDArray[np.float64],
    slope: NDArray[np.float64],
    curvature: NDArray[np.float64],
    damping: NDArray[np.float64],
    prior: PriorTable,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values after a step, and the decrease of the objective that the quadratic model predicts."""
    held = ((values <= prior.lower) & (slope < 0)) | ((values >= prior.upper) & (slope > 0))
    diagonal = np.einsum("kii->ki", curvature)
    held |= diagonal <= 0
    free = ~held[:, :, None] & ~held[:, None, :]
    scale = np.sqrt(np.where(held, 1.0, diagonal))
    matrix = np.where(free, curvature, 0.0) / (scale[:, :, None] * scale[:, None, :])
    matrix = matrix + _diagonal(np.where(held, 1.0, damping[:, None] + 1e-12))
    target = np.where(held, 0.0, slope) / scale
    step = np.linalg.solve(matrix, target[:, :, None])[:, :, 0] / scale
    trial = np.clip(values + step, prior.lower, prior.upper)
    taken = trial - values
    gain = (taken * slope).sum(axis=1) - 0.5 * np.einsum("ki,kij,kj->k", taken, curvature, taken)
    return trial, np.abs(gain)
