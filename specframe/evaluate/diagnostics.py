"""Errors and calibration of predictions: pure functions of arrays.

Arrays have the shape (n_target, n_output); true values that are not known are NaN and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc, ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = [
    "coverage_by_target",
    "coverage_curve",
    "crps_normal",
    "crps_samples",
    "error_by_sigma",
    "flatness",
    "normal_interval",
    "output_errors",
    "pit_normal",
    "pit_samples",
    "pit_table_normal",
    "pit_table_samples",
    "pull_table",
    "pulls",
    "r2",
    "resampled_r2",
    "uniform_distance",
]


#: Least variance of a class's share between targets, in units of that of a single output.
_LEAST_SHARE = 1e-6


def normal_interval(mean: ArrayLike, std: ArrayLike, level: float) -> tuple[Array, Array]:
    """Return the bounds of the central interval of a normal distribution that holds the fraction ``level``."""
    half = ndtri(0.5 + 0.5 * level) * np.asarray(std, float)
    return np.asarray(mean, float) - half, np.asarray(mean, float) + half


def r2(mean: ArrayLike, truth: ArrayLike) -> Array:
    """Return the coefficient of determination of each output, shape (n_output,).

    ``1 - sum (truth - mean)^2 / sum (truth - <truth>)^2`` over targets; NaN where the true values do not vary.
    """
    truth = np.asarray(truth, float)
    known = np.isfinite(truth)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, truth, 0.0).sum(axis=0) / count
    residual = np.where(known, truth - np.asarray(mean, float), 0.0)
    spread = np.where(known, truth - centre, 0.0)
    total = (spread**2).sum(axis=0)
    # a column of equal numbers leaves rounding errors of its mean, not zero
    varies = total > count * (1e-12 * np.abs(centre)) ** 2
    return np.asarray(np.where(varies, 1.0 - (residual**2).sum(axis=0) / np.where(varies, total, 1.0), np.nan))


def resampled_r2(mean: ArrayLike, truth: ArrayLike, counts: ArrayLike) -> Array:
    """Return what :func:`r2` does of resamples, in which targets stand several times.

    Parameters
    ----------
    mean, truth
        Shape (n_target, n_output).
    counts
        Shape (n_resample, n_target): how often each target is in each resample.

    Returns
    -------
    Shape (n_resample, n_output); NaN where the true values do not vary.
    """
    truth, counts = np.asarray(truth, float), np.asarray(counts, float)
    known = np.isfinite(truth)
    centre = np.where(known, truth, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    residual = np.where(known, truth - np.asarray(mean, float), 0.0)
    away = np.where(known, truth - centre, 0.0)  # sums of squares about zero would lose digits
    count = np.maximum(counts @ known, 1.0)
    shift = (counts @ away) / count
    square = counts @ away**2
    total = square - count * shift**2
    # of equal true values rounding errors are left
    varies = total > np.maximum(1e-12 * square, count * (1e-12 * np.abs(centre)) ** 2)
    return np.asarray(np.where(varies, 1.0 - (counts @ residual**2) / np.where(varies, total, 1.0), np.nan))


@dataclass(frozen=True)
class OutputErrors:
    """Errors of each output, arrays of shape (n_output,), in the units of the labels."""

    rmse: Array
    bias: Array
    count: NDArray[np.intp]


def output_errors(mean: ArrayLike, truth: ArrayLike) -> OutputErrors:
    """Return root mean square and mean of ``mean - truth`` and the number of known truths, per output."""
    error = np.asarray(mean, float) - np.asarray(truth, float)
    known = np.isfinite(error)
    count = known.sum(axis=0)
    error = np.where(known, error, 0.0)
    with np.errstate(invalid="ignore"):
        return OutputErrors(np.sqrt((error**2).sum(axis=0) / count), error.sum(axis=0) / count, count)


def pull_table(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return what :func:`pulls` does by target and output, NaN where the truth is not known."""
    return _in_sigma(np.asarray(mean, float) - np.asarray(truth, float), std)


