"""The bins in wavelength that a user asks for."""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.sizes import unpacked
from specframe.errors import DataError, InputFileError
from specframe_transit.cleaning.params import EdgesTable
from specframe_transit.cleaning.rebinning import edges_from_centres, rebin_matrix

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_transit.cleaning.params import GridParams

__all__ = ["Grid", "channel_edges", "make_grid"]

#: The last bin of a series is cut off at the end of the channels, or left out where less than this part remains.
_LEAST_PART = 0.5
#: More bins are a slip of the pen.
_MOST = 100_000
#: As many bins are named in an error.
_NAMED = 5
#: What astropy raises on damaged tables.
_DAMAGED = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, csv.Error)


@dataclass(frozen=True)
class Grid:
    """Bins: ``lower`` and ``upper`` (n_bin,) in um, and ``part`` (n_bin, n_channel) of each channel in each bin."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    part: NDArray[np.float64]

    @property
    def centre(self) -> NDArray[np.float64]:
        """The middle of each bin, in um."""
        return np.asarray(0.5 * (self.lower + self.upper))


def channel_edges(path: str, data: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of a node's channels in um, half-way between the centres where the data have none.

    Raises
    ------
    DataError
        When there is one channel without edges, or a lower edge is not below its upper one.
    """
    wavelength = np.asarray(data["wavelength"].values, float)
    if {"wavelength_lower", "wavelength_upper"} <= set(data.variables):
        lower = np.asarray(data["wavelength_lower"].values, float)
        upper = np.asarray(data["wavelength_upper"].values, float)
        wrong = ~(lower < upper)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"node /{path}: channel {at} at {wavelength[at]:g} um has wavelength_lower {lower[at]:g} and "
                f"wavelength_upper {upper[at]:g}, expected lower < upper"
            )
        return lower, upper
    if len(wavelength) < 2:
        raise DataError(
            f"node /{path}: its one channel has no wavelength_lower and wavelength_upper, so how wide it is is not "
            "known; leave its instrument out with instruments, or bin it in time only"
        )
    return edges_from_centres(wavelength)


def make_grid(path: str, data: xr.Dataset, params: GridParams) -> Grid:
    """Return the bins for a node.

    Bins of constant width or resolution begin at the lower edge of the first channel, or where ``range`` says. The
    last one is cut off at the last channel's upper edge (the end of ``range``), or left out where less than half of it
    remains. Groups of channels begin at the first channel likewise.

    Raises
    ------
    DataError
        When a bin holds no channel, naming it, or the data and the bins do not meet.
    """
    lower, upper = channel_edges(path, data)
    if params.channels is not None:
        return _groups(path, lower, upper, params.channels)
    if params.edges is not None:
        new_lower, new_upper = _given_edges(params.edges)
    else:
        new_lower, new_upper = _regular(path, float(lower[0]), float(upper[-1]), params)
        # nobody asked for those that lie before the first channel or in a gap between two
        there = [bool(np.any((lower < high) & (upper > low))) for low, high in zip(new_lower, new_upper, strict=True)]
        new_lower, new_upper = new_lower[there], new_upper[there]
    part = rebin_matrix(lower, upper, new_lower, new_upper)
    empty = np.flatnonzero(~np.any(part > 0, axis=1))
    if empty.size:
        named = ", ".join(f"{new_lower[i]:.6g}-{new_upper[i]:.6g} um" for i in empty[:_NAMED])
        more = f" and {empty.size - _NAMED} more" if empty.size > _NAMED else ""
        raise DataError(
            f"node /{path}: no channel lies in {empty.size} of {len(part)} bins ({named}{more}); its channels run from "
            f"{lower[0]:.6g} to {upper[-1]:.6g} um; take these bins out, or restrict the step with instruments"
        )
    return Grid(new_lower, new_upper, part)


def _groups(path: str, lower: NDArray[np.float64], upper: NDArray[np.float64], size: int) -> Grid:
    n = len(lower)
    if size > n:
        raise DataError(f"node /{path}: bins of {size} channels, but there are {n}; make bins smaller")
    starts = np.arange(0, n, size)
    if n - starts[-1] < _LEAST_PART * size:
        starts = starts[:-1]
    part = np.zeros((len(starts), n))
    for row, start in enumerate(starts):
        part[row, start : start + size] = 1.0
    last = np.minimum(starts + size, n) - 1
    return Grid(lower[starts], upper[last], part)


