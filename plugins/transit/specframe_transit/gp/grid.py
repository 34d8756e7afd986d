"""Gaussian processes over time and wavelength: the product of a kernel in each, with the kernels of GPyTorch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError
from specframe_transit.gp.celerite import AMPLITUDE_RANGE, Likelihood
from specframe_transit.gp.optimum import climb_one
from specframe_transit.gp.terms import log_parameter
from specframe_transit.gp.torch_kernels import make_kernel, one_thread, torch_and_gpytorch
from specframe_transit.inference.params import LogUniformPrior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.gp.params import GridKernelParams
    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]
    Use = NDArray[np.bool_]

__all__ = ["GridKernel", "make_grid_kernel", "separable_variance"]

#: Relative departure from (channel x time) that variances may have.
_SEPARABLE = 1e-6
_LOG_TWO_PI = math.log(2.0 * math.pi)


@dataclass(frozen=True)
class _Grid:
    """A complete grid: the channels and times in use, and the factors of the noise's variance there."""

    rows: Use
    columns: Use
    row_variance: Array
    column_variance: Array

    def of(self, values: Array) -> Any:
        """Return ``values (..., n_wavelength, n_time)`` on the grid, in standard deviations of the noise."""
        torch, _ = torch_and_gpytorch()
        kept = np.asarray(values, dtype=float)[..., self.rows, :][..., self.columns]
        return torch.from_numpy(kept / self.deviation)

    def spread(self, values: Any, shape: tuple[int, ...]) -> Array:
        """Return values on the grid in an array of ``shape`` (..., n_wavelength, n_time), 0 elsewhere."""
        result = np.zeros(shape)
        rows, columns = np.ix_(self.rows, self.columns)
        result[..., rows, columns] = values.numpy()
        return result

    @property
    def deviation(self) -> Array:
        """Standard deviation of the noise (n_row, n_column)."""
        return np.sqrt(np.outer(self.row_variance, self.column_variance))


@dataclass(frozen=True)
class _Solved:
    """Covariances of the process in units of the noise, along each axis, and their eigenvectors."""

    by_wavelength: Any
    by_time: Any
    wavelength_vector: Any
    time_vector: Any
    #: Eigenvalues of the whole covariance, noise included, ``(n_row, n_column)``.
    eigenvalue: Any
    wavelength_value: Any
    time_value: Any


