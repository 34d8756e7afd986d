"""How a training went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["History", "Record"]


@dataclass(frozen=True)
class History:
    """Losses and learning rate of each epoch, (epoch,), and what was kept.

    Attributes
    ----------
    training_loss
        Mean loss over the batches of an epoch, while the weights change, with dropout and augmentation; not finite
        where the training diverged.
    validation_loss
        Loss of the targets held out, after the epoch; NaN when none were.
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


@dataclass
class Record:
    """The rows of a :class:`History` while they are written: training loss, validation loss, learning rate."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)

    def tensor(self) -> Tensor:
        """Return it as a checkpoint keeps it, (epoch, 3)."""
        return torch.tensor(self.rows, dtype=torch.float64).reshape(-1, 3)

    @classmethod
    def from_tensor(cls, rows: Tensor) -> Record:
        """Return what :meth:`tensor` was made of."""
        return cls([(training, validation, rate) for training, validation, rate in rows.tolist()])

    def history(self, seconds: float, best_epoch: int) -> History:
        """Return the history of a training that has ended."""
        training, validation, rate = np.array(self.rows, dtype=np.float64).reshape(-1, 3).T.copy()
        return History(training, validation, rate, seconds, best_epoch)
