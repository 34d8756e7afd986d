"""What an array is, told by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOT_WAVELENGTHS", "error_pair", "guess_names", "is_depth", "plain_name", "unit_in_name"]

#: Names of spectral axes whose numbers are no wavelengths, so that a unit must be stated.
NOT_WAVELENGTHS = ("frequency", "freq", "wavenumber", "energy")

#: Units that columns of wavelengths are called by.
_UNIT_NAMES = ("micron", "microns", "angstrom", "angstroms")
#: Names in the order in which they are looked for, as :func:`plain_name` writes them.
_KNOWN = {
    "wavelength": (
        *("wavelength", "wavelengths", "wave", "waves", "wl", "wls", "lambda", "lam", "wvl", "w"),
        *("spectral_axis", "wave_obs", "wl_obs", "wavelength_obs", "central_wavelength", "channel", "wavegrid"),
        *NOT_WAVELENGTHS,
        *_UNIT_NAMES,
    ),
    "flux": (
        *("flux", "fluxes", "flux_density", "flux_lambda", "f_lambda", "flam", "f_nu", "fnu", "surface_flux"),
        *("spectrum", "spectra", "spec", "intensity", "sci", "f", "flux_obs", "flam_obs", "fnu_obs", "value"),
    ),
    "depth": ("depth", "depths", "transit_depth", "transit_depths", "eclipse_depth", "rp_rs_2", "transmission"),
    "error": (
        *("flux_error", "flux_err", "fluxerr", "fluxerror", "error", "errors", "err", "sigma", "std", "uncertainty"),
        *("unc", "uncert", "noise", "flux_unc", "flux_uncertainty", "flux_sigma", "sig", "e_flux", "eflux", "e"),
        *("depth_error", "depth_err", "transit_depth_error", "depth_unc", "stddev", "flux_noise", "err_obs"),
    ),
    "variance": ("variance", "var", "flux_variance", "flux_var_poisson"),
    "inverse_variance": ("ivar", "inverse_variance", "invvar"),
    "mask": ("mask", "dq", "flags", "flag", "quality", "bad", "badpix", "bad_pixel"),
}
#: Words in the names of errors that differ to either side.
_UP = frozenset({"up", "upper", "plus", "pos", "positive", "high", "hi"})
_DOWN = frozenset({"low", "lower", "minus", "neg", "negative", "lo", "down"})
_ERROR = re.compile(r"err|unc|sig|std|e$")
_UNIT = re.compile(r"[\[(]([^\])]*)[\])]\s*$")
_SUFFIX = re.compile(r"[_ ](um|nm|angstroms?|aa?|microns?|hz|mm|cm|ppm|percent)$", re.IGNORECASE)


def plain_name(name: str) -> str:
    """Return a name in lower case, without units, every run of other characters an underscore."""
    text = _SUFFIX.sub("", _UNIT.sub("", name.strip()).rpartition("/")[2].strip().lower())
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def unit_in_name(name: str) -> str | None:
    """Return the unit that a name ends in, wave_um, depth_ppm or ``flux [Jy]``, ``None`` where it has none."""
    bracketed = _UNIT.search(name.strip())
    if bracketed is not None:
        return bracketed[1].strip()
    if plain_name(name) in _UNIT_NAMES:
        return plain_name(name)
    suffix = _SUFFIX.search(name.strip())
    return None if suffix is None else suffix[1].lower().removesuffix("s").replace("aa", "angstrom")


def is_depth(name: str) -> bool:
    """Return whether a name is one of transit or eclipse depths."""
    return plain_name(name) in _KNOWN["depth"]


def guess_names(names: Iterable[str]) -> dict[str, str]:
    """Return which of ``names`` is what: ``wavelength, flux, depth, error, variance, inverse_variance, mask``.

    What no name tells is left out.
    """
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(plain_name(name), name)
    found: dict[str, str] = {}
    for role, known in _KNOWN.items():
        match = next((plain[one] for one in known if one in plain and plain[one] not in found.values()), None)
        if match is not None:
            found[role] = match
    return found


def error_pair(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the names of the errors upwards and downwards, ``None`` unless there is one of each."""
    found: tuple[list[str], list[str]] = ([], [])
    for name in names:
        words = plain_name(name).split("_")
        if any(_ERROR.match(word) for word in words):
            for side, known in zip(found, (_UP, _DOWN), strict=True):
                side += [name] if known & set(words) else []
    up, down = found
    return (up[0], down[0]) if len(up) == len(down) == 1 and up != down else None
