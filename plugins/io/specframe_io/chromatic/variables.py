"""Variables of light curves in a NetCDF file, under the names that chromatic and the ERS program give them.

chromatic's writers (chromatic-lightcurves 0.5, ``rainbows/writers``) name flux, error and quality ``flux``,
``uncertainty``, ``ok`` in its own words, ``raw_flux``, ``raw_flux_error``, ``quality_flag``, ``start_wavelength``,
``end_wavelength`` in light curves of the ERS program, and ``flux``, ``flux_error`` in its stellar spectra. Other
writers of the program call the axes ``central_wavelength`` and ``time_flux``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import flux_unit, read_unit
from specframe.errors import InputFileError
from specframe_io.clock import Clock, clock_of
from specframe_io.light_curve import Regressor, Series, check_wavelengths
from specframe_io.names import listed

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.chromatic.params import ChromaticParams

__all__ = ["Variables"]

_WAVELENGTH = ("wavelength", "central_wavelength", "wave_1d", "wave")
_TIME = ("time", "time_flux", "times")
_FLUX = ("raw_flux", "flux")
_ERROR = ("uncertainty", "flux_error", "flux_err", "raw_flux_error", "raw_flux_err")
_QUALITY = ("ok", "quality_flag")
_LOWER = ("wavelength_lower", "start_wavelength", "wave_low")
_UPPER = ("wavelength_upper", "end_wavelength", "wave_hi")
_HALF = ("bin_half_width", "half_width", "wave_err")
_EXPOSURE = ("exposure_time", "exptime")
#: Variables on time that say nothing of the instrument.
_NO_REGRESSOR = {"time_lower", "time_upper", "original_time_index", "white_light_curve"}


class Variables:
    """The variables of one file; errors name file and variable."""

    def __init__(self, path: Path, data: xr.Dataset, params: ChromaticParams) -> None:
        self.path = path
        self.data = data
        self.params = params

    def series(self) -> Series:
        """Return the light curves."""
        wave = self._named("wavelengths", None, _WAVELENGTH)
        time = self._named("times", None, _TIME)
        grid = (self._axis(wave), self._axis(time))
        flux_name = self._named("flux", self.params.flux, _FLUX)
        flux = self._array(flux_name, grid)
        units = self._flux_units(flux_name)
        error_name = self._error_name(flux_name)
        error = None if error_name is None else self._like(error_name, grid, units)
        quality, bad = self._bad(grid, flux.shape)
        days = self._quantity(time, "d", (grid[1],))
        wavelength = self._quantity(wave, "um", (grid[0],))
        check_wavelengths(wavelength, wave, "give the variable the attribute units, e.g. nm", self.wrong)
        lower, upper = self._edges(wave, grid[0])
        places = {"time": time, "wavelength": wave, "flux": flux_name}
        return Series(
            time=days,
            clock=self._clock(time, days),
            wavelength=wavelength,
            lower=lower,
            upper=upper,
            flux=flux,
            flux_error=error,
            bad=bad,
            units=units,
            regressors=self._regressors(grid, {wave, time, flux_name, error_name, quality}),
            exposure_time=self._exposure_time(),
            places=places | {"flux_error": error_name or "the scatter", "mask": quality or "no variable"},
        )

    def wrong(self, name: str, message: str) -> InputFileError:
        """Return the error that a variable is wrong."""
        return InputFileError(self.path, f"{name}: {message}")

    def source(self) -> str:
        """Return who made the file and with what, as far as it says."""
        words = [self.text(name) for name in ("code", "author", "data_origin")]
        return ", ".join([*(word for word in words if word), self.path.name])

    def text(self, name: str) -> str:
        """Return an attribute of the file as text; chromatic writes JSON."""
        return str(_plain(self.data.attrs.get(name)) or "").strip()

    def _named(self, what: str, given: str | None, known: tuple[str, ...]) -> str:
        names = [given] if given is not None else list(known)
        found = next((name for name in names if name in self.data.variables), None)
        if found is None:
            there = listed([str(name) for name in self.data.variables], 12) or "nothing"
            raise InputFileError(
                self.path,
                f"has no {what}, expected the variable {' or '.join(map(repr, names))}; there: {there}"
                + ("" if given else "; if it is another format see the loaders table, eureka and light-curves"),
            )
        return found

    def _axis(self, name: str) -> str:
        dims = self.data[name].dims
        if len(dims) != 1:
            raise self.wrong(name, f"expected one axis, got {dims}")
        return str(dims[0])

    def _array(self, name: str, dims: tuple[str, ...]) -> NDArray[np.float64]:
        variable = self.data[name]
        if set(variable.dims) != set(dims) or variable.dtype.kind not in "fiub":
            raise self.wrong(name, f"expected numbers on {dims}, got {variable.dtype} on {variable.dims}")
        return np.asarray(variable.transpose(*dims).values, float)

    def _quantity(self, name: str, unit: str, dims: tuple[str, ...]) -> NDArray[np.float64]:
        stated = str(self.data[name].attrs.get("units", "")) or unit
        try:
            return self._array(name, dims) * float(read_unit(stated).to(unit))
        except ValueError:
            raise self.wrong(name, f"expected units convertible to {unit!r}, got {stated!r}") from None

    def _flux_units(self, name: str) -> str:
        stated = str(self.data[name].attrs.get("units", ""))
        try:
            return flux_unit(stated or self.params.units or "")
        except ValueError as error:
            raise self.wrong(name, str(error)) from None

    def _error_name(self, flux: str) -> str | None:
        if self.params.flux_error is not None:
            return self._named("errors", self.params.flux_error, ())
        own = (f"{flux}_error", f"{flux}_err")
        names = own + (_ERROR if flux in _FLUX else ())
        return next((name for name in names if name in self.data.variables), None)

    def _like(self, name: str, grid: tuple[str, str], units: str) -> NDArray[np.float64]:
        stated = str(self.data[name].attrs.get("units", "")) or units
        try:
            return self._array(name, grid) * float(read_unit(stated).to(units))
        except ValueError:
            raise self.wrong(name, f"has units {stated!r}, but the flux is in {units!r}") from None

    def _bad(self, grid: tuple[str, str], shape: tuple[int, ...]) -> tuple[str | None, NDArray[np.bool_]]:
        given = self.params.quality
        name = given or next((known for known in _QUALITY if known in self.data.variables), None)
        if name is None:
            return None, np.zeros(shape, bool)
        self._named("quality", name, ())
        values = self._array(name, grid)
        marked = np.isfinite(values) & (values != 0)
        good = self.params.good or ("nonzero" if name == "ok" or marked.mean() >= 0.5 else "zero")
        return name, ~marked if good == "nonzero" else marked | ~np.isfinite(values)

    def _edges(self, wave: str, axis: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | tuple[None, None]:
        lower, upper, half = (
            next((name for name in names if name in self.data.variables), None) for names in (_LOWER, _UPPER, _HALF)
        )
        if lower is not None and upper is not None:
            return self._quantity(lower, "um", (axis,)), self._quantity(upper, "um", (axis,))
        if half is not None:
            centre, width = self._quantity(wave, "um", (axis,)), self._quantity(half, "um", (axis,))
            return centre - width, centre + width
        return None, None

    def _regressors(self, grid: tuple[str, str], taken: set[str | None]) -> dict[str, Regressor]:
        chosen = self.params.regressors
        if chosen is None:
            chosen = tuple(
                str(name)
                for name, variable in self.data.variables.items()
                if variable.dims == (grid[1],)
                and variable.dtype.kind in "fiub"
                and str(name) not in taken | _NO_REGRESSOR | set(_TIME) | set(_EXPOSURE)
                and np.isfinite(np.asarray(variable.values, float)).any()
            )
        found = {}
        for name in chosen:
            self._named("regressor", name, ())
            dims = grid if grid[0] in self.data[name].dims else (grid[1],)
            units = str(self.data[name].attrs.get("units", ""))
            found[name] = Regressor(self._array(name, dims), units, name)
        return found

    def _clock(self, name: str, time: NDArray[np.float64]) -> Clock:
        """Return the clock as the parameters, the variable or the file's attributes say (chromatic: time_format)."""
        attrs = self.data[name].attrs
        word = self.params.time_system or next(
            (str(attrs[key]) for key in ("time_units", "time_system") if attrs.get(key)), ""
        )
        if not word:
            scale, kind = self.text("time_scale"), self.text("time_format")
            word = f"{kind}_{scale}".strip("_")
        try:
            return clock_of(word, time)
        except ValueError as error:
            if self.params.time_system:
                raise self.wrong(name, f"parameter time_system: {error}") from None
            return Clock("", word)

    def _exposure_time(self) -> float | None:
        if self.params.exposure_time is not None:
            return float(self.params.exposure_time)
        for name in _EXPOSURE:
            if name in self.data.variables:
                return float(np.nanmedian(self.data[name].values)) * self._factor(name, "s")
            value = _plain(self.data.attrs.get(name))
            if isinstance(value, int | float) and value > 0:
                return float(value)
        return None

    def _factor(self, name: str, unit: str) -> float:
        stated = str(self.data[name].attrs.get("units", "")) or unit
        try:
            return float(read_unit(stated).to(unit))
        except ValueError:
            raise self.wrong(name, f"expected units convertible to {unit!r}, got {stated!r}") from None


def _plain(value: Any) -> Any:
    """Return an attribute, decoded where it is JSON as chromatic writes it."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value.item() if isinstance(value, np.ndarray | np.generic) and np.size(value) == 1 else value
