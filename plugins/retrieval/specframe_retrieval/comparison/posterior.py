"""The labels of a grid that an observation allows, by chi2 alone: no model is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_t

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

#: Points of a round, and how many rounds there are at most.
_POINTS, _ROUNDS = 2000, 40
#: A round is as warm as it must be for this many points to count.
_LEAST_EFFECTIVE = 150.0
#: The proposal: a t distribution of so many degrees of freedom, wider than the points by this factor, and this part of
#: the points anywhere in the grid.
_DEGREES, _WIDER, _ANYWHERE = 5.0, 1.3, 0.1
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
    within the grid and zero outside of it. It is drawn from by population Monte Carlo (Cappe et al. 2004, J. Comput.
    Graph. Stat. 13, 907): importance samples from a t distribution that is fitted to the points before, which begin
    anywhere in the grid and are cooled down until they have the posterior's own weights.

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
        about one std away. ``attrs``: ``chi2_reduced`` of the
        best point and ``effective_samples``, the number of independent draws that the result is worth.

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

    points, weights, reduced = _sampled(chi2_of, lower, upper, widen, np.random.default_rng([seed, 1]))
    effective = 1.0 / float(np.sum(np.square(weights)))
    rng = np.random.default_rng([seed, 2])
    chosen = points[rng.choice(len(points), draws, p=weights)]
    mean = weights @ points
    covariance = (points - mean).T @ ((points - mean) * weights[:, None])
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
    return result.assign_attrs(chi2_reduced=reduced, effective_samples=effective)


def _sampled(
    chi2_of: Callable[[Array], tuple[Array, int]], lower: Array, upper: Array, widen: bool, rng: np.random.Generator
) -> tuple[Array, Array, float]:
    """Return points (n, p), their weights (n,), which sum to 1, and the least reduced chi2.

    ``chi2_of`` returns chi2 of points (n, p), inf outside of the grid, and the degrees of freedom.
    """
    points = rng.uniform(lower, upper, (_POINTS, lower.size))
    log_volume = float(np.sum(np.log(upper - lower)))
    log_proposal = np.full(_POINTS, -log_volume)
    least, cold = np.inf, 0
    for _ in range(_ROUNDS):
        chi2, degrees = chi2_of(points)
        least = min(least, float(chi2.min()))
        if not np.isfinite(least):
            raise DataError("posterior: no point within the grid has a spectrum to compare with")
        reduced = least / degrees
        log_target = -0.5 * (chi2 - least) / (max(reduced, 1.0) if widen else 1.0)
        temperature, weights = _warm(log_target, log_proposal)
        cold = cold + 1 if temperature == 1.0 else 0
        if cold == 2:
            return points, weights, reduced
        mean = weights @ points
        around = (points - mean).T @ ((points - mean) * weights[:, None])
        kernel = multivariate_t(mean, _WIDER * around + np.diag(np.square(1e-6 * (upper - lower))), df=_DEGREES)
        points = np.atleast_2d(kernel.rvs(_POINTS, random_state=rng)).reshape(_POINTS, lower.size)
        anywhere = rng.random(_POINTS) < _ANYWHERE
        points[anywhere] = rng.uniform(lower, upper, (int(anywhere.sum()), lower.size))
        within = ((points >= lower) & (points <= upper)).all(axis=1)
        log_uniform = np.where(within, np.log(_ANYWHERE) - log_volume, -np.inf)
        log_kernel = np.log1p(-_ANYWHERE) + kernel.logpdf(points).reshape(_POINTS)
        log_proposal = np.logaddexp(log_uniform, log_kernel)
    raise DataError(f"posterior: {_ROUNDS} rounds of {_POINTS} points did not settle")


def _warm(log_target: Array, log_proposal: Array) -> tuple[float, Array]:
    """Return the lowest temperature, at least 1, at which enough points count, and their weights."""

    def weights_at(temperature: float) -> Array:
        log_weight = log_target / temperature - log_proposal
        return np.asarray(np.exp(log_weight - logsumexp(log_weight)))

    def enough(temperature: float) -> bool:
        return bool(1.0 / np.sum(np.square(weights_at(temperature))) >= _LEAST_EFFECTIVE)

    if enough(1.0):
        return 1.0, weights_at(1.0)
    low, high = 0.0, 1.0  # of log10 of the temperature
    while not enough(10.0**high) and high < 12.0:
        low, high = high, high + 1.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if enough(10.0**middle) else (middle, high)
    return 10.0**high, weights_at(10.0**high)
