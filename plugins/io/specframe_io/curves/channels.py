"""Where the channels are in wavelength: what files say, and what parameters add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import read_unit
from specframe.errors import InputFileError
from specframe_io.curves.columns import vector
from specframe_io.curves.params import WavelengthParams
from specframe_io.source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe_io.curves.params import ChannelParams, LightCurvesParams

__all__ = ["Channels", "channels_of", "chosen_channels", "line_of_band", "wavelength_column"]

#: Wavelengths (um) between which spectra of transits are; others are nm or Angstrom taken for um, or the reverse.
_SHORTEST, _LONGEST = 0.05, 50.0


@dataclass(frozen=True)
class Channels:
    """``wavelength``, ``lower`` and ``upper`` (channel,) in um; edges are ``None`` where not known."""

    wavelength: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None

    def taken(self, order: NDArray[np.intp]) -> Channels:
        """Return some of the channels."""
        lower, upper = (None if edge is None else edge[order] for edge in (self.lower, self.upper))
        return Channels(self.wavelength[order], lower, upper)


def channels_of(path: Path, found: Channels | None, n: int, instrument: str, params: LightCurvesParams) -> Channels:
    """Return the ``n`` channels of an instrument, in the files' order.

    Parameters
    ----------
    path
        File or folder, for messages.
    found
        What the files have, if anything.

    Raises
    ------
    InputFileError
        When nobody says where the channels are, or two do and do not agree.
    """
    channels = _placed(path, found, n, instrument, params)
    lost = np.flatnonzero(~(np.isfinite(channels.wavelength) & (channels.wavelength > 0)))
    if len(lost):
        raise InputFileError(
            path, f"the wavelength of channel {int(lost[0])} is {channels.wavelength[lost[0]]:g}, expected it above 0"
        )
    shortest, longest = float(channels.wavelength.min()), float(channels.wavelength.max())
    if shortest < _SHORTEST or longest > _LONGEST:
        raise InputFileError(
            path,
            f"the channels are from {shortest:.6g} to {longest:.6g} um, expected {_SHORTEST:g} to {_LONGEST:g} "
            "um; say in which unit they are: wavelength: {units: nm}, or Angstrom",
        )
    return channels


def chosen_channels(path: Path, wavelength: NDArray[np.float64], wanted: ChannelParams | None) -> NDArray[np.intp]:
    """Return the indices of the channels wanted, in ascending wavelength."""
    order = np.argsort(wavelength, kind="stable")
    if wanted is None:
        return order
    if wanted.index is not None:
        first, stop = wanted.index
        if not 0 <= first < stop <= len(order):
            raise InputFileError(
                path,
                f"channels.index is [{first}, {stop}], but there are {len(order)} channels: [0, {len(order)}] are all",
            )
        order = order[first:stop]
    if wanted.wavelength is not None:
        low, high = wanted.wavelength
        inside = order[(wavelength[order] >= low) & (wavelength[order] <= high)]
        if not len(inside):
            raise InputFileError(
                path,
                f"no channel is from {low:g} to {high:g} um (channels.wavelength); they are from "
                f"{wavelength[order[0]]:g} to {wavelength[order[-1]]:g} um",
            )
        order = inside
    return order


def line_of_band(
    wavelength: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the band (channel,) that holds each wavelength, of several the one with the nearest middle, else -1."""
    holds = (lower <= wavelength[:, None]) & (wavelength[:, None] <= upper)
    distance = np.where(holds, np.abs(wavelength[:, None] - 0.5 * (lower + upper)), np.inf)
    return np.where(holds.any(axis=1), np.argmin(distance, axis=1), -1)


def wavelength_column(path: Path, column: str | int, unit: str | None, parameter: str) -> NDArray[np.float64]:
    """Return a column of a table in um."""
    source = open_source(path, text=True)
    name, values = vector(source, column, parameter)
    return np.asarray(values, float) * _factor(unit or source.units(name) or "um", path)


