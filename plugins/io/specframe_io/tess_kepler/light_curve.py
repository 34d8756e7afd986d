"""One light-curve file of TESS, Kepler or K2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import flux_unit, read_unit
from specframe.errors import InputFileError
from specframe_io.clock import Clock
from specframe_io.fits_file import opened_fits
from specframe_io.light_curve import Regressor, Series, light_curve_node
from specframe_io.names import listed
from specframe_io.tess_kepler.missions import MISSIONS

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from astropy.io import fits
    from numpy.typing import NDArray

    from specframe_io.tess_kepler.missions import Mission
    from specframe_io.tess_kepler.params import TessKeplerParams

__all__ = ["Star", "Visit", "read_star", "read_visit"]

#: Columns that become regressors, by the names of an Observation; the first that is there is taken.
_REGRESSORS = {
    "x": ("MOM_CENTR1", "PSF_CENTR1", "SAP_X"),
    "y": ("MOM_CENTR2", "PSF_CENTR2", "SAP_Y"),
    "pos_corr_x": ("POS_CORR1",),
    "pos_corr_y": ("POS_CORR2",),
    "background": ("SAP_BKG",),
}
_REGRESSOR_UNITS = {"x": "pix", "y": "pix", "pos_corr_x": "pix", "pos_corr_y": "pix"}
_QLP = ("KSPSAP_FLUX", "DET_FLUX")
#: Keywords of the star that become attributes of the Observation.
_STAR = {
    "RA_OBJ": "right_ascension",
    "DEC_OBJ": "declination",
    "TEFF": "stellar_temperature",
    "RADIUS": "stellar_radius",
    "LOGG": "stellar_log_g",
    "MH": "stellar_metallicity",
    "FEH": "stellar_metallicity",
}
_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class Star:
    """What the primary header says: the star's name, the mission and what is known of the star."""

    name: str
    mission: str
    attrs: dict[str, float]


@dataclass(frozen=True)
class Visit:
    """The light curve of a sector, quarter or campaign, whose times count from the Julian date ``zero``."""

    path: Path
    mission: str
    number: str
    zero: float
    node: xr.Dataset


def read_star(path: Path) -> Star:
    """Return what the primary header says of the star.

    Raises
    ------
    InputFileError
        When the file is damaged or of no mission that is known.
    """
    with opened_fits(path) as file:
        return _star(path, file[0].header)


def read_visit(path: Path, params: TessKeplerParams) -> Visit:
    """Return the light curve of a file; cadences without a time are left out, and their number told in ``attrs``.

    Raises
    ------
    InputFileError
        When the file is damaged, or its table or a column is missing or not what the missions write.
    """
    with opened_fits(path) as file:
        primary = file[0].header
        star = _star(path, primary)
        mission = MISSIONS[star.mission]
        table = _table(path, file)
        header = table.header
        number = next((str(h[mission.visit]).strip() for h in (primary, header) if mission.visit in h), "0")
        columns = {name.upper(): name for name in table.columns.names}
        read = _Columns(path, table, columns)
        time_name = "T" if "T" in columns and "TIME" not in columns else "TIME"
        time = read.quantity(time_name, "d", "d")
        known = np.isfinite(time)
        if not known.any():
            raise read.wrong(time_name, "no cadence has a time")
        flux_name = read.chosen("flux", params.flux, ("SAP_FLUX",) if read.is_qlp else ("PDCSAP_FLUX", "SAP_FLUX"))
        flux = read.numbers(flux_name)[known]
        units = read.flux_units(flux_name)
        error_name = read.error_name(flux_name, params.flux_error)
        error = None if error_name is None else read.like(error_name, units)[known]
        quality_name = next((name for name in mission.quality if name in columns), None)
        bits = mission.sets[params.quality] if isinstance(params.quality, str) else params.quality
        bad = np.zeros(flux.shape, bool)
        if quality_name is not None:
            bad = (read.numbers(quality_name)[known].astype(np.int64) & bits) != 0
        middle, lower, upper = mission.band
        zero = _zero(header, mission)
        series = Series(
            time=time[known],
            clock=Clock(str(header.get("TIMESYS", "TDB")).strip().upper() or "TDB", f"JD {zero:.10g}"),
            wavelength=np.array([params.wavelength or middle]),
            lower=np.array([min(lower, params.wavelength or middle)]),
            upper=np.array([max(upper, params.wavelength or middle)]),
            flux=flux[None],
            flux_error=None if error is None else error[None],
            bad=bad[None],
            units=units,
            regressors=_regressors(read, known, params.regressors),
            exposure_time=params.exposure_time or _exposure_time(header, primary),
            places={
                "time": time_name,
                "flux": flux_name,
                "flux_error": error_name or "the scatter",
                "mask": f"{quality_name}, bits {bits}",
            },
        )
        node = light_curve_node(series, read.wrong)
        node.attrs["flux_column"] = flux_name
        node["mask"].attrs["bits"] = bits
        if not known.all():
            node.attrs["dropped_cadences"] = int((~known).sum())
    return Visit(path, star.mission, number, zero, node)


