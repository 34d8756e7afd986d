"""Networks thinned at random: dropout that goes on after training."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["dropout_layers", "thinned"]

_CHANNELS = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


def dropout_layers(network: nn.Module) -> list[_DropoutNd]:
    """Return the dropout layers that drop anything."""
    return [m for m in network.modules() if isinstance(m, _DropoutNd) and m.p > 0]


@contextmanager
def thinned(network: nn.Module, *seed: int) -> Iterator[None]:
    """Let a network in eval mode drop units within the block, the same ones for every target.

    What is dropped follows from ``seed`` alone, so that what is drawn for a target does not depend on the others. All
    other layers, batch normalisation among them, stay as they are (Gal & Ghahramani 2016).
    """
    handles = []
    for number, layer in enumerate(dropout_layers(network)):
        handles.append(layer.register_forward_hook(_Drop(layer.p, isinstance(layer, _CHANNELS), (*seed, number))))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Drop:
    """Multiplies what a layer lets through by a random mask, one for all targets."""

    def __init__(self, rate: float, channels: bool, seed: tuple[int, ...]) -> None:
        self.rate = rate
        self.channels = channels
        self.seed = seed

    def __call__(self, layer: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        stream = np.random.SeedSequence(self.seed).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(stream[0] >> np.uint64(1)))
        shape = (1, output.shape[1], *[1] * (output.ndim - 2)) if self.channels else (1, *output.shape[1:])
        kept = torch.rand(shape, generator=generator) >= self.rate
        return output * kept / (1.0 - self.rate)
