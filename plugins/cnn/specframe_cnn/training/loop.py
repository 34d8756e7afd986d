"""The training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from specframe_cnn.network.head import Head
    from specframe_cnn.training.augmentation import Augmentation
    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.history import History
    from specframe_cnn.training.params import TrainingParams

__all__ = ["train"]


def _silent(text: str) -> None:
    """Tell nobody."""


def train(
    network: nn.Module,
    head: Head,
    data: TensorData,
    validation: TensorData,
    params: TrainingParams,
    seed: int,
    augmentation: Augmentation | None = None,
    checkpoint: Path | None = None,
    tell: Callable[[str], None] = _silent,
) -> History:
    """Train ``network`` in place; it ends with its best weights, on the CPU, in eval mode.

    ``checkpoint`` is the path of one file, e.g. ``workspace().directory / "training.safetensors"``; its folder is
    made when it is needed. ``validation`` of no targets (``len == 0``) runs all epochs and keeps the last weights.
    """
    raise NotImplementedError
