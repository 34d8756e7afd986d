"""The extracted spectra of one x1dints file, in either layout.

Until 2025 the pipeline wrote one ``EXTRACT1D`` table per integration and order, with one row per wavelength, and the
times in ``INT_TIMES``; since then one table per order (and detector and segment) has one row per integration, whose
columns are vectors, and its times. Described in the JWST pipeline's documentation, "Science products" and "JWST
datamodels" (TSOMultiSpecModel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from specframe.errors import InputFileError
from specframe_io.fits_file import opened_fits
from specframe_io.names import listed

if TYPE_CHECKING:
    from pathlib import Path

    from astropy.io import fits
    from numpy.typing import NDArray

    from specframe_io.params import TimeSystem

__all__ = ["Spectra", "primary_header", "read_spectra"]

_EXTENSION = "EXTRACT1D"
#: Where the middle of an integration stands: column or keyword of its own, column of INT_TIMES.
_MIDDLE = {"BJD_TDB": ("TDB-MID", "int_mid_BJD_TDB"), "MJD_UTC": ("MJD-AVG", "int_mid_MJD_UTC")}
#: Units in which an Observation holds flux, tried in this order.
_FLUX_UNITS = ("Jy", "electron / s", "electron", "adu / s", "adu", "W m-2 um-1", "ph s-1 m-2 um-1")
#: The pipeline's DN are the detector's counts.
_SAME = [(u.DN / u.s, u.adu / u.s), (u.DN, u.adu)]


@dataclass(frozen=True)
class Spectra:
    """Spectra of one order and detector: arrays (integration, channel), ``time`` in d (NaN: not known) and its file."""

    path: Path
    node: str
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]
    dq: NDArray[np.int64]
    time: NDArray[np.float64]
    units: str


def primary_header(path: Path) -> fits.Header:
    """Return the primary header of a file."""
    with opened_fits(path) as file:
        return file[0].header.copy()


def read_spectra(path: Path, system: TimeSystem, units: str | None) -> list[Spectra]:
    """Return the spectra of a file, those of one ``EXTRACT1D`` table together; ``units`` where the flux states none.

    Raises
    ------
    InputFileError
        When the file is damaged, or a table or column is missing or not what the pipeline writes.
    """
    with opened_fits(path) as file:
        tables = [hdu for hdu in file if hdu.name == _EXTENSION]
        if not tables:
            there = listed([hdu.name for hdu in file], 8)
            raise InputFileError(path, f"has no table {_EXTENSION}, expected an x1dints file (there: {there})")
        clock = _int_times(path, file, system)
        first = file[0].header
        count: dict[str, int] = {}
        spectra = []
        for hdu in tables:
            node = _node(path, first, hdu.header)
            read = _Table(path, hdu).spectra(node, system, units, clock, first, count.get(node, 0))
            count[node] = count.get(node, 0) + len(read.time)
            spectra.append(read)
        return spectra


class _Table:
    """An ``EXTRACT1D`` table: columns (integration, channel) whatever its layout."""

    def __init__(self, path: Path, hdu: Any) -> None:
        self.path = path
        self.header = hdu.header
        self.place = f"{_EXTENSION},{hdu.ver}"
        self.data = hdu.data
        columns = getattr(hdu, "columns", None)
        if columns is None or self.data is None or not len(self.data):
            raise InputFileError(path, f"{self.place}: expected a table with rows")
        self.columns = {column.name.upper(): column for column in columns}

    def spectra(
        self, node: str, system: TimeSystem, units: str | None, clock: _Clock, first: fits.Header, before: int
    ) -> Spectra:
        wavelength = self.array("WAVELENGTH") * self.factor("WAVELENGTH", "um", ("um",))[0]
        factor, unit = self.factor("FLUX", units, _FLUX_UNITS)
        error = "FLUX_ERROR" if "FLUX_ERROR" in self.columns else "ERROR"
        if error not in self.columns:
            raise self.missing("FLUX_ERROR")
        error_factor, error_unit = self.factor(error, str(self.columns["FLUX"].unit or units), _FLUX_UNITS)
        if error_unit != unit:
            raise self.wrong(error, f"is in {error_unit!r}, but FLUX in {unit!r}")
        flux, flux_error, dq = self.array("FLUX"), self.array(error), self.array("DQ").astype(np.int64)
        for name, array in (("FLUX", flux), (error, flux_error), ("DQ", dq)):
            if array.shape != wavelength.shape:
                raise self.wrong(name, f"has shape {array.shape}, but WAVELENGTH {wavelength.shape}")
        if "N_ALONGDISP" in self.columns:  # the rest of a shorter spectrum is padding
            length = np.asarray(self.data["N_ALONGDISP"], int).reshape(-1, 1)
            wavelength = np.where(np.arange(wavelength.shape[1]) < length, wavelength, np.nan)
        n = len(wavelength)
        time = self.own(_MIDDLE[system][0], n)
        unknown = ~(np.isfinite(time) & (time > 0))
        time[unknown] = clock.times(self.own("INT_NUM", n), before, first)[unknown]
        return Spectra(self.path, node, wavelength, flux * factor, flux_error * error_factor, dq, time, unit)

    def array(self, name: str) -> NDArray[np.float64]:
        """Read a column; one value per row makes a single integration."""
        if name not in self.columns:
            raise self.missing(name)
        values = np.asarray(self.data[self.columns[name].name])
        if values.dtype.kind not in "fiu" or values.ndim not in (1, 2):
            raise self.wrong(name, f"expected numbers or vectors of them, got {values.dtype} of shape {values.shape}")
        return np.atleast_2d(values.astype(float))

    def own(self, name: str, n: int) -> NDArray[np.float64]:
        """Return what the rows or the table's header say of each integration, NaN where they do not."""
        if name in self.columns:
            values = np.asarray(self.data[self.columns[name].name], float)
            if values.shape == (n,):
                return values.copy()
        value = self.header.get(name)
        return np.full(n, value if n == 1 and isinstance(value, int | float) else np.nan, float)

    def factor(self, name: str, default: str | None, wanted: tuple[str, ...]) -> tuple[float, str]:
        """Return what makes a column one of the units wanted, and which."""
        if name not in self.columns:
            raise self.missing(name)
        stated = self.columns[name].unit or default
        if stated is None:
            raise self.wrong(name, "states no unit (TUNIT); give the parameter units")
        for unit in wanted:
            try:
                return float(u.Unit(stated).to(unit, equivalencies=_SAME if name != "WAVELENGTH" else [])), unit
            except (u.UnitConversionError, ValueError, TypeError):
                continue
        raise self.wrong(name, f"expected a unit convertible to one of {', '.join(wanted)}, got {stated!r}")

    def missing(self, name: str) -> InputFileError:
        return self.wrong(name, f"no such column (there: {listed(self.columns, 8)})")

    def wrong(self, name: str, message: str) -> InputFileError:
        return InputFileError(self.path, f"{self.place}, column {name}: {message}")


