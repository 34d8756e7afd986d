"""Columns of one term: fixed functions of time, exponential ramps, sinusoids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]

__all__ = ["Block", "FixedColumns", "Ramp", "Sinusoid"]


class Block(Protocol):
    """Columns of one term, ``names`` (n_column), as functions of its nonlinear ``parameters``."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Nonlinear parameters, as ``values`` have them."""
        ...

    def columns(self, values: Array) -> Array:
        """Return (..., n_column, n_time) for the values (..., n_parameter)."""
        ...

    def gradient(self, values: Array) -> Array:
        """Return the derivatives of the columns by each parameter, (n_parameter, ..., n_column, n_time)."""
        ...


@dataclass(frozen=True)
class FixedColumns:
    """Columns without parameters: ``fixed`` (n_column, n_time) or (n_channel, n_column, n_time)."""

    names: tuple[str, ...]
    fixed: Array
    parameters: tuple[Parameter, ...] = ()

    def columns(self, values: Array) -> Array:
        """Return them; what is the same for all channels stays (n_column, n_time)."""
        return self.fixed

    def gradient(self, values: Array) -> Array:
        """Return an empty array: nothing to derive by."""
        return np.zeros((0, *self.fixed.shape))


@dataclass(frozen=True)
class Ramp:
    """Exponentials ``where * exp(-elapsed / timescale)``.

    ``elapsed`` (n_time,) in d since the ramp began; ``where`` (n_column, n_time) is 1 where a column's ramp runs.
    """

    names: tuple[str, ...]
    elapsed: Array
    where: Array
    timescale: Parameter
    parameters: tuple[Parameter, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", (self.timescale,))

    def columns(self, values: Array) -> Array:
        """Return (..., n_column, n_time) for values (..., 1)."""
        return self.where * np.exp(-self.elapsed / values)[..., None, :]

    def gradient(self, values: Array) -> Array:
        """Return the derivative by the timescale."""
        slope = self.elapsed / np.square(values) * np.exp(-self.elapsed / values)
        return (self.where * slope[..., None, :])[None]


@dataclass(frozen=True)
class Sinusoid:
    """Sine and cosine of ``2 pi time / period``; ``time`` (n_time,) in d."""

    names: tuple[str, ...]
    time: Array
    period: Parameter
    parameters: tuple[Parameter, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", (self.period,))

    def columns(self, values: Array) -> Array:
        """Return (..., 2, n_time) for values (..., 1)."""
        phase = 2.0 * np.pi * self.time / values
        return np.stack([np.sin(phase), np.cos(phase)], axis=-2)

    def gradient(self, values: Array) -> Array:
        """Return the derivative by the period."""
        phase = 2.0 * np.pi * self.time / values
        by_period = -phase / values
        return np.stack([np.cos(phase) * by_period, -np.sin(phase) * by_period], axis=-2)[None]
