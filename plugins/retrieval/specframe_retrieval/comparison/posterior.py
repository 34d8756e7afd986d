"""The labels of a grid that an observation allows, by chi2 alone: no model is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe_retrieval.comparison.chi2 import agreement, usable

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.comparison.chi2 import Free
    from specframe_retrieval.comparison.grid import SpectralGrid
    from specframe_retrieval.comparison.spectrum import PhysicalSpectrum

    Array = NDArray[np.float64]

__all__ = ["grid_posterior"]

#: Points that are cooled down together.
_POINTS = 1000
#: A step of cooling leaves this part of the points with weight, and there are at most so many steps.
_KEPT, _STEPS = 0.5, 200
#: Moves after each step: until this part of the points has gone elsewhere, at most so many; and so many at the end.
_MOVED, _MOST_MOVES, _LAST_MOVES = 0.95, 12, 12
#: Best scale of a random walk in p dimensions, over root p (Roberts, Gelman & Gilks 1997, Ann. Appl. Probab. 7, 110).
_STRIDE = 2.38
#: A posterior whose mean is within so many std of the edge is cut off by it.
_CUT = 2.0


def grid_posterior(
    spectrum: PhysicalSpectrum,
    grid: SpectralGrid,
    *,
    free: Free | None = None,
    draws: int = 1000,
    widen: bool = True,
    seed: int = 0,
) -> xr.Dataset:
    """Return the posterior of the grid's labels as a Prediction of one target.

    The likelihood is exp(-chi2 / 2) of the interpolated spectrum at its best scale or offset, the prior is constant
    within the grid and zero outside of it. It is drawn from by sequential Monte Carlo (Del Moral, Doucet & Jasra 2006,
    J. R. Stat. Soc. B 68, 411): points from the prior are weighted, drawn again and moved by a random walk while chi2
    counts for more and more, so that several solutions and such at the grid's edge are found. Takes seconds, and
    minutes where labels lie on no lattice.

    No grid describes an object to the last percent. Where even the best model leaves a reduced chi2 above 1, all chi2
    are divided by it (``widen``), as if the errors were larger by its root; else errors of the labels would be far too
    small. They still hold nothing of what the grid itself is wrong by, nor of its interpolation.

    Parameters
    ----------
    spectrum, grid
        As for :func:`~specframe_retrieval.compare_with_grid`; the spectrum needs errors.
    free
        What is fitted at each point; by default the scale of fluxes and the offset of depths.
    draws
        Number of ``samples``.
    widen
        See above.
    seed
        Of the draws.

    Returns
    -------
    xarray.Dataset
        ``mean``, ``std``, ``covariance`` and ``samples`` of the labels that vary, and ``at_edge``, -1 or 1 where the
        mean lies within two std of the grid's lowest or highest label: a posterior that is cut off there has its mean
        about one std away. ``attrs``: ``chi2_reduced`` of the best point.

    Raises
    ------
    DataError
        When the spectrum has no errors, no label varies, or the points find no region that counts.
    """
    at = grid.like(spectrum)
    interpolator = at.interpolator
    if interpolator is None:
        raise DataError("posterior: no label of the grid varies")
    if not usable(spectrum.flux, spectrum.error, spectrum.mask)[2]:
        raise DataError(f"posterior: the spectrum of {spectrum.target} has no errors, so chi2 is not defined")
    fitted: Free = free or ("offset" if spectrum.quantity == "depth" else "scale")
    varies = np.array([name not in interpolator.fixed for name in at.names])
    lower, upper = interpolator.lower[varies], interpolator.upper[varies]

    def chi2_of(points: Array) -> tuple[Array, int]:
        full = np.repeat(interpolator.lower[None], len(points), axis=0)
        full[:, varies] = points
        models = interpolator.interpolate(full)
        values = np.full(len(points), np.inf)
        if not models.inside.any():
            return values, 1
        found = agreement(spectrum.flux, spectrum.error, models.flux[models.inside], spectrum.mask, fitted)
        values[models.inside] = np.where(np.isfinite(found.chi2), found.chi2, np.inf)
        return values, max(int(found.degrees_of_freedom.max()), 1)

    points, reduced = _cooled(chi2_of, lower, upper, widen, np.random.default_rng([seed, 1]))
    order = np.random.default_rng([seed, 2]).permutation(len(points))
    chosen = points[np.resize(order, draws)]
    mean = points.mean(axis=0)
    covariance = np.atleast_2d(np.cov(points.T))
    names = [name for name, kept in zip(at.names, varies, strict=True) if kept]
    units = [unit for unit, kept in zip(at.units, varies, strict=True) if kept]
    like = make_labels(mean[None], [spectrum.target], names, units)
    std = np.sqrt(np.diag(covariance))
    result = make_prediction(
        like,
        mean[None],
        std[None],
        at_edge=(
            ("target", "output"),
            ((mean + _CUT * std >= upper).astype(np.int8) - (mean - _CUT * std <= lower).astype(np.int8))[None],
        ),
        covariance=(("target", "output", "output_other"), covariance[None]),
        samples=(("sample", "target", "output"), chosen[:, None]),
    )
    return result.assign_attrs(chi2_reduced=reduced)


def _cooled(
    chi2_of: Callable[[Array], tuple[Array, int]], lower: Array, upper: Array, widen: bool, rng: np.random.Generator
) -> tuple[Array, float]:
    """Return points of the posterior (n, p) and the least reduced chi2 among them.

    ``chi2_of`` returns chi2 of points (n, p), inf outside of the grid, and the degrees of freedom.
    """
    points = rng.uniform(lower, upper, (_POINTS, lower.size))
    chi2, degrees = chi2_of(points)
    if not np.isfinite(chi2).any():
        raise DataError("posterior: no point within the grid has a spectrum to compare with")
    now = 0.0  # by how much chi2 counts
    for _ in range(_STEPS):
        goal = 1.0 / max(float(chi2.min()) / degrees, 1.0) if widen else 1.0
        step = _step(chi2, max(goal - now, 0.0))
        now += step
        chosen = _drawn_again(_weights(chi2, step), rng)
        points, chi2 = points[chosen], chi2[chosen]
        last = now >= goal
        stride = _STRIDE / np.sqrt(lower.size) * _root(points, upper - lower)
        still = 1.0
        for move in range(_LAST_MOVES if last else _MOST_MOVES):
            there = points + rng.normal(size=points.shape) @ stride.T
            chi2_there, _ = chi2_of(there)
            taken = np.log(rng.random(_POINTS)) < 0.5 * now * (chi2 - chi2_there)
            points, chi2 = np.where(taken[:, None], there, points), np.where(taken, chi2_there, chi2)
            still *= 1.0 - float(taken.mean())
            if not last and move and still < 1.0 - _MOVED:
                break
        if last:
            return points, float(chi2.min()) / degrees
    raise DataError(f"posterior: {_STEPS} steps were not enough; are the errors far too small?")


def _step(chi2: Array, most: float) -> float:
    """Return by how much more chi2 may count, so that enough of the points keep some weight."""

    def enough(step: float) -> bool:
        return bool(1.0 / np.sum(np.square(_weights(chi2, step))) >= _KEPT * np.isfinite(chi2).sum())

    if enough(most):
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = 0.5 * (low + high) if low else 0.1 * high
        low, high = (middle, high) if enough(middle) else (low, middle)
        if low and high < 1.01 * low:
            break
    return low or high


def _weights(chi2: Array, step: float) -> Array:
    weight = np.where(np.isfinite(chi2), np.exp(-0.5 * step * (chi2 - chi2.min())), 0.0)
    return np.asarray(weight / weight.sum())


def _drawn_again(weight: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return rows, each as often as its weight says (systematic resampling)."""
    steps = (np.arange(weight.size) + rng.random()) / weight.size
    return np.minimum(np.searchsorted(np.cumsum(weight), steps), weight.size - 1)


def _root(points: Array, width: Array) -> Array:
    """Return a root of the points' covariance, for steps along the directions in which they lie."""
    covariance = np.atleast_2d(np.cov(points.T)) + np.diag(np.square(1e-9 * width))
    return np.asarray(np.linalg.cholesky(covariance))
