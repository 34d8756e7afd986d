"""Wavelengths with gaps between instruments, over which no line is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["without_gaps"]

#: A step in wavelength this many times the median one is a gap between instruments.
_GAP = 5.0


def without_gaps(wavelength: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Split the indices of ascending wavelengths (n,) where there is a gap."""
    step = np.diff(wavelength)
    ends = np.flatnonzero(step > _GAP * np.median(step)) + 1 if wavelength.size > 2 else np.array([], int)
    return np.split(np.arange(wavelength.size), ends)
