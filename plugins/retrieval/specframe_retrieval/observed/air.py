"""Wavelengths in air and in vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["air_to_vacuum", "vacuum_to_air"]

#: Below it, in um, wavelengths are given in vacuum by convention, and the formula does not hold.
_SHORTEST = 0.2


def vacuum_to_air(wavelength: Any) -> NDArray[np.float64]:
    """Return the wavelengths in standard air, in um, of wavelengths in vacuum in um; those below 0.2 um stay.

    The formula is that of Morton (1991, ApJS 77, 119; from Edlén 1953), which the IAU recommends.
    """
    vacuum: NDArray[np.float64] = np.asarray(wavelength, float)
    return np.where(vacuum < _SHORTEST, vacuum, vacuum / _index(vacuum))


def air_to_vacuum(wavelength: Any) -> NDArray[np.float64]:
    """Return the wavelengths in vacuum, in um, of wavelengths in standard air: the inverse of :func:`vacuum_to_air`."""
    air: NDArray[np.float64] = np.asarray(wavelength, float)
    vacuum = air
    for _ in range(4):  # each pass gains four digits
        vacuum = air * _index(vacuum)
    return np.where(air < _SHORTEST, air, vacuum)


def _index(vacuum: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the refractive index of air at 15 C and 101325 Pa."""
    squared = np.square(1.0 / np.maximum(vacuum, _SHORTEST))  # wavenumber in um-1
    return np.asarray(1.0 + 6.4328e-5 + 2.94981e-2 / (146.0 - squared) + 2.5540e-4 / (41.0 - squared))
