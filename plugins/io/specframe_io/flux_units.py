"""Units as pipelines and FITS headers spell them, and which of them a flux may have."""

from __future__ import annotations

import re

from astropy import units as u

from specframe.api import FLUX_UNITS

__all__ = ["flux_unit", "read_unit"]

#: Words of pipelines and of FITS headers that astropy does not know.
_WORDS = {
    "electrons": "electron",
    "dn": "adu",
    "adu": "adu",
    "count": "adu",
    "counts": "adu",
    "ct": "adu",
    "micron": "um",
    "microns": "um",
    "angstroms": "angstrom",
    "days": "d",
    "hours": "h",
    "pixels": "pix",
    "none": "",
    "unitless": "",
    "dimensionless": "",
}
#: What pipelines write for a flux without units.
_NORMALISED = ("normalized flux", "normalised flux", "relative flux", "normalized", "normalised", "relative")


def read_unit(written: str) -> u.UnitBase:
    """Return the unit that a file spells in its own way: ELECTRONS, e-/s, DN/s, microns.

    Raises
    ------
    ValueError
        When nobody knows it.
    """
    text = re.sub(r"\be-", "electron", written.strip())
    if text.lower() in _NORMALISED:
        return u.dimensionless_unscaled
    try:
        return u.Unit(re.sub(r"[A-Za-z]+", lambda word: _WORDS.get(word[0].lower(), word[0]), text))
    except (ValueError, TypeError) as error:
        raise ValueError(str(error).partition("  If this is meant")[0]) from None


def flux_unit(written: str) -> str:
    """Return a unit of flux as astropy writes it.

    Raises
    ------
    ValueError
        When an Observation holds no flux in such units; says in which it does.
    """
    known = ", ".join(repr(one) for one in FLUX_UNITS)
    try:
        unit = read_unit(written)
    except ValueError:
        unit = None
    if unit is None or not any(unit.is_equivalent(u.Unit(one)) for one in FLUX_UNITS):
        raise ValueError(f"expected a unit convertible to one of {known}; got {written!r}")
    return str(unit.to_string())
