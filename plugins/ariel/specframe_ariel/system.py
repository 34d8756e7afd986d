"""Star and orbit under the challenges' names and under those of an Observation."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["known_system"]

_ATTRIBUTES = {
    "Rs": "stellar_radius",
    "Ms": "stellar_mass",
    "Ts": "stellar_temperature",
    "P": "period",
    "sma": "semi_major_axis",
    "i": "inclination",
    "e": "eccentricity",
}


def known_system(row: Mapping[str, float]) -> dict[str, float]:
    """Return a row of star information (solar units, K, d, stellar radii, degrees) as an Observation's attributes."""
    return {name: float(row[key]) for key, name in _ATTRIBUTES.items() if key in row and isfinite(row[key])}
