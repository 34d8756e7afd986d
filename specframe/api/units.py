"""Units as people and files spell them."""

from __future__ import annotations

import re

from astropy import units as u

from specframe.api.observation import FLUX_UNITS

__all__ = ["flux_unit", "read_unit", "wavelength_unit"]

#: Words that astropy does not know, or takes for something else: A is an ampere to it.
_WORDS = {
    "a": "angstrom",
    "ang": "angstrom",
    "angs": "angstrom",
    "angstroms": "angstrom",
    "micron": "um",
    "microns": "um",
    "micrometer": "um",
    "micrometers": "um",
    "nanometers": "nm",
    "ergs": "erg",
    "watt": "W",
    "watts": "W",
    "photons": "photon",
    "electrons": "electron",
    "dn": "adu",
    "adu": "adu",
    "count": "adu",
    "counts": "adu",
    "ct": "adu",
    "days": "d",
    "hours": "h",
    "pixels": "pix",
}
#: Whole spellings, in lower case without blanks: what has no unit, the names of synphot, and of Spextool, which leaves
#: out the blanks.
_SPELLINGS = {
    "flam": "erg s-1 cm-2 angstrom-1",
    "fnu": "erg s-1 cm-2 Hz-1",
    "photlam": "ph s-1 cm-2 angstrom-1",
    "photnu": "ph s-1 cm-2 Hz-1",
    "ergss-1cm-2a-1": "erg s-1 cm-2 angstrom-1",
    "ergs-1cm-2a-1": "erg s-1 cm-2 angstrom-1",
    "wm-2um-1": "W m-2 um-1",
    "normalized": "",
    "normalised": "",
    "normalizedflux": "",
    "normalisedflux": "",
    "relative": "",
    "relativeflux": "",
    "none": "",
    "unitless": "",
    "dimensionless": "",
    "arbitrary": "",
    "fraction": "",
    "ppm": "1e-6",
    "percent": "%",
}


def read_unit(written: str) -> u.UnitBase:
    """Return the unit that a file or a person spells in their own way: microns, ELECTRONS, e-/s, ergs/s/cm^2/A, FLAM.

    Raises
    ------
    ValueError
        When nobody knows it.
    """
    text = written.strip()
    whole = re.sub(r"[\s()\[\]]", "", text).lower()
    text = re.sub(r"\be-", "electron", _SPELLINGS.get(whole, text))
    text = re.sub(r"[A-Za-zÅ\u212bμµ]+", lambda word: _word(word[0]), text)
    if text.count("/") > 1 and "(" not in text:  # each / divides, as people write it; astropy warns
        first, *others = text.split("/")
        text = f"{first.strip() or '1'} / ({' '.join(others)})"
    try:
        return u.Unit(text)
    except (ValueError, TypeError) as error:
        raise ValueError(str(error).partition("  If this is meant")[0].partition(" If this is meant")[0]) from None


def wavelength_unit(written: str) -> u.UnitBase:
    """Return a unit of wavelength, or of frequency, wavenumber or energy, which become wavelengths.

    Raises
    ------
    ValueError
        When it is none of these.
    """
    unit = read_unit(written)
    if not unit.is_equivalent(u.um, equivalencies=u.spectral()):
        raise ValueError(f"expected a unit of wavelength (um, nm, angstrom, Hz, cm-1), got {written!r}")
    return unit


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


def _word(word: str) -> str:
    if word in ("Å", "\u212b"):  # the letter, and the sign of the unit
        return "angstrom"
    if word in ("μm", "µm"):
        return "um"
    return _WORDS.get(word.lower(), word) if word != "a" else word  # a is a year
