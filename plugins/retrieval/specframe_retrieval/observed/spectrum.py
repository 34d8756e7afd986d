"""One observed spectrum, from a file of any format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from specframe.api import read_unit
from specframe.errors import InputFileError, UsageError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.reader import read_arrays
from specframe_retrieval.files.roles import error_pair, guess_names, is_depth, unit_in_name
from specframe_retrieval.observed.air import air_to_vacuum
from specframe_retrieval.observed.node import in_microns, scale_of_values, spectrum_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays
    from specframe_retrieval.observed.params import SpectrumColumns

__all__ = ["invented_error", "read_spectrum"]

_ROLES = ("wavelength", "flux", "error", "mask")
#: The bit of data-quality arrays of JWST that says that a pixel is not to be used.
_DO_NOT_USE = 1


def read_spectrum(
    path: Path | str,
    columns: Mapping[str, str] | SpectrumColumns | None = None,
    *,
    wavelength_units: str | None = None,
    flux_units: str | None = None,
    quantity: Literal["flux", "depth"] | None = None,
    medium: Literal["vacuum", "air"] | None = None,
    flags: int | None = None,
    snr: float | None = None,
    relative_error: float | None = None,
    wavelength_range: tuple[float, float] | None = None,
    resolving_power: float | None = None,
    noise: Literal["included", "absent"] = "included",
    **attrs: Any,
) -> xr.Dataset:
    """Read a spectrum: text, CSV, ECSV, FITS, npz, npy, NetCDF or HDF5, also packed (gz, bz2, xz).

    Parameters
    ----------
    path
        The file.
    columns
        ``{"wavelength": ..., "flux": ..., "error": ..., "mask": ...}``: names of columns or arrays, each optional.
        What is not named is told by its name, or, where columns have no names, by the order wavelength, flux, error.
    wavelength_units, flux_units
        In place of what the file states; without any, wavelengths are in um.
    quantity
        ``"flux"`` or ``"depth"``; ``None`` tells it by the name of the array.
    medium
        ``"air"`` converts wavelengths to vacuum; ``None`` asks the file.
    flags
        Bits of the mask that make a pixel bad; ``None`` takes all.
    snr, relative_error
        Errors where the file has none: the median flux over ``snr``, or a fraction of each pixel's flux.
    wavelength_range
        Only pixels between these wavelengths, in um.
    resolving_power
        Wavelength / FWHM.
    noise
        ``"absent"`` says that these are values of a model: errors that nobody knows are then 0.
    attrs
        Further attributes of the node.

    Returns
    -------
    xarray.Dataset
        A node at level spectrum: ``flux``, ``flux_error`` and ``mask (wavelength)``, or at level depths ``depth``,
        ``depth_error`` and ``mask``; ``wavelength`` in um, ascending. Pixels that are not finite, flagged, or whose
        error is not positive are masked. Errors that nobody knows are NaN, which their ``attrs`` say.

    Raises
    ------
    InputFileError
        When the file is missing or damaged, an array is missing, shapes disagree or units are unknown.
    UsageError
        When ``columns`` names something else.
    """
    path = Path(path)
    chosen = _chosen(columns)
    source = read_arrays(path)
    names = _names(source, chosen, quantity)
    quantity = quantity or ("depth" if is_depth(names["flux"]) else "flux")
    units = {role: source.units.get(name) or unit_in_name(name) for role, name in names.items()}

    axis = _line(source, names["wavelength"])
    wavelength = in_microns(path, names["wavelength"], axis, wavelength_units or units["wavelength"])
    if medium == "air" or (medium is None and _in_air(source)):
        wavelength = air_to_vacuum(wavelength)

    values = _line(source, names["flux"], axis.size)
    unit = flux_units if flux_units is not None else units["flux"]
    scale, written = scale_of_values(path, names["flux"], unit, quantity)
    error, comment = _error(source, names, units, axis.size, unit)
    bad = _bad(source, names, axis.size, flags)
    clean = noise == "absent"
    if error is None and not clean:
        usable = np.isfinite(values) if bad is None else np.isfinite(values) & ~bad
        error, comment = invented_error(values, usable, snr, relative_error)
    return spectrum_node(
        path,
        wavelength,
        scale * values.astype(float),
        None if error is None else scale * error,
        bad,
        units=written,
        quantity=quantity,
        wavelength_range=wavelength_range,
        stated=unit is not None,
        clean=clean,
        error_comment=comment,
        source=path.name,
        resolving_power=None if resolving_power is None else float(resolving_power),
        **attrs,
    )


def invented_error(
    values: NDArray[Any], usable: NDArray[np.bool_], snr: float | None, relative_error: float | None
) -> tuple[NDArray[np.float64] | None, str]:
    """Return the errors of a spectrum that came without, and how they came about; ``None`` where nothing is known."""
    if snr is not None and usable.any():
        level = abs(float(np.median(values[usable]))) / snr
        return np.full(values.shape, level), f"median over a signal-to-noise ratio of {snr:g}; the file has none"
    if relative_error is not None:
        with np.errstate(invalid="ignore"):
            error = relative_error * np.abs(values.astype(float))
        return error, f"{100 * relative_error:g} percent of each value; the file has none"
    return None, ""


def _chosen(columns: Mapping[str, str] | SpectrumColumns | None) -> dict[str, str]:
    if columns is None:
        return {}
    given = columns.model_dump() if hasattr(columns, "model_dump") else dict(columns)
    unknown = [role for role in given if role not in _ROLES]
    if unknown:
        raise UsageError(f"columns has {unknown[0]!r}; expected some of {', '.join(_ROLES)}")
    return {role: name for role, name in given.items() if name is not None}


def _names(source: NamedArrays, chosen: dict[str, str], quantity: str | None) -> dict[str, str]:
    """Return the name of the array of each role; depths are the role flux."""
    for name in chosen.values():
        source[name]  # says what is missing, and what is nearest
    again = [name for name in source.arrays if name.rpartition("/")[2] in source.arrays and "/" in name]
    if {"wavelength", "flux"} <= set(guess_names(again)) and not {"wavelength", "flux"} <= set(chosen):
        raise InputFileError(
            source.path,
            f"holds several spectra, in {again[0]!r} ... as well as in {again[0].rpartition('/')[2]!r}: say which with "
            "columns: {wavelength: ..., flux: ..., error: ...}",
        )
    free = [name for name in source.arrays if name not in chosen.values()]
    if chosen:  # the error that belongs to a flux stands in the same extension
        extensions = {name.rpartition("/")[0] for name in chosen.values()}
        free = [name for name in free if name.rpartition("/")[0] in extensions]
    if source.named:
        told = guess_names(free)
    else:
        missing = [role for role in ("wavelength", "flux", "error") if role not in chosen]
        told = dict(zip(missing, free, strict=False))
    names = told | chosen
    if "depth" in names and "flux" not in chosen and ("flux" not in names or quantity == "depth"):
        names["flux"] = names["depth"]
    absent = [role for role in ("wavelength", "flux") if role not in names]
    if absent:
        raise InputFileError(
            source.path,
            f"its arrays {listed(map(repr, source.arrays), 12)} do not tell which is the {' or the '.join(absent)}: "
            f"write columns: {{{', '.join(f'{role}: ...' for role in absent)}}}",
        )
    names.pop("depth", None)
    return names


def _line(source: NamedArrays, name: str, size: int | None = None) -> NDArray[Any]:
    """Return an array (pixel,) of numbers."""
    array = source.numbers(name).squeeze()
    if array.ndim != 1 or array.size < 2:
        raise InputFileError(
            source.path,
            f"{name!r} has shape {array.shape}, expected one spectrum (pixel,). Several spectra in one file are read "
            "by spectral-library",
        )
    if size is not None and array.size != size:
        raise InputFileError(source.path, f"{name!r} has {array.size} pixels, but there are {size} wavelengths")
    return array


def _in_air(source: NamedArrays) -> bool:
    return str(source.attrs.get("CTYPE1", "")).upper().startswith("AWAV")


def _error(
    source: NamedArrays, names: Mapping[str, str], units: Mapping[str, str | None], size: int, unit: str | None
) -> tuple[NDArray[np.float64] | None, str]:
    """Return standard deviations in the units of the values; ``None`` where there are none that mean something."""
    role = next((one for one in ("error", "variance", "inverse_variance") if one in names), None)
    if role is None:
        return _mean_of_both(source, names, size, unit)
    values = _line(source, names[role], size).astype(float)
    kind = str(source.attrs.get("ADERRTYP", ""))
    with np.errstate(invalid="ignore", divide="ignore"):
        if role == "variance" or kind == "variance":
            values = np.sqrt(values)
        elif role == "inverse_variance" or kind == "inverse variance":
            values = 1.0 / np.sqrt(values)
        else:
            values = values * _factor(source, names[role], units[role], names["flux"], unit)
    if not np.any(np.isfinite(values) & (values > 0)):
        return None, ""  # a column of zeros is how some programs write that they know no errors
    return values, ""


def _mean_of_both(
    source: NamedArrays, names: Mapping[str, str], size: int, unit: str | None
) -> tuple[NDArray[np.float64] | None, str]:
    """Return the mean of errors that differ to either side, as many tables of transit depths have them."""
    pair = error_pair(name for name in source.arrays if name not in names.values())
    if pair is None:
        return None, ""
    sides = []
    for name in pair:
        stated = source.units.get(name) or unit_in_name(name)
        sides.append(np.abs(_line(source, name, size)) * _factor(source, name, stated, names["flux"], unit))
    return np.asarray(0.5 * (sides[0] + sides[1]), float), f"mean of {pair[0]} and {pair[1]}"


def _factor(source: NamedArrays, name: str, stated: str | None, flux: str, unit: str | None) -> float:
    """Return what brings errors in the unit ``stated`` to the ``unit`` of the values."""
    if not stated or stated == unit:
        return 1.0
    try:
        own = read_unit(stated)
        if not unit and not own.is_equivalent(""):
            return 1.0  # nobody says what the values are in
        return float(own.to(read_unit(unit or "")))
    except ValueError as error:  # astropy's UnitsError is one
        raise InputFileError(source.path, f"{name!r} is in {stated!r}, {flux!r} in {unit!r}: {error}") from None


def _bad(source: NamedArrays, names: Mapping[str, str], size: int, flags: int | None) -> NDArray[np.bool_] | None:
    if "mask" not in names:
        return None
    values = _line(source, names["mask"], size)
    if values.dtype.kind == "b":
        return values.astype(bool)
    whole = np.nan_to_num(values.astype(float), nan=1.0).astype(np.int64)
    if flags is None and names["mask"].rpartition("/")[2].upper() == "DQ":
        flags = _DO_NOT_USE
    return np.asarray(whole != 0 if flags is None else (whole & flags) != 0)
