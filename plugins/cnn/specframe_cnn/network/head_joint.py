"""Mean of each output, and the covariance of all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe_cnn.network.head import Head, bounded, normal_bounds
from specframe_cnn.network.head_gaussian import LOG_2_PI
from specframe_cnn.network.head_triangle import check_outputs, factor, n_coefficients, whitened

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["JointGaussian"]


class JointGaussian(Head):
    """Gaussian over all outputs of a target, with any covariance (see :mod:`~specframe_cnn.network.head_triangle`).

    Training weighs what each output adds to the negative log-likelihood, given those before it, by its variance^beta,
    held constant in the gradient, as :class:`~specframe_cnn.network.head_gaussian.Gaussian` does.
    """

    def __init__(self, n_output: int, beta: float = 0.5, levels: tuple[float, ...] = ()) -> None:
        check_outputs(n_output, "a full covariance")
        super().__init__(n_output, 2, n_coefficients(n_output))
        self.beta, self.levels, self.normals = beta, levels, n_output

    def to_learn(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the weighed negative log-likelihood, (target,)."""
        likelihood, log_variance = self._likelihood(raw, labels)
        return (likelihood * (self.beta * log_variance.detach()).exp()).mean(1)

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood, (target,), divided by the number of outputs."""
        return self._likelihood(raw, labels)[0].mean(1)

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` and ``std`` (target, output), ``covariance`` (target, output, other output), and bounds."""
        mean, log_variance, coefficients = self._gaussian(raw)
        triangle = factor(log_variance.double(), coefficients.double())
        covariance = (triangle @ triangle.mT).to(mean)
        std = covariance.diagonal(dim1=1, dim2=2).sqrt()
        return {"mean": mean, "std": std, "covariance": covariance, **normal_bounds(mean, std, self.levels)}

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return (sample, target, output): the mean plus the triangle times ``normal``."""
        mean, log_variance, coefficients = self._gaussian(raw)
        triangle = factor(log_variance.double(), coefficients.double())
        return mean + (triangle @ normal.double()[..., None])[..., 0]

    def _gaussian(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and log variance given the outputs before (target, output), and the coefficients."""
        own, shared = self.parameters(raw)
        return own[:, 0], bounded(own[:, 1]), shared

    def _likelihood(self, raw: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance, coefficients = self._gaussian(raw)
        pull = whitened(labels - mean, log_variance, coefficients)
        return (pull.square() + log_variance + LOG_2_PI) / 2, log_variance
