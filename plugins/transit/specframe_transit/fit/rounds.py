"""Rounds of fitting, clipping and measuring the noise, until none of them changes the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median
from specframe_transit.fit.restricted import RestrictedLikelihood
from specframe_transit.polynomial import truncated_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.fit.batch import CurveBatch
    from specframe_transit.fit.minimum import Minimum
    from specframe_transit.fit.noise import Noise
    from specframe_transit.fit.params import ErrorsParams
    from specframe_transit.fit.problem import Problem

    Array = NDArray[np.float64]

__all__ = ["BatchResult", "FitResult", "fit_rounds", "hyper_covariance", "with_wider_noise"]

_ROUNDS = 12
_PROCESS_ROUNDS = 20
#: Rounds with a process whose every likelihood is a matrix decomposition per curve.
_COSTLY_ROUNDS = 4
#: Relative change of the noise at which rounds end.
_CHANGE = 1e-3
#: Where clipping would take more than this part of a curve, the model is at fault and nothing is clipped.
_MOST_CLIPPED = 0.2
_BISECTIONS = 60


@dataclass(frozen=True)
class BatchResult:
    """The curves of one node after the fit, all arrays (n_curve, n_time) or (n_curve,).

    ``signal`` x ``systematics`` + ``process`` is the model of the relative flux; ``rest`` is what it leaves. ``chi2``
    is the reduced chi-square with the errors that came with the data, ``free`` the degrees of freedom behind it.
    """

    signal: Array
    systematics: Array
    process: Array
    rest: Array
    clipped: NDArray[np.bool_]
    misfit: NDArray[np.bool_]
    chi2: Array
    free: Array


@dataclass(frozen=True)
class FitResult:
    """A problem with its final noise, where its posterior density is largest, and its covariance there."""

    problem: Problem
    minimum: Minimum
    covariance: Array
    batches: tuple[BatchResult, ...]


def fit_rounds(
    problem: Problem, errors: ErrorsParams, clip_sigma: float | None, *, optimise_process: bool = True
) -> FitResult:
    """Fit, clip residuals and measure the noise in turn.

    Errors are multiplied so that the reduced chi-square is 1 (``scale: scatter``), or get a jitter in quadrature
    (``jitter``), or stay (``file``), curve by curve. Degrees of freedom count linear and nonlinear parameters, and with
    a Gaussian process the trace of its smoother.
    """
    base = tuple(batch.noise.use for batch in problem.batches)
    start = problem.prior.start
    kernels = [batch.noise.kernel for batch in problem.batches if batch.noise.kernel is not None]
    n_rounds = _ROUNDS
    if kernels:
        n_rounds = _PROCESS_ROUNDS if all(kernel.restricted for kernel in kernels) else _COSTLY_ROUNDS
    shared = len(problem.batches) if len(problem.parameters) == 1 else 1
    for number in range(n_rounds):
        minimum = problem.minimise(start)
        start = minimum.values
        results, noises, same = [], [], True
        for batch, pick, use in zip(problem.batches, problem.picks, base, strict=True):
            result = _result(batch, start[:, pick], use, clip_sigma, start.shape[1] / shared)
            noise = _noise(batch, result, use, errors, start[:, pick] if optimise_process else None)
            same &= _is_same(batch.noise, noise)
            results.append(result)
            noises.append(noise)
        if same and number > 0:
            break
        problem = problem.with_noise(noises)
    covariance = problem.covariance(minimum)
    if optimise_process:
        covariance = covariance * _widening(problem, start, results)[:, None, None]
    return FitResult(problem, minimum, covariance, tuple(results))


def with_wider_noise(result: FitResult, factors: Sequence[float]) -> FitResult:
    """Return the fit with the noise of each batch multiplied by a factor, clipping and chi-square as they were."""
    noises = [
        replace(batch.noise, scale=batch.noise.scale * factor, jitter=batch.noise.jitter * factor)
        for batch, factor in zip(result.problem.batches, factors, strict=True)
    ]
    problem = result.problem.with_noise(noises)
    minimum = problem.minimise(result.minimum.values)
    batches = []
    for batch, pick, old in zip(problem.batches, problem.picks, result.batches, strict=True):
        signal, systematics = batch.model(minimum.values[:, pick])
        process, _ = batch.noise.predict(batch.flux - signal * systematics)
        rest = batch.flux - signal * systematics - process
        batches.append(replace(old, signal=signal, systematics=systematics, process=process, rest=rest))
    covariance = problem.covariance(minimum) * _widening(problem, minimum.values, batches)[:, None, None]
    return FitResult(problem, minimum, covariance, tuple(batches))


def _widening(problem: Problem, values: Array, results: list[BatchResult]) -> Array:
    """Return what unknown hyper-parameters multiply variances by, (n_row,): the mean over a row's batches."""
    factors = []
    for at, (batch, result) in enumerate(zip(problem.batches, results, strict=True)):
        noise, size = batch.noise, batch.size_column
        if noise.kernel is None or noise.hyper is None or not noise.kernel.parameters or not noise.kernel.restricted:
            continue
        if size is None:
            continue
        likelihood = _restricted(problem, values, at, result)
        factors.append(likelihood.widening(noise.hyper, batch.design.systematics.n_column + size))
    return np.mean(factors, axis=0) if factors else np.ones(len(values))


