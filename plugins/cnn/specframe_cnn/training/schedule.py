"""Learning rates over the steps of a training, relative to the largest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Plateau", "relative_rate"]

#: Shape of one-cycle as in torch's OneCycleLR: where its top is, and how far below it are its beginning and its end.
_TOP, _FROM, _TO = 0.3, 1.0 / 25.0, 1.0 / 25.0 / 1e4


def relative_rate(schedule: str, step: int, steps: int, warmup: int) -> float:
    """Return the learning rate of ``step`` (from 0) of ``steps``, in units of the largest.

    ``warmup`` steps of a linear rise come before ``constant``, ``plateau`` (whose reductions are :class:`Plateau`'s)
    and ``cosine``, which then falls to zero (Loshchilov & Hutter 2017). ``one-cycle`` has its own rise (Smith & Topin
    2019), with cosines up and down.
    """
    if schedule == "one-cycle":
        top = _TOP * steps - 1.0
        if step <= top:
            return _cosine(_FROM, 1.0, step / top) if top > 0 else 1.0
        return _cosine(1.0, _TO, min(1.0, (step - top) / max(steps - 1.0 - top, 1.0)))
    warmup = min(warmup, steps)
    if step < warmup:
        return (step + 1) / warmup
    if schedule == "cosine":
        return _cosine(1.0, 0.0, (step - warmup) / max(steps - warmup, 1))
    return 1.0


def _cosine(start: float, end: float, part: float) -> float:
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * part))


@dataclass(frozen=True)
class Plateau:
    """Halves the learning rate after more than ``patience`` epochs in which the loss was not the least so far."""

    patience: int
    factor: float = 1.0
    least: float = math.inf
    stale: int = 0

    def after(self, loss: float) -> Self:
        """Return what holds after an epoch of this loss."""
        if loss < self.least:
            return type(self)(self.patience, self.factor, loss, 0)
        if self.stale + 1 > self.patience:
            return type(self)(self.patience, 0.5 * self.factor, self.least, 0)
        return type(self)(self.patience, self.factor, self.least, self.stale + 1)

    def values(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it, as the constructor takes it."""
        return {"patience": self.patience, "factor": self.factor, "least": self.least, "stale": self.stale}
