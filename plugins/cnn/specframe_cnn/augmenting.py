"""Augmentation of data whose missing values are marked by channels of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe_cnn.input_scale import with_missing_marked
from specframe_cnn.training.augmentation import Augmentation

if TYPE_CHECKING:
    import torch

    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.params import AugmentationParams

__all__ = ["MarkingAugmentation"]


class MarkingAugmentation(Augmentation):
    """Changes a batch, and lets the channels behind the first ``n_channel`` say what is missing then."""

    def __init__(self, params: AugmentationParams, n_channel: int) -> None:
        super().__init__(params)
        self.n_channel = n_channel

    def __call__(self, batch: TensorData, generator: torch.Generator) -> TensorData:
        """Return the changed batch; ``batch`` itself stays as it is."""
        changed = super().__call__(batch, generator)
        for form in ("series", "image"):
            if form in changed.inputs:
                changed = with_missing_marked(changed, self.n_channel, form)
        return changed
