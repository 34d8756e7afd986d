"""What a network states of each target, and the loss that teaches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from specframe_cnn.network.params import HeadParams

__all__ = ["Head", "make_head"]


class Head(ABC):
    """Meaning of a network's raw output.

    Everything is in units of standardised labels. Raw output is (target, width), in the order (parameter, output):
    the first ``n_output`` columns are the mean or the median, linear in the network's features. ``shared`` columns
    for all outputs of a target come last.
    """

    levels: tuple[float, ...] = ()

    def __init__(self, n_output: int, per_output: int, shared: int = 0, convolutional: bool = False) -> None:
        self.n_output = n_output
        self.per_output = per_output
        self.shared = shared
        self.convolutional = convolutional

    @property
    def width(self) -> int:
        """Columns of the raw output."""
        return self.n_output * self.per_output + self.shared

    def loss(self, raw: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the weighted mean of the loss over the targets, a scalar.

        ``raw`` (target, width), ``labels`` (target, output), ``weight`` (target,), relative.
        """
        raise NotImplementedError

    @abstractmethod
    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of each target, (target,): its mean over the outputs."""

    @abstractmethod
    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` (target, output) and what else is stated: ``std``, ``lower``, ``upper``, ``covariance``."""


def make_head(params: HeadParams, n_output: int) -> Head:
    """Return the head that ``params`` describe."""
    raise NotImplementedError
