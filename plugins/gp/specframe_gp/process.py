"""Exact Gaussian processes, several at a time on the same inputs: marginal likelihood and posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from specframe_gp.arithmetic import cholesky, torch
from specframe_gp.hyper_parameters import HyperParameters
from specframe_gp.kernels import make_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from specframe_gp.params import KernelParams

__all__ = ["Mean", "Posterior", "Process", "Training"]

Mean = Literal["zero", "constant", "linear"]

#: Standard deviation of the coefficients of the mean, in those of the labels: wide, so that data decide.
_WIDE = 10.0
#: The variance of the noise in that of the labels: normal prior of its logarithm, and the least there is.
_NOISE, _LEAST_NOISE = (-4.0, 3.0), {torch.float64: 1e-8, torch.float32: 1e-5}
#: Targets that are predicted at a time, to save memory.
_BLOCK = 1000


@dataclass(frozen=True)
class Training:
    """What processes learn from: ``x (n, d)``, ``y (b, n)``, relative ``weight (n,)`` and ``squared_error (n, j)``.

    All is standardised. The variance of the noise of a target is ``(noise + squared_error @ factor) / weight``.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    squared_error: NDArray[np.float64]

    def take(self, index: NDArray[Any]) -> Self:
        """Return some of the targets."""
        return type(self)(self.x[index], self.y[:, index], self.weight[index], self.squared_error[index])


