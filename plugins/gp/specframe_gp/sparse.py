"""Sparse Gaussian processes: a few inducing inputs stand in for thousands of targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import numpy as np

from specframe_gp.arithmetic import cholesky, torch
from specframe_gp.process import Posterior, Process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_gp.params import KernelParams
    from specframe_gp.process import Mean, Training

__all__ = ["SparseProcess"]

#: Targets that are predicted at a time, to save memory.
_BLOCK = 5000
#: Standard deviation of the coefficients of the mean, in those of the labels.
_WIDE = 10.0


class SparseProcess(Process):
    """Processes as :class:`~specframe_gp.process.Process`, known through their values at ``m`` inducing inputs.

    The likelihood is Titsias' collapsed bound (2009, AISTATS, PMLR 5, 567, eq. 9) with a noise of its own for every
    target: of order n m^2. It is deterministic, and below the exact one. Inducing inputs are training inputs, chosen
    one by one where the process is least known from those before (Burt, Rasmussen & van der Wilk 2020, J. Mach. Learn.
    Res. 21, 131, section 4.2); each process has its own.
    """

    def __init__(
        self,
        kernel: KernelParams,
        mean: Mean,
        training: Training,
        dtype: torch.dtype = torch.float64,
        *,
        n_inducing: int,
        inducing: NDArray[np.int64] | None = None,
    ) -> None:
        self._bound: tuple[torch.Tensor, ...] | None = None
        super().__init__(kernel, mean, training, dtype)
        self._count = min(n_inducing, len(training.x))
        #: Which targets' inputs are inducing ones, shape (b, m).
        self.inducing: NDArray[np.int64] = np.zeros((len(training.y), 0), np.int64) if inducing is None else inducing
        if inducing is None:
            self.choose()

    def choose(self) -> Self:
        """Choose the inducing inputs anew, for the hyper-parameters as they are."""
        with torch.no_grad():
            left = self._kernel(self._x, diag=True).clone()  # shape: (b, n)
            left = left.expand(len(self._y), -1).clone()
            scale = left.max(dim=1).values
            rows: list[torch.Tensor] = []
            chosen: list[torch.Tensor] = []
            every = torch.arange(len(left))
            for _ in range(self._count):
                best = left.argmax(dim=1)  # shape: (b,)
                chosen.append(best)
                column = self._kernel(self._x[best][:, None, :], self._x).to_dense()[:, 0]  # shape: (b, n)
                if rows:
                    before = torch.stack(rows, dim=1)  # shape: (b, k, n)
                    column = column - (before[every, :, best][:, :, None] * before).sum(dim=1)
                pivot = left[every, best].clamp(min=0.0)
                row = column / (pivot + 1e-12 * scale).sqrt()[:, None]
                rows.append(row)
                left = (left - row.square()).clamp(min=0.0)
                left[every, best] = -1.0
        self.inducing = torch.stack(chosen, dim=1).numpy().astype(np.int64)
        self._forget()
        return self

    def _forget(self) -> None:
        super()._forget()
        self._bound = None

    def negative_log_likelihood(self) -> torch.Tensor | None:
        """Return minus the bound of the log marginal likelihood of each process (b,)."""
        found = self._factors()
        if found is None:
            return None
        factor, inner, projected, features, noise = found
        n, m = self._x.shape[0], factor.shape[1]
        missed = self._kernel(self._x, diag=True) - features[:, :m].square().sum(dim=1)
        square = (self._y.square() / noise).sum(dim=1) - projected.square().sum(dim=1)
        scale = 2.0 * inner.diagonal(dim1=-2, dim2=-1).log().sum(dim=1) + noise.log().sum(dim=1)
        bound: torch.Tensor = 0.5 * (square + scale + (missed / noise).sum(dim=1) + n * math.log(2.0 * math.pi))
        return bound

    def posterior(self, x: NDArray[np.float64], squared_error: NDArray[np.float64]) -> Posterior | None:
        """Return the posterior of labels at ``x (n_new, d)``, of noise that ``squared_error (n_new, j)`` tells of."""
        if self._bound is None:
            with torch.no_grad():
                found = self._factors()
            if found is None:
                return None
            self._bound = found[:3]
        factor, inner, projected = self._bound
        means, variances, noises = [], [], []
        with torch.no_grad():
            for first in range(0, len(x), _BLOCK):
                block = slice(first, first + _BLOCK)
                new, error = self._tensor(x[block]), self._tensor(squared_error[block])
                features = self._features(factor, new)
                m = factor.shape[1]
                variance = self._kernel(new, diag=True) - features[:, :m].square().sum(dim=1)
                spread = torch.linalg.solve_triangular(inner, features, upper=False)
                means.append((spread * projected[:, :, None]).sum(dim=1).numpy().astype(float))
                variances.append((variance.clamp(min=0.0) + spread.square().sum(dim=1)).numpy().astype(float))
                noise = self._noise(torch.ones(len(new), dtype=self._dtype), error)
                noises.append(noise.numpy().astype(float))
        empty = np.zeros((len(self._y), 0))
        return Posterior(*(np.concatenate([empty, *parts], axis=1) for parts in (means, variances, noises)))

    def _factors(self) -> tuple[torch.Tensor, ...] | None:
        """Return Cholesky factors (b, m, m) and (b, m + p, m + p), projected labels, features and noise (b, n)."""
        points = self._points()
        covariance = self._kernel(points).to_dense()
        size = covariance.diagonal(dim1=-2, dim2=-1).mean(dim=-1)
        # inducing inputs are as close as need be, so that rounding always shows
        jitter = (1e-8 if self._dtype == torch.float64 else 1e-5) * size
        factor = cholesky(covariance + torch.diag_embed(jitter[:, None].expand(-1, covariance.shape[-1])))
        if factor is None:
            return None
        features = self._features(factor, self._x)
        noise = self._noise(self._inverse_weight, self._squared_error)
        root = noise.sqrt()
        whitened = features / root[:, None, :]
        k = whitened.shape[1]
        inner = cholesky(torch.eye(k, dtype=self._dtype) + whitened @ whitened.transpose(1, 2))
        if inner is None:
            return None
        labels = (whitened @ (self._y / root)[:, :, None])[:, :, 0]
        projected = torch.linalg.solve_triangular(inner, labels[:, :, None], upper=False)[:, :, 0]
        return factor, inner, projected, features, noise

    def _features(self, factor: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return what labels at ``x (n, d)`` are linear in with standard normal coefficients, (b, m + p, n)."""
        cross = self._kernel(self._points(), x).to_dense()
        features = torch.linalg.solve_triangular(factor, cross, upper=False)
        basis = _WIDE * self._basis(x).T
        return torch.cat([features, basis.expand(len(features), -1, -1)], dim=1)

    def _points(self) -> torch.Tensor:
        return self._x[torch.as_tensor(self.inducing)]  # shape: (b, m, d)
