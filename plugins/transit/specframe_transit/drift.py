"""Functions of time and wavelength that describe the drift of star and instrument, with their priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "DriftBasis",
    "Kernel",
    "fit_kernel",
    "gp_drift",
    "kernel_matrix",
    "log_marginal_likelihood",
    "polynomial_drift",
    "scaled_legendre",
]

KernelName = Literal["matern-3/2", "squared-exponential"]

#: Eigenvectors of the kernel whose variance is below this part of the noise's are left out: they cannot be seen.
_MIN_SIGNAL = 1e-3


@dataclass(frozen=True)
class DriftBasis:
    """Columns (n_time, n_function) of a drift relative to the star's level, and their prior standard deviations.

    An infinite standard deviation leaves a coefficient free.
    """

    columns: NDArray[np.float64]
    prior_std: NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """Covariance of a Gaussian process in time: amplitude as relative flux, length scale in d."""

    name: KernelName
    amplitude: float
    length: float


def scaled_legendre(x: NDArray[np.float64], order: int, use: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return Legendre polynomials 0 ... order of ``x`` scaled to -1 ... 1, shape (n, order + 1).

    With ``use`` (n,) it is the range of those that is scaled so; what lies beyond it is beyond 1.
    """
    within = x if use is None or not use.any() else x[use]
    span = float(np.ptp(within))
    phase = 2.0 * (x - within.min()) / span - 1.0 if span > 0 else np.zeros_like(x)
    basis: NDArray[np.float64] = np.polynomial.legendre.legvander(phase, max(order, 0))[:, : order + 1]
    return basis


def polynomial_drift(
    time: NDArray[np.float64], order: int, last_std: float = np.inf, use: NDArray[np.bool_] | None = None
) -> DriftBasis:
    """Return Legendre polynomials 1 ... order of the time, free but for the last, whose prior has ``last_std``.

    The times that count are those of ``use`` (n_time,): a prior holds on their range.
    """
    prior_std = np.full(order, np.inf)
    prior_std[-1:] = last_std
    return DriftBasis(scaled_legendre(time, order, use)[:, 1:], prior_std)


def gp_drift(time: NDArray[np.float64], kernel: Kernel, noise: float) -> DriftBasis:
    """Return the kernel's eigenvectors on the samples, scaled so that each coefficient is N(0, 1).

    Their weighted sum then is a draw of the Gaussian process (its Karhunen-Loeve expansion), and the posterior of the
    coefficients is that of the process, but for what is far below the ``noise`` of a sample (relative flux).
    """
    values, vectors = np.linalg.eigh(kernel_matrix(kernel, time, time))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.sum(values > _MIN_SIGNAL * noise**2))
    return DriftBasis(vectors[:, :kept] * np.sqrt(np.maximum(values[:kept], 0.0)), np.ones(kept))


def kernel_matrix(kernel: Kernel, first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance between two sets of times (d), Rasmussen & Williams (2006), eqs. 4.9 and 4.17."""
    distance = np.abs(first[:, None] - second) / kernel.length
    if kernel.name == "squared-exponential":
        correlation = np.exp(-0.5 * distance**2)
    else:
        root = np.sqrt(3.0) * distance
        correlation = (1.0 + root) * np.exp(-root)
    return np.asarray(kernel.amplitude**2 * correlation)


def log_marginal_likelihood(
    kernel: Kernel,
    time: NDArray[np.float64],
    residual: NDArray[np.float64],
    noise: NDArray[np.float64],
    free: NDArray[np.float64],
) -> float:
    """Return ln p(residual | kernel), with the coefficients of columns ``free`` (n_time, m) under flat priors.

    Rasmussen & Williams (2006), eq. 2.45: without columns it is that of a plain Gaussian process with white noise of
    standard deviation ``noise`` (n_time,).
    """
    covariance = kernel_matrix(kernel, time, time)
    covariance[np.diag_indices(len(time))] += noise**2
    try:
        factor = cho_factor(covariance, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return -np.inf  # the noise drowns in the kernel's rounding
    solved = cho_solve(factor, np.column_stack([residual, free]), check_finite=False)
    value = residual @ solved[:, 0] + 2.0 * np.log(np.diag(factor[0])).sum()
    count = len(time) - free.shape[1]
    if free.shape[1]:
        information = free.T @ solved[:, 1:]
        projected = free.T @ solved[:, 0]
        value += np.linalg.slogdet(information)[1] - projected @ np.linalg.solve(information, projected)
    return float(-0.5 * (value + count * np.log(2.0 * np.pi)))


def fit_kernel(
    name: KernelName,
    time: NDArray[np.float64],
    residual: NDArray[np.float64],
    noise: NDArray[np.float64],
    free: NDArray[np.float64],
    shortest: float = 0.0,
) -> Kernel:
    """Return the kernel of largest marginal likelihood for ``residual``; see :func:`log_marginal_likelihood`.

    The length lies between ``shortest`` (d), at least ten samples, and ten times the visit.
    """
    span, scatter = float(np.ptp(time)), float(np.std(residual))
    low, high = np.log(max(shortest, 10.0 * float(np.median(np.diff(time))))), np.log(10.0 * span)
    faint, bright = -25.0, 0.0

    def cost(amplitude: float, length: float) -> float:
        kernel = Kernel(
            name, float(np.exp(np.clip(amplitude, faint, bright))), float(np.exp(np.clip(length, low, high)))
        )
        return -log_marginal_likelihood(kernel, time, residual, noise, free)

    starts = [np.array([np.log(max(scatter, 1e-9)), low + part * (high - low)]) for part in (0.2, 0.5)]
    start = min(starts, key=lambda at: cost(*at))
    found = minimize(
        lambda at: cost(*at), start, method="Nelder-Mead", options={"xatol": 0.05, "fatol": 0.01, "maxfev": 100}
    )
    amplitude, length = float(np.clip(found.x[0], faint, bright)), float(np.clip(found.x[1], low, high))
    return Kernel(name, float(np.exp(amplitude)), float(np.exp(length)))
