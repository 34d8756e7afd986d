"""Exact Gaussian processes in time, at a cost linear in the number of samples, for many curves at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.gp.params import KernelParams
    from specframe_transit.inference.prior import Parameter

__all__ = ["Likelihood", "TimeKernel", "make_time_kernel"]


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
    """A sum of kernel terms over time, which has as many hyper-parameters as ``parameters`` are free.

    In all methods ``hyper`` is ``(n_curve, n_hyper)``, natural logarithms of the free hyper-parameters in the order of
    ``parameters``; ``time (n_time,)`` in d, ascending; ``variance`` and ``residual (n_curve, n_time)``; and
    ``use (n_curve, n_time)`` bool, False where a sample is left out.
    """

    terms: tuple[KernelParams, ...]
    #: The free hyper-parameters, natural logarithms: ``gp_log_amplitude``, ``gp_log_timescale`` ...; with several
    #: terms ``gp1_log_amplitude``, ``gp2_log_amplitude`` ...
    parameters: tuple[Parameter, ...]

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
        raise NotImplementedError

    def whiten(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return whitened ``columns (n_curve, n_column, n_time)`` and the log determinant ``(n_curve,)``.

        The sum over time of two whitened columns is a^T K^-1 b over the used samples; unused samples give 0.
        """
        raise NotImplementedError

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

        At all of ``time``, unused samples included, or at the ascending times ``at (n_at,)``.
        """
        raise NotImplementedError

    def solve(
        self,
        hyper: NDArray[np.float64],
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return K^-1 times ``columns (n_curve, n_column, n_time)``, in their shape; unused samples give 0."""
        raise NotImplementedError

    def optimise(
        self,
        time: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
        start: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the hyper-parameters of largest posterior density of each curve, log likelihood and covariance.

        Shapes ``(n_curve, n_hyper)``, ``(n_curve,)`` and ``(n_curve, n_hyper, n_hyper)``.
        """
        raise NotImplementedError


def make_time_kernel(
    terms: Sequence[KernelParams], time: NDArray[np.float64], scatter: float, name: str = "gp"
) -> TimeKernel:
    """Return the kernel that YAML describes, its default priors made for data at ``time`` with ``scatter``."""
    raise NotImplementedError
