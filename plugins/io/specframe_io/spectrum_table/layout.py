"""Which column of a published spectrum holds what, told by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specframe_io.spectrum_table.params import SpectrumColumns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["guess_columns", "is_eclipse", "unit_in_name"]


def _names(words: str) -> tuple[str, ...]:
    """Return words as names."""
    return tuple(words.split())


#: Names as they are compared: lower case, without units at the end, signs as underscores.
_WAVELENGTH = _names("wavelength wave wavelengths wl lambda lam centralwavelng wave_mid bin_center")
_LOWER = _names(
    "wavelength_lower wavelength_low wave_low wave_lower wl_low wl_lower wavelength_min wave_min bin_low "
    "bin_left start_wavelength lower"
)
_UPPER = _names(
    "wavelength_upper wavelength_high wavelength_hi wave_hig wave_high wave_hi wave_upper wl_high "
    "wl_upper wavelength_max wave_max bin_high bin_right end_wavelength upper"
)
#: Eureka! and exoTEDRF call half the width of a channel its error.
_HALF = _names("wavelength_error wavelength_err wave_err wave_error half_width bin_half_width")
_WIDTH = _names("bandwidth bin_width width delta_wavelength")
#: Names of eclipse depths: Fp/F*; ESPECLIPDEP of the NASA Exoplanet Archive.
_ECLIPSE = _names("eclipse_depth especlipdep fpfs fp_fs fp fp_value ecl_depth")
_DEPTH = _names("transit_depth depth dppm tr_depth pl_trandep rp_2 rp_2_value rp_rs_2 rprs2 rprs_2")
_RATIO = _names("rp_rs rprs rp_r rp_rstar radius_ratio pl_ratror rp_value rp ror k")
#: What follows the name of a value in that of its error, of its error downwards, and upwards.
_ERROR = _names("_error _err error err _sigma _unc _uncertainty _std")
_DOWN = _names("error_lower error_low err_low err_lower err_lo errorneg err_neg errneg err2 err_minus")
_UP = _names(
    "error_upper error_high error_hi err_hih err_high err_hi err_upper err_up errorpos err_pos errpos err1 err_plus"
)
#: Names of errors without that of the value.
_PLAIN = _names("error err sigma uncertainty unc e")
_INSTRUMENT = _names("instrument mode")
_UNIT = re.compile(r"[_ (\[]+(um|microns?|nm|angstroms?|ppm|percent|%)[)\]]?$", re.IGNORECASE)


def guess_columns(names: Sequence[str]) -> SpectrumColumns | None:
    """Return which columns hold what, or ``None`` where wavelength or depth cannot be told."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)

    def first(known: Iterable[str]) -> str | None:
        return next((plain[one] for one in known if one in plain), None)

    depth = first((*_ECLIPSE, *_DEPTH))
    ratio = None if depth is not None else first(_RATIO)
    value = depth or ratio
    wavelength, lower, upper = first(_WAVELENGTH), first(_LOWER), first(_UPPER)
    if value is None or (wavelength is None and (lower is None or upper is None)):
        return None
    # rp^2_value of Eureka! has its errors as rp^2_errorneg
    stems = [_plain(value), _plain(value).removesuffix("_value")]
    down = first(f"{stem}{gap}{end}" for stem in stems for gap in ("_", "") for end in _DOWN)
    up = first(f"{stem}{gap}{end}" for stem in stems for gap in ("_", "") for end in _UP)
    error = first([*(stem + end for stem in stems for end in _ERROR), *_PLAIN])
    if f"e_{value}" in names:  # machine-readable tables of the journals: e_ downwards or both, E_ upwards
        error = f"e_{value}"
        if f"E_{value}" in names:
            down, up = f"e_{value}", f"E_{value}"
    if wavelength is not None and f"b_{wavelength}" in names and f"B_{wavelength}" in names:
        lower, upper = f"b_{wavelength}", f"B_{wavelength}"
    half, width = first(_HALF), first(_WIDTH)
    edges = lower is not None and upper is not None
    return SpectrumColumns(
        wavelength=wavelength,
        wavelength_lower=lower if edges else None,
        wavelength_upper=upper if edges else None,
        half_width=None if edges else half,
        width=None if edges or half is not None else width,
        depth=depth,
        radius_ratio=ratio,
        error=error if down is None or up is None else None,
        error_lower=down if up is not None else None,
        error_upper=up if down is not None else None,
        instrument=first(_INSTRUMENT),
    )


def unit_in_name(name: str) -> str | None:
    """Return the unit that a column's name ends in (wavelength_lower_um, dppm), ``None`` where it has none."""
    if _plain(name).startswith("dppm"):
        return "ppm"
    match = _UNIT.search(name)
    return None if match is None else match[1].lower()


def is_eclipse(name: str) -> bool:
    """Return whether a column's name is one of eclipse depths."""
    return _plain(name) in _ECLIPSE


def _plain(name: str) -> str:
    text = _UNIT.sub("", name.strip().lower())
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")
