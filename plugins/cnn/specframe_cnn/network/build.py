"""From blocks to a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from specframe_cnn.network.head import Head
    from specframe_cnn.network.params import NetworkParams

__all__ = ["Network", "Shapes", "build_network"]


@dataclass(frozen=True)
class Shapes:
    """Shapes of the inputs of one target: those that there are."""

    series: tuple[int, int] | None = None  # channel, length
    image: tuple[int, int, int] | None = None  # channel, wavelength, time
    auxiliary: int = 0


class Network(nn.Module):  # type: ignore[misc]
    """Branches for series and image, fusion with auxiliary values, dense layers and a last linear layer."""

    last: nn.Linear

    def features(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the penultimate layer, (target, feature), or (target, output, feature) if convolutional."""
        raise NotImplementedError

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the raw output, (target, width of the head)."""
        raise NotImplementedError


def build_network(params: NetworkParams, shapes: Shapes, head: Head, seed: int = 0) -> Network:
    """Return the network that ``params`` describe, with initial weights that depend on ``seed`` alone."""
    raise NotImplementedError
