"""The curves of one node that are fitted alike: signal x systematics, with the linear coefficients solved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.linear import LinearSolution, solve_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.fit.noise import Noise
    from specframe_transit.fit.signal import Signal
    from specframe_transit.systematics.design import Systematics

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]

__all__ = ["CurveBatch", "Design"]

#: Numbers of one array of derivatives that are held at once, 80 MB.
_MOST_NUMBERS = 10_000_000


@dataclass(frozen=True)
class Design:
    """Columns of the systematics of a node with those nonlinear parameters that are fitted (``free``)."""

    systematics: Systematics

    @cached_property
    def free(self) -> tuple[int, ...]:
        """Which of the systematics' parameters are not fixed."""
        return tuple(i for i, p in enumerate(self.systematics.parameters) if not p.prior.fixed)

    @cached_property
    def _fixed_columns(self) -> Array:
        return self.systematics.columns()

    def columns(self, values: Array, rows: Rows) -> Array:
        """Return (n_row or 1, n_column, n_time) for values (n_row, n_free)."""
        if not self.free:
            fixed = self._fixed_columns
            return fixed[rows] if fixed.ndim == 3 else fixed[None]
        return self.systematics.columns(self._whole(values, rows)[0])[self._whole(values, rows)[1]]

    def gradient(self, values: Array, rows: Rows) -> Array:
        """Return derivatives by the free parameters (n_free, n_row, n_column, n_time)."""
        whole, pick = self._whole(values, rows)
        return self.systematics.gradient(whole)[list(self.free)][:, pick]

    def _whole(self, values: Array, rows: Rows) -> tuple[Array, Rows]:
        """Return values of all parameters, and which of their rows are asked for.

        Columns that differ from channel to channel come for all channels or none.
        """
        if not self.systematics.per_channel:
            whole = np.tile(self.systematics.start, (len(values), 1))
            whole[:, list(self.free)] = values
            return whole, np.arange(len(values))
        whole = np.tile(self.systematics.start, (self.systematics.curves.n_channel, 1))
        whole[rows[:, None], list(self.free)] = values
        return whole, rows


@dataclass(frozen=True)
class CurveBatch:
    """Curves of one node. Values (n_row, n) are those of the signal, then those of the systematics.

    ``flux`` (n_curve, n_time) is relative; ``rows`` (n_row,) say which curve each row of values belongs to.
    """

    flux: Array
    signal: Signal
    design: Design
    noise: Noise

    @property
    def size_column(self) -> int | None:
        """Which of the signal's parameters is the planet's size or the depth; None where that is not fitted."""
        return self.signal.size_column

    def _split(self, values: Array) -> tuple[Array, Array]:
        n = values.shape[1] - len(self.design.free)
        return values[:, :n], values[:, n:]

    def solve(self, values: Array, rows: Rows, hyper: Array | None = None) -> tuple[LinearSolution, Array]:
        """Return the linear solution, whitened, and the log determinant of the noise (n_row,)."""
        own, ramps = self._split(values)
        columns = self.signal.flux(own, rows)[:, None, :] * self.design.columns(ramps, rows)
        return self._solved(columns, rows, hyper)

    def _solved(self, columns: Array, rows: Rows, hyper: Array | None) -> tuple[LinearSolution, Array]:
        both = np.concatenate([columns, self.flux[rows][:, None, :]], axis=1)
        whitened, log_determinant = self.noise.whiten(both, rows, hyper)
        return solve_linear(whitened[:, :-1], whitened[:, -1]), log_determinant

    def evaluate(self, values: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """Return chi2 (n_row,), gradient of -chi2 / 2 (n_row, n) and information (n_row, n, n)."""
        step = self.rows_at_once(values.shape[1])
        parts = [self._evaluate(values[i : i + step], rows[i : i + step]) for i in range(0, len(rows), step)]
        chi2, gradient, information = (np.concatenate(part) for part in zip(*parts, strict=True))
        return chi2, gradient, information

    def rows_at_once(self, n: int) -> int:
        """Return how many rows of ``n`` parameters fit into memory: JWST has 10^4 times in hundreds of channels."""
        numbers = int(self.flux.shape[1]) * (n + self.design.systematics.n_column + 2)
        return max(1, _MOST_NUMBERS // numbers)

    def _evaluate(self, values: Array, rows: Rows) -> tuple[Array, Array, Array]:
        own, ramps = self._split(values)
        if values.shape[1] == 0:
            solution, _ = self.solve(values, rows)
            return solution.chi2, np.zeros((len(rows), 0)), np.zeros((len(rows), 0, 0))
        flux, slope = self.signal.flux_with_gradient(own, rows)
        columns = self.design.columns(ramps, rows)
        solution, _ = self._solved(flux[:, None, :] * columns, rows, None)
        jacobian = self._jacobian(flux, slope, columns, ramps, rows, solution)
        information, gradient = solution.project(self.noise.whiten(jacobian, rows)[0])
        return solution.chi2, gradient, information

    def tangent(self, values: Array, rows: Rows | None = None) -> Array:
        """Return the derivatives of the model by all coefficients and parameters, (n_row, n_column + n, n_time)."""
        rows = np.arange(len(self.flux)) if rows is None else rows
        own, ramps = self._split(values)
        flux, slope = self.signal.flux_with_gradient(own, rows)
        columns = self.design.columns(ramps, rows)
        solution, _ = self._solved(flux[:, None, :] * columns, rows, None)
        jacobian = self._jacobian(flux, slope, columns, ramps, rows, solution)
        return np.concatenate([flux[:, None, :] * columns, jacobian], axis=1)

    def _jacobian(
        self, flux: Array, slope: Array, columns: Array, ramps: Array, rows: Rows, solution: LinearSolution
    ) -> Array:
        """Return the derivatives by the nonlinear parameters (n_row, n, n_time), coefficients held."""
        jacobian = slope * (solution.coefficients[:, None, :] @ columns)
        if self.design.free:
            by_ramp = np.einsum("qkmt,km->kqt", self.design.gradient(ramps, rows), solution.coefficients)
            jacobian = np.concatenate([jacobian, flux[:, None, :] * by_ramp], axis=1)
        return jacobian

    def model(self, values: Array) -> tuple[Array, Array]:
        """Return signal and systematics of all curves, (n_curve, n_time) each; their product is the model."""
        signal, systematics = np.empty_like(self.flux), np.empty_like(self.flux)
        step = self.rows_at_once(values.shape[1])
        for first in range(0, len(self.flux), step):
            rows = np.arange(first, min(first + step, len(self.flux)))
            own, ramps = self._split(values[rows])
            solution, _ = self.solve(values[rows], rows)
            systematics[rows] = (solution.coefficients[:, None, :] @ self.design.columns(ramps, rows))[:, 0]
            signal[rows] = self.signal.flux(own, rows)
        return signal, systematics

    def log_likelihood(self, values: Array, rows: Rows, hyper: Array | None = None) -> Array:
        """Return the log likelihood (n_row,) with the linear coefficients integrated out (flat prior)."""
        solution, log_determinant = self.solve(values, rows, hyper)
        n_free = self.noise.use[rows].sum(axis=1) - solution.coefficients.shape[1]
        return np.asarray(
            -0.5 * (solution.chi2 + log_determinant + solution.log_determinant + n_free * np.log(2.0 * np.pi))
        )
