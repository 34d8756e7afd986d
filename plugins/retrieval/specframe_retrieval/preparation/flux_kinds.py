"""Units of flux, per wavelength, per frequency or in photons, and how one becomes another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units

from specframe.api import read_unit
from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "conversion_factor", "flux_unit", "is_per_frequency", "readable_unit"]

#: A unit of each kind of flux density that an Observation may hold.
KINDS = {
    "energy per wavelength": units.Unit("W m-2 um-1"),
    "energy per frequency": units.Unit("W m-2 Hz-1"),
    "photons per wavelength": units.Unit("ph s-1 m-2 um-1"),
}
_POWERS = {"energy per wavelength": 0, "energy per frequency": 2, "photons per wavelength": 1}


@lru_cache(maxsize=64)
def flux_unit(text: str) -> Any:
    """Return the astropy unit of a flux density, in any common spelling; ``A`` means angstrom, not ampere.

    Raises :class:`~specframe.errors.DataError` when it is none.
    """
    try:
        unit = read_unit(text)
    except ValueError:
        raise DataError(f"astropy cannot read the flux units {text!r}; write them as in 'W m-2 um-1' or 'Jy'") from None
    if not any(unit.is_equivalent(kind) for kind in KINDS.values()):
        listed = ", ".join(f"{name} ({kind.to_string()})" for name, kind in KINDS.items())
        bare = unit == units.dimensionless_unscaled
        known = "flux without units" if bare else f"the units {text!r}"
        hint = "; state them where it is loaded, and convert before normalising" if bare else ""
        raise DataError(f"{known} cannot be converted: expected {listed}{hint}")
    return unit


def readable_unit(text: str) -> str:
    """Return units as astropy reads them: as they were given where it does."""
    unit = flux_unit(text)
    try:
        known = text.count("/") < 2 and units.Unit(text) == unit  # astropy warns of a/b/c
    except ValueError:
        known = False
    return text if known else str(unit.to_string())


@lru_cache(maxsize=64)
def is_per_frequency(text: str | None) -> bool:
    """Return whether units are those of a flux per frequency; other units, and none, are not."""
    try:
        return bool(flux_unit(str(text or "")).is_equivalent(KINDS["energy per frequency"]))
    except DataError:
        return False


def conversion_factor(given: str, wanted: str, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what flux (n,) at wavelengths (n,) in um is multiplied with to have the units ``wanted``.

    F_nu = F_lambda lambda^2 / c and photons = F_lambda lambda / (h c), with astropy's constants.
    """
    power, factor = _at_one_micron(given, wanted)
    return np.asarray(factor * np.asarray(wavelength, float) ** power)


@lru_cache(maxsize=64)
def _at_one_micron(given: str, wanted: str) -> tuple[int, float]:
    """Return the power of the wavelength with which the factor goes, and the factor at 1 um."""
    one, other = flux_unit(given), flux_unit(wanted)
    power = _power(other) - _power(one)
    return power, float(one.to(other, equivalencies=units.spectral_density(1.0 * units.um)) if power else one.to(other))


def _power(unit: Any) -> int:
    """Return the power of the wavelength by which a kind of flux differs from energy per wavelength."""
    return next(power for kind, power in _POWERS.items() if unit.is_equivalent(KINDS[kind]))
