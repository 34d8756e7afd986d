"""The batches of an epoch, and the random streams of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["epoch_batches", "stream_seed"]

_STREAMS = {"order": 1, "augmentation": 2, "dropout": 3}


def stream_seed(seed: int, stream: str, epoch: int) -> int:
    """Return the seed of one stream in one epoch.

    Streams begin anew with each epoch, so that a training that goes on after a kill needs no generator's state.
    """
    return int(np.random.SeedSequence([seed, _STREAMS[stream], epoch]).generate_state(1, np.uint64)[0] >> 1)


def epoch_batches(n_target: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Return the indices of the targets of each batch, in random order.

    All targets come once, in batches whose sizes differ by one at most, and are at least 2: batch normalisation has
    no variance of one target. A single target comes twice.
    """
    if n_target == 1:
        return [torch.zeros(2, dtype=torch.int64)]
    count = number_of_batches(n_target, batch_size)
    order = torch.randperm(n_target, generator=generator)
    return list(torch.tensor_split(order, count))


def number_of_batches(n_target: int, batch_size: int) -> int:
    """Return how many batches an epoch has."""
    return max(1, min(-(-n_target // batch_size), n_target // 2))