@dataclass(frozen=True)
class GridKernel:
    """A Gaussian process over the grid of ``wavelength (n_wavelength,)`` in um and ``time (n_time,)`` in d.

    All arrays of data are ``(n_wavelength, n_time)``; ``hyper (n_hyper,)`` are natural logarithms. The covariance is
    the Kronecker product of those of wavelength and time, so that everything follows, exactly, from the eigenvectors
    of these two (Saatci 2011; Fortune et al. 2024) at a cost of n_wavelength^3 + n_time^3. That needs a complete grid
    (channels and times may be left out as a whole), and variances that are the product of one number per channel and
    one per time: :func:`separable_variance`.
    """

    params: GridKernelParams
    time: Array
    wavelength: Array
    #: All hyper-parameters, free and fixed: amplitude, time scale, wavelength scale.
    all_parameters: tuple[Parameter, ...]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters: ``gp_log_amplitude``, ``gp_log_timescale``, ``gp_log_wavelength_scale``."""
        return tuple(parameter for parameter in self.all_parameters if not parameter.prior.fixed)

    @property
    def n_hyper(self) -> int:
        """Number of free hyper-parameters."""
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free hyper-parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def log_likelihood(self, hyper: Array, variance: Array, residual: Array, use: Use) -> Likelihood:
        """Return the log likelihood, value (1,), with derivatives (1, n_hyper), and (n_wavelength, n_time) for data."""
        grid = self._grid(variance, use)
        with one_thread() as torch:
            along_wavelength, along_time = self._kernels(hyper)
            solved = self._solved(along_wavelength, along_time, grid)
            r = grid.of(residual)
            ew, et = solved.wavelength_vector, solved.time_vector
            rotated = ew.T @ r @ et
            weight = ew @ (rotated / solved.eigenvalue) @ et.T
            deviation = torch.from_numpy(grid.deviation)
            inverse = ew.square() @ (1.0 / solved.eigenvalue) @ et.square().T
            value = -0.5 * float((rotated.square() / solved.eigenvalue).sum() + solved.eigenvalue.log().sum())
            value -= float(deviation.log().sum()) + 0.5 * r.numel() * _LOG_TWO_PI
            if not math.isfinite(value):
                zero = np.zeros(use.shape)
                return Likelihood(np.array([-np.inf]), np.zeros((1, self.n_hyper)), zero, zero)
            # derivatives by the two covariances, as Rasmussen & Williams (2006), eq. 5.9
            in_wavelength = (ew * (solved.time_value / solved.eigenvalue).sum(dim=1)) @ ew.T
            in_time = (et * (solved.wavelength_value[:, None] / solved.eigenvalue).sum(dim=0)) @ et.T
            by_wavelength = 0.5 * (weight @ solved.by_time.detach() @ weight.T - in_wavelength)
            by_time = 0.5 * (weight.T @ solved.by_wavelength.detach() @ weight - in_time)
            ((by_wavelength * solved.by_wavelength).sum() + (by_time * solved.by_time).sum()).backward()
            gradient = [
                2.0 * float(along_time.raw_outputscale.grad),
                float(along_time.base_kernel.raw_lengthscale.grad),
                float(along_wavelength.base_kernel.raw_lengthscale.grad),
            ]
        return Likelihood(
            np.array([value]),
            np.array(gradient)[None, self._free],
            grid.spread(-weight / deviation, use.shape),
            grid.spread(0.5 * (weight.square() - inverse) / deviation.square(), use.shape),
        )

    def whiten(self, hyper: Array, variance: Array, columns: Array, use: Use) -> tuple[Array, float]:
        """Return whitened ``columns (n_column, n_wavelength, n_time)`` and the log determinant.

        The sum of two whitened columns is a^T K^-1 b over the samples in use; others give 0. What is whitened are
        amplitudes of the eigenvectors: they have the grid's shape, but belong to no channel or time.
        """
        grid = self._grid(variance, use)
        with one_thread() as torch, torch.no_grad():
            solved = self._solved(*self._kernels(hyper), grid)
            rotated = solved.wavelength_vector.T @ grid.of(columns) @ solved.time_vector
            whitened = grid.spread(rotated / solved.eigenvalue.sqrt(), columns.shape)
            return whitened, float(solved.eigenvalue.log().sum() + 2.0 * np.log(grid.deviation).sum())

    def predict(self, hyper: Array, variance: Array, residual: Array, use: Use) -> tuple[Array, Array]:
        """Return mean and variance of the process at all samples, each ``(n_wavelength, n_time)``."""
        grid = self._grid(variance, use)
        with one_thread() as torch, torch.no_grad():
            along_wavelength, along_time = self._kernels(hyper)
            solved = self._solved(along_wavelength, along_time, grid)
            x, t = self._inputs()
            cross = along_wavelength(x, x[torch.from_numpy(grid.rows)]).to_dense()
            half_x = cross / torch.from_numpy(np.sqrt(grid.row_variance)) @ solved.wavelength_vector
            cross = along_time(t, t[torch.from_numpy(grid.columns)]).to_dense()
            half_t = cross / torch.from_numpy(np.sqrt(grid.column_variance)) @ solved.time_vector
            rotated = solved.wavelength_vector.T @ grid.of(residual) @ solved.time_vector / solved.eigenvalue
            mean = half_x @ rotated @ half_t.T
            spread = along_time.outputscale - half_x.square() @ (1.0 / solved.eigenvalue) @ half_t.square().T
            return mean.numpy(), spread.clamp(min=0.0).numpy()

    def optimise(
        self, variance: Array, residual: Array, use: Use, start: Array | None = None
    ) -> tuple[Array, float, Array]:
        """Return hyper-parameters (n_hyper,) of largest posterior density, log likelihood and covariance."""

        def evaluate(hyper: Array) -> tuple[float, Array]:
            found = self.log_likelihood(hyper, variance, residual, use)
            return float(found.value[0]), found.by_hyper[0]

        if start is None:
            # short and long scales: a fifth of each prior from its ends, in the logarithm
            ends = [np.array([p.start, p.start]) for p in self.parameters]
            ends = [
                p.prior.transform(np.array([0.2, 0.8])) if p.prior.proper and "amplitude" not in p.name else end
                for p, end in zip(self.parameters, ends, strict=True)
            ]
            starts = [np.array([p.start for p in self.parameters]), *np.array(ends).reshape(self.n_hyper, 2).T]
        else:
            starts = [start]
        return climb_one(evaluate, self.parameters, starts)

    @cached_property
    def _free(self) -> Use:
        return np.array([not parameter.prior.fixed for parameter in self.all_parameters])

    def _kernels(self, hyper: Array) -> tuple[Any, Any]:
        """Return the kernels along wavelength, of amplitude 1, and along time."""
        if len(hyper) != self.n_hyper:
            names = ", ".join(self.names)
            raise DataError(f"the kernel has {self.n_hyper} free hyper-parameters ({names}), got {len(hyper)}")
        full = np.array([parameter.start for parameter in self.all_parameters])
        full[self._free] = hyper
        return (
            make_kernel(self.params.wavelength_kernel, 0.0, full[2:3]),
            make_kernel(self.params.kernel, full[0], full[1:2]),
        )

    def _inputs(self) -> tuple[Any, Any]:
        torch, _ = torch_and_gpytorch()
        return torch.from_numpy(np.log(self.wavelength))[:, None], torch.from_numpy(self.time - self.time.mean())[
            :, None
        ]

    def _solved(self, along_wavelength: Any, along_time: Any, grid: _Grid) -> _Solved:
        torch, _ = torch_and_gpytorch()
        x, t = self._inputs()
        covariances, values, vectors = [], [], []
        for kernel, inputs, used, variance in (
            (along_wavelength, x, grid.rows, grid.row_variance),
            (along_time, t, grid.columns, grid.column_variance),
        ):
            deviation = torch.from_numpy(np.sqrt(variance))
            covariance = kernel(inputs[torch.from_numpy(used)]).to_dense() / torch.outer(deviation, deviation)
            value, vector = torch.linalg.eigh(covariance.detach())
            covariances.append(covariance)
            values.append(value.clamp(min=0.0))
            vectors.append(vector)
        return _Solved(
            by_wavelength=covariances[0],
            by_time=covariances[1],
            wavelength_vector=vectors[0],
            time_vector=vectors[1],
            eigenvalue=1.0 + torch.outer(values[0], values[1]),
            wavelength_value=values[0],
            time_value=values[1],
        )

    def _grid(self, variance: Array, use: Use) -> _Grid:
        """Return the grid of the samples in use, or say why they are not one."""
        shape = (len(self.wavelength), len(self.time))
        for what, array in (("variance", variance), ("use", use)):
            if array.shape != shape:
                raise DataError(
                    f"{what} of a Gaussian process over time and wavelength must be {shape}, got {array.shape}"
                )
        rows, columns = np.asarray(use.any(axis=1)), np.asarray(use.any(axis=0))
        kept = use[rows][:, columns]
        if not kept.size or not kept.all():
            raise DataError(
                f"a Gaussian process over time and wavelength needs a complete grid: {int((~kept).sum())} of "
                f"{kept.size} samples are missing within the channels and times in use. Repair them, or leave out the "
                "whole time or channel"
            )
        own = np.asarray(variance, dtype=float)[rows][:, columns]
        if not ((own > 0) & (own < np.inf)).all():
            raise DataError("variances of a Gaussian process over time and wavelength must be finite and above 0")
        by_row, by_column = _factors(own)
        departure = float(np.abs(own / np.outer(by_row, by_column) - 1.0).max())
        if departure > _SEPARABLE:
            raise DataError(
                "variances of a Gaussian process over time and wavelength must be the product of one number per "
                f"channel and one per time; they depart from it by up to {departure:.2g}. Use "
                "separable_variance(variance, use)"
            )
        return _Grid(rows, columns, by_row, by_column)


def separable_variance(variance: Array, use: Use) -> Array:
    """Return the product of one number per channel and one per time that is nearest ``variance`` in the logarithm."""
    rows, columns = use.any(axis=1), use.any(axis=0)
    result = np.array(variance, dtype=float)
    by_row, by_column = _factors(result[rows][:, columns])
    result[np.ix_(rows, columns)] = np.outer(by_row, by_column)
    return result


def _factors(variance: Array) -> tuple[Array, Array]:
    logarithm = np.log(variance)
    return np.exp(logarithm.mean(axis=1)), np.exp(logarithm.mean(axis=0) - logarithm.mean())


def make_grid_kernel(
    params: GridKernelParams, time: Array, wavelength: Array, scatter: float, name: str = "gp"
) -> GridKernel:
    """Return the kernel over ``time (n_time,)`` in d and ``wavelength (n_wavelength,)`` in um, both ascending.

    Raises
    ------
    DataError
        Where there are not two different times and wavelengths, or the scatter is not positive.
    ParameterError
        Where the prior of a hyper-parameter is not that of a positive number.
    UnavailableComponentError
        Where torch or gpytorch is not installed.
    """
    torch_and_gpytorch()
    if not (np.isfinite(scatter) and scatter > 0):
        raise DataError(f"{name}: the scatter of the light curves must be positive, got {scatter:g}")
    time, wavelength = np.asarray(time, dtype=float), np.asarray(wavelength, dtype=float)
    ranges = []
    for what, values in (("times", time), ("wavelengths", wavelength)):
        if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all():
            raise DataError(f"{name}: {what} must ascend, two or more, got {values.shape} values")
    if not wavelength[0] > 0:
        raise DataError(f"{name}: wavelengths must be above 0, got {wavelength[0]:g} um")
    for values, reach in ((time, 1.0), (np.log(wavelength), 10.0)):
        span = reach * float(np.ptp(values))
        ranges.append(LogUniformPrior(log_uniform=(min(float(np.median(np.diff(values))), 0.5 * span), span)))
    low, high = AMPLITUDE_RANGE
    amplitude = LogUniformPrior(log_uniform=(low * scatter, high * scatter))
    parameters = (
        log_parameter(name, "amplitude", amplitude if params.amplitude is None else params.amplitude),
        log_parameter(name, "timescale", ranges[0] if params.timescale is None else params.timescale, "d"),
        log_parameter(
            name, "wavelength_scale", ranges[1] if params.wavelength_scale is None else params.wavelength_scale
        ),
    )
    return GridKernel(params, time, wavelength, parameters)
