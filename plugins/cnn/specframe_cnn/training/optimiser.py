"""What turns gradients into new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

if TYPE_CHECKING:
    from torch import Tensor, nn

    from specframe_cnn.training.params import TrainingParams

__all__ = ["MovingAverage", "load_optimiser", "make_optimiser", "optimiser_tensors", "set_rate"]

_MOMENTUM = 0.9


def make_optimiser(network: nn.Module, params: TrainingParams) -> torch.optim.Optimizer:
    """Return the optimiser of the weights of ``network``.

    Weight decay acts on matrices and kernels only: biases and the scales of normalisations have one axis at most.
    """
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in learning if weight.ndim > 1], "weight_decay": params.weight_decay},
        {"params": [weight for weight in learning if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    # fused: one kernel for all weights, three times as fast on small networks
    if params.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=params.learning_rate, momentum=_MOMENTUM, fused=True)
    kind = torch.optim.AdamW if params.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=params.learning_rate, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all groups."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return what the optimiser remembers, by ``<index of the weight>/<name>``."""
    state = optimiser.state_dict()["state"]
    return {f"{index}/{name}": value for index, of_weight in state.items() for name, value in of_weight.items()}


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Let the optimiser remember what :func:`optimiser_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    for weight, of_weight in optimiser.state.items():
        for name, value in of_weight.items():
            if value.shape == weight.shape:  # fused kernels take it to lie in memory as the weight does
                of_weight[name] = torch.empty_like(weight).copy_(value)


class MovingAverage:
    """Exponential moving average of the weights of a network (Polyak & Juditsky 1992).

    In the beginning the decay is at most (1 + step) / (10 + step), so that the first weights are forgotten soon.
    The running statistics of batch normalisation are averaged alike, or they would be those of other weights.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = {name: value for name, value in network.state_dict().items() if value.is_floating_point()}
        self.weights = {name: value.clone() for name, value in self._live.items()}

    def update(self, step: int) -> None:
        """Take in the network's weights after ``step`` (from 0)."""
        decay = min(self.decay, (1.0 + step) / (10.0 + step))
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(list(self.weights.values()), list(self._live.values()), step)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Take averages that were :attr:`weights`."""
        for name, average in self.weights.items():
            average.copy_(weights[name])
