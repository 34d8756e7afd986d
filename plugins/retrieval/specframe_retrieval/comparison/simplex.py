"""The Delaunay simplex that holds a point, found without a triangulation of all points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["simplex_weights"]

#: The search begins among so many of the nearest points.
_NEAREST = 500
#: Tolerances of the solver, the smallest that it takes.
_EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
#: Reduced costs above minus this, in squared units of the points, are zero but for rounding.
_TOLERANCE = 1e-9
#: Weights below this are zero but for rounding.
_LEAST = 1e-9


def simplex_weights(
    points: NDArray[np.float64], query: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]] | None:
    """Return the points (k,) around ``query`` (p,) and their weights (k,), ``None`` outside of the convex hull.

    Weights are positive, sum to 1, and the weighted mean of ``points`` (n, p) is ``query``. Among all such weights they
    have the least weighted mean of squared distances: the lower hull of the points lifted to a paraboloid is their
    Delaunay triangulation (Brown 1979, Inf. Proc. Lett. 9, 223), so this linear program has the vertices of its simplex
    as solution. A triangulation of 1e5 points in five dimensions would not fit into memory; this takes milliseconds.
    """
    away = points - query
    cost = np.einsum("np,np->n", away, away)
    columns = np.vstack([away.T, np.ones(len(points))])
    wanted = np.append(np.zeros(points.shape[1]), 1.0)
    chosen = np.argsort(cost, kind="stable")[:_NEAREST]
    while True:
        solution = linprog(cost[chosen], A_eq=columns[:, chosen], b_eq=wanted, method="highs-ds", options=_EXACT)
        if solution.status != 0:
            if chosen.size == len(points):
                return None
            chosen = np.arange(len(points))
            continue
        # a point with a negative reduced cost lies within the simplex's circumscribed sphere
        reduced = cost - solution.eqlin.marginals @ columns
        within = np.setdiff1d(np.flatnonzero(reduced < -_TOLERANCE), chosen)
        if not within.size:
            break
        chosen = np.concatenate([chosen, within])
    used = solution.x > _LEAST
    weights = solution.x[used]
    return chosen[used], weights / weights.sum()