@dataclass(frozen=True)
class _Clock:
    """``INT_TIMES``: middle of the integrations by their number in the exposure, empty where there is none."""

    number: NDArray[np.int64]
    middle: NDArray[np.float64]

    def times(self, number: NDArray[np.float64], before: int, first: fits.Header) -> NDArray[np.float64]:
        """Return the times of integrations by number, else by their place: ``before`` precede them in the file."""
        place = before + np.arange(len(number))
        start = first.get("INTSTART", self.number[0] if len(self.number) else 1)
        wanted = np.where(np.isfinite(number) & (number > 0), number, place + start)
        by_number = dict(zip(self.number.tolist(), self.middle.tolist(), strict=True))
        return np.array([by_number.get(int(i), np.nan) for i in wanted])


def _int_times(path: Path, file: fits.HDUList, system: TimeSystem) -> _Clock:
    if "INT_TIMES" not in file or file["INT_TIMES"].data is None:
        return _Clock(np.array([], np.int64), np.array([]))
    hdu = file["INT_TIMES"]
    names = {name.lower(): name for name in hdu.columns.names}
    wanted = [name for name in ("integration_number", _MIDDLE[system][1]) if name.lower() not in names]
    if wanted:
        raise InputFileError(path, f"INT_TIMES: has no column {wanted[0]} (there: {listed(names.values(), 8)})")
    number = np.asarray(hdu.data[names["integration_number"]], np.int64)
    middle = np.asarray(hdu.data[names[_MIDDLE[system][1].lower()]], float)
    return _Clock(number, np.where(middle > 0, middle, np.nan))


def _node(path: Path, first: fits.Header, header: fits.Header) -> str:
    """Return the instrument with the order (NIRISS) or the detector, and its order where it is not the first."""
    instrument = str(first.get("INSTRUME", "")).strip()
    if not instrument:
        raise InputFileError(path, "the primary header has no INSTRUME, expected an x1dints file of JWST")
    order = header.get("SPORDER")
    if instrument == "NIRISS":
        if order is None:
            raise InputFileError(path, f"{_EXTENSION},{header.get('EXTVER', 1)}: the header has no SPORDER")
        return f"{instrument}-{abs(int(order))}"
    detector = str(header.get("DETECTOR", first.get("DETECTOR", ""))).strip()
    parts = [instrument, "" if detector == "MULTIPLE" else detector, "" if order in (None, 0, 1) else str(order)]
    return "-".join(part for part in parts if part)
