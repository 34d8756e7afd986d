"""Mean and standard deviation of each output."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from specframe_cnn.network.head import Head, bounded, normal_bounds

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LOG_2_PI", "Gaussian"]

LOG_2_PI = math.log(2 * math.pi)


class Gaussian(Head):
    """Mean and standard deviation of each output.

    Training weighs the negative log-likelihood of each output by its variance^beta, held constant in the gradient
    (beta-NLL: Seitzer et al. 2022, arXiv:2203.09168). Networks are judged by the likelihood itself.
    """

    def __init__(
        self, n_output: int, beta: float = 0.5, levels: tuple[float, ...] = (), convolutional: bool = False
    ) -> None:
        super().__init__(n_output, 2, convolutional=convolutional)
        self.beta, self.levels, self.normals = beta, levels, n_output

    def to_learn(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the weighed negative log-likelihood, (target,)."""
        likelihood, log_variance = self._likelihood(raw, labels)
        return (likelihood * (self.beta * log_variance.detach()).exp()).mean(1)

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood, (target,)."""
        return self._likelihood(raw, labels)[0].mean(1)

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` and ``std`` (target, output), ``lower`` and ``upper`` if there are levels."""
        own = self.parameters(raw)[0]
        mean, std = own[:, 0], (bounded(own[:, 1]) / 2).exp()
        return {"mean": mean, "std": std, **normal_bounds(mean, std, self.levels)}

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return (sample, target, output), independent between the outputs."""
        own = self.parameters(raw)[0]
        return own[:, 0] + (bounded(own[:, 1]) / 2).exp() * normal

    def _likelihood(self, raw: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        own = self.parameters(raw)[0]
        log_variance = bounded(own[:, 1])
        pull = (labels - own[:, 0]) * (-log_variance / 2).exp()
        return (pull.square() + log_variance + LOG_2_PI) / 2, log_variance
