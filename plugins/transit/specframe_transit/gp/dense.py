"""Gaussian processes over regressors, with the kernels of GPyTorch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError
from specframe_transit.gp import low_rank
from specframe_transit.gp.celerite import AMPLITUDE_RANGE, Likelihood
from specframe_transit.gp.optimum import climb_one
from specframe_transit.gp.terms import log_parameter
from specframe_transit.gp.torch_kernels import cholesky, make_kernel, one_thread, torch_and_gpytorch
from specframe_transit.inference.params import LogUniformPrior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.gp.params import RegressorKernelParams
    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]
    Use = NDArray[np.bool_]

__all__ = ["DenseKernel", "make_dense_kernel"]

#: Default prior of length scales, in standard deviations of a regressor.
LENGTHSCALE_RANGE = (0.1, 100.0)
#: Samples up to which the process is exact by default (a likelihood with gradient takes a third of a second there),
#: and inducing points above.
EXACT_LIMIT, DEFAULT_INDUCING = 1500, 300
#: Length scales, in the same units, at which a fit begins unless it is told.
_START_LENGTHSCALES = (0.5, 2.0, 8.0)
_LOG_TWO_PI = math.log(2.0 * math.pi)


@dataclass(frozen=True)
class DenseKernel:
    """A Gaussian process over ``inputs (n_time, n_input)`` in standard deviations, with a length scale for each.

    For one curve: ``hyper (n_hyper,)`` natural logarithms of the free hyper-parameters, ``variance, residual, use
    (n_time,)``. The cost is that of a Cholesky factorisation, of the third power of the number of samples; with
    ``inducing (n_inducing, n_input)`` it is linear in it, and the process an approximation (Titsias 2009) whose
    likelihood is a lower bound.
    """

    params: RegressorKernelParams
    inputs: Array
    #: All hyper-parameters, free and fixed: the amplitude, then the length scales.
    all_parameters: tuple[Parameter, ...]
    centre: Array
    scale: Array
    inducing: Array | None = None

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free hyper-parameters: ``gp_log_amplitude``, and ``gp_log_lengthscale_x`` ... for each regressor."""
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
        """Return the log likelihood of the residuals, and its gradient: arrays as for one curve of TimeKernel."""
        noise, values = self._selected(variance, residual, use)
        with one_thread() as torch:
            kernel = self._kernel(hyper)
            x, d, r = (torch.from_numpy(a) for a in (self.inputs[use], noise, values))
            if self.inducing is None:
                found = _exact_likelihood(kernel, x, d, r)
            else:
                found = low_rank.likelihood(kernel, torch.from_numpy(self.inducing), x, d, r)
            by_residual, by_variance = np.zeros((2, 1, len(use)))
            by_hyper = np.zeros((1, self.n_hyper))
            if found is None:
                return Likelihood(np.array([-np.inf]), by_hyper, by_residual, by_variance)
            value, by_residual[0, use], by_variance[0, use] = found
            gradient = [
                2.0 * kernel.raw_outputscale.grad.reshape(1),
                kernel.base_kernel.raw_lengthscale.grad.reshape(-1),
            ]
            by_hyper[0] = torch.cat(gradient).numpy()[self._free]
        return Likelihood(np.array([value]), by_hyper, by_residual, by_variance)

    def whiten(self, hyper: Array, variance: Array, columns: Array, use: Use) -> tuple[Array, float]:
        """Return whitened ``columns (n_column, n_time)`` and the log determinant.

        The sum over time of two whitened columns is a^T K^-1 b over the used samples; unused samples give 0. NaN and
        -inf where the covariance is not positive definite. With inducing points the log determinant includes the
        variance that they miss, so that -1/2 (chi^2 + log determinant + n ln 2 pi) is the bound.
        """
        noise, values = self._selected(variance, columns, use)
        result = np.zeros(columns.shape)
        with one_thread() as torch, torch.no_grad():
            x, d, c = (torch.from_numpy(a) for a in (self.inputs[use], noise, values))
            if self.inducing is None:
                factor = cholesky(self._kernel(hyper)(x).to_dense() + torch.diag(d))
                if factor is None:
                    return np.full(columns.shape, np.nan), -np.inf
                result[:, use] = torch.linalg.solve_triangular(factor, c.T, upper=False).T.numpy()
                return result, 2.0 * float(factor.diagonal().log().sum())
            whitened, log_determinant = low_rank.whiten(self._kernel(hyper), torch.from_numpy(self.inducing), x, d, c)
            result[:, use] = whitened
        return result, log_determinant

    def predict(
        self, hyper: Array, variance: Array, residual: Array, use: Use, at: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance of the process at all samples, each ``(n_time,)``.

        Or at other regressors ``at (n_at, n_input)``, in the units in which they were given.
        """
        noise, values = self._selected(variance, residual, use)
        wanted = self.inputs if at is None else (np.asarray(at, dtype=float) - self.centre) / self.scale
        with one_thread() as torch, torch.no_grad():
            kernel = self._kernel(hyper)
            x, d, r, to = (torch.from_numpy(a) for a in (self.inputs[use], noise, values, wanted))
            if self.inducing is not None:
                return low_rank.predict(kernel, torch.from_numpy(self.inducing), x, d, r, to)
            factor = cholesky(kernel(x).to_dense() + torch.diag(d))
            if factor is None:
                return np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
            cross = kernel(x, to).to_dense()
            mean = cross.T @ torch.cholesky_solve(r[:, None], factor)[:, 0]
            half = torch.linalg.solve_triangular(factor, cross, upper=False)
            spread = kernel.outputscale - half.square().sum(dim=0)
            return mean.numpy(), spread.clamp(min=0.0).numpy()

    def optimise(
        self, variance: Array, residual: Array, use: Use, start: Array | None = None
    ) -> tuple[Array, float, Array]:
        """Return hyper-parameters (n_hyper,) of largest posterior density, log likelihood and covariance.

        L-BFGS-B within the bounds of the priors, from ``start`` or from the best of several length scales.
        """

        def evaluate(hyper: Array) -> tuple[float, Array]:
            found = self.log_likelihood(hyper, variance, residual, use)
            return float(found.value[0]), found.by_hyper[0]

        starts = self._starts(residual[use]) if start is None else [start]
        return climb_one(evaluate, self.parameters, starts)

    def _starts(self, residual: Array) -> list[Array]:
        """Return places at which a fit begins: the size of the residuals, and several length scales."""
        size = math.log(max(float(residual.std()), 1e-300))
        own = np.array([parameter.start for parameter in self.parameters])
        scales = np.array(["lengthscale" in parameter.name for parameter in self.parameters], dtype=bool)
        return [own, *(np.where(scales, math.log(length), size) for length in _START_LENGTHSCALES)]

    @cached_property
    def _free(self) -> Use:
        return np.array([not parameter.prior.fixed for parameter in self.all_parameters])

    def _kernel(self, hyper: Array) -> Any:
        if len(hyper) != self.n_hyper:
            raise DataError(
                f"the kernel has {self.n_hyper} free hyper-parameters ({', '.join(self.names)}), got {len(hyper)}"
            )
        full = np.array([parameter.start for parameter in self.all_parameters])
        full[self._free] = hyper
        return make_kernel(self.params.kernel, full[0], full[1:])

    def _selected(self, variance: Array, values: Array, use: Use) -> tuple[Array, Array]:
        """Return variances and values of the samples in use."""
        n = len(self.inputs)
        for what, shape in (("variance", variance.shape), ("use", use.shape), ("values", values.shape)):
            if shape[-1] != n:
                raise DataError(f"{what} of a Gaussian process over regressors must have {n} samples, got {shape}")
        noise = np.asarray(variance, dtype=float)[use]
        if not ((noise >= 0) & (noise < np.inf)).all():
            raise DataError("variances of a Gaussian process must be finite and not negative at the samples in use")
        if self.inducing is not None and not (noise > 0).all():
            raise DataError("a Gaussian process with inducing points needs variances above 0")
        return noise, np.ascontiguousarray(np.asarray(values, dtype=float)[..., use])


def _exact_likelihood(kernel: Any, x: Any, noise: Any, residual: Any) -> tuple[float, Array, Array] | None:
    """Return the log likelihood and its derivatives by residual and variance; the kernel's go into its ``grad``."""
    torch, _ = torch_and_gpytorch()
    covariance = kernel(x).to_dense()
    factor = cholesky(covariance.detach() + torch.diag(noise))
    if factor is None:
        return None
    weight = torch.cholesky_solve(residual[:, None], factor)[:, 0]
    value = -0.5 * float(residual @ weight) - float(factor.diagonal().log().sum()) - 0.5 * len(residual) * _LOG_TWO_PI
    if not math.isfinite(value):
        return None
    # Rasmussen & Williams 2006, eq. 5.9: no need to differentiate the factorisation
    slope = 0.5 * (torch.outer(weight, weight) - torch.cholesky_inverse(factor))
    (slope * covariance).sum().backward()
    return value, -weight.numpy(), slope.diagonal().numpy()


def make_dense_kernel(
    params: RegressorKernelParams,
    inputs: NDArray[np.float64],
    input_names: tuple[str, ...],
    scatter: float,
    name: str = "gp",
) -> DenseKernel:
    """Return the kernel over ``inputs (n_time, n_input)``, which are standardised here.

    Raises
    ------
    DataError
        Where a regressor is constant or not finite, or the scatter not positive.
    ParameterError
        Where the prior of a hyper-parameter is not that of a positive number.
    UnavailableComponentError
        Where torch or gpytorch is not installed.
    """
    torch_and_gpytorch()
    inputs = np.asarray(inputs, dtype=float)
    if inputs.ndim != 2 or inputs.shape[1] != len(input_names):
        raise DataError(f"{name}: regressors must be (n_time, {len(input_names)}), got {inputs.shape}")
    if not (np.isfinite(scatter) and scatter > 0):
        raise DataError(f"{name}: the scatter of the light curve must be positive, got {scatter:g}")
    centre, scale = inputs.mean(axis=0), inputs.std(axis=0)
    for regressor, middle, width in zip(input_names, centre, scale, strict=True):
        if not np.isfinite(width):
            raise DataError(f"{name}: regressor {regressor} has values that are not finite; mask or repair them first")
        if not width > 1e-12 * abs(middle):
            raise DataError(f"{name}: regressor {regressor} is constant ({middle:g}); leave it out")
    low, high = AMPLITUDE_RANGE
    default = LogUniformPrior(log_uniform=(low * scatter, high * scatter))
    lengthscale = params.lengthscale
    if lengthscale is None:
        lengthscale = LogUniformPrior(log_uniform=LENGTHSCALE_RANGE)
    parameters = [log_parameter(name, "amplitude", default if params.amplitude is None else params.amplitude)]
    parameters += [log_parameter(name, f"lengthscale_{regressor}", lengthscale) for regressor in input_names]
    standard = (inputs - centre) / scale
    number = params.inducing_points or (DEFAULT_INDUCING if len(standard) > EXACT_LIMIT else 0)
    inducing = low_rank.spread_out(standard, number) if 0 < number < len(standard) else None
    return DenseKernel(params, standard, tuple(parameters), centre, scale, inducing)
