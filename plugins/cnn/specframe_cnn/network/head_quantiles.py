"""Median and intervals of each output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from specframe_cnn.network.head import Head

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Quantiles"]


class Quantiles(Head):
    """Median and central intervals of each output.

    Each interval is wider than the one within it by positive amounts below and above, so quantiles never cross.
    ``levels`` ascend. The quantiles start as those of the standard normal distribution. The loss is the mean pinball
    loss of all quantiles (Koenker & Bassett 1978).
    """

    def __init__(self, n_output: int, levels: tuple[float, ...] = (0.68, 0.95), convolutional: bool = False) -> None:
        super().__init__(n_output, 1 + 2 * len(levels), convolutional=convolutional)
        self.levels = levels
        level = torch.tensor(levels, dtype=torch.float64)
        steps = torch.special.ndtri((1 + level) / 2).diff(prepend=torch.zeros(1, dtype=torch.float64))
        begin = steps.expm1().log()  # softplus of which is the step
        self.start = torch.cat([torch.zeros(1, dtype=torch.float64), begin, begin]).float()
        self._probability = torch.cat([torch.tensor([0.5], dtype=torch.float64), (1 - level) / 2, (1 + level) / 2])

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the pinball loss, (target,): its mean over the outputs and quantiles."""
        quantiles = torch.cat(self._quantiles(raw), 1)  # (target, quantile, output)
        probability = self._probability.to(quantiles)[:, None]
        over = labels[:, None] - quantiles
        return torch.maximum(probability * over, (probability - 1) * over).mean((1, 2))

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return the median as ``mean`` (target, output), ``lower`` and ``upper`` (target, output, level)."""
        median, lower, upper = self._quantiles(raw)
        return {"mean": median[:, 0], "lower": lower.mT, "upper": upper.mT}

    def _quantiles(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the median (target, 1, output), and lower and upper bounds (target, level, output), ascending."""
        own = self.parameters(raw)[0]
        median = own[:, :1]
        below, above = functional.softplus(own[:, 1:]).chunk(2, 1)
        return median, median - below.cumsum(1), median + above.cumsum(1)
