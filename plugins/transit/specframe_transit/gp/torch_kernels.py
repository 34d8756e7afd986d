"""Kernels of GPyTorch, with logarithms as their parameters; torch is imported when first asked for."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from specframe.errors import UnavailableComponentError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KernelName", "cholesky", "make_kernel", "one_thread", "torch_and_gpytorch"]

KernelName = Literal["matern-3/2", "matern-5/2", "squared-exponential"]

#: Parts of the mean variance that are added to a diagonal until its Cholesky factorisation succeeds.
_JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6)


def torch_and_gpytorch() -> tuple[Any, Any]:
    """Return the modules.

    Raises
    ------
    UnavailableComponentError
        Where they are not installed.
    """
    try:
        with warnings.catch_warnings():
            # gpytorch's linear_operator compiles with what torch advises against since 2.9
            warnings.simplefilter("ignore", DeprecationWarning)
            import gpytorch
            import torch
    except ImportError as error:
        raise UnavailableComponentError(
            f"Gaussian processes over regressors need torch and gpytorch ({error}). Install them with: "
            "pip install specframe[gp]. A Gaussian process over time needs neither."
        ) from error
    return torch, gpytorch


@contextmanager
def one_thread() -> Iterator[Any]:
    """Give torch, on one thread: with more, small factorisations on a busy machine are up to a hundred times slower."""
    torch, _ = torch_and_gpytorch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield torch
    finally:
        torch.set_num_threads(before)


def make_kernel(name: KernelName, log_amplitude: float, log_lengthscale: Any) -> Any:
    """Return a kernel in double precision, ``log_lengthscale (n_input,)``.

    ``raw_outputscale`` of it is the logarithm of the variance, ``base_kernel.raw_lengthscale`` that of the length
    scales, so that their gradients are by logarithms.
    """
    torch, gpytorch = torch_and_gpytorch()
    positive = {"transform": torch.exp, "inv_transform": torch.log}
    options = {
        "ard_num_dims": len(log_lengthscale),
        "lengthscale_constraint": gpytorch.constraints.Positive(**positive),
    }
    if name == "squared-exponential":
        base = gpytorch.kernels.RBFKernel(**options)
    else:
        base = gpytorch.kernels.MaternKernel(nu=1.5 if name == "matern-3/2" else 2.5, **options)
    kernel = gpytorch.kernels.ScaleKernel(base, outputscale_constraint=gpytorch.constraints.Positive(**positive))
    kernel = kernel.double()
    with torch.no_grad():
        kernel.raw_outputscale.fill_(2.0 * log_amplitude)
        base.raw_lengthscale[:] = torch.as_tensor(log_lengthscale, dtype=torch.float64)
    return kernel


def cholesky(matrix: Any) -> Any | None:
    """Return the lower factor, or None where there is none.

    The noise on the diagonal makes a covariance positive definite, so that usually nothing is added. Where rounding
    spoils it, 1e-12 of the mean variance is added to the diagonal, and up to 1e-6 of it where that does not do.
    """
    torch, _ = torch_and_gpytorch()
    scale = float(matrix.diagonal().mean())
    for jitter in _JITTERS:
        factor, info = torch.linalg.cholesky_ex(matrix + jitter * scale * torch.eye(len(matrix), dtype=matrix.dtype))
        if not int(info) and bool(torch.isfinite(factor.diagonal()).all()):
            return factor
    return None
