"""How a training went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """Losses and learning rate of each epoch, (epoch,), and what was kept.

    Attributes
    ----------
    training_loss
        Mean loss over the batches of an epoch, while the weights change, with dropout and augmentation; NaN where
        the training diverged.
    validation_loss
        Loss of the targets held out after the epoch; NaN when none were.
    learning_rate
        At the end of the epoch.
    seconds
        Time that training took, in s, with that before a resumption. The only value here that differs from run to run.
    best_epoch
        The epoch, from 0, whose weights the network has now.
    """

    training_loss: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    seconds: float
    best_epoch: int
