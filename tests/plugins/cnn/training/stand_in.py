"""A small problem, network and head, and a program that trains them, for a test to kill."""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from specframe_cnn.training.augmentation import Augmentation
from specframe_cnn.training.data import TensorData
from specframe_cnn.training.loop import train
from specframe_cnn.training.params import AugmentationParams, TrainingParams

LENGTH = 40


class MeanHead:
    """Squared error."""

    width = 1

    def loss(self, raw: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
        return (weight * self.per_target(raw, labels)).mean()

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        return ((raw - labels) ** 2).mean(dim=1)


class SmallNetwork(nn.Module):
    """One convolution with batch normalisation, and a hidden layer with dropout: all that depends on state."""

    def __init__(self, seed: int = 0, batch_norm_at_end: bool = False) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.body = nn.Sequential(
                nn.Conv1d(1, 6, 5), nn.BatchNorm1d(6), nn.ReLU(), nn.AvgPool1d(4), nn.Flatten(), nn.Linear(54, 16)
            )
            self.end = nn.BatchNorm1d(16) if batch_norm_at_end else nn.Identity()
            self.dropout = nn.Dropout(0.2)
            self.last = nn.Linear(16, 1)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.last(self.dropout(torch.relu(self.end(self.body(inputs["series"])))))


def transits(count: int, seed: int = 0, noise: float = 0.3) -> TensorData:
    """Return curves with a box-shaped transit in noise; the label is its standardised depth."""
    generator = torch.Generator().manual_seed(seed)
    depth = 0.5 + torch.rand(count, 1, generator=generator)
    curves = torch.zeros(count, 1, LENGTH)
    curves[:, :, 12:28] = -depth[:, :, None]
    curves += noise * torch.randn(curves.shape, generator=generator)
    return TensorData(
        inputs={"series": curves},
        labels=(depth - 1.0) / 0.29,
        weight=torch.ones(count),
        errors={"series": torch.full_like(curves, noise)},
        offsets={"series": torch.zeros(1, 1), "labels": torch.full((1,), 1.0 / 0.29)},
        time_axis={"series": 2},
    )


def small_params(**changes: object) -> TrainingParams:
    return TrainingParams(
        **{"epochs": 12, "patience": 12, "batch_size": 16, "learning_rate": 3e-3, "ema": 0.9, **changes}
    )


def augmentation() -> Augmentation:
    return Augmentation(AugmentationParams(time_flip=0.5, noise=0.5, drift=0.1, depth_scaling=0.2))


def run(checkpoint: Path | None = None, tell=lambda line: None, **changes: object):
    """Train the same network in the same way, and return it with its history."""
    network = SmallNetwork()
    history = train(
        network,
        MeanHead(),
        transits(60),
        transits(20, seed=1),
        small_params(checkpoint_every=0, **changes),
        seed=5,
        augmentation=augmentation(),
        checkpoint=checkpoint,
        tell=tell,
    )
    return network, history


def main(checkpoint: str, last_step: str) -> None:
    """Train until the process kills itself in the middle of a step."""
    loss, steps = MeanHead.loss, count(1)

    def fatal_loss(*arguments: object) -> Tensor:
        if next(steps) == int(last_step):
            os.kill(os.getpid(), signal.SIGKILL)
        return loss(*arguments)

    MeanHead.loss = fatal_loss
    run(Path(checkpoint))


if __name__ == "__main__":
    main(*sys.argv[1:])