class _Columns:
    """The columns of a table; errors name file and column."""

    def __init__(self, path: Path, table: Any, names: dict[str, str]) -> None:
        self.path = path
        self.table = table
        self.names = names

    @property
    def is_qlp(self) -> bool:
        return any(name in self.names for name in _QLP)

    def wrong(self, name: str, message: str) -> InputFileError:
        return InputFileError(self.path, f"{self.table.name}, column {name}: {message}")

    def chosen(self, what: str, given: str | None, known: tuple[str, ...]) -> str:
        names = (given.upper(),) if given is not None else known
        found = next((name for name in names if name in self.names), None)
        if found is None:
            raise self.wrong(" or ".join(names), f"no such column; there: {listed(self.names, 20)} (parameter {what})")
        return found

    def error_name(self, flux: str, given: str | None) -> str | None:
        if given is not None:
            return self.chosen("flux_error", given, ())
        names = (f"{flux}_ERR", *((f"{name}_ERR" for name in _QLP) if self.is_qlp else ()))
        return next((name for name in names if name in self.names), None)

    def numbers(self, name: str) -> NDArray[Any]:
        if name not in self.names:
            raise self.wrong(name, f"no such column; there: {listed(self.names, 20)}")
        values = np.asarray(self.table.data[self.names[name]])
        if values.ndim != 1 or values.dtype.kind not in "fiub":
            raise self.wrong(name, f"expected a number per row, got {values.dtype} of shape {values.shape}")
        return values.astype(np.int64) if values.dtype.kind in "iub" else values.astype(np.float64)

    def unit(self, name: str) -> str:
        return str(self.table.columns[self.names[name]].unit or "").strip()

    def quantity(self, name: str, unit: str, default: str) -> NDArray[np.float64]:
        values = self.numbers(name).astype(float)
        stated = self.unit(name) or default
        if "JD" in stated.upper():  # 'BJD - 2457000, days'
            stated = default
        try:
            return values * float(read_unit(stated).to(unit))
        except ValueError:
            raise self.wrong(name, f"expected a unit convertible to {unit!r}, got {stated!r}") from None

    def flux_units(self, name: str) -> str:
        try:
            return flux_unit(self.unit(name))
        except ValueError as error:
            raise self.wrong(name, str(error)) from None

    def like(self, name: str, units: str) -> NDArray[np.float64]:
        return self.quantity(name, units, units)


def _star(path: Path, header: fits.Header) -> Star:
    telescope = str(header.get("TELESCOP", "")).strip()
    mission = "K2" if str(header.get("MISSION", "")).strip() == "K2" else telescope
    if mission not in MISSIONS:
        raise InputFileError(
            path,
            f"the primary header has TELESCOP {telescope!r}, expected {', '.join(MISSIONS)}; see fits-cube and table",
        )
    name = str(header.get("OBJECT", "")).strip()
    if not name:
        number = header.get("TICID", header.get("KEPLERID"))
        if number is None:
            raise InputFileError(path, "the primary header names no star (OBJECT, TICID, KEPLERID)")
        name = f"{'TIC' if mission == 'TESS' else 'KIC' if mission == 'Kepler' else 'EPIC'} {number}"
    attrs = {
        called: float(header[key])
        for key, called in _STAR.items()
        if isinstance(header.get(key), int | float) and not isinstance(header[key], bool) and np.isfinite(header[key])
    }
    return Star(name, mission, attrs)


def _table(path: Path, file: fits.HDUList) -> Any:
    tables = [hdu for hdu in file if getattr(hdu, "columns", None) is not None]
    chosen = next((hdu for hdu in tables if hdu.name == "LIGHTCURVE"), tables[0] if tables else None)
    if chosen is None or chosen.data is None or not len(chosen.data):
        there = listed([hdu.name for hdu in file], 8)
        raise InputFileError(path, f"has no table LIGHTCURVE with rows, expected a light-curve file (there: {there})")
    return chosen


def _zero(header: fits.Header, mission: Mission) -> float:
    """Return the Julian date at which times are 0: BJDREFI + BJDREFF, else that of the mission."""
    whole, fraction = header.get("BJDREFI"), header.get("BJDREFF", 0.0)
    return mission.zero if whole is None else float(whole) + float(fraction or 0.0)


def _exposure_time(header: fits.Header, primary: fits.Header) -> float | None:
    """Return the time from the first frame's start to the last one's end, in s.

    FRAMETIM and NUM_FRM count with the reads between frames, during which light curves change as well; INT_TIME is
    without them. EXPOSURE is the sum over the whole file and says nothing of a sample.
    """
    for frame in ("FRAMETIM", "INT_TIME"):
        seconds, number = (_number(key, header, primary) for key in (frame, "NUM_FRM"))
        if seconds is not None and number is not None:
            return seconds * number
    spacing = _number("TIMEDEL", header)
    return None if spacing is None else spacing * _SECONDS_PER_DAY


def _number(key: str, *headers: fits.Header) -> float | None:
    """Return a keyword above 0 from the first header that has it."""
    values = [header[key] for header in headers if isinstance(header.get(key), int | float)]
    return next((float(value) for value in values if value > 0), None)


def _regressors(read: _Columns, known: NDArray[np.bool_], chosen: tuple[str, ...] | None) -> dict[str, Regressor]:
    found: dict[str, Regressor] = {}
    for called, columns in _REGRESSORS.items():
        if chosen is not None and called not in chosen:
            continue
        for name in columns:
            if name in read.names:
                values = read.numbers(name)[known].astype(float)
                if np.isfinite(values).any():  # PSF_CENTR1 of most files has no numbers
                    units = _REGRESSOR_UNITS.get(called) or _plain_unit(read.unit(name))
                    found[called] = Regressor(values, units, name)
                    break
    missing = [name for name in chosen or () if name not in found]
    if missing:
        known_names = listed(_REGRESSORS)
        raise InputFileError(
            read.path, f"has no regressor {missing[0]!r}; there: {listed(found) or 'none'} of {known_names}"
        )
    return found


def _plain_unit(written: str) -> str:
    try:
        return str(read_unit(written).to_string())
    except ValueError:
        return written
