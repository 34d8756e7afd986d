"""What the residuals of the curves of a node are: white noise of known or fitted size, and Gaussian processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.kernels import kernel_of
from specframe_transit.scatter import point_to_point_scatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.kernels import Kernel
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]

__all__ = ["Noise", "noise_of"]


@dataclass(frozen=True)
class Noise:
    """Noise of the curves of a node: variance = (scale x error)^2 + jitter^2, and a process of ``kernel``.

    ``error`` (n_curve, n_time) is relative, inf where not used; ``scale`` and ``jitter`` (n_curve,); ``use`` (n_curve,
    n_time) says which samples count; ``hyper`` (n_curve, n_hyper) belong to ``kernel``.
    """

    error: Array
    use: NDArray[np.bool_]
    scale: Array
    jitter: Array
    kernel: Kernel | None = None
    hyper: Array | None = None

    def variance(self, rows: NDArray[np.intp]) -> Array:
        """Return (n_row, n_time); 1 where a sample is not used."""
        own = np.square(self.scale[rows, None] * self.error[rows]) + np.square(self.jitter[rows, None])
        return np.where(self.use[rows], own, 1.0)

    def whiten(self, columns: Array, rows: NDArray[np.intp], hyper: Array | None = None) -> tuple[Array, Array]:
        """Return columns (n_row, n_column, n_time) whitened by the noise, and its log determinant (n_row,)."""
        variance, use = self.variance(rows), self.use[rows]
        if self.kernel is not None:
            own = self.hyper[rows] if hyper is None and self.hyper is not None else hyper
            assert own is not None
            return self.kernel.whiten(own, variance, columns, use)
        weight = np.where(use, 1.0 / np.sqrt(variance), 0.0)
        return columns * weight[:, None, :], np.where(use, np.log(variance), 0.0).sum(axis=1)

    def predict(self, residual: Array) -> tuple[Array, Array]:
        """Return the mean of the process given the residuals (n_curve, n_time), and its smoother's trace (n_curve,).

        The trace says how many degrees of freedom the process takes: the sum of its variance over that of the noise.
        Both are 0 without a process.
        """
        if self.kernel is None or self.hyper is None:
            return np.zeros_like(residual), np.zeros(len(residual))
        variance = self.variance(np.arange(len(residual)))
        mean, spread = self.kernel.predict(self.hyper, variance, residual, self.use)
        return mean, np.where(self.use, spread / variance, 0.0).sum(axis=1)


def noise_of(curves: Curves, terms: Sequence[TermParams], hyper: Array | None = None) -> Noise:
    """Return the noise of the curves before any fit: their errors, and the process among the terms."""
    n = curves.n_channel
    kernel = kernel_of(terms, curves, _scatter(curves))
    if kernel is not None and hyper is None:
        hyper = np.tile([parameter.start for parameter in kernel.parameters], (n, 1))
    return Noise(curves.flux_error, curves.use, np.ones(n), np.zeros(n), kernel, hyper)


def _scatter(curves: Curves) -> float:
    scatter = point_to_point_scatter(curves.flux, curves.use)
    return float(np.median(scatter[curves.use.any(axis=1)]))
