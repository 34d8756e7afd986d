"""Light curves or spectra of many targets, as the parameters of ``table`` describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_io.clock import too_coarse
from specframe_io.names import column_order, differences
from specframe_io.params import ArrayParams, ContactParams, FluxParams, TableParams
from specframe_io.scatter import neighbour_scatter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.params import LabelParams
    from specframe_io.source import Source

__all__ = ["Arrays", "patterns_of"]

#: Axes of the flux by level and number of axes, where ``dims`` does not say.
_DIMS = {
    "light-curves": {1: ("time",), 2: ("target", "time"), 3: ("target", "wavelength", "time")},
    "spectrum": {1: ("wavelength",), 2: ("target", "wavelength")},
}


@dataclass(frozen=True)
class Arrays:
    """Arrays of a data file; ``source`` opens it (``None``) or another file."""

    params: TableParams
    source: Callable[[Path | None], Source]

    def target_names(self) -> list[str]:
        """Return the targets' names, in the order of the flux's rows."""
        flux = self._flux()
        if not flux.size:
            shape = self.source(None).numbers(self._flux_key()).shape
            raise self._error(f"holds no targets: {self._flux_key()!r} is empty, its shape is {shape}")
        n, key = len(flux), self.params.target
        if key is None:
            return [str(i) for i in range(n)] if "target" in self._dims() else [self.params.path.stem]
        names = self.source(None).targets(key)
        if len(names) != n:
            raise self._error(f"{key!r} has {len(names)} targets, but {self._flux_key()!r} has {n}")
        return names

    def node(self, row: int) -> xr.Dataset:
        """Return flux, errors, mask and coordinates of one target."""
        import xarray as xr

        light_curves = self.params.level == "light-curves"
        grid = ("wavelength", "time") if light_curves else ("wavelength",)
        flux = np.array(self._flux()[row], float)
        units = self._units(self._flux_key(), self.params.flux) or ""
        error, comment = self._flux_error(row, flux, units)
        mask = ~np.isfinite(flux)
        if self.params.flux_error is not None:
            mask |= ~(np.isfinite(error) & (error > 0))
        if self.params.mask is not None:
            mask |= np.nan_to_num(self._like_flux(self.params.mask)[row], nan=1.0).astype(bool)
        wavelength, wavelength_attrs = self._wavelength(row, len(flux))
        variables: dict[str, Any] = {
            "flux": (grid, flux, {"units": units}),
            "flux_error": (grid, error, {"units": units, **comment}),
            "mask": (grid, mask),
        }
        coords: dict[str, Any] = {"wavelength": ("wavelength", wavelength, wavelength_attrs)}
        if light_curves:
            time, attrs = self._time(row, flux.shape[1])
            coords["time"] = ("time", time, attrs)
            if self.params.contacts is not None:
                contacts = self._contacts(row, time, attrs["units"])
                variables["contact_time"] = ("contact", contacts, {"units": attrs["units"]})
        return xr.Dataset(variables, coords=coords).sortby("wavelength")

    def label_wavelength(self, labels: LabelParams, outputs: Sequence[str]) -> NDArray[np.float64] | None:
        """Return the wavelengths (output,) of labels that are channels, in um; columns find theirs by name."""
        given = labels.wavelength
        if given is None:
            return None
        if isinstance(given, tuple):
            values = np.array(given)
        else:
            given = given if isinstance(given, ArrayParams) else ArrayParams(key=given, path=labels.path)
            source, own = self.source(given.path), self.source(labels.path)
            values = source.numbers(given.key)
            if labels.reduce is None and set(outputs) <= set(own.names()):
                patterns = patterns_of(labels.columns)
                own_key = patterns[0] if len(patterns) == 1 else "labels.columns"
                values = _paired(values, source, given.key, list(outputs), own_key, own)
            values = self._in_um(np.array(values, float).ravel(), given)
        if len(values) != len(outputs):
            raise InputFileError(
                labels.path or self.params.path,
                f"labels.wavelength has {len(values)} values for {len(outputs)} labels",
            )
        return values

    def files(self) -> list[Path]:
        """Return every file that :meth:`node` reads."""
        others = [p.path for p in (self.params.wavelength, self.params.time) if isinstance(p, ArrayParams)]
        return list(dict.fromkeys([self.params.path, *(path for path in others if path is not None)]))

    def _error(self, message: str) -> InputFileError:
        return InputFileError(self.params.path, message)

    def _flux_key(self) -> str:
        return self.params.flux if isinstance(self.params.flux, str) else self.params.flux.key

    def _units(self, key: str, given: object, path: Path | None = None) -> str | None:
        """Return the units of an array: as the parameters say, else as the file says."""
        stated = given.units if isinstance(given, (FluxParams, ArrayParams)) else None
        return stated if stated is not None else self.source(path).units(key)

    def _dims(self) -> tuple[str, ...]:
        ndim = self.source(None).numbers(self._flux_key()).ndim
        dims = self.params.dims or _DIMS[self.params.level].get(ndim)
        if dims is None or len(dims) != ndim:
            expected = f"dims {list(self.params.dims)}" if self.params.dims else self.params.level
            raise self._error(f"{self._flux_key()!r} has {ndim} axes, which does not fit {expected}; see dims")
        return tuple(dims)

    def _flux(self) -> NDArray[Any]:
        return self._like_flux(self._flux_key())

    def _like_flux(self, key: str) -> NDArray[Any]:
        """Return an array with the axes of the flux as (target, wavelength, time) or (target, wavelength)."""
        dims = self._dims()
        array = self._beside_flux(self.source(None), key)
        flux = self.source(None).numbers(self._flux_key())
        if array.shape != flux.shape:
            raise self._error(f"{key!r} has shape {array.shape}, but {self._flux_key()!r} has {flux.shape}")
        order = ("target", "wavelength", "time") if self.params.level == "light-curves" else ("target", "wavelength")
        array = array.transpose([dims.index(dim) for dim in order if dim in dims])
        for axis, dim in enumerate(order):
            if dim not in dims:
                array = np.expand_dims(array, axis)
        return array

    def _flux_error(
        self, row: int, flux: NDArray[np.float64], units: str
    ) -> tuple[NDArray[np.float64], dict[str, str]]:
        given = self.params.flux_error
        if given is None and self.params.level == "spectrum":
            return np.full(flux.shape, np.nan), {"comment": "unknown: the data have no errors"}
        if given is None:
            error = np.broadcast_to(neighbour_scatter(flux)[:, None], flux.shape).copy()
            return error, {"comment": "estimated from the scatter of neighbouring samples of each channel"}
        if isinstance(given, float):
            return np.full(flux.shape, given), {}
        key = given if isinstance(given, str) else given.key
        error = np.array(self._like_flux(key)[row], float)
        own = self._units(key, given)
        return (error if own in (None, units) else error * self._factor(str(own), units, key)), {}

    def _wavelength(self, row: int, n: int) -> tuple[NDArray[np.float64], dict[str, str]]:
        given = self.params.wavelength
        if given is None:
            comment = "channel numbers: the data have no wavelengths"
            return np.arange(1.0, n + 1), {"units": "um", "comment": comment}
        if isinstance(given, (float, tuple)):
            values = np.atleast_1d(np.array(given, float))
            key = "wavelength"
        else:
            array = given if isinstance(given, ArrayParams) else ArrayParams(key=given)
            key = array.key
            values = self._in_um(self._of_row(array, row, "wavelength"), array)
        if values.shape != (n,):
            raise self._error(f"{key!r} has {values.size} values, but {self._flux_key()!r} has {n} channels")
        return values, {"units": "um"}

    def _time(self, row: int, n: int) -> tuple[NDArray[np.float64], dict[str, str]]:
        given = self.params.time
        if given is None:
            cadence: float | None = self.params.cadence
            comment = {"comment": "sample numbers: the data have no times"} if cadence is None else {}
            return np.arange(float(n)) * (1.0 if cadence is None else cadence), {"units": "s", **comment}
        array = given if isinstance(given, ArrayParams) else ArrayParams(key=given)
        units = self._units(array.key, array, array.path)
        if units is None:
            raise self._error(f"{array.key!r} has no units; write time: {{key: {array.key}, units: h}} or whichever")
        values = self._of_row(array, row, "time")
        if values.shape != (n,):
            raise self._error(f"{array.key!r} has {values.size} values, but {self._flux_key()!r} has {n} samples")
        coarse = too_coarse(values)
        if coarse:
            raise self._error(f"{array.key!r}: {coarse}")
        return values, {"units": units}

    def _contacts(self, row: int, time: NDArray[np.float64], units: str) -> NDArray[np.float64]:
        given = self.params.contacts
        contacts = given if isinstance(given, ContactParams) else ContactParams(key=str(given))
        source = self.source(None)
        if contacts.key not in source.names() and "*" not in contacts.key:
            error = source.missing(contacts.key)
            raise self._error(f"{error.reason}; it holds the contacts: leave out contacts where they are not known")
        values = source.numbers(contacts.key)
        values = values if values.ndim > 1 else values[None]
        where = f"{contacts.key!r}, row {row + 1}"
        if values.shape != (len(self._flux()), 4):
            raise self._error(f"{contacts.key!r} has shape {values.shape}, expected four contacts for each target")
        four: NDArray[np.float64] = np.array(values[row], float)
        if not np.isfinite(four).all() or np.any(np.diff(four) < 0):
            raise self._error(f"{where}: expected four ascending contacts, got {four.tolist()}")
        if contacts.units != "samples":
            return four * self._factor(contacts.units, units, contacts.key)
        if four[0] < 0 or four[-1] > len(time) - 1:
            raise self._error(f"{where}: contacts {four.tolist()} are not among the samples 0 ... {len(time) - 1}")
        return np.interp(four, np.arange(len(time)), time)

    def _beside_flux(self, source: Source, key: str) -> NDArray[Any]:
        """Return an array; columns that a pattern stacks stand as their partners by name in the flux."""
        data, flux_key = self.source(None), self._flux_key()
        names = data.stacked(flux_key)
        values = source.numbers(key)
        return values if names is None else _paired(values, source, key, names, flux_key, data)

    def _of_row(self, array: ArrayParams, row: int, dim: str) -> NDArray[np.float64]:
        """Return a target's values of an array (target, n), or those that all targets share, as a copy."""
        source = self.source(array.path)
        along_columns = self._dims()[-1] == dim  # where the flux is stacked columns, they are its last axis
        values = self._beside_flux(source, array.key) if along_columns else source.numbers(array.key)
        if values.ndim == 2 and len(values) == 1:  # a table of a single row
            values = values[0]
        elif values.ndim == 2 and len(values) == len(self._flux()):
            values = values[row]
        return np.array(values, float)

    def _in_um(self, values: NDArray[np.float64], array: ArrayParams) -> NDArray[np.float64]:
        own = self._units(array.key, array, array.path) or "um"
        return values if own == "um" else values * self._factor(own, "um", array.key)

    def _factor(self, own: str, units: str, key: str) -> float:
        from astropy import units as u

        try:
            return float(u.Unit(own).to(units))
        except (ValueError, TypeError, u.UnitsError) as error:
            raise self._error(f"{key!r} has units {own!r}, expected some convertible to {units!r}: {error}") from None


def patterns_of(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return column patterns as a tuple."""
    return (columns,) if isinstance(columns, str) else columns


def _paired(
    values: NDArray[Any], source: Source, key: str, own: list[str], own_key: str, own_source: Source
) -> NDArray[Any]:
    """Return stacked columns (..., column) in the order of their partners ``own``; other arrays as they are."""
    names = source.stacked(key)
    if names is None:
        return values
    order = column_order(own, own_key, names, key)
    if order is None:
        where = "" if own_source.path == source.path else f" of {own_source.path}"
        raise InputFileError(
            source.path,
            f"the columns {key!r} ({len(names)}) are not named as the columns {own_key!r} ({len(own)}){where}, to "
            f"which they belong; {differences(own, own_key, names, key)}",
        )
    return values[..., order]
