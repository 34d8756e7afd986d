"""Optima of many small smooth problems at once, such as the hyper-parameters of every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from specframe_transit.inference.prior import Parameter

__all__ = ["Optimum", "climb_one", "find_optimum"]

#: Places per parameter at which a climb may begin, and how many of the best do begin.
_PLACES, _CLIMBS = 8, 2
#: Step of the central differences of gradients. Its error, h^2 times the fourth derivative, is of order 1e-6.
_DIFFERENCE = 1e-3
#: Longest first step, and longest step at all.
_RADIUS, _MAX_RADIUS = 1.0, 3.0
#: A climb ends where so little log density can be gained (it is then within 0.01 errors), or after so many steps.
_TOLERANCE, _MAX_STEPS = 1e-5, 60
#: Width of the prior of a logarithm that has no bounds: e^10.
_UNBOUNDED_WIDTH = 10.0


class Evaluate(Protocol):
    """Log likelihood ``(n,)`` and gradient ``(n, n_parameter)`` of ``curves (n,)`` at ``values (n, n_parameter)``."""

    def __call__(self, curves: NDArray[np.intp], values: NDArray[np.float64], /) -> tuple[ArrayLike, ArrayLike]: ...


@dataclass(frozen=True)
class Optimum:
    """Where the posterior density of each curve is largest."""

    #: Shape ``(n_curve, n_parameter)``.
    values: NDArray[np.float64]
    #: Log likelihood plus log prior, ``(n_curve,)``.
    log_density: NDArray[np.float64]
    #: Of the Gaussian approximation, ``(n_curve, n_parameter, n_parameter)``.
    covariance: NDArray[np.float64]


class _Problem:
    """Posterior densities of all climbs; a climb belongs to a curve."""

    def __init__(self, evaluate: Evaluate, parameters: tuple[Parameter, ...]) -> None:
        self.evaluate = evaluate
        self.priors = [parameter.prior for parameter in parameters]
        self.lower = np.array([prior.lower for prior in self.priors])
        self.upper = np.array([prior.upper for prior in self.priors])

    def density(
        self, curves: NDArray[np.intp], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log density and its gradient."""
        value, gradient = (np.array(part, dtype=float) for part in self.evaluate(curves, values))
        for column, prior in enumerate(self.priors):
            value += prior.log_density(values[:, column])
            gradient[:, column] += prior.gradient(values[:, column])
        return value, gradient

    def curvature(self, curves: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return minus the matrix of second derivatives, from central differences of the gradient."""
        n = values.shape[1]
        result = np.empty((len(values), n, n))
        for column in range(n):
            high, low = values.copy(), values.copy()
            high[:, column] += _DIFFERENCE
            low[:, column] -= _DIFFERENCE
            up, down = (np.asarray(self.evaluate(curves, at)[1]) for at in (high, low))
            result[:, column] = (down - up) / (2.0 * _DIFFERENCE)
        result = 0.5 * (result + result.transpose(0, 2, 1))
        for column, prior in enumerate(self.priors):
            result[:, column, column] += prior.curvature(values[:, column])
        return result


def find_optimum(
    evaluate: Evaluate, parameters: tuple[Parameter, ...], n_curve: int, start: NDArray[np.float64] | None = None
) -> Optimum:
    """Climb to the largest posterior density of each curve, within the bounds of the priors.

    Newton steps with a trust region, in which directions of negative curvature are turned round (Nocedal & Wright
    2006, sections 3.4 and 4.1), for all curves at once: an evaluation of many small problems costs little more than
    one. Without ``start (n_curve, n_parameter)`` the two best of ``8 n + 1`` places of a Halton sequence begin.
    A curve without a finite density anywhere keeps its start, and has a log density of -inf.
    """
    problem = _Problem(evaluate, parameters)
    n = len(parameters)
    if n == 0:
        value, _ = problem.density(np.arange(n_curve), np.empty((n_curve, 0)))
        return Optimum(np.empty((n_curve, 0)), value, np.empty((n_curve, 0, 0)))
    if start is None:
        curves, values = _best_places(problem, parameters, n_curve)
    else:
        curves = np.arange(n_curve)
        values = np.clip(np.broadcast_to(np.asarray(start, dtype=float), (n_curve, n)), problem.lower, problem.upper)
    values, log_density, curvature = _climb(problem, curves, values)
    best = np.array([np.flatnonzero(curves == c)[np.argmax(log_density[curves == c])] for c in range(n_curve)])
    return Optimum(values[best], log_density[best], _covariance(problem.lower, problem.upper, curvature[best]))


def _best_places(
    problem: _Problem, parameters: tuple[Parameter, ...], n_curve: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return curves and values at which climbs begin."""
    n = len(parameters)
    middle = np.array([parameter.start for parameter in parameters])
    places = np.empty((_PLACES * n, n))
    for column, u in enumerate(qmc.Halton(n, scramble=False).random(_PLACES * n + 1)[1:].T):
        prior = parameters[column].prior
        # an improper prior gives no scale: a factor of e^3 to both sides of its start
        spread = prior.transform(u) if prior.proper else middle[column] + 3.0 * (2.0 * u - 1.0)
        places[:, column] = np.clip(spread, problem.lower[column], problem.upper[column])
    places = np.concatenate([middle[None], places])
    everyone = np.arange(n_curve)
    found = np.stack([problem.density(everyone, np.tile(place, (n_curve, 1)))[0] for place in places], axis=1)
    order = np.argsort(-found, axis=1, kind="stable")[:, :_CLIMBS]
    return np.repeat(everyone, _CLIMBS), places[order.ravel()]


def _climb(
    problem: _Problem, curves: NDArray[np.intp], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return values, log density and curvature at the end of each climb."""
    values = values.copy()
    n = values.shape[1]
    log_density, gradient = problem.density(curves, values)
    curvature = problem.curvature(curves, values)
    radius = np.full(len(curves), _RADIUS)
    active = np.isfinite(log_density)
    for _ in range(_MAX_STEPS):
        at = np.flatnonzero(active)
        if not len(at):
            break
        step = _step(problem, values[at], gradient[at], curvature[at], radius[at])
        trial = np.clip(values[at] + step, problem.lower, problem.upper)
        step = trial - values[at]
        expected = np.einsum("ci,ci->c", gradient[at], step) - 0.5 * np.einsum(
            "ci,cij,cj->c", step, curvature[at], step
        )
        moving = np.abs(expected) > _TOLERANCE
        active[at[~moving]] = False
        at, trial, step, expected = at[moving], trial[moving], step[moving], expected[moving]
        if not len(at):
            break
        value, slope = problem.density(curves[at], trial)
        gain = np.where(np.isfinite(value), value - log_density[at], -np.inf)
        length = np.sqrt(np.square(step).sum(axis=1))
        better = gain > 0
        good = gain > 0.75 * expected
        radius[at] = np.where(better, np.where(good, np.maximum(radius[at], 2.0 * length), radius[at]), 0.25 * length)
        radius[at] = np.minimum(radius[at], _MAX_RADIUS)
        # no better place within rounding
        active[at[radius[at] < 1e-6]] = False
        moved = at[better]
        values[moved], log_density[moved], gradient[moved] = trial[better], value[better], slope[better]
        if len(moved):
            curvature[moved] = problem.curvature(curves[moved], values[moved])
    return values, log_density, curvature.reshape(-1, n, n)


def _step(
    problem: _Problem,
    values: NDArray[np.float64],
    gradient: NDArray[np.float64],
    curvature: NDArray[np.float64],
    radius: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a Newton step uphill of each climb, cut to its radius; parameters that push against a bound stay."""
    stuck = ((values <= problem.lower) & (gradient < 0)) | ((values >= problem.upper) & (gradient > 0))
    free = ~stuck
    gradient = np.where(stuck, 0.0, gradient)
    curvature = np.where(free[:, :, None] & free[:, None, :], curvature, 0.0)
    eigenvalue, vector = np.linalg.eigh(curvature)
    slope = np.einsum("cij,ci->cj", vector, gradient)
    # along a flat direction the step would be endless; the radius cuts it
    step = np.einsum("cij,cj->ci", vector, slope / np.maximum(np.abs(eigenvalue), 1e-6))
    length = np.sqrt(np.square(step).sum(axis=1))
    return np.asarray(step * np.minimum(1.0, radius / np.maximum(length, 1e-300))[:, None])


def _covariance(
    lower: NDArray[np.float64], upper: NDArray[np.float64], curvature: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return inverses of ``curvature (n_curve, n, n)``, nowhere wider than a uniform density between the bounds."""
    width = upper - lower
    width = np.where(np.isfinite(width), width, _UNBOUNDED_WIDTH)
    scale = width / np.sqrt(12.0)
    eigenvalue, vector = np.linalg.eigh(curvature * scale[:, None] * scale)
    inverse = np.einsum("cij,cj,ckj->cik", vector, 1.0 / np.maximum(eigenvalue, 1.0), vector)
    return np.asarray(inverse * scale[:, None] * scale)


def climb_one(
    evaluate: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    parameters: tuple[Parameter, ...],
    starts: Sequence[NDArray[np.float64]],
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return values of largest posterior density of one expensive problem, the log likelihood and the covariance.

    L-BFGS-B from the two best of ``starts``; ``evaluate`` returns the log likelihood at ``values (n,)`` with gradient.
    """
    priors = [parameter.prior for parameter in parameters]
    if not priors:
        return np.empty(0), evaluate(np.empty(0))[0], np.empty((0, 0))
    lower, upper = np.array([prior.lower for prior in priors]), np.array([prior.upper for prior in priors])

    def objective(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = evaluate(values)
        if not np.isfinite(value):
            return 1e300, np.zeros(len(values))
        value += sum(float(prior.log_density(x)) for prior, x in zip(priors, values, strict=True))
        own = np.array([float(prior.gradient(x)) for prior, x in zip(priors, values, strict=True)])
        return -value, -(gradient + own)

    places = [np.clip(start, lower, upper) for start in starts]
    if len(places) > _CLIMBS:
        places = sorted(places, key=lambda place: objective(place)[0])[:_CLIMBS]
    bounds = list(zip(lower, upper, strict=True))
    fits = [minimize(objective, place, jac=True, bounds=bounds) for place in places]
    best = np.asarray(min(fits, key=lambda fit: float(fit.fun)).x)
    curvature = np.empty((len(best), len(best)))
    for row, shift in enumerate(_DIFFERENCE * np.eye(len(best))):
        curvature[row] = (evaluate(best - shift)[1] - evaluate(best + shift)[1]) / (2.0 * _DIFFERENCE)
    curvature = 0.5 * (curvature + curvature.T)
    curvature += np.diag([float(prior.curvature(x)) for prior, x in zip(priors, best, strict=True)])
    return best, evaluate(best)[0], _covariance(lower, upper, curvature[None])[0]
