"""Spectra in FITS files."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from specframe.api.sizes import check_fits_sizes
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import NamedArrays
from specframe_retrieval.files.reader import opened_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_fits"]

#: What astropy raises on damaged files; warnings that a file is truncated or corrupted are made errors.
_DAMAGED = (
    AssertionError,
    *(OSError, ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError, OverflowError, MemoryError),
    *(ArithmeticError, fits.VerifyError, Warning),
)
_FLUX_EXTENSIONS = ("FLUX", "SCI", "DATA", "SPECTRUM", "PRIMARY", "")
#: Above this a spectral axis without a unit cannot be in um.
_OPTICAL = 1000.0
#: Rows of an image whose first row is the wavelength, as Spextool and others write them.
_ROWS = ("wavelength", "flux", "flux_error", "flags")


def read_fits(path: Path) -> NamedArrays:
    """Read the columns and images of a FITS file by their names.

    Columns of tables keep their names; those of a second table that stand in the first, too, are called ``2/NAME`` by
    the number of their extension. A table of one row of arrays gives these arrays. An image along a spectral
    axis is ``flux``, with a ``wavelength`` from its world coordinates (linear, or logarithmic by DC-FLAG or CTYPE);
    images with a name of their own (ERR, UNCERTAINTY, MASK, WAVELENGTH) keep it. One (row, pixel), or (pixel, row),
    of up to 4 rows whose first ascends or descends is ``wavelength``, ``flux``, ``flux_error`` and ``flags``. ``attrs``
    are the keywords of the primary header and of the spectrum's extension.

    Raises
    ------
    InputFileError
        When the file is not FITS, damaged, or holds no data.
    """
    content = opened_bytes(path)
    check_fits_sizes(path, io.BytesIO(content))
    arrays: dict[str, NDArray[Any]] = {}
    units: dict[str, str] = {}
    attrs: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="(?s).*(truncated|corrupted)")
        try:
            with fits.open(io.BytesIO(content), memmap=False, lazy_load_hdus=False) as file:
                for number, hdu in enumerate(file):
                    if number == 0:
                        attrs |= _keywords(hdu.header)
                    if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
                        _add_table(hdu, number, arrays, units)
                        attrs |= {key: value for key, value in _keywords(hdu.header).items() if key not in attrs}
                    elif hdu.is_image and hdu.data is not None and hdu.data.size > 1:
                        _add_image(path, hdu, arrays, units, attrs)
        except _DAMAGED as error:
            raise InputFileError(
                path, f"is not a whole FITS file ({' '.join(str(error).split())}); fetch it again"
            ) from None
    if not arrays:
        raise InputFileError(path, "holds neither a table nor an image, so no spectrum")
    return NamedArrays(path, arrays, units, attrs=attrs)


def _keywords(header: fits.Header) -> dict[str, Any]:
    return {key: value for key, value in header.items() if isinstance(value, str | int | float | bool)}


def _native(values: Any) -> NDArray[Any]:
    """Return a copy in the machine's order of bytes; text without the blanks at its end."""
    array = np.array(values)
    return array.astype(str) if array.dtype.kind in "US" else array.astype(array.dtype.newbyteorder("="))


def _add_table(hdu: Any, number: int, arrays: dict[str, NDArray[Any]], units: dict[str, str]) -> None:
    for column in hdu.columns:
        values = hdu.data[column.name]
        if values.dtype.kind == "O" or (values.dtype.kind not in "USfiub"):
            continue  # arrays of different lengths, complex numbers
        name = column.name if column.name not in arrays else f"{number}/{column.name}"
        arrays[name] = np.atleast_1d(_native(values).squeeze())
        if column.unit:
            units[name] = str(column.unit)


def _add_image(
    path: Path, hdu: Any, arrays: dict[str, NDArray[Any]], units: dict[str, str], attrs: dict[str, Any]
) -> None:
    values, header = _native(hdu.data).squeeze(), hdu.header
    is_flux = hdu.name.upper() in _FLUX_EXTENSIONS and "flux" not in arrays
    if values.ndim == 3 and is_flux and 2 <= values.shape[1] <= len(_ROWS) and _is_axis(values[0, 0]):
        raise InputFileError(
            path,
            f"holds {len(values)} spectra (orders or apertures) of {values.shape[2]} pixels; save the one you mean",
        )
    if values.ndim == 2 and values.shape[1] <= len(_ROWS) < len(values):
        values = values.T
    if values.ndim == 2 and 2 <= len(values) <= len(_ROWS) and _is_axis(values[0]):
        for name, row in zip(_ROWS, values, strict=False):
            arrays[name] = np.array(row)
        written = {"wavelength": header.get("XUNITS"), "flux": header.get("YUNITS") or header.get("BUNIT")}
        units |= {name: str(unit) for name, unit in written.items() if unit}
        return
    if not is_flux:
        name = hdu.name or f"image {len(arrays)}"
        arrays[name] = values
        if header.get("BUNIT"):
            units[name] = str(header["BUNIT"])
        return
    arrays["flux"] = values
    if header.get("BUNIT"):
        units["flux"] = str(header["BUNIT"])
    attrs |= _keywords(header)
    if "CRVAL1" in header and ("CDELT1" in header or "CD1_1" in header):
        axis, unit = _axis(path, header, values.shape[-1])
        arrays["wavelength"] = axis
        if unit:
            units["wavelength"] = unit


def _is_axis(row: NDArray[Any]) -> bool:
    """Return whether a row may be wavelengths: positive, and ascending or descending where it is finite."""
    finite = row[np.isfinite(row) & (row != 0)]
    steps = np.diff(finite)
    return finite.size > 1 and bool(np.all(finite > 0) and (np.all(steps > 0) or np.all(steps < 0)))


def _axis(path: Path, header: fits.Header, size: int) -> tuple[NDArray[np.float64], str]:
    """Return the spectral axis of an image and its unit, empty where the header has none."""
    kind = str(header.get("CTYPE1", "")).upper()
    if kind.startswith("MULTISPE"):
        raise InputFileError(path, "holds several spectra in IRAF's MULTISPEC format; save the one you mean as text")
    if "-" in kind.strip("- ") and kind.startswith(("WAVE", "AWAV", "FREQ", "WAVN", "ENER")):
        world = WCS(header).sub([1])  # an algorithm of its own, such as WAVE-LOG; in SI units
        return np.asarray(world.all_pix2world(np.arange(size), 0)[0], float), str(world.wcs.cunit[0])
    step = float(header.get("CDELT1", header.get("CD1_1")))
    pixel = np.arange(size, dtype=np.float64) + 1.0 - float(header.get("CRPIX1", 1.0))
    axis: NDArray[np.float64] = np.add(float(header["CRVAL1"]), pixel * step)
    if int(header.get("DC-FLAG", 0)) == 1 or kind == "LOG" or "LOGLAM" in kind:
        axis = np.power(10.0, axis)
    unit = str(header.get("CUNIT1", "")).strip()
    if not unit and "WAT1_001" in header:  # IRAF
        stated = [word.partition("=")[2] for word in str(header["WAT1_001"]).split() if word.startswith("units=")]
        unit = stated[0] if stated else ""
    if not unit and np.median(axis) > _OPTICAL:
        unit = "angstrom"  # what IRAF and specutils take it for
    return axis, unit
