"""Gaussian processes over regressors, or over time and wavelength, with the kernels of GPyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from specframe_transit.gp.celerite import Likelihood
    from specframe_transit.gp.params import RegressorKernelParams
    from specframe_transit.inference.prior import Parameter

__all__ = ["DenseKernel", "make_dense_kernel"]


@dataclass(frozen=True)
class DenseKernel:
    """A Gaussian process over ``inputs (n_time, n_input)``, with a length scale for each input.

    For one curve: ``hyper (n_hyper,)`` natural logarithms, ``variance, residual, use (n_time,)``.
    """

    params: RegressorKernelParams
    inputs: NDArray[np.float64]
    parameters: tuple[Parameter, ...]

    def log_likelihood(
        self,
        hyper: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> Likelihood:
        """Return the log likelihood of the residuals, and its gradient, arrays as for one curve of TimeKernel."""
        raise NotImplementedError

    def whiten(
        self,
        hyper: NDArray[np.float64],
        variance: NDArray[np.float64],
        columns: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], float]:
        """Return whitened ``columns (n_column, n_time)`` and the log determinant."""
        raise NotImplementedError

    def predict(
        self,
        hyper: NDArray[np.float64],
        variance: NDArray[np.float64],
        residual: NDArray[np.float64],
        use: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and variance of the process at all samples, each ``(n_time,)``."""
        raise NotImplementedError


def make_dense_kernel(
    params: RegressorKernelParams,
    inputs: NDArray[np.float64],
    input_names: tuple[str, ...],
    scatter: float,
    name: str = "gp",
) -> DenseKernel:
    """Return the kernel over ``inputs (n_time, n_input)``, which are standardised here."""
    raise NotImplementedError