def _placed(path: Path, found: Channels | None, n: int, instrument: str, params: LightCurvesParams) -> Channels:
    given = params.wavelength
    if instrument in params.bands:
        low, high = sorted(params.bands[instrument])
        if n != 1:
            raise InputFileError(path, f"bands.{instrument}: a band is for one channel, but there are {n}")
        return Channels(np.array([0.5 * (low + high)]), np.array([low]), np.array([high]))
    if given is None:
        if found is None:
            raise InputFileError(
                path, f"nobody says where the {_counted(n)} of {instrument} {_is(n)}; {_advice(n, instrument)}"
            )
        return found
    if not isinstance(given, WavelengthParams):
        values = np.atleast_1d(np.asarray(given, float))
        return Channels(_as_many(path, values, n, found, "wavelength"))
    return _described(path, found, n, given)


def _described(path: Path, found: Channels | None, n: int, given: WavelengthParams) -> Channels:
    """Return the channels that a mapping describes; edges of channels whose wavelength is known are found by it."""
    factor = _factor(given.units or "um", path)
    wavelength = None if found is None else found.wavelength
    if given.values is not None:
        wavelength = _as_many(path, np.array(given.values) * factor, n, found, "wavelength.values")
    table = given.path
    if table is not None and given.wavelength is not None:
        values = wavelength_column(table, given.wavelength, given.units, "wavelength.wavelength")
        wavelength = _as_many(table, values, n, found, "wavelength.wavelength")
    edges = _edges(given, factor)
    if edges is None:
        if wavelength is None:
            raise InputFileError(
                path, f"wavelength does not say where the {_counted(n)} {_is(n)}; give values or edges"
            )
        if given.width is not None:
            half = 0.5 * given.width * factor
            return Channels(wavelength, wavelength - half, wavelength + half)
        return found if found is not None else Channels(wavelength)
    lower, upper = edges
    where = path if table is None else table
    if wavelength is None:
        if len(lower) != n:
            raise InputFileError(where, f"there are edges of {_counted(len(lower))}, but the light curves have {n}")
        return Channels(0.5 * (lower + upper), lower, upper)
    line = line_of_band(wavelength, lower, upper)
    if given.wavelength is not None and len(lower) == n:  # the same line has both
        line = np.arange(n)
    # channels that are left out later need no edges
    lower, upper = (np.where(line >= 0, edge[line], np.nan) for edge in (lower, upper))
    return Channels(wavelength, lower, upper)


def _edges(given: WavelengthParams, factor: float) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    if given.edges is not None:
        numbers = np.array(given.edges, float) * factor
        pairs = np.stack([numbers[:-1], numbers[1:]], axis=1) if numbers.ndim == 1 else numbers
    elif given.path is not None and given.lower is not None and given.upper is not None:
        columns = (("lower", given.lower), ("upper", given.upper))
        pairs = np.stack(
            [wavelength_column(given.path, column, given.units, f"wavelength.{name}") for name, column in columns],
            axis=1,
        )
    else:
        return None
    pairs = np.sort(pairs, axis=1)
    return pairs[:, 0], pairs[:, 1]


def _as_many(
    path: Path, values: NDArray[np.float64], n: int, found: Channels | None, parameter: str
) -> NDArray[np.float64]:
    if found is not None:
        raise InputFileError(path, f"the files tell the wavelengths, and {parameter} does, too: keep one of them")
    if len(values) != n:
        raise InputFileError(
            path, f"{parameter} gives {len(values)} wavelengths, but the light curves have {_counted(n)}"
        )
    return values


def _factor(unit: str, path: Path) -> float:
    try:
        return 1.0 if unit == "um" else float(read_unit(unit).to("um"))
    except (ValueError, TypeError):
        raise InputFileError(path, f"wavelengths are in {unit!r}, expected a unit of length such as um, nm") from None


def _counted(n: int) -> str:
    return "one channel" if n == 1 else f"{n} channels"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _advice(n: int, instrument: str) -> str:
    if n == 1:
        return f"write wavelength: 1.4 (um), wavelength: {{edges: [0.85, 2.8]}}, or bands: {{{instrument}: [0.6, 1.0]}}"
    return (
        "give columns.wavelength, {wavelength} in pattern, a list of numbers, or wavelength: {edges: [...]} or a table"
    )
