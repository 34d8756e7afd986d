"""The time series in a file of Eureka!: channels of stage 4 or spectra of stage 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from astropy import units as u

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_io.branch import Branch

__all__ = ["series_node"]

#: Reference and system of a time: BMJD_TDB, MJD_UTC, HJD-TDB ...
_TIME = re.compile(r"([BH]?M?JD)[ _-]?(TDB|UTC|TT|TAI)", re.IGNORECASE)
#: Words of Eureka! and of FITS headers that astropy does not know.
_WORDS = {"electrons": "electron", "dn": "adu", "microns": "um", "angstroms": "angstrom"}
_FLUX = ("", "electron", "electron / s", "adu", "adu / s", "Jy", "MJy / sr", "W m-2 um-1", "ph s-1 m-2 um-1")


def series_node(root: Branch, units: str | None, time_units: str | None) -> xr.Dataset:
    """Return the light curves of a file.

    Parameters
    ----------
    root
        The file.
    units, time_units
        Units of the flux and the time system, where the file states none.

    Raises
    ------
    InputFileError
        When a dataset is missing, damaged, or of the wrong shape or units.
    """
    time, clock = _time(root, time_units)
    if root.find("data") is not None:
        names, turn = ("data", "err", "mask"), False
        key = "wavelength" if root.find("wavelength") is not None else "wave_mid"
    elif root.find("optspec") is not None:
        names, turn, key = ("optspec", "opterr", "optmask"), True, "wave_1d"
    else:
        there = ", ".join(root.names()) or "nothing"
        raise InputFileError(
            root.path, f"expected data (stage 4) or optspec (stage 3), as Eureka! writes them; there: {there}"
        )
    wavelength = _wavelength(root, key)
    shape = (len(wavelength), len(time))
    flux, error = (_matrix(root, name, shape, turn).astype(float) for name in names[:2])
    bad = ~np.isfinite(flux) | ~(error > 0) | ~np.isfinite(error)
    if root.find(names[2]) is not None:
        bad |= _flagged(root, names[2], shape, turn)
    order = np.argsort(wavelength, kind="stable")
    order = order[np.isfinite(wavelength[order])]
    if len(order) == 0 or not (turn or len(order) == len(wavelength)):
        raise root.wrong(key, "expected finite wavelengths")
    same = np.flatnonzero(np.diff(wavelength[order]) <= 0)
    if len(same):
        raise root.wrong(key, f"two channels are at {wavelength[order[same[0]]]:g} um, expected one each")
    unit = _flux_unit(root, names[0], units)
    dims = ("wavelength", "time")
    coords: dict[str, Any] = {
        "wavelength": ("wavelength", wavelength[order], {"units": "um"}),
        "time": ("time", time, clock),
    }
    for side, values in _edges(root, wavelength, key).items():
        coords[f"wavelength_{side}"] = ("wavelength", values[order], {"units": "um"})
    return xr.Dataset(
        {
            "flux": (dims, flux[order], {"units": unit}),
            "flux_error": (dims, error[order], {"units": unit}),
            "mask": (dims, bad[order]),
        },
        coords=coords,
    )


def _time(root: Branch, stated: str | None) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Return times in d, unchanged: float64 resolves an MJD to 1e-6 s."""
    time = root.array("time")
    if time.ndim != 1 or time.dtype.kind not in "fiu" or time.dtype.itemsize < 8:
        raise root.wrong("time", f"expected times (time,) in float64, got {time.dtype} of shape {time.shape}")
    time = time.astype(np.float64)
    if not np.isfinite(time).all():
        raise root.wrong("time", f"{int((~np.isfinite(time)).sum())} of {len(time)} times are not finite")
    back = np.flatnonzero(np.diff(time) <= 0)
    if len(back):
        at = int(back[0])
        raise root.wrong("time", f"must ascend, but index {at} has {time[at]!r} and index {at + 1} {time[at + 1]!r}")
    written = root.attribute("time", "time_units", "units") or stated
    if written is None:
        raise root.wrong("time", "has no time_units, such as BMJD_TDB; give the parameter time_units")
    match = _TIME.fullmatch(written)
    if match is None:
        raise root.wrong("time", f"expected time_units such as BMJD_TDB, BJD_TDB or MJD_UTC, got {written!r}")
    reference, system = (word.upper() for word in match.groups())
    return time, {"units": "d", "time_system": system, "time_reference": reference}


