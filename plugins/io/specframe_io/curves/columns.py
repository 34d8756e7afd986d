"""Columns and arrays of a file, by name or number, on the axes of the flux."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_io.curves.templates import WAVELENGTH, template_expression
from specframe_io.names import column_order, differences, listed
from specframe_io.targets import target_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_io.curves.params import Column
    from specframe_io.source import Source

__all__ = ["Axes", "column_name", "column_names", "vector", "wavelengths_in_names", "words"]


def column_name(source: Source, column: Column, parameter: str) -> str:
    """Return the name of a column that is given by name or by number from 0.

    Raises
    ------
    InputFileError
        When there is none; names the parameter and what is there.
    """
    names = source.names()
    if isinstance(column, int):
        if not -len(names) <= column < len(names):
            raise InputFileError(
                source.path,
                f"{parameter} is {column}, but there are {len(names)} columns, 0 to {len(names) - 1} (-1 is the last)",
            )
        return names[column]
    if column not in names:
        if all(name.isdigit() for name in names):
            raise InputFileError(
                source.path,
                f"{parameter} is {column!r}, but the columns have no names: give the number, 0 to {len(names) - 1}",
            )
        reason = source.missing(column).reason
        raise InputFileError(source.path, f"{parameter}: {reason}; columns may be given by number from 0, too")
    return column


def column_names(source: Source, columns: Column | tuple[Column, ...], parameter: str) -> list[str]:
    """Return the names of one or several columns; those of a name with wildcards by the numbers in them."""
    names: list[str] = []
    for column in columns if isinstance(columns, tuple) else (columns,):
        if isinstance(column, str) and WAVELENGTH in column:
            names += list(_by_wavelength(source, column, parameter))
        else:
            stacked = source.stacked(column) if isinstance(column, str) else None
            names += stacked or [column_name(source, column, parameter)]
    return names


def wavelengths_in_names(
    source: Source, columns: Column | tuple[Column, ...], parameter: str
) -> NDArray[np.float64] | None:
    """Return the wavelengths (column,) that the names of columns tell, ``None`` without ``{wavelength}``."""
    if not (isinstance(columns, str) and WAVELENGTH in columns):
        return None
    return np.array(list(_by_wavelength(source, columns, parameter).values()))


def _by_wavelength(source: Source, column: str, parameter: str) -> dict[str, float]:
    """Return the columns that have a wavelength in their name, in ascending order."""
    expression = template_expression(column)
    found = {name: float(match["wavelength"]) for name in source.names() if (match := expression.fullmatch(name))}
    if not found:
        there = listed(source.names(), 12)
        raise InputFileError(
            source.path, f"{parameter}: no column is called {column!r} with a number for {WAVELENGTH} (there: {there})"
        )
    return dict(sorted(found.items(), key=lambda one: one[1]))


def vector(source: Source, column: Column, parameter: str) -> tuple[str, NDArray[Any]]:
    """Return the name and the numbers of a column on one axis."""
    name = column_name(source, column, parameter)
    values = source.numbers(name)
    if values.ndim != 1:
        raise InputFileError(
            source.path, f"{parameter} ({name!r}) has shape {values.shape}, expected a column: numbers on one axis"
        )
    return name, values


def words(source: Source, column: Column, n: int, parameter: str) -> NDArray[np.str_]:
    """Return the words or numbers of a column (n,) as text; an empty one is an error."""
    name = column_name(source, column, parameter)
    values = source.raw(name)
    if values.shape != (n,):
        raise InputFileError(source.path, f"{parameter} ({name!r}) has shape {values.shape}, expected {n} words")
    texts = np.array([target_name(value).replace("/", "-") for value in values.tolist()])
    if not np.all(texts != ""):
        row = int(np.argmax(texts == ""))
        raise InputFileError(source.path, f"{parameter} ({name!r}), {source.place(row)}: is empty")
    return texts


class Axes:
    """The axes of a file: ``n_time`` samples, and channels as many as the flux has.

    Raises
    ------
    InputFileError
        From every method, when an array has other axes.
    """

    def __init__(self, source: Source, n_time: int, dims: Sequence[str] | None) -> None:
        self.source = source
        self.n_time = n_time
        self.dims = dims
        self.n_channel = 0
        self._flux: tuple[Column | tuple[Column, ...], list[str]] = "", []

    def flux(self, columns: Column | tuple[Column, ...], parameter: str) -> NDArray[np.float64]:
        """Return the flux (channel, time), and take the channels from it."""
        names = column_names(self.source, columns, parameter)
        flux = self._matrix(names, parameter)
        self.n_channel = len(flux)
        self._flux = columns, names
        return flux

    def like_flux(self, columns: Column | tuple[Column, ...], parameter: str) -> NDArray[np.float64]:
        """Return an array (channel, time) as broad as the flux."""
        array = self._matrix(self._partners(columns, parameter), parameter)
        if len(array) not in (1, self.n_channel):
            raise InputFileError(
                self.source.path, f"{parameter} has {len(array)} channels, but the flux has {self.n_channel}"
            )
        return np.broadcast_to(array, (self.n_channel, self.n_time))

    def regressor(self, columns: Column | tuple[Column, ...], parameter: str) -> NDArray[np.float64]:
        """Return an array (time,), or (channel, time) where it has channels."""
        array = self._matrix(column_names(self.source, columns, parameter), parameter)
        return array[0] if len(array) == 1 else self.like_flux(columns, parameter)

    def channels(self, column: Column, parameter: str) -> NDArray[np.float64]:
        """Return an array (channel,), or (time,) where a column tells the channel of each line."""
        name = column_name(self.source, column, parameter)
        values = np.asarray(self.source.numbers(name), float)
        if values.size == 1:
            return np.full(self.n_channel, values.item())
        expected = (self.n_time,) if self.n_channel == 1 else (self.n_channel,)
        if values.shape != expected:
            raise InputFileError(
                self.source.path,
                f"{parameter} ({name!r}) has shape {values.shape}; expected {expected}, since the flux has "
                f"{self.n_channel} channels and {self.n_time} times",
            )
        return values

    def _partners(self, columns: Column | tuple[Column, ...], parameter: str) -> list[str]:
        """Return the columns in the order of the flux's, told by what stands for wildcards and braces."""
        names = column_names(self.source, columns, parameter)
        own_columns, own = self._flux
        if len(names) == 1 or not (isinstance(columns, str) and isinstance(own_columns, str)):
            return names
        own_key, key = (text.replace(WAVELENGTH, "*") for text in (own_columns, columns))
        order = column_order(own, own_key, names, key)
        if order is None:
            raise InputFileError(
                self.source.path,
                f"the columns {parameter} ({columns!r}) are not named as those of columns.flux ({own_columns!r}); "
                f"{differences(own, own_key, names, key)}",
            )
        return [names[i] for i in order]

    def _matrix(self, names: list[str], parameter: str) -> NDArray[np.float64]:
        arrays = [np.asarray(self.source.numbers(name), float) for name in names]
        shown = f"{parameter} ({listed(map(repr, names), 2)})"
        if len(arrays) > 1 or arrays[0].ndim == 1:
            for name, array in zip(names, arrays, strict=True):
                if array.shape != (self.n_time,):
                    raise InputFileError(
                        self.source.path,
                        f"{parameter} ({name!r}) has shape {array.shape}, but there are {self.n_time} times",
                    )
            return np.stack(arrays)
        array = arrays[0]
        if array.ndim != 2:
            raise InputFileError(self.source.path, f"{shown} has shape {array.shape}, expected one or two axes")
        time_axes = [axis for axis in (0, 1) if array.shape[axis] == self.n_time]
        if self.dims is not None:
            time_axes = [axis for axis in time_axes if axis == self.dims.index("time")]
        if len(time_axes) == 1:
            return array.T if time_axes[0] == 0 else array
        advice = (
            "give dims: [wavelength, time] or [time, wavelength]" if time_axes else "are columns.time and dims right?"
        )
        raise InputFileError(
            self.source.path, f"{shown} has shape {array.shape} and there are {self.n_time} times; {advice}"
        )
