"""What principal components of residuals may have hidden in the depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.fit.rounds import FitResult

    Array = NDArray[np.float64]

__all__ = ["component_covariance"]

#: Times to which the event is moved, and how much of it must stay in the data.
_SHIFTS, _LEAST_MOVED = 41, 0.25


def component_covariance(result: FitResult, time: Array) -> Array | None:
    """Return what principal components may have hidden in the depths, (n_fitted, n_fitted); None without them.

    Components of residuals have no part along the event, for the fit before them has given that to the depths.
    How large it is can only be known from how components overlap with the event at other times.
    """
    batch = result.problem.batches[0]
    names = batch.design.systematics.column_names
    at = [i for i, name in enumerate(names) if name.startswith("component_")]
    if not at:
        return None
    values = result.minimum.values
    coefficients = batch.solve(values, np.arange(len(values)))[0].coefficients[:, at]
    tangent = batch.tangent(values).mean(axis=0)
    others = np.delete(tangent[: len(names)], at, axis=0)
    event = tangent[len(names)]
    overlap = np.array([_overlap(time, event, others, tangent[i]) for i in at])
    hidden = coefficients * overlap
    return np.asarray(hidden @ hidden.T)


def _overlap(time: Array, event: Array, columns: Array, component: Array) -> float:
    """Return the rms depth that a component of amplitude 1 mimics where the event is moved in time."""
    basis = np.linalg.qr(columns.T)[0]
    span = time[-1] - time[0]
    depths = []
    for shift in np.linspace(-0.5, 0.5, _SHIFTS) * span:
        moved = np.interp(time - shift, time, event, left=0.0, right=0.0)
        moved = moved - basis @ (basis.T @ moved)
        depths.append((component @ moved, moved @ moved))
    product, square = np.array(depths).T
    there = square > _LEAST_MOVED * square[_SHIFTS // 2]
    return float(np.sqrt(np.mean(np.square(product[there] / square[there]))))
