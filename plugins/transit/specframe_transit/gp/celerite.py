"""Exact Gaussian processes in time, at a cost linear in the number of samples, for many curves at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError, ParameterError
from specframe_transit.gp.arrays import ascending, prepared
from specframe_transit.gp.likelihood import likelihood, likelihood_of_sum
from specframe_transit.gp.optimum import find_optimum
from specframe_transit.gp.restricted import restricted_likelihood
from specframe_transit.gp.smoother import smooth
from specframe_transit.gp.terms import Term, make_term
from specframe_transit.gp.transition import EXPONENTIAL
from specframe_transit.gp.whitening import whiten
from specframe_transit.inference.params import LogUniformPrior

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from specframe_transit.gp.params import KernelParams
    from specframe_transit.inference.prior import Parameter

__all__ = ["Likelihood", "TimeKernel", "make_time_kernel"]

#: Default prior of an amplitude, in units of the scatter: below, a process of any length is lost in the noise.
AMPLITUDE_RANGE = (0.01, 100.0)


@dataclass(frozen=True)
class Likelihood:
    """Log likelihood of each curve ``(n_curve,)`` with its derivatives; unused samples have derivatives of 0.

    A jitter or an error scale goes into the variance, so its derivative follows from ``by_variance``. A curve whose
    covariance is not positive definite, or that has no finite likelihood, has ``value`` -inf and derivatives of 0.
    """

    value: NDArray[np.float64]
    #: Shape ``(n_curve, n_hyper)``.
    by_hyper: NDArray[np.float64]
    #: Shape ``(n_curve, n_time)``: minus the inverse of the covariance, times the residual.
    by_residual: NDArray[np.float64]
    #: Shape ``(n_curve, n_time)``.
    by_variance: NDArray[np.float64]


@dataclass(frozen=True)
class TimeKernel:
    """A sum of kernel terms over time; what YAML fixes is not among ``parameters``.

    In all methods ``hyper`` is ``(n_curve, n_hyper)``, natural logarithms of the free hyper-parameters in the order of
    ``parameters``; ``time (n_time,)`` in d, ascending; ``variance``, ``residual`` and ``use`` ``(n_curve, n_time)``,
    ``use`` False where a sample is left out, whose values then do not matter. What has one curve serves all curves.
    """

    terms: tuple[Term, ...]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters: ``gp_log_amplitude``, ``gp_log_timescale`` ... (``gp1_...`` of several terms)."""
        return tuple(parameter for parameter in self._all if not parameter.prior.fixed)

    @cached_property
    def _all(self) -> tuple[Parameter, ...]:
        return tuple(parameter for term in self.terms for parameter in term.parameters)

    @cached_property
    def _free(self) -> NDArray[np.bool_]:
        return np.array([not parameter.prior.fixed for parameter in self._all])

    @cached_property
    def _starts(self) -> NDArray[np.float64]:
        return np.array([parameter.start for parameter in self._all])

    @cached_property
    def _kinds(self) -> NDArray[np.int64]:
        return np.array([kind for term in self.terms for kind in term.kinds], dtype=np.int64)

    @property
    def n_hyper(self) -> int:
        """Number of free hyper-parameters."""
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free hyper-parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def log_likelihood(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> Likelihood:
        """Return the log likelihood of the residuals, and its gradient."""
        blocks, slopes = self._blocks(hyper)
        blocks, time, variance, residual, use = prepared(blocks, time, variance, residual, use)
        compute = likelihood if len(self._kinds) == 1 else likelihood_of_sum
        need_damping = any(term.has_quality for term in self.terms)
        value, by_residual, by_variance, by_block = compute(
            self._kinds, blocks, need_damping, time, variance, residual, use
        )
        by_hyper = (by_block[..., None] * slopes).sum(axis=(1, 2))
        return Likelihood(value, by_hyper, by_residual, by_variance)

    def whiten(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return whitened ``columns (n_curve, n_column, n_time)`` and the log determinant ``(n_curve,)``.

        The sum over time of two whitened columns is a^T K^-1 b over the used samples; unused samples give 0. NaN and
        -inf where the covariance of a curve is not positive definite.
        """
        return self._weighted(hyper, time, variance, columns, use, solve=False)

    def solve(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return K^-1 times ``columns (n_curve, n_column, n_time)``; unused samples give 0."""
        return self._weighted(hyper, time, variance, columns, use, solve=True)[0]

    def _weighted(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
        solve: bool,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        blocks, time, variance, columns, use = prepared(self._blocks(hyper)[0], time, variance, columns, use)
        result, log_determinant = whiten(self._kinds, blocks, time, variance, columns, use, solve)
        result[np.isneginf(log_determinant)] = np.nan
        return result, log_determinant

    def predict(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
        at: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and variance of the process given the residuals, each ``(n_curve, n_time)``.

        At all of ``time``, unused samples included, or at the ascending times ``at (n_at,)``. The noise of a sample is
        not in the variance.
        """
        blocks, time, variance, residual, use = prepared(self._blocks(hyper)[0], time, variance, residual, use)
        if at is None:
            mean, spread = smooth(self._kinds, blocks, time, variance, residual, use)
            return mean, spread
        at = ascending(at, "times to predict at")
        merged = np.concatenate([time, at])
        order = np.argsort(merged, kind="stable")
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order))
        extra = np.zeros((len(residual), len(at)))
        mean, spread = smooth(
            self._kinds,
            blocks,
            merged[order],
            np.concatenate([variance, extra], axis=1)[:, order],
            np.concatenate([residual, extra], axis=1)[:, order],
            np.concatenate([use, extra.astype(bool)], axis=1)[:, order],
        )
        wanted = place[len(time) :]
        return mean[:, wanted], spread[:, wanted]

    def restricted_likelihood(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log likelihood of the residuals ``(n_curve,)``, coefficients of ``columns`` integrated out.

        With its gradient ``(n_curve, n_hyper)``. ``columns (n_curve, n_column, n_time)`` is all that was fitted: an
        ordinary likelihood of what a fit left takes too small a process for the best (Patterson & Thompson 1971,
        Biometrika 58, 545). Columns that depend on others add a constant.
        """
        return restricted_likelihood(self, hyper, time, variance, residual, columns, use)

    def optimise(
        self,
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
        start: NDArray[np.float64] | None = None,
        columns: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the hyper-parameters of largest posterior density of each curve, log likelihood and covariance.

        Shapes ``(n_curve, n_hyper)``, ``(n_curve,)`` and ``(n_curve, n_hyper, n_hyper)``. Without ``start (n_curve,
        n_hyper)`` the climb begins at the best of many places. The covariance is that of the Gaussian approximation
        (in the logarithms); where the data say nothing, or the optimum is at a bound, it is as wide as the prior.
        With ``columns (n_curve, n_column, n_time)`` the likelihood is :meth:`restricted_likelihood`.
        """
        variance, residual, use = np.broadcast_arrays(*map(np.atleast_2d, (variance, residual, use)))

        def evaluate(curves: NDArray[np.intp], hyper: NDArray[np.float64]) -> tuple[ArrayLike, ArrayLike]:
            if columns is not None:
                own = columns[curves]
                return self.restricted_likelihood(hyper, time, variance[curves], residual[curves], own, use[curves])
            found = self.log_likelihood(hyper, time, variance[curves], residual[curves], use[curves])
            return found.value, found.by_hyper

        found = find_optimum(evaluate, self.parameters, len(residual), start)
        value = np.asarray(evaluate(np.arange(len(residual)), found.values)[0])
        return found.values, value, found.covariance

    def covariance(self, hyper: NDArray[np.float64], lag: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the kernel at time differences ``lag (n_lag,)`` in d, shape ``(n_curve, n_lag)``."""
        blocks = self._blocks(hyper)[0]
        total = np.zeros((len(blocks), len(lag)))
        for b, kind in enumerate(self._kinds):
            s2, rate, damping = blocks[:, b, :, None].transpose(1, 0, 2)
            u = rate * np.abs(lag)
            if kind == EXPONENTIAL:
                total += s2 * np.exp(-u)
                continue
            # exp of complex numbers: the growing part of cosh never stands alone
            d = np.sqrt((1.0 - damping**2).astype(complex))
            d = np.where(np.abs(d) < 1e-6, 1e-6, d)
            rising, falling = np.exp((1j * d - damping) * u), np.exp((-1j * d - damping) * u)
            total += s2 * np.real(0.5 * (rising + falling) + 0.5 * damping * (rising - falling) / (1j * d))
        return total

    def values(self, hyper: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return all hyper-parameters, fixed ones too, as such and not as logarithms: name to ``(n_curve,)``."""
        natural = np.exp(self._full(hyper))
        names = [parameter.name.replace("_log_", "_", 1) for parameter in self._all]
        return dict(zip(names, natural.T, strict=True))

    def _full(self, hyper: NDArray[np.float64]) -> NDArray[np.float64]:
        hyper = np.atleast_2d(np.asarray(hyper, dtype=float))
        if hyper.shape[1] != self.n_hyper:
            raise DataError(
                f"the kernel has {self.n_hyper} free hyper-parameters ({', '.join(self.names)}), got {hyper.shape[1]}"
            )
        full = np.empty((len(hyper), len(self._all)))
        full[:] = self._starts
        full[:, self._free] = hyper
        return full

    def _blocks(self, hyper: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return blocks (n_curve, n_block, 3) and their derivatives by the free hyper-parameters."""
        full = self._full(hyper)
        blocks = np.empty((len(full), len(self._kinds), 3))
        slopes = np.zeros((len(full), len(self._kinds), 3, len(self._all)))
        block = column = 0
        for term in self.terms:
            own = slice(column, column + len(term.parameters))
            rows = slice(block, block + len(term.kinds))
            blocks[:, rows], slopes[:, rows, :, own] = term.blocks(full[:, own])
            block, column = rows.stop, own.stop
        return blocks, slopes[..., self._free]


def make_time_kernel(
    terms: Sequence[KernelParams], time: NDArray[np.float64], scatter: float, name: str = "gp"
) -> TimeKernel:
    """Return the kernel that YAML describes, its default priors made for data at ``time`` with ``scatter``.

    Parameters
    ----------
    terms
        The terms of the sum.
    time
        Times of the samples in d, ascending.
    scatter
        Standard deviation of the noise of a sample, relative to the flux.
    name
        First part of the hyper-parameters' names.

    Raises
    ------
    DataError
        Where the times do not ascend or the scatter is not positive.
    ParameterError
        Where there is no term, or the prior of a hyper-parameter is not that of a positive number.
    """
    if not terms:
        raise ParameterError(f"{name}: a Gaussian process needs at least one kernel, such as {{kernel: matern-3/2}}")
    time = ascending(time, "times")
    steps = np.diff(time)
    steps = steps[steps > 0]
    if not len(steps):
        raise DataError(
            f"{name}: a Gaussian process in time needs samples at two times or more, got {len(time)} at one"
        )
    if not (np.isfinite(scatter) and scatter > 0):
        raise DataError(f"{name}: the scatter of the light curve must be positive, got {scatter:g}")
    cadence, span = float(np.median(steps)), float(time[-1] - time[0])
    low, high = AMPLITUDE_RANGE
    amplitude = LogUniformPrior(log_uniform=(low * scatter, high * scatter))
    timescale = LogUniformPrior(log_uniform=(min(cadence, 0.5 * span), span))
    names = [name] if len(terms) == 1 else [f"{name}{i + 1}" for i in range(len(terms))]
    return TimeKernel(
        tuple(make_term(term, prefix, amplitude, timescale) for term, prefix in zip(terms, names, strict=True))
    )
