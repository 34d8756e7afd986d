"""Random changes of training batches that leave true what the labels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.params import AugmentationParams

__all__ = ["Augmentation"]


class Augmentation:
    """Changes the targets of a batch at random, each on its own, as :class:`AugmentationParams` say.

    Parameters
    ----------
    params
        Which changes, and how large.
    """

    def __init__(self, params: AugmentationParams) -> None:
        self.params = params

    @property
    def active(self) -> bool:
        """Return whether anything is changed at all."""
        raise NotImplementedError

    def __call__(self, batch: TensorData, generator: torch.Generator) -> TensorData:
        """Return the changed batch; ``batch`` itself stays as it is."""
        raise NotImplementedError