def pulls(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return ``(mean - truth) / std`` of all known truths, shape (n,). Calibrated normal errors give N(0, 1).

    With a std of 0 it is infinite, with the sign of the error, or 0 where there is no error.
    """
    pull = pull_table(mean, std, truth)
    return np.asarray(pull[~np.isnan(pull)])


def _in_sigma(error: Array, std: ArrayLike) -> Array:
    """Return ``error / std``, and the limit of it where ``std`` is 0; NaN where the error is unknown."""
    std = np.broadcast_to(np.asarray(std, float), error.shape)
    limit = np.where(error == 0, 0.0, np.copysign(np.inf, error))
    return np.asarray(np.divide(error, std, out=np.where(np.isnan(error), np.nan, limit), where=std != 0))


def crps_normal(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return the continuous ranked probability score of normal predictions, in the units of the labels.

    Closed form of Gneiting et al. (2005, Mon. Weather Rev. 133, 1098), eq. 5; with a std of 0 its limit, the absolute
    error. NaN where the truth is unknown.
    """
    std = np.asarray(std, float)
    error = np.asarray(truth, float) - np.asarray(mean, float)
    z = error / np.where(std == 0, 1.0, std)
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    score = std * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return np.asarray(np.where(std == 0, np.abs(error), score))


def crps_samples(samples: ArrayLike, truth: ArrayLike) -> Array:
    """Return the CRPS of the empirical distribution of ``samples`` (n_sample, n_target, n_output).

    ``E|X - y| - E|X - X'| / 2`` (Gneiting & Raftery 2007, eq. 21), the second term from the sorted samples.
    """
    ordered = np.sort(np.asarray(samples, float), axis=0)
    n = len(ordered)
    weight = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * (ordered.ndim - 1))
    distance = np.abs(ordered - np.asarray(truth, float)).mean(axis=0)
    return np.asarray(distance - (weight * ordered).sum(axis=0) / n**2)


