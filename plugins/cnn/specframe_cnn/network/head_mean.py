"""One number for each output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch.nn import functional

from specframe_cnn.network.head import Head

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Mean"]


class Mean(Head):
    """One number for each output: the mean with ``mse``, the median with ``mae``, between them with ``huber``."""

    def __init__(
        self,
        n_output: int,
        loss: Literal["mse", "huber", "mae"] = "mse",
        delta: float = 1.0,
        convolutional: bool = False,
    ) -> None:
        super().__init__(n_output, 1, convolutional=convolutional)
        self.kind, self.delta = loss, delta

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of each target, (target,)."""
        mean = self.parameters(raw)[0][:, 0]
        if self.kind == "mse":
            each = functional.mse_loss(mean, labels, reduction="none")
        elif self.kind == "mae":
            each = functional.l1_loss(mean, labels, reduction="none")
        else:
            each = functional.huber_loss(mean, labels, reduction="none", delta=self.delta)
        return each.mean(1)

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` (target, output)."""
        return {"mean": self.parameters(raw)[0][:, 0]}
