"""The batches of an epoch, and the random streams of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EpochSeeds", "epoch_batches", "epoch_seeds", "number_of_batches"]


class EpochSeeds(NamedTuple):
    """Seeds of what is random in an epoch."""

    order: int
    layers: int
    augmentation: int


def epoch_seeds(seed: int, epoch: int) -> EpochSeeds:
    """Return the seeds of an epoch.

    Generators begin anew with each epoch, so that a training that goes on after a kill needs no generator's state.
    """
    state = np.random.SeedSequence([seed, epoch]).generate_state(3, np.uint64)
    return EpochSeeds(*(int(value) >> 1 for value in state))  # torch takes what a signed integer holds


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