def hyper_covariance(result: FitResult, at: int) -> Array:
    """Return the covariance of a batch's hyper-parameters (n_curve, n_hyper, n_hyper), from the curvature there."""
    hyper = result.problem.batches[at].noise.hyper
    if hyper is None:
        raise ValueError(f"batch {at} has no Gaussian process")
    return _restricted(result.problem, result.minimum.values, at, result.batches[at]).covariance(hyper)


def _restricted(problem: Problem, values: Array, at: int, result: BatchResult) -> RestrictedLikelihood:
    """Return the likelihood of a batch's hyper-parameters at the values (n_row, n) of all others."""
    batch, pick = problem.batches[at], problem.picks[at]
    residual = batch.flux - result.signal * result.systematics
    return RestrictedLikelihood(batch.noise, batch.tangent(values[:, pick]), residual)


def _result(
    batch: CurveBatch, values: Array, base: NDArray[np.bool_], clip_sigma: float | None, n_nonlinear: float
) -> BatchResult:
    signal, systematics = batch.model(values)
    noise = batch.noise
    residual = batch.flux - signal * systematics
    process, smoothed = noise.predict(residual)
    rest = residual - process
    normalised = np.where(base, rest / np.where(base, noise.error, 1.0), 0.0)
    kept, misfit = base, np.zeros(len(base), bool)
    truncated = 1.0
    if clip_sigma is not None:
        truncated = truncated_variance(clip_sigma)
        scatter = MAD_TO_STD * masked_median(np.abs(normalised), base)
        far = base & (np.abs(normalised) > clip_sigma * np.maximum(scatter, 1e-300)[:, None])
        misfit = far.sum(axis=1) > _MOST_CLIPPED * np.maximum(base.sum(axis=1), 1)
        kept = base & ~(far & ~misfit[:, None])
    n_linear = batch.design.systematics.n_column
    free = np.maximum(kept.sum(axis=1) - n_linear - n_nonlinear - smoothed, 1.0)
    chi2 = np.where(kept, np.square(normalised), 0.0).sum(axis=1) / free / truncated
    return BatchResult(signal, systematics, process, rest, base & ~kept, misfit, chi2, free)


def _noise(
    batch: CurveBatch, result: BatchResult, base: NDArray[np.bool_], errors: ErrorsParams, values: Array | None
) -> Noise:
    """Return the noise that the fit shows; hyper-parameters are optimised where ``values`` (n_curve, n) are given."""
    noise = replace(batch.noise, use=base & ~result.clipped)
    if errors.scale == "scatter":
        # A curve that the model meets exactly (simulated without noise) keeps a scale that can be divided by.
        noise = replace(noise, scale=np.sqrt(np.maximum(result.chi2, 1e-20)))
    elif errors.scale == "jitter":
        noise = replace(noise, jitter=_jitter(noise, result))
    if noise.kernel is not None and noise.kernel.parameters and values is not None:
        residual = batch.flux - result.signal * result.systematics
        every = np.arange(len(residual))
        hyper = noise.kernel.optimise(noise.variance(every), residual, noise.use, noise.hyper)
        if noise.kernel.restricted:
            hyper = RestrictedLikelihood(noise, batch.tangent(values), residual).optimise(hyper)
        noise = replace(noise, hyper=hyper)
    return noise


def _jitter(noise: Noise, result: BatchResult) -> Array:
    """Return what must be added in quadrature (n_curve,) for a reduced chi-square of 1, by bisection."""
    square = np.where(noise.use, np.square(result.rest), 0.0)
    variance = np.where(noise.use, np.square(noise.error), 1.0)
    low = np.zeros(len(square))
    high = np.sqrt(square.sum(axis=1) / result.free)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = (square / (variance + np.square(middle)[:, None])).sum(axis=1) > result.free
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(result.chi2 > 1.0, 0.5 * (low + high), 0.0)


def _is_same(old: Noise, new: Noise) -> bool:
    if not np.array_equal(old.use, new.use):
        return False
    same = np.allclose(old.scale, new.scale, rtol=_CHANGE) and np.allclose(old.jitter, new.jitter, rtol=_CHANGE)
    if new.hyper is not None and old.hyper is not None:
        same &= np.allclose(old.hyper, new.hyper, atol=0.02)
    return bool(same)