def _regular(
    path: str, lower: float, upper: float, params: GridParams
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    start, stop = (lower, upper) if params.range is None else params.range
    stop = min(stop, upper)
    if stop <= max(start, lower):
        raise DataError(
            f"node /{path}: range {list(params.range or ())} um holds no channel; they run from {lower:.6g} to "
            f"{upper:.6g} um"
        )
    if params.width is not None:
        number = (stop - start) / params.width
        edges = start + params.width * np.arange(min(_count(number), _MOST) + 1, dtype=float)
    else:
        assert params.resolution is not None
        # R = centre / width of a bin from x to y: y / x = (2 R + 1) / (2 R - 1)
        if params.resolution <= 0.5:
            raise DataError(f"resolution {params.resolution:g} makes bins wider than twice their wavelength")
        ratio = np.log1p(2.0 / (2.0 * params.resolution - 1.0))
        number = np.log(stop / start) / ratio
        edges = start * np.exp(ratio * np.arange(min(_count(number), _MOST) + 1))
    if number < 1.0 or len(edges) > _MOST:
        raise DataError(
            f"node /{path}: {start:.6g} to {stop:.6g} um are {number:.4g} bins long; make bins "
            f"{'narrower' if number < 1.0 else 'wider'}"
        )
    edges[-1] = min(edges[-1], stop)
    return edges[:-1], edges[1:]


def _count(number: float) -> int:
    """Return how many bins to make of a stretch that is ``number`` bins long."""
    whole = int(number + 1e-6)
    return max(whole + (number - whole >= _LEAST_PART), 1)


def _given_edges(
    edges: tuple[float, ...] | tuple[tuple[float, float], ...] | EdgesTable,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(edges, EdgesTable):
        return _table_edges(edges)
    values = np.asarray(edges, float)
    if values.ndim == 1:
        return values[:-1], values[1:]
    return values[:, 0], values[:, 1]


def _table_edges(table: EdgesTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from astropy import units
    from astropy.table import Table

    path = table.path
    try:
        # lines, since astropy unpacks and fetches what it takes for compressed or for an address
        lines = unpacked(path).decode("utf-8-sig").splitlines()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = Table.read(lines, format="ascii.ecsv" if path.suffix.lower() == ".ecsv" else "ascii.csv")
    except _DAMAGED as error:
        raise InputFileError(path, f"cannot be read as a table of bins: {' '.join(str(error).split())}") from None
    columns = []
    for name in (table.lower, table.upper):
        if name not in rows.colnames:
            raise InputFileError(path, f"has no column {name!r} (there: {', '.join(rows.colnames)})")
        column = rows[name]
        if getattr(column, "dtype", np.dtype(object)).kind not in "fiu" or column.ndim != 1:
            raise InputFileError(path, f"column {name!r} holds text or lists where numbers were expected")
        values = np.ma.filled(np.ma.asarray(column).astype(float), np.nan)
        try:
            unit = units.Unit(column.unit or table.units or "um")
            columns.append(np.asarray(units.Quantity(values, unit).to_value("um")))
        except (ValueError, TypeError, AttributeError, units.UnitConversionError) as error:
            raise InputFileError(path, f"column {name!r} is not a wavelength: {error}") from None
    lower, upper = columns
    if not len(lower):
        raise InputFileError(path, "has no rows")
    wrong = ~(np.isfinite(lower) & np.isfinite(upper) & (lower < upper))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputFileError(path, f"row {at} runs from {lower[at]:g} to {upper[at]:g} um, expected lower < upper")
    order = np.argsort(lower + upper, kind="stable")
    lower, upper = lower[order], upper[order]
    same = np.flatnonzero(np.diff(lower + upper) <= 1e-9 * upper[1:])
    if same.size:
        raise InputFileError(path, f"two bins have the same centre, {0.5 * (lower + upper)[same[0]]:g} um")
    return lower, upper
