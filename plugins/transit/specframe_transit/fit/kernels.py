"""Gaussian processes as the noise of the curves of a node: over time, or over regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from specframe.errors import ParameterError
from specframe_transit.cleaning.node import find_regressor
from specframe_transit.gp.celerite import TimeKernel, make_time_kernel
from specframe_transit.systematics.params import GaussianProcessTerm, RegressorProcessTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.gp.dense import DenseKernel
    from specframe_transit.inference.prior import Parameter
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]
    Use = NDArray[np.bool_]

__all__ = ["Kernel", "RegressorProcess", "TimeProcess", "kernel_of"]


class Kernel(Protocol):
    """A Gaussian process on the samples of one node; hyper (n_row, n_hyper), the others (n_row, ..., n_time).

    ``restricted``: whether evaluations are cheap enough for restricted maximum likelihood.
    """

    @property
    def restricted(self) -> bool:
        """Whether it is."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters."""

    def whiten(self, hyper: Array, variance: Array, columns: Array, use: Use) -> tuple[Array, Array]:
        """Return whitened columns (n_row, n_column, n_time) and log determinants (n_row,)."""

    def predict(self, hyper: Array, variance: Array, residual: Array, use: Use) -> tuple[Array, Array]:
        """Return mean and variance of the process (n_row, n_time)."""

    def optimise(self, variance: Array, residual: Array, use: Use, start: Array | None) -> Array:
        """Return hyper-parameters (n_row, n_hyper) of largest posterior density."""


@dataclass(frozen=True)
class TimeProcess:
    """A Gaussian process over ``time`` (n_time,), each curve with its own hyper-parameters."""

    kernel: TimeKernel
    time: Array
    restricted: bool = True

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters."""
        return self.kernel.parameters

    def whiten(self, hyper: Array, variance: Array, columns: Array, use: Use) -> tuple[Array, Array]:
        """Return whitened columns (n_row, n_column, n_time) and log determinants (n_row,)."""
        return self.kernel.whiten(hyper, self.time, variance, columns, use)

    def predict(self, hyper: Array, variance: Array, residual: Array, use: Use) -> tuple[Array, Array]:
        """Return mean and variance of the process (n_row, n_time)."""
        return self.kernel.predict(hyper, self.time, variance, residual, use)

    def optimise(self, variance: Array, residual: Array, use: Use, start: Array | None) -> Array:
        """Return hyper-parameters (n_row, n_hyper) of largest posterior density."""
        return self.kernel.optimise(self.time, variance, residual, use, start)[0]


@dataclass(frozen=True)
class RegressorProcess:
    """A Gaussian process over regressors, one curve after the other."""

    kernel: DenseKernel
    restricted: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters."""
        return self.kernel.parameters

    def whiten(self, hyper: Array, variance: Array, columns: Array, use: Use) -> tuple[Array, Array]:
        """Return whitened columns (n_row, n_column, n_time) and log determinants (n_row,)."""
        each = [self.kernel.whiten(*row) for row in zip(hyper, variance, columns, use, strict=True)]
        return np.stack([whitened for whitened, _ in each]), np.array([value for _, value in each])

    def predict(self, hyper: Array, variance: Array, residual: Array, use: Use) -> tuple[Array, Array]:
        """Return mean and variance of the process (n_row, n_time)."""
        each = [self.kernel.predict(*row) for row in zip(hyper, variance, residual, use, strict=True)]
        return np.stack([mean for mean, _ in each]), np.stack([spread for _, spread in each])

    def optimise(self, variance: Array, residual: Array, use: Use, start: Array | None) -> Array:
        """Return hyper-parameters (n_row, n_hyper) of largest posterior density."""
        starts = [None] * len(residual) if start is None else list(start)
        each = zip(variance, residual, use, starts, strict=True)
        return np.stack([self.kernel.optimise(*row)[0] for row in each])


def kernel_of(terms: Sequence[TermParams], curves: Curves, scatter: float) -> Kernel | None:
    """Return the Gaussian process among the terms, None where there is none.

    Of a regressor that differs from channel to channel a process over regressors takes the mean over channels.

    Raises
    ------
    ParameterError
        When there are several.
    DataError
        When a regressor is missing.
    """
    processes = [term for term in terms if isinstance(term, GaussianProcessTerm | RegressorProcessTerm)]
    if not processes:
        return None
    if len(processes) > 1:
        raise ParameterError("systematics: only one Gaussian process at a time; one over time may sum several kernels")
    term = processes[0]
    if isinstance(term, GaussianProcessTerm):
        return TimeProcess(make_time_kernel(term.kernels, curves.time, scatter), curves.time)
    from specframe_transit.gp.dense import make_dense_kernel

    inputs = []
    for name in term.names:
        values = curves.time if name == "time" else find_regressor(name, curves.regressors, curves.path)
        inputs.append(values if values.ndim == 1 else values.mean(axis=0))
    return RegressorProcess(make_dense_kernel(term, np.stack(inputs, axis=1), tuple(term.names), scatter))