def pit_normal(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return the probability integral transform of each known truth under N(mean, std), shape (n,).

    Uniform on [0, 1] when calibrated; a hump in the middle means errors too large, horns at the ends too small.
    With a std of 0 it is 0 or 1, or 1/2 where the mean is the truth.
    """
    pit = pit_table_normal(mean, std, truth)
    return np.asarray(pit[np.isfinite(pit)])


def pit_table_normal(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return what :func:`pit_normal` does by target and output, NaN where the truth is not known."""
    return np.asarray(ndtr(_in_sigma(np.asarray(truth, float) - np.asarray(mean, float), std)))


def pit_samples(samples: ArrayLike, truth: ArrayLike) -> Array:
    """Return the probability integral transform of each known truth among samples (n_sample, n_target, n_output).

    The rank of the truth among the ``n`` samples (ties count half), shifted to the middle of its step,
    ``(rank + 1/2) / (n + 1)``, so that calibrated predictions have mean 1/2.
    """
    pit = pit_table_samples(samples, truth)
    return np.asarray(pit[np.isfinite(pit)])


def pit_table_samples(samples: ArrayLike, truth: ArrayLike) -> Array:
    """Return what :func:`pit_samples` does by target and output, NaN where the truth is not known."""
    samples, truth = np.asarray(samples, float), np.asarray(truth, float)
    rank = (samples < truth).sum(axis=0) + 0.5 * (samples == truth).sum(axis=0)
    return np.asarray(np.where(np.isfinite(truth), (rank + 0.5) / (len(samples) + 1), np.nan))


def uniform_distance(values: ArrayLike) -> float:
    """Return the Kolmogorov-Smirnov distance between ``values`` (n,) and the uniform distribution on [0, 1]."""
    ordered = np.sort(np.asarray(values, float))
    n = ordered.size
    step = np.arange(n + 1) / n
    return float(max(np.max(step[1:] - ordered), np.max(ordered - step[:-1])))


def flatness(table: ArrayLike, bins: int = 10) -> float:
    """Return the p-value of the hypothesis that a probability integral transform is uniform.

    A chi-square test of its histogram in which only targets are independent. The outputs of a target err together, so
    Pearson's test on all values would reject nearly everything. Here the shares of ``bins`` classes are compared with
    ``1 / bins`` by their covariance between targets (Hotelling's T^2, Anderson 2003, Multivariate Statistical Analysis,
    5.2), whose law is F's. With a single output it is close to Pearson's test.

    Parameters
    ----------
    table
        Shape (n_target, n_output), NaN where the truth is not known.
    bins
        Number of classes of equal width. NaN is returned with fewer targets than twice as many.
    """
    values = np.asarray(table, float)
    values = values[np.isfinite(values).any(axis=1)]
    known = np.isfinite(values)
    n, free = len(values), bins - 1
    if n < 2 * bins:
        return float("nan")
    which = np.clip((np.where(known, values, 0.0) * bins).astype(int), 0, bins - 1)
    counts = np.stack([((which == k) & known).sum(axis=1) for k in range(free)], axis=1)
    # of targets with fewer known outputs fewer values count, as in the mean over all values
    weight = known.sum(axis=1) / known.sum(axis=1).mean()
    away = counts / known.sum(axis=1).mean() - weight[:, None] / bins
    # a little of what a single output would have, so that a class which no value falls in has a variance too
    single = np.eye(free) / bins - 1.0 / bins**2
    covariance = (np.cov(away, rowvar=False) + _LEAST_SHARE * single) / n
    mean = away.mean(axis=0)
    distance = float(mean @ np.linalg.solve(covariance, mean))
    return float(fdtrc(free, n - free, (n - free) / (free * (n - 1)) * distance))


def coverage_by_target(lower: ArrayLike, upper: ArrayLike, truth: ArrayLike) -> tuple[Array, Array]:
    """Count the truths within their bounds, target by target.

    Returns
    -------
    inside, known : (n_target,)
        Number of outputs with ``lower <= truth <= upper``, and with a known truth.
    """
    truth = np.asarray(truth, float)
    inside = (np.asarray(lower, float) <= truth) & (truth <= np.asarray(upper, float))
    return inside.sum(axis=1).astype(float), np.isfinite(truth).sum(axis=1).astype(float)


@dataclass(frozen=True)
class CoverageCurve:
    """Nominal against measured coverage, arrays of shape (n_level,)."""

    nominal: Array
    empirical: Array
    #: Standard error of ``empirical`` over targets, whose outputs are correlated.
    error: Array


def coverage_curve(mean: ArrayLike, std: ArrayLike, truth: ArrayLike, levels: ArrayLike | None = None) -> CoverageCurve:
    """Return the measured coverage of the central normal intervals at ``levels`` (default 0.05, 0.10 ... 0.95)."""
    nominal = np.linspace(0.05, 0.95, 19) if levels is None else np.asarray(levels, float)
    measured = [clustered_fraction(*coverage_by_target(*normal_interval(mean, std, p), truth)) for p in nominal]
    empirical, error = np.array(measured).T
    return CoverageCurve(nominal, empirical, error)


def clustered_fraction(inside: Array, known: Array) -> tuple[float, float]:
    """Return ``sum(inside) / sum(known)`` and its standard error when only targets are independent.

    The outputs of a target may be correlated, so the error is that of a ratio over targets (Cochran 1977, eq. 2.46).
    With one output it is the binomial error with ``n - 1``. NaN with fewer than two targets.
    """
    fraction = float(inside.sum() / known.sum())
    used = known > 0
    n = int(used.sum())
    if n < 2:
        return fraction, float("nan")
    scatter = ((inside - fraction * known)[used] ** 2).sum() / (n - 1)
    return fraction, float(np.sqrt(scatter / n) / known[used].mean())


@dataclass(frozen=True)
class ErrorBySigma:
    """Real against predicted errors in bins of predicted sigma, arrays of shape (n_bin,)."""

    sigma: Array
    rms_error: Array
    count: NDArray[np.intp]


def error_by_sigma(mean: ArrayLike, std: ArrayLike, truth: ArrayLike, bins: int = 10) -> ErrorBySigma:
    """Return the root mean square error in ``bins`` of equal count along the predicted ``std``.

    Calibrated errors lie on ``rms_error == sigma``, where ``sigma`` is the root mean square of ``std`` in the bin.
    Fewer bins come back when there are fewer known truths than ``bins``.
    """
    error = np.asarray(mean, float) - np.asarray(truth, float)
    known = np.isfinite(error)
    squared, sigma = error[known] ** 2, np.broadcast_to(np.asarray(std, float), error.shape)[known]
    parts = np.array_split(np.argsort(sigma, kind="stable"), max(min(bins, sigma.size), 1))
    return ErrorBySigma(
        np.array([np.sqrt(np.mean(sigma[part] ** 2)) for part in parts]),
        np.array([np.sqrt(np.mean(squared[part])) for part in parts]),
        np.array([part.size for part in parts]),
    )
