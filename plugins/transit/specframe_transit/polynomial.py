"""Transit depth and polynomial baseline of many channels at once, by weighted least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median
from specframe_transit.drift import scaled_legendre

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PolynomialFit", "fit_depths", "fittable_channels", "trend_covariance", "truncated_variance"]

#: The depth has converged when a Gauss-Newton step changes it by less.
_TOLERANCE = 1e-13
_MAX_STEPS = 50
#: Samples that a channel must have in and out of transit, and beyond the number of its parameters.
_MIN_SAMPLES = 2
#: Relative flux differences below this are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class PolynomialFit:
    """Result of :func:`fit_depths`, NaN in channels that could not be fitted.

    ``depth``, ``depth_error`` (formal) and ``chi2_reduced`` have the shape (n_channel,), the latter two corrected for
    clipping (see :func:`fit_depths`); ``coefficients``, of the Legendre polynomials on the used times scaled to
    -1 ... 1 and in units of flux, have (n_channel, order + 1); ``baseline`` (the polynomial: flux without a transit)
    and ``clipped`` have (n_channel, n_time).
    """

    depth: NDArray[np.float64]
    depth_error: NDArray[np.float64]
    chi2_reduced: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    baseline: NDArray[np.float64]
    clipped: NDArray[np.bool_]

    def only(self, channels: NDArray[np.bool_]) -> PolynomialFit:
        """Return the same with NaN, and nothing clipped, in all channels but those."""

        def blank(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.where(channels if values.ndim == 1 else channels[:, None], values, np.nan)

        return PolynomialFit(
            depth=blank(self.depth),
            depth_error=blank(self.depth_error),
            chi2_reduced=blank(self.chi2_reduced),
            coefficients=blank(self.coefficients),
            baseline=blank(self.baseline),
            clipped=self.clipped & channels[:, None],
        )


def fit_depths(
    time: NDArray[np.float64],
    flux: NDArray[np.float64],
    flux_error: NDArray[np.float64],
    use: NDArray[np.bool_],
    shape: NDArray[np.float64],
    order: int,
    clip_sigma: float | None = None,
    clip_iterations: int = 5,
) -> PolynomialFit:
    """Fit flux = polynomial(time) * (1 - depth * shape) to every channel.

    Parameters
    ----------
    time, shape
        Shape (n_time,); ``shape`` is 0 out of transit and 1 in full transit.
    flux, flux_error, use
        Shape (n_channel, n_time); samples that are not to be used may hold anything.
    order
        Order of the polynomial.
    clip_sigma, clip_iterations
        Samples whose residual is beyond ``clip_sigma`` times the channel's robust scatter (1.4826 x the median
        absolute residual in units of its error, over all samples used) are left out and the fit repeated, until nothing
        changes or the iterations are used up. A sample may come back.

    Notes
    -----
    The model is linear in the polynomial's coefficients and in the depth, but not in both. Variable projection
    (Golub & Pereyra 1973) solves the coefficients exactly for each depth; Gauss-Newton steps move the depth. All of it
    needs only the weighted moments of the basis functions, so that a step costs nothing per sample. The variance of
    the depth is the inverse Schur complement of the normal matrix, so it contains the degeneracy with the polynomial.

    Clipping at c sigma takes good samples, too. Those kept scatter by the variance v of a normal variable that is
    truncated at -c and c; the mean square of the residuals is divided by it. And samples leave or come back as the
    fit moves, which makes the estimate vary by 1 / v more than one from as many samples of a fixed choice (its
    influence function is x / (P - 2 c phi(c)) within c, P being the part kept; Huber 1981, Robust Statistics, ch. 3).
    """
    basis = scaled_legendre(time, order, np.any(use, axis=0))
    level = masked_median(np.abs(flux), use)
    level = np.where(level > 0, level, 1.0)[:, None]
    relative = np.where(use, flux / level, 0.0)
    root_weight = np.where(use, level / np.where(use, flux_error, 1.0), 0.0)

    kept = use
    # A fit takes this part of the residuals' variance away.
    remaining = np.clip(1.0 - (order + 2) / np.maximum(use.sum(axis=1), 1), 0.1, 1.0)
    truncated = 1.0 if clip_sigma is None else truncated_variance(clip_sigma)
    for iteration in range(clip_iterations + 1):
        weight = np.where(kept, np.square(root_weight), 0.0)
        depth, variance, coefficients = _solve(basis, shape, relative, weight, fittable_channels(kept, shape, order))
        baseline = coefficients @ basis.T
        normalised = (relative - baseline * (1.0 - depth[:, None] * shape)) * root_weight
        if clip_sigma is None or iteration == clip_iterations:
            break
        # Channels without noise (simulations) have nothing to clip but rounding.
        scatter = MAD_TO_STD * masked_median(np.abs(normalised), use) / np.sqrt(remaining)
        scatter = np.maximum(scatter, _ROUNDING * root_weight.max(axis=1))
        limit = clip_sigma * scatter
        inliers = use & ~(np.abs(normalised) > limit[:, None])
        if np.array_equal(inliers, kept):
            break
        kept = inliers
    free = kept.sum(axis=1) - (order + 2)
    chi2 = np.where(kept, np.square(normalised), 0.0).sum(axis=1)
    fitted = ~np.isnan(depth)
    return PolynomialFit(
        depth=depth,
        depth_error=np.sqrt(variance / truncated),
        chi2_reduced=np.where(fitted, chi2 / np.maximum(free, 1) / truncated, np.nan),
        coefficients=coefficients * level,
        baseline=baseline * level,
        clipped=use & ~kept & fitted[:, None],
    )


def trend_covariance(
    time: NDArray[np.float64],
    flux_error: NDArray[np.float64],
    use: NDArray[np.bool_],
    shape: NDArray[np.float64],
    fit: PolynomialFit,
    truncated: float = 1.0,
) -> NDArray[np.float64]:
    """Return the covariance of the depth and the coefficients 1, 2 ... over coefficient 0, (n_channel, m, m).

    ``use`` are the samples that were fitted, clipped ones left out, ``truncated`` the variance that clipping leaves to
    normal noise of variance 1. It is the inverse of the Fisher information, in which the star's level, coefficient 0,
    is free, so its first element is the square of ``fit.depth_error``. NaN in channels that were not fitted.
    """
    order = fit.coefficients.shape[1] - 1
    basis = scaled_legendre(time, order, np.any(use | fit.clipped, axis=0))  # the same as those of the fit
    covariance = np.full((len(fit.depth), order + 1, order + 1), np.nan)
    for channel in np.flatnonzero(np.isfinite(fit.depth)):
        level = fit.coefficients[channel, 0]
        relative = fit.coefficients[channel] / level
        root_weight = np.where(use[channel], level / np.where(use[channel], flux_error[channel], 1.0), 0.0)
        dip = 1.0 - fit.depth[channel] * shape
        # the level's column is the model itself: relative coefficients are free beside it
        columns = np.column_stack([basis @ relative * dip, -shape * (basis @ relative), basis[:, 1:] * dip[:, None]])
        columns *= root_weight[:, None]
        covariance[channel] = np.linalg.inv(columns.T @ columns)[1:, 1:] / truncated
    return covariance


def truncated_variance(limit: float) -> float:
    """Return the variance of a standard normal variable given that it lies between ``-limit`` and ``limit``."""
    density = math.exp(-0.5 * limit**2) / math.sqrt(2.0 * math.pi)
    return 1.0 - 2.0 * limit * density / math.erf(limit / math.sqrt(2.0))


def fittable_channels(kept: NDArray[np.bool_], shape: NDArray[np.float64], order: int) -> NDArray[np.bool_]:
    """Return which channels (n_channel,) have samples enough in transit, out of it and in all."""
    inside, outside = kept[:, shape > 0.5].sum(axis=1), kept[:, shape == 0.0].sum(axis=1)
    enough: NDArray[np.bool_] = np.minimum(inside, outside) >= _MIN_SAMPLES
    enough &= kept.sum(axis=1) >= order + 2 + _MIN_SAMPLES
    return enough


def _solve(
    basis: NDArray[np.float64],
    shape: NDArray[np.float64],
    flux: NDArray[np.float64],
    weight: NDArray[np.float64],
    fittable: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return depth and its variance, shape (n_channel,), and coefficients (n_channel, order + 1)."""
    n_time, n_basis = basis.shape
    depth, variance = np.full((2, len(flux)), np.nan)
    coefficients = np.full((len(flux), n_basis), np.nan)
    if not fittable.any():
        return depth, variance, coefficients

    weight, weighted = weight[fittable], (weight * flux)[fittable]
    powers = np.stack([np.ones(n_time), shape, np.square(shape)])
    # Moments <basis basis shape^p> (p, n_channel, n_basis, n_basis) and <flux basis shape^p> (p, n_channel, n_basis).
    products = (basis[:, :, None] * basis[:, None, :]).reshape(n_time, -1)
    m0, m1, m2 = ((weight @ (p[:, None] * products)).reshape(-1, n_basis, n_basis) for p in powers)
    b0, b1 = (weighted @ (p[:, None] * basis) for p in powers[:2])

    d = np.zeros(len(weight))
    information = np.ones(len(weight))
    for _ in range(_MAX_STEPS):
        at = d[:, None, None]
        normal = m0 - 2.0 * at * m1 + np.square(at) * m2
        c = _linear_solve(normal, b0 - d[:, None] * b1)
        # Derivatives of the model: basis * (1 - d shape) by the coefficients, -shape * baseline by the depth.
        crossed = -_apply(m1 - at * m2, c)
        slope = -np.sum(c * (b1 + crossed), axis=1)
        information = np.sum(c * _apply(m2, c), axis=1) - np.sum(crossed * _linear_solve(normal, crossed), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = slope / information
        d = d + step
        if np.all(np.abs(step) < _TOLERANCE):
            break
    converged = np.abs(step) < 1e-6 * np.maximum(1.0, np.abs(d))
    good = converged & (information > 0)
    at = d[:, None, None]
    c = _linear_solve(m0 - 2.0 * at * m1 + np.square(at) * m2, b0 - d[:, None] * b1)
    depth[fittable] = np.where(good, d, np.nan)
    variance[fittable] = np.where(good, 1.0 / np.where(good, information, 1.0), np.nan)
    coefficients[fittable] = np.where(good[:, None], c, np.nan)
    return depth, variance, coefficients


def _apply(matrices: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = np.matmul(matrices, vectors[..., None])[..., 0]
    return product


def _linear_solve(matrices: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(matrices, vectors[..., None])[..., 0], float)