def _wavelength(root: Branch, name: str) -> NDArray[np.float64]:
    """Return one of the axes of wavelength, in um."""
    values = root.array(name)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise root.wrong(name, f"expected wavelengths on one axis, got {values.dtype} of shape {values.shape}")
    written = root.attribute(name, "wave_units", "units") or "um"
    try:
        factor = _unit(written).to(u.um)
    except (ValueError, TypeError):
        raise root.wrong(name, f"expected wave_units convertible to um, got {written!r}") from None
    return values.astype(float) * float(factor)


def _edges(root: Branch, wavelength: NDArray[np.float64], key: str) -> dict[str, NDArray[np.float64]]:
    """Return the channels' edges: as the file has them, or from half their widths; none for columns."""
    if key == "wave_1d":
        return {}
    if root.find("wave_low") is not None and root.find("wave_hi") is not None:
        names, edges = ("wave_low", "wave_hi"), (_wavelength(root, "wave_low"), _wavelength(root, "wave_hi"))
    elif root.find("wave_err") is not None:
        half = _wavelength(root, "wave_err")
        names, edges = ("wave_err", "wave_err"), (half, half)
    else:
        return {}
    for name, values in zip(names, edges, strict=True):
        if values.shape != wavelength.shape:
            raise root.wrong(name, f"expected {len(wavelength)} channels, as {key} has, got {len(values)}")
    if names[0] == "wave_err":
        edges = (wavelength - edges[0], wavelength + edges[1])
    if not (edges[0] < edges[1]).all():
        raise root.wrong(names[1], "expected each channel to end above where it begins")
    return {"lower": edges[0], "upper": edges[1]}


def _matrix(root: Branch, name: str, shape: tuple[int, int], turn: bool) -> NDArray[Any]:
    """Return an array (wavelength, time); ``turn`` where the file has (time, wavelength)."""
    values = root.array(name)
    wanted = shape[::-1] if turn else shape
    if values.shape != wanted or values.dtype.kind == "V":
        axes = "(time, x)" if turn else "(wavelength, time)"
        hint = "; load the light curves of stage 4 instead" if values.ndim == 3 else ""
        raise root.wrong(name, f"expected numbers of shape {wanted} {axes}, got {values.dtype} {values.shape}{hint}")
    return values.T if turn else values


def _flagged(root: Branch, name: str, shape: tuple[int, int], turn: bool) -> NDArray[np.bool_]:
    values = _matrix(root, name, shape, turn)
    if not np.isin(values, (0, 1)).all():
        raise root.wrong(name, "expected 0 (good) and 1 (masked) alone")
    return values.astype(bool)


def _flux_unit(root: Branch, name: str, stated: str | None) -> str:
    written = root.attribute(name, "flux_units", "units")
    written = stated if written in (None, "", "None") else written
    if written is None:
        raise root.wrong(name, "has no flux_units; give the parameter units, '' for a normalised flux")
    try:
        unit = _unit(written)
    except (ValueError, TypeError):
        unit = None
    if unit is None or not any(unit.is_equivalent(u.Unit(known)) for known in _FLUX):
        known = ", ".join(repr(one) for one in _FLUX)
        raise root.wrong(name, f"expected flux_units convertible to one of {known}; got {written!r}")
    return str(unit.to_string())


def _unit(written: str) -> u.UnitBase:
    """Return the unit that Eureka! or a FITS header spells in its own way: ELECTRONS, DN/s, microns."""
    return u.Unit(re.sub(r"[A-Za-z]+", lambda word: _WORDS.get(word[0].lower(), word[0]), written))
