"""Published spectra read from tables of any layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import read_unit
from specframe.errors import InputFileError
from specframe_io.columns import IpacSource
from specframe_io.light_curve import check_wavelengths
from specframe_io.names import listed
from specframe_io.pickled import refuse_pickle
from specframe_io.source import open_source
from specframe_io.spectrum_table.layout import guess_columns, is_eclipse, unit_in_name
from specframe_io.spectrum_table.published import Published
from specframe_io.text import TextSource

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe_io.source import Source
    from specframe_io.spectrum_table.params import SpectrumColumns

__all__ = ["read_published"]

_DEPTH_UNITS = {"": 1.0, "none": 1.0, "dimensionless": 1.0, "ppm": 1e-6, "percent": 1e-2, "%": 1e-2}
#: Where a depth without units is hardly one: 0.1 is Rp/R* of 0.32.
_MOST_DEPTH = 0.1
_TEXT = (".txt", ".dat", ".asc")


def read_published(
    path: Path,
    columns: SpectrumColumns | None = None,
    wavelength_units: str | None = None,
    depth_units: str | None = None,
    eclipse: bool | None = None,
) -> list[Published]:
    """Return the spectra in a table, one for each instrument in it.

    Parameters
    ----------
    path
        The table.
    columns
        Which column holds what; ``None`` tells them by their names.
    wavelength_units, depth_units
        Where the table has none; um, and '' (a fraction). '', ppm and percent are units of depth.
    eclipse
        Whether these are depths of an eclipse; ``None`` asks the table.

    Raises
    ------
    InputFileError
        When a column is missing or its units or values cannot be what they should be. Names file and column.
    """
    source = _source(path)
    filled = [name for name in source.names() if not _is_empty(source.raw(name))]
    chosen = columns or guess_columns(filled) or guess_columns(source.names())
    if chosen is None:
        raise InputFileError(
            path,
            f"its columns {listed(map(repr, source.names()), 12)} do not tell wavelength and depth; write e.g. "
            "columns: {wavelength: ..., depth: ..., error: ...}",
        )
    return _Table(source, chosen, wavelength_units, depth_units, eclipse).spectra()


class _Table:
    """A table and what its columns are."""

    def __init__(
        self,
        source: Source,
        columns: SpectrumColumns,
        wavelength_units: str | None,
        depth_units: str | None,
        eclipse: bool | None,
    ) -> None:
        self.source = source
        self.columns = columns
        self.wavelength_units = wavelength_units
        self.depth_units = depth_units
        self.meta: dict[str, Any] = getattr(source, "meta", {})
        value = str(columns.depth or columns.radius_ratio)
        says = " ".join(str(self.meta.get(key, "")) for key in ("SPEC_TYPE", "quantity")).lower()
        self.eclipse = ("eclipse" in says or is_eclipse(value)) if eclipse is None else eclipse

    def spectra(self) -> list[Published]:
        """Return the spectra by instrument, in the order of the table."""
        names = self._instruments()
        middle, lower, upper = self._wavelength()
        depth, error, down, up = self._depth()
        spectra = []
        for name in dict.fromkeys(names.tolist()):
            own = np.flatnonzero((names == name) & np.isfinite(middle))
            own = own[np.argsort(middle[own], kind="stable")]
            if not np.isfinite(depth[own]).any():
                raise self.wrong(self.columns.depth or self.columns.radius_ratio, "no channel has a value")
            same = np.flatnonzero(np.diff(middle[own]) <= 0)
            if len(same):
                raise self.wrong(
                    self.columns.wavelength or self.columns.wavelength_lower,
                    f"two channels are at {middle[own[same[0]]]:.6g} um; if they are of different instruments, say in "
                    "which column these are named (columns: {instrument: ...}) or make a file of each",
                )
            arrays = [None if array is None else array[own] for array in (lower, upper, down, up)]
            planet = str(self.meta.get("PL_NAME") or self.meta.get("target") or "").strip(" '\"")
            spectra.append(
                Published(
                    path=self.source.path,
                    wavelength=middle[own],
                    lower=arrays[0],
                    upper=arrays[1],
                    depth=depth[own],
                    error=error[own],
                    error_lower=arrays[2],
                    error_upper=arrays[3],
                    eclipse=self.eclipse,
                    planet=planet,
                    instrument=str(name),
                )
            )
        return spectra

    def wrong(self, column: str | None, message: str) -> InputFileError:
        return InputFileError(self.source.path, f"column {column!r}: {message}")

    def _instruments(self) -> NDArray[np.str_]:
        n = len(self._numbers(str(self.columns.depth or self.columns.radius_ratio)))
        if self.columns.instrument is not None:
            names = np.asarray(self.source.raw(self.columns.instrument)).astype(str)
            if names.shape == (n,):
                return names
        return np.full(n, str(self.meta.get("INSTRUMENT") or "").strip(" '\""))

    def _numbers(self, column: str) -> NDArray[np.float64]:
        values = np.asarray(self.source.numbers(column), float)
        if values.ndim != 1:
            raise self.wrong(column, f"expected one number per row, got shape {values.shape}")
        rows = len(self.source.numbers(str(self.columns.depth or self.columns.radius_ratio)))
        if len(values) != rows:
            raise self.wrong(column, f"has {len(values)} rows, but there are {rows} depths")
        return np.where(np.isfinite(values), values, np.nan)

    def _in_um(self, column: str) -> NDArray[np.float64]:
        stated = self.source.units(column) or self.wavelength_units or unit_in_name(column) or "um"
        try:
            factor = float(read_unit(stated).to("um"))
        except ValueError:
            raise self.wrong(column, f"expected units convertible to 'um', got {stated!r}") from None
        return self._numbers(column) * factor

    def _wavelength(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Return middle and edges of the channels in um."""
        columns = self.columns
        lower = upper = None
        if columns.wavelength_lower is not None and columns.wavelength_upper is not None:
            lower, upper = self._in_um(columns.wavelength_lower), self._in_um(columns.wavelength_upper)
            if (lower > upper).all():  # as of tables in wavenumber
                lower, upper = upper, lower
        middle = (
            0.5 * (lower + upper) if columns.wavelength is None and lower is not None and upper is not None else None
        )
        if columns.wavelength is not None:
            middle = self._in_um(columns.wavelength)
        assert middle is not None
        if columns.half_width is not None:
            half = np.abs(self._in_um(columns.half_width))
            lower, upper = middle - half, middle + half
        elif columns.width is not None:
            width = np.abs(self._in_um(columns.width))
            lower, upper = middle - 0.5 * width, middle + 0.5 * width
        name = columns.wavelength or columns.wavelength_lower
        if not np.isfinite(middle).any():
            raise self.wrong(name, "no channel has a wavelength")
        check_wavelengths(middle, str(name), "write wavelength_units: nm or whichever they are in", self.wrong)
        if lower is not None and upper is not None:
            outside = np.flatnonzero((lower > middle) | (middle > upper) | (lower >= upper))
            if len(outside):
                at = int(outside[0])
                raise self.wrong(
                    name,
                    f"row {at + 1}: {middle[at]:.6g} um is not between its edges {lower[at]:g} and {upper[at]:g} um",
                )
        return middle, lower, upper

    def _depth(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Return depths and errors as fractions."""
        columns = self.columns
        name = str(columns.depth or columns.radius_ratio)
        value, factor = self._scaled(name)
        error = down = up = None
        if columns.error is not None:
            error = np.abs(self._error(columns.error, factor))
        if columns.error_lower is not None and columns.error_upper is not None:
            down = np.abs(self._error(columns.error_lower, factor))
            up = np.abs(self._error(columns.error_upper, factor))
        if columns.radius_ratio is not None:
            if (value < 0).any():
                raise self.wrong(name, "expected Rp/R* above 0, got negative ones")
            # the ends of an interval of Rp/R* are squared, which is exact: so asymmetric errors stay quantiles
            if down is not None and up is not None:
                down, up = value**2 - np.clip(value - down, 0.0, None) ** 2, (value + up) ** 2 - value**2
            if error is not None:
                error = 2.0 * value * error
            value = value**2
        if down is not None and up is not None:
            error = 0.5 * (down + up)
        return value, np.full(value.shape, np.nan) if error is None else error, down, up

    def _scaled(self, name: str) -> tuple[NDArray[np.float64], float]:
        values = self._numbers(name)
        stated = self._depth_unit(name)
        if stated is None:
            stated = self.depth_units or ""
            with np.errstate(over="ignore"):  # infinite is hardly a fraction, too
                typical = float(np.nanmedian(np.abs(values))) if np.isfinite(values).any() else 0.0
            most = _MOST_DEPTH if self.columns.depth is not None else 1.0
            if self.depth_units is None and typical > most:
                raise self.wrong(
                    name, f"has no units, and {typical:g} is hardly a fraction; write depth_units: ppm or percent"
                )
        factor = _DEPTH_UNITS.get(stated.strip().lower())
        if factor is None:
            raise self.wrong(name, f"expected units '', ppm or percent, got {stated!r}; see depth_units")
        return values * factor, factor

    def _error(self, name: str, factor: float) -> NDArray[np.float64]:
        """Return errors as fractions; those without units are in that of the values."""
        own = self._depth_unit(name)
        if own is not None:
            found = _DEPTH_UNITS.get(own.strip().lower())
            if found is None:
                raise self.wrong(name, f"expected units '', ppm or percent, got {own!r}")
            factor = found
        return self._numbers(name) * factor

    def _depth_unit(self, name: str) -> str | None:
        stated = self.source.units(name)
        if stated is None or (stated == "" and self.depth_units is not None):
            return unit_in_name(name) if self.depth_units is None else self.depth_units
        return stated


def _is_empty(values: NDArray[Any]) -> bool:
    """Return whether a column has no values: archives keep columns for depths and for Rp/R*, and fill one of them."""
    return values.dtype.kind == "f" and not np.isfinite(values).any()


def _source(path: Path) -> Source:
    if not path.is_file():
        raise InputFileError(path, "is a folder, expected a file" if path.is_dir() else "no such file")
    refuse_pickle(path)
    suffix = path.suffix.lower()
    if suffix in (".tbl", *_TEXT):
        with path.open("rb") as file:
            ipac = file.read(1) in (b"\\", b"|")
        return IpacSource(path) if ipac else TextSource(path)
    return open_source(path)
