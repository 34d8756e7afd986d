"""A linear model of coregionalisation: several outputs that are mixtures of a few processes, learned together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_gp.arithmetic import cholesky, torch
from specframe_gp.kernels import make_kernel
from specframe_gp.process import Posterior, Process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_gp.params import KernelParams
    from specframe_gp.process import Mean, Training

__all__ = ["CoregionalProcess"]

#: Standard deviation of the coefficients of the mean, in those of the labels.
_WIDE = 10.0
#: Prior of how much of an output a process is: around the labels' principal components.
_MIXTURE = 1.0
#: Prior of the logarithm of the variance that an output has of a process by itself.
_OWN = (-4.0, 2.0)
#: Values of outputs that are predicted at a time, to save memory.
_BLOCK = 1000


class CoregionalProcess(Process):
    """Outputs ``y_b = sum_q w_bq f_q + g_bq`` with ``q`` processes of one kernel each (Journel & Huijbregts 1978).

    ``f_q`` are shared, ``g_bq`` an output's own, of the same kernel: output covariances are ``B_q = w_q w_q' +
    diag(v_q)`` (Alvarez, Rosasco & Lawrence 2012, Found. Trends Mach. Learn. 4, 195, section 4.2). What one output
    says of a shared process helps the others. The covariance of all outputs of all targets is factorised at once: the
    time is the cube of their product.
    """

    _whole: tuple[torch.Tensor, ...] | None = None

    def __init__(
        self,
        kernel: KernelParams,
        mean: Mean,
        training: Training,
        dtype: torch.dtype = torch.float64,
        *,
        n_latent: int,
    ) -> None:
        self._n_output, self._n_latent = len(training.y), n_latent
        self._start = _principal(training.y, training.weight, n_latent)
        self._mixture = torch.nn.Parameter(torch.zeros(1, self._n_output, n_latent, dtype=dtype))
        self._log_own = torch.nn.Parameter(torch.zeros(1, self._n_output, n_latent, dtype=dtype))
        super().__init__(kernel, mean, training, dtype)

    def _make(self, kernel: KernelParams, n_input: int, n_process: int, n_error: int) -> None:
        self._kernel = make_kernel(kernel, n_input, (1, self._n_latent), self._dtype)
        self._log_noise = torch.nn.Parameter(torch.zeros(1, n_process, dtype=self._dtype))
        self._log_factor = torch.nn.Parameter(torch.zeros(1, n_process, n_error, dtype=self._dtype))

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return all hyper-parameters by name: logarithms but for ``mixture (1, b, q)``."""
        return {**super().parameters(), "mixture": self._mixture, "log_own": self._log_own}

    def priors(self) -> dict[str, tuple[torch.Tensor, float]]:
        """Return mean and standard deviation of their normal priors."""
        own = torch.full_like(self._log_own.detach(), _OWN[0])
        return {**super().priors(), "mixture": (self._tensor(self._start)[None], _MIXTURE), "log_own": (own, _OWN[1])}

    def negative_log_likelihood(self) -> torch.Tensor | None:
        """Return minus the log marginal likelihood of all outputs, shape (1,)."""
        solved = self._joint()
        if solved is None:
            return None
        factor, basis, labels, inner, coefficients = solved
        square, m = labels.square().sum(), basis.shape[1]
        scale = 2.0 * factor.diagonal().log().sum()
        if m:
            square = square - (basis.T @ labels) @ coefficients
            scale = scale + 2.0 * inner.diagonal().log().sum() + 2 * m * math.log(_WIDE)
        return torch.reshape(0.5 * (square + scale + len(labels) * math.log(2.0 * math.pi)), (1,))

    def posterior(self, x: NDArray[np.float64], squared_error: NDArray[np.float64]) -> Posterior | None:
        """Return the posterior of labels at ``x (n_new, d)``, with the covariance ``between`` outputs."""
        with torch.no_grad():
            if self._whole is None:
                self._whole = self._joint()
            if self._whole is None:
                return None
            factor, basis, labels, inner, coefficients = self._whole
            rest = labels - basis @ coefficients
            means, betweens, noises = [], [], []
            step = max(_BLOCK // self._n_output, 1)
            for first in range(0, len(x), step):
                new, error = self._tensor(x[first : first + step]), self._tensor(squared_error[first : first + step])
                n_new = len(new)
                cross = self._mixed(self._kernel(self._x, new).to_dense()[0])  # shape: (b n, b n_new)
                spread = torch.linalg.solve_triangular(factor, cross, upper=False)
                own = self._basis_of_all(new)  # shape: (b n_new, b p)
                mean = spread.T @ rest + own @ coefficients
                each = spread.reshape(len(factor), self._n_output, n_new)
                prior = torch.einsum("bcq,qn->nbc", self._shares(), self._kernel(new, diag=True)[0])
                between = prior - torch.einsum("kbn,kcn->nbc", each, each)
                if own.shape[1]:
                    apart = torch.linalg.solve_triangular(inner, own.T - basis.T @ spread, upper=False)
                    apart = apart.reshape(len(inner), self._n_output, n_new)
                    between = between + torch.einsum("kbn,kcn->nbc", apart, apart)
                means.append(mean.reshape(self._n_output, n_new).numpy().astype(float))
                betweens.append(between.numpy().astype(float))
                noises.append(self._noise(torch.ones(n_new, dtype=self._dtype), error).numpy().astype(float))
        shape = (self._n_output, 0)
        each_mean, each_noise = (np.concatenate([np.zeros(shape), *parts], axis=1) for parts in (means, noises))
        joint = np.concatenate([np.zeros((0, self._n_output, self._n_output)), *betweens])
        variance = np.maximum(np.diagonal(joint, axis1=1, axis2=2).T, 0.0)
        return Posterior(each_mean, variance, each_noise, joint)

    def _forget(self) -> None:
        self._whole = None

    def _shares(self) -> torch.Tensor:
        """Return the covariances of outputs that each process makes, (b, b, q)."""
        mixture = self._mixture[0]
        own = torch.diag_embed(self._log_own[0].exp().T).permute(1, 2, 0)
        return mixture[:, None, :] * mixture[None, :, :] + own

    def _mixed(self, covariance: torch.Tensor) -> torch.Tensor:
        """Return the covariance of all outputs (b n, b n') from that of processes (q, n, n')."""
        n, other = covariance.shape[1:]
        mixed = torch.einsum("bcq,qij->bicj", self._shares(), covariance)
        return mixed.reshape(self._n_output * n, self._n_output * other)

    def _joint(self) -> tuple[torch.Tensor, ...] | None:
        """Return the Cholesky factor, whitened basis and labels, and what solves for the mean's coefficients."""
        covariance = self._mixed(self._kernel(self._x).to_dense()[0])
        noise = self._noise(self._inverse_weight, self._squared_error)
        factors = cholesky((covariance + torch.diag(noise.reshape(-1)))[None])
        if factors is None:
            return None
        factor = factors[0]
        both = torch.cat([self._basis_of_all(self._x), self._y.reshape(-1, 1)], dim=1)
        whitened = torch.linalg.solve_triangular(factor, both, upper=False)
        basis, labels = whitened[:, :-1], whitened[:, -1]
        m = basis.shape[1]
        inner = torch.linalg.cholesky(basis.T @ basis + torch.eye(m, dtype=self._dtype) / _WIDE**2)
        coefficients = torch.cholesky_solve((basis.T @ labels)[:, None], inner)[:, 0] if m else basis.T @ labels
        return factor, basis, labels, inner, coefficients

    def _basis_of_all(self, x: torch.Tensor) -> torch.Tensor:
        """Return the functions that the means of all outputs are made of, each its own, shape (b n, b p)."""
        return torch.kron(torch.eye(self._n_output, dtype=self._dtype), self._basis(x).contiguous())

    def _noise(self, inverse_weight: torch.Tensor, squared_error: torch.Tensor) -> torch.Tensor:
        """Return variances (b, n)."""
        constant = (self._log_noise[0].exp() + self._least_noise())[:, None]
        return (constant + self._log_factor[0].exp() @ squared_error.T) * inverse_weight


def _principal(labels: NDArray[np.float64], weight: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the leading principal components of labels (b, n) times their standard deviations, (b, q)."""
    rows = labels * np.sqrt(weight / weight.sum())
    axes, singular, _ = np.linalg.svd(rows, full_matrices=False)
    found = np.zeros((len(labels), count))
    kept = min(count, len(singular))
    # of either sign, so that the largest is positive wherever it is computed
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    found[:, :kept] = axes[:, :kept] * singular[:kept]
    return found