@dataclass(frozen=True)
class Posterior:
    """Of new labels: ``mean``, ``variance`` of the function and that of the ``noise``, all (b, n_new).

    ``between (n_new, b, b)`` is the covariance of the functions where they depend on each other.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    noise: NDArray[np.float64]
    between: NDArray[np.float64] | None = None


class Process(HyperParameters):
    """Independent processes ``f_b(x)`` with kernels of one form and hyper-parameters of their own.

    The mean's coefficients have a normal prior of standard deviation 10 and are integrated out (Rasmussen & Williams
    2006, Gaussian Processes for Machine Learning, eq. 2.40-2.43), so that its uncertainty is part of the posterior's.
    """

    own_priors: ClassVar[Mapping[str, tuple[float, float]]] = {"log_noise": _NOISE, "log_error_factor": _NOISE}

    def __init__(
        self,
        kernel: KernelParams,
        mean: Mean,
        training: Training,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self._mean: Mean = mean
        self.dtype = self._dtype = dtype
        self._x, self._y = self._tensor(training.x), self._tensor(training.y)
        self._inverse_weight, self._squared_error = (
            self._tensor(1.0 / training.weight),
            self._tensor(training.squared_error),
        )
        n_process = len(training.y)
        self._make(kernel, training.x.shape[1], n_process, training.squared_error.shape[1])
        self._solved: _Solved | None = None
        self.set_hyper_parameters({name: prior[0].numpy() for name, prior in self.priors().items()})

    def _make(self, kernel: KernelParams, n_input: int, n_process: int, n_error: int) -> None:
        """Make the kernel and what tells of noise."""
        self._kernel = make_kernel(kernel, n_input, (n_process,), self._dtype)
        self._log_noise = torch.nn.Parameter(torch.zeros(n_process, dtype=self._dtype))
        self._log_factor = torch.nn.Parameter(torch.zeros(n_process, n_error, dtype=self._dtype))

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return the logarithms of all hyper-parameters by name, each with leading axis b."""
        noise = {"log_noise": self._log_noise}
        if self._log_factor.shape[-1]:
            noise["log_error_factor"] = self._log_factor
        return {**{f"kernel.{name}": value for name, value in self._kernel.named_parameters()}, **noise}

    def set_hyper_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """Take what :meth:`hyper_parameters` returned; what was factorised with others is forgotten."""
        super().set_hyper_parameters(values)
        self._forget()
        return self

    def negative_log_likelihood(self) -> torch.Tensor | None:
        """Return minus the log marginal likelihood of each process (b,), ``None`` where nothing can be factorised."""
        solved = self._solve()
        if solved is None:
            return None
        n, m = self._x.shape[0], solved.basis.shape[-1]
        square = solved.labels.square().sum(dim=1)
        scale = 2.0 * solved.factor.diagonal(dim1=-2, dim2=-1).log().sum(dim=1)
        if m:
            square = square - (solved.projected * solved.coefficients).sum(dim=1)
            scale = scale + 2.0 * solved.inner.diagonal(dim1=-2, dim2=-1).log().sum(dim=1) + 2 * m * math.log(_WIDE)
        return 0.5 * (square + scale + n * math.log(2.0 * math.pi))

    def posterior(self, x: NDArray[np.float64], squared_error: NDArray[np.float64]) -> Posterior | None:
        """Return the posterior of labels at ``x (n_new, d)``, of noise that ``squared_error (n_new, j)`` tells of."""
        if self._solved is None:
            with torch.no_grad():
                self._solved = self._solve()
        solved = self._solved
        if solved is None:
            return None
        means, variances, noises = [], [], []
        rest = solved.labels - (solved.basis @ solved.coefficients[:, :, None])[:, :, 0]
        with torch.no_grad():
            for first in range(0, len(x), _BLOCK):
                block = slice(first, first + _BLOCK)
                new, error = self._tensor(x[block]), self._tensor(squared_error[block])
                # the training set comes first: GPyTorch centres distances on the first argument
                cross = self._kernel(self._x, new).to_dense()  # shape: (b, n, n_new)
                spread = torch.linalg.solve_triangular(solved.factor, cross, upper=False)
                basis = self._basis(new)
                mean = (spread * rest[:, :, None]).sum(dim=1) + (basis @ solved.coefficients[:, :, None])[:, :, 0]
                variance = self._kernel(new, diag=True) - spread.square().sum(dim=1)
                if basis.shape[1]:
                    apart = basis.T - torch.einsum("bnm,bns->bms", solved.basis, spread)
                    variance = variance + torch.linalg.solve_triangular(solved.inner, apart, upper=False).square().sum(
                        dim=1
                    )
                noise = self._noise(torch.ones(len(new), dtype=self._dtype), error)
                means.append(mean.numpy().astype(float))
                variances.append(variance.clamp(min=0.0).numpy().astype(float))
                noises.append(noise.numpy().astype(float))
        empty = np.zeros((len(self._y), 0))
        return Posterior(*(np.concatenate([empty, *parts], axis=1) for parts in (means, variances, noises)))

    def residual_squares(self) -> NDArray[np.float64] | None:
        """Return expected squared residuals (b, n) of the training set, in units of the noise at weight 1."""
        posterior = self.posterior(self._x.numpy(), self._squared_error.numpy())
        if posterior is None:
            return None
        square = np.square(self._y.numpy() - posterior.mean) + posterior.variance
        return np.asarray(square / posterior.noise)

    def set_weight(self, weight: NDArray[np.float64]) -> Self:
        """Take other weights (n,)."""
        self._inverse_weight = self._tensor(1.0 / weight)
        self._forget()
        return self

    def _forget(self) -> None:
        """Forget what was computed with other hyper-parameters or weights."""
        self._solved = None

    def _solve(self) -> _Solved | None:
        covariance = self._kernel(self._x).to_dense()
        noise = self._noise(self._inverse_weight, self._squared_error)
        factor = cholesky(covariance + torch.diag_embed(noise))
        if factor is None:
            return None
        basis = self._basis(self._x)
        both = torch.cat([basis.expand(len(self._y), -1, -1), self._y[:, :, None]], dim=2)
        whitened = torch.linalg.solve_triangular(factor, both, upper=False)
        basis, labels = whitened[:, :, :-1], whitened[:, :, -1]
        m = basis.shape[2]
        inner = torch.linalg.cholesky(
            basis.transpose(1, 2) @ basis + torch.eye(m, dtype=self._dtype) / _WIDE**2
        )  # shape: (b, m, m)
        projected = (basis * labels[:, :, None]).sum(dim=1)
        coefficients = torch.cholesky_solve(projected[:, :, None], inner)[:, :, 0] if m else projected
        return _Solved(factor, labels, basis, inner, projected, coefficients)

    def _noise(self, inverse_weight: torch.Tensor, squared_error: torch.Tensor) -> torch.Tensor:
        """Return variances (b, n)."""
        constant = (self._log_noise.exp() + self._least_noise())[:, None]
        return (constant + self._log_factor.exp() @ squared_error.T) * inverse_weight

    def _least_noise(self) -> float:
        return _LEAST_NOISE[self._dtype]

    def _basis(self, x: torch.Tensor) -> torch.Tensor:
        """Return the functions that the mean is made of, shape (n, m)."""
        one = torch.ones(len(x), 1, dtype=self._dtype)
        return {"zero": one[:, :0], "constant": one, "linear": torch.cat([one, x], dim=1)}[self._mean]

    def _tensor(self, values: NDArray[np.float64]) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=self._dtype)


@dataclass(frozen=True)
class _Solved:
    """Cholesky factors of covariance and basis, and what they make of labels and basis; all with leading axis b."""

    factor: torch.Tensor
    labels: torch.Tensor
    basis: torch.Tensor
    inner: torch.Tensor
    projected: torch.Tensor
    coefficients: torch.Tensor
