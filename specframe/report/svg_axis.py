"""Axes of the charts that are written as SVG: round numbers, scales, and the words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Axis"]

#: Steps between ticks, times a power of ten.
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """Values from ``low`` to ``high`` on pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, low: float, high: float, start: float, end: float, margin: float = 0.05) -> Axis:
        """Return an axis that holds ``low`` to ``high`` with a margin; where they are equal, a range around them."""
        spread = high - low
        if not spread > 1e-12 * max(abs(low), abs(high)):
            spread = max(0.1 * abs(low), 1e-3)
            low, high = low - 0.5 * spread, high + 0.5 * spread
        return cls(low - margin * spread, high + margin * spread, start, end)

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, number: int = 6) -> list[tuple[float, str]]:
        """Return about ``number`` round values on the axis, as numbers and as text."""
        rough = (self.high - self.low) / max(number, 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(round_step for factor in _ROUND if (round_step := factor * power) >= rough * 0.999)
        digits = max(0, -math.floor(math.log10(step) + 1e-9) + (abs(step / power - 2.5) < 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        large = max(abs(self.low), abs(self.high)) >= 1e6 or step < 1e-4
        return [(i * step, f"{i * step:.6g}" if large else f"{i * step:.{digits}f}") for i in range(first, last + 1)]
