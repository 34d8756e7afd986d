"""Kernels of GPyTorch as the parameters describe them, one for each process of a batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from specframe_gp.arithmetic import gpytorch, torch
from specframe_gp.params import LeafParams, ProductParams, SumParams

if TYPE_CHECKING:
    from specframe_gp.params import KernelParams

__all__ = ["log_prior", "make_kernel"]

_SMOOTHNESS = {"matern-1/2": 0.5, "matern-3/2": 1.5, "matern-5/2": 2.5}
#: Normal priors of the logarithms: of length scales sqrt(2) + ln(d) / 2 and sqrt(3) with d inputs (Hvarfner, Hellsten &
#: Nardi 2024, ICML, PMLR 235, 20793), so that functions of many inputs are not taken for rough; wider ones for others.
_LENGTH_SCALE = (math.sqrt(2.0), math.sqrt(3.0))
_VARIANCE = (0.0, 2.0)
_PERIOD = (1.0, 1.0)


def make_kernel(params: KernelParams, n_input: int, batch: tuple[int, ...], dtype: torch.dtype) -> Any:
    """Return a kernel whose parameters are logarithms, with leading axes ``batch``.

    Each term of a sum has a variance of its own, and so has a product; that of ``linear`` is by input.
    """
    kernel, _ = _make(params, n_input, torch.Size(batch), scaled=True)
    return kernel.to(dtype)


def log_prior(name: str, parameter: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Return mean (of the parameter's shape) and standard deviation of the prior of a kernel's log-parameter."""
    centre, width = _VARIANCE
    n_input = parameter.shape[-1] if parameter.ndim > 1 else 1
    if name.endswith("raw_lengthscale"):
        centre, width = _LENGTH_SCALE
        centre += 0.5 * math.log(n_input)
    elif name.endswith("raw_variance"):
        centre -= math.log(n_input)
    elif name.endswith("raw_period_length"):
        centre, width = _PERIOD
    return torch.full_like(parameter, centre), width


def _make(params: KernelParams, n_input: int, batch: torch.Size, scaled: bool) -> tuple[Any, bool]:
    """Return the kernel and whether its variance is free."""
    if isinstance(params, str):
        params = LeafParams(kernel=params)
    if isinstance(params, SumParams):
        terms = [_make(term, n_input, batch, scaled=True)[0] for term in params.sum]
        return gpytorch.kernels.AdditiveKernel(*terms), True
    if isinstance(params, ProductParams):
        made = [_make(factor, n_input, batch, scaled=False) for factor in params.product]
        kernel = gpytorch.kernels.ProductKernel(*(one for one, _ in made))
        free = any(has for _, has in made)
    else:
        kernel, free = _leaf(params, n_input, batch), params.kernel == "linear"
    if scaled and not free:
        return gpytorch.kernels.ScaleKernel(kernel, batch_shape=batch, outputscale_constraint=_by_logarithm()), True
    return kernel, free


def _leaf(params: LeafParams, n_input: int, batch: torch.Size) -> Any:
    own = n_input if params.ard else None
    if params.kernel == "linear":
        return gpytorch.kernels.LinearKernel(own, variance_constraint=_by_logarithm(), batch_shape=batch)
    options = {"batch_shape": batch, "lengthscale_constraint": _by_logarithm()}
    if own is not None:
        options["ard_num_dims"] = own
    if params.kernel == "rbf":
        return gpytorch.kernels.RBFKernel(**options)
    if params.kernel == "periodic":
        return gpytorch.kernels.PeriodicKernel(period_length_constraint=_by_logarithm(), **options)
    return gpytorch.kernels.MaternKernel(nu=_SMOOTHNESS[params.kernel], **options)


def _by_logarithm() -> Any:
    return gpytorch.constraints.Positive(transform=torch.exp, inv_transform=torch.log)
