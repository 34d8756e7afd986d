"""The Delaunay simplex that holds a point, found without a triangulation of all points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.spatial import KDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Simplices"]

#: The search begins among so many of the nearest points, and where they do not surround the query, goes on among so
#: many times as many.
_NEAREST, _MORE = 200, 8
#: Tolerances of the solver, the smallest that it takes.
_EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
#: Steps towards a plane between the query and all points.
_STEPS = 100
#: Points are within a sphere when they are within this part of its radius.
_WITHIN = 1.0 - 1e-9
#: Weights below this are zero but for rounding.
_LEAST = 1e-9


class Simplices:
    """The Delaunay simplices of ``points`` (n, p), each found when it is asked for.

    A triangulation of 1e5 points in five dimensions would not fit into memory.
    """

    def __init__(self, points: NDArray[np.float64]) -> None:
        self.points = points
        self._tree = KDTree(points)

    def weights(self, query: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]] | None:
        """Return the points (k,) around ``query`` (p,) and their weights (k,), ``None`` outside of the convex hull.

        Weights are positive, sum to 1, and the weighted mean of the points is ``query``. Among all such weights they
        have the least weighted mean of squared distances: the lower hull of the points lifted to a paraboloid is their
        Delaunay triangulation (Brown 1979, Inf. Proc. Lett. 9, 223), so this linear program has the vertices of its
        simplex as solution. It is solved for points near by, and again with those that lie within the sphere through
        the vertices until there are none.
        """
        count = min(_NEAREST, len(self.points))
        chosen = np.atleast_1d(self._tree.query(query, count)[1])
        wanted = np.append(np.zeros(query.size), 1.0)
        while True:
            away = self.points[chosen] - query
            cost = np.einsum("np,np->n", away, away)
            columns = np.vstack([away.T, np.ones(len(away))])
            solution = linprog(cost, A_eq=columns, b_eq=wanted, method="highs-ds", options=_EXACT)
            if solution.status != 0:
                if count == len(self.points) or _is_outside(self.points - query):
                    return None
                count = min(_MORE * count, len(self.points))
                chosen = np.atleast_1d(self._tree.query(query, count)[1])
                continue
            dual = solution.eqlin.marginals
            centre = 0.5 * dual[:-1]
            radius = np.sqrt(max(centre @ centre + dual[-1], 0.0))
            within = np.setdiff1d(self._tree.query_ball_point(query + centre, _WITHIN * radius), chosen)
            if not within.size:
                break
            chosen = np.concatenate([chosen, within.astype(np.intp)])
        used = solution.x > _LEAST
        weights = solution.x[used]
        return chosen[used], weights / weights.sum()


def _is_outside(away: NDArray[np.float64]) -> bool:
    """Return whether a plane is found soon that has the origin on one side and all points (n, p) on the other.

    Steps of Gilbert (1966, SIAM J. Control 4, 61) lead to the point of the hull that is nearest to the origin.
    """
    nearest = away[np.argmin(np.einsum("np,np->n", away, away))]
    for _ in range(_STEPS):
        along = away @ nearest
        lowest = int(np.argmin(along))
        if along[lowest] > 0.0:
            return True
        step = away[lowest] - nearest
        length = float(step @ step)
        if length == 0.0:
            return False
        nearest = nearest + min(max(-float(nearest @ step) / length, 0.0), 1.0) * step
    return False
