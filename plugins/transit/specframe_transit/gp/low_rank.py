"""Gaussian processes through inducing points: a low-rank covariance with a bound on the likelihood (Titsias 2009)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_transit.gp.torch_kernels import torch_and_gpytorch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["likelihood", "predict", "spread_out", "whiten"]

#: Part of the kernel's variance that is added to the inducing points' diagonal: neighbours are nearly the same point.
_JITTER = 1e-8
_LOG_TWO_PI = math.log(2.0 * math.pi)


def spread_out(inputs: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """Choose ``number`` of the ``inputs (n, n_input)`` that cover them evenly, each the farthest from those before."""
    chosen = [int(np.argmin(np.square(inputs - np.median(inputs, axis=0)).sum(axis=1)))]
    distance = np.full(len(inputs), np.inf)
    while len(chosen) < number:
        distance = np.minimum(distance, np.square(inputs - inputs[chosen[-1]]).sum(axis=1))
        farthest = int(np.argmax(distance))
        if not distance[farthest] > 0:
            break
        chosen.append(farthest)
    return np.asarray(inputs[np.sort(chosen)])


def _half(kernel: Any, inducing: Any, x: Any) -> Any:
    """Return V (n_inducing, n), V^T V being the covariance through the inducing points."""
    torch, _ = torch_and_gpytorch()
    own = kernel(inducing).to_dense()
    own = own + _JITTER * kernel.outputscale * torch.eye(len(inducing), dtype=own.dtype)
    factor = torch.linalg.cholesky(own)
    return torch.linalg.solve_triangular(factor, kernel(inducing, x).to_dense(), upper=False)


def likelihood(
    kernel: Any, inducing: Any, x: Any, noise: Any, residual: Any
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the bound and its derivatives by residual and variance; the kernel's go into its ``grad``."""
    torch, _ = torch_and_gpytorch()
    noise, residual = noise.clone().requires_grad_(), residual.clone().requires_grad_()
    v = _half(kernel, inducing, x)
    u = v / noise.sqrt()
    factor = torch.linalg.cholesky(torch.eye(len(u), dtype=u.dtype) + u @ u.T)
    white = residual / noise.sqrt()
    explained = torch.linalg.solve_triangular(factor, (u @ white)[:, None], upper=False).square().sum()
    missed = ((kernel.outputscale - v.square().sum(dim=0)) / noise).sum()
    total = white.square().sum() - explained + 2.0 * factor.diagonal().log().sum() + noise.log().sum() + missed
    total = -0.5 * (total + len(residual) * _LOG_TWO_PI)
    if not bool(torch.isfinite(total)):
        return None
    total.backward()
    return float(total.detach()), residual.grad.numpy(), noise.grad.numpy()


def whiten(kernel: Any, inducing: Any, x: Any, noise: Any, columns: Any) -> tuple[NDArray[np.float64], float]:
    """Return ``columns (n_column, n)`` times the symmetric root of K^-1, and log determinant plus what is missed."""
    torch, _ = torch_and_gpytorch()
    v = _half(kernel, inducing, x)
    u = v / noise.sqrt()
    # (1 + U^T U)^(-1/2) = 1 - U^T M U, with M from the eigenvectors of U U^T
    eigenvalue, vector = torch.linalg.eigh(u @ u.T)
    eigenvalue = eigenvalue.clamp(min=0.0)
    root = (1.0 + eigenvalue).sqrt()
    # (1 - 1 / root) / eigenvalue without its cancellation
    middle = (vector / (root * (1.0 + root))) @ vector.T
    white = columns / noise.sqrt()
    whitened = white - (white @ u.T) @ middle @ u
    missed = ((kernel.outputscale - v.square().sum(dim=0)) / noise).sum()
    return whitened.numpy(), float((1.0 + eigenvalue).log().sum() + noise.log().sum() + missed)


def predict(
    kernel: Any, inducing: Any, x: Any, noise: Any, residual: Any, to: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of the process at the inputs ``to (n_to, n_input)``."""
    torch, _ = torch_and_gpytorch()
    both = _half(kernel, inducing, torch.cat([x, to]))
    v, there = both[:, : len(x)], both[:, len(x) :]
    factor = torch.linalg.cholesky(torch.eye(len(v), dtype=v.dtype) + (v / noise) @ v.T)
    weight = torch.cholesky_solve((v @ (residual / noise))[:, None], factor)[:, 0]
    within = torch.linalg.solve_triangular(factor, there, upper=False).square().sum(dim=0)
    spread = kernel.outputscale - there.square().sum(dim=0) + within
    return (there.T @ weight).numpy(), spread.clamp(min=0.0).numpy()
