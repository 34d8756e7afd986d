"""What targets that are held out are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from specframe_cnn.network.head import Head

__all__ = ["judged"]


def judged(head: Head, raw: Tensor, labels: Tensor, by: Literal["loss", "error"]) -> Tensor:
    """Return by how much a network is wrong about each target, (target,): its loss, or the mean squared error.

    ``raw`` (target, width) is the network's output, ``labels`` (target, output) are standardised.
    """
    if by == "loss":
        return head.per_target(raw, labels)
    return (head.distribution(raw)["mean"] - labels).square().mean(1)
