"""What a network says before it has learned anything: the mean of the labels, which training has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from specframe_cnn.training.judging import judged
from specframe_cnn.training.threads import threads

if TYPE_CHECKING:
    from specframe_cnn.network.build import Network
    from specframe_cnn.network.head import Head
    from specframe_cnn.training.data import TensorData

__all__ = ["loss_of", "start_at_zero"]

#: Targets at a time; images are large.
_BATCH = 32


def start_at_zero(network: Network, head: Head) -> None:
    """Let the mean of each output start at 0, the mean of the labels, whatever the inputs."""
    if not head.linear:
        return
    rows = 1 if head.convolutional else head.n_output
    with torch.no_grad():
        network.last.weight[:rows] = 0.0
        network.last.bias[:rows] = 0.0


def loss_of(network: Network, head: Head, data: TensorData, by: Literal["loss", "error"] = "loss") -> float:
    """Return the loss of ``data`` as training judges targets held out; NaN when there are none."""
    if not len(data):
        return float("nan")
    network.eval()
    loss = 0.0
    with torch.inference_mode(), threads(1):
        for first in range(0, len(data), _BATCH):
            rows = slice(first, first + _BATCH)
            raw = network({name: values[rows] for name, values in data.inputs.items()})
            each = judged(head, raw, data.labels[rows], by)
            loss += float((each * data.weight[rows]).sum())
    return loss / float(data.weight.sum())
