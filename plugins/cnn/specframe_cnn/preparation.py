"""What is done to each spectrum by itself before it is scaled: its own mean, and logarithms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Preparation", "Rows", "Transform"]

Rows = Literal["none", "mean", "standardise"]
Transform = Literal["none", "log"]

#: Logarithms are taken of no less than this part of a low percentile of the training set, wavelength by wavelength.
_FLOOR, _PERCENTILE = 0.5, 1.0
#: A mean or a scatter below this part of the training set's mean size is none to divide by.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Preparation:
    """From spectra in units of ``level`` to spectra that are standardised, (n, channel, length).

    In this order: each spectrum is divided by its own mean (``rows`` mean), logarithms are taken of it, it is
    standardised by its own mean and scatter (``rows`` standardise), and by ``centre`` and ``inverse`` scale. The first
    three are left out for channels that are not ``prepared``. Missing values do not count in means and end as 0.

    ``floor`` (channel, length) is the least value that a logarithm is taken of: noise makes dark pixels negative.
    ``level``, ``centre``, ``inverse`` and ``prepared`` broadcast to (channel, length). Further channels, which mark
    what is missing, stay as they are.
    """

    rows: Rows
    transform: Transform
    level: Tensor
    floor: Tensor
    prepared: Tensor
    centre: Tensor
    inverse: Tensor

    @classmethod
    def fit(cls, values: NDArray[np.float32], prepared: NDArray[np.bool_], rows: Rows, transform: Transform) -> Self:
        """Learn level and floor from a training set (n, channel, length), NaN where missing; nothing is scaled yet."""
        known = np.isfinite(values)
        sizes = np.where(known, np.abs(values), 0.0).sum(axis=(0, 2), dtype=float) / np.maximum(
            known.sum(axis=(0, 2)), 1
        )
        level = np.where(prepared & (sizes > 0), sizes, 1.0)
        n_channel, length = values.shape[1:]
        made = cls(
            rows,
            transform,
            level=torch.from_numpy(level.astype(np.float32).reshape(-1, 1)),
            floor=torch.full((n_channel, length), -torch.inf),
            prepared=torch.from_numpy(prepared.reshape(-1, 1)),
            centre=torch.zeros(1, 1),
            inverse=torch.ones(1, 1),
        )
        if transform == "none":
            return made
        linear = made._relative(*made.counted(values)).numpy()
        positive = np.where(known & (linear > 0), linear, np.nan)
        floor = np.ones((n_channel, length), np.float32)
        some = np.isfinite(positive).any(axis=0)
        floor[some] = _FLOOR * np.nanpercentile(positive[:, some], _PERCENTILE, axis=0)
        return replace(made, floor=torch.from_numpy(floor))

    def scaled(self, centre: NDArray[np.float64], scale: NDArray[np.float64]) -> Self:
        """Return what also standardises by ``centre`` and ``scale``, (channel,) or (channel, length)."""
        middle, inverse = (
            torch.from_numpy(array.astype(np.float32).reshape(len(self.level), -1)) for array in (centre, 1.0 / scale)
        )
        return replace(self, centre=middle, inverse=inverse)

    def counted(self, values: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
        """Return values in units of the level, 0 where missing, and which are missing."""
        array = torch.from_numpy(np.ascontiguousarray(values, np.float32)) / self.level
        missing = ~array.isfinite()
        return array.masked_fill(missing, 0.0), missing

    def __call__(self, values: Tensor, missing: Tensor | None) -> Tensor:
        """Return what the network takes of ``values`` in units of the level, with marks behind them or without."""
        n_channel = len(self.level)
        inner = values[:, :n_channel]
        absent = torch.zeros_like(inner, dtype=torch.bool) if missing is None else missing[:, :n_channel]
        prepared = self._relative(inner, absent)
        if self.transform == "log":
            prepared = torch.where(self.prepared, prepared.clamp(min=self.floor).log(), prepared)
        if self.rows == "standardise":
            mean = _mean(prepared, absent)
            scatter = _mean((prepared - mean).square(), absent).sqrt()
            prepared = torch.where(self.prepared, (prepared - mean) / _safe(scatter), prepared)
        done = ((prepared - self.centre) * self.inverse).masked_fill(absent, 0.0)
        return done if values.shape[1] == n_channel else torch.cat([done, values[:, n_channel:]], 1)

    def numpy(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the same of measured values (n, channel, length), NaN where they are missing."""
        counted, missing = self.counted(values)
        done: NDArray[np.float32] = self(counted, missing).masked_fill(missing, torch.nan).numpy()
        return done

    def to(self, where: torch.device) -> Self:
        """Return it on a device."""
        moved = {name: values.to(where) for name, values in self.tensors().items()}
        return type(self)(self.rows, self.transform, **moved)

    def tensors(self) -> dict[str, Tensor]:
        """Return what it learned."""
        return {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}

    def _relative(self, values: Tensor, missing: Tensor) -> Tensor:
        """Divide each spectrum by its own mean where that is asked for."""
        if self.rows != "mean":
            return values
        return torch.where(self.prepared, values / _safe(_mean(values, missing)), values)


def _mean(values: Tensor, missing: Tensor) -> Tensor:
    """Return the mean of each spectrum over what is not missing, (n, channel, 1)."""
    count = (~missing).sum(dim=2, keepdim=True).clamp(min=1)
    return values.masked_fill(missing, 0.0).sum(dim=2, keepdim=True) / count


def _safe(divisor: Tensor) -> Tensor:
    """Return what can be divided by: 1 where there is no flux, or only noise around none."""
    return torch.where(divisor > _NOTHING, divisor, 1.0)
