"""Named arrays in a file, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.errors import InputFileError
from specframe_io.names import is_pattern, listed, natural
from specframe_io.pickled import refuse_pickle
from specframe_io.targets import target_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Source", "open_source"]

#: Where the reader of a suffix lives.
_READERS = {
    ".npz": "specframe_io.archive:NpzSource",
    ".npy": "specframe_io.archive:NpySource",
    ".nc": "specframe_io.netcdf:NetcdfSource",
    ".nc4": "specframe_io.netcdf:NetcdfSource",
    ".h5": "specframe_io.netcdf:NetcdfSource",
    ".hdf5": "specframe_io.netcdf:NetcdfSource",
    ".csv": "specframe_io.columns:CsvSource",
    ".tsv": "specframe_io.columns:CsvSource",
    ".ecsv": "specframe_io.columns:EcsvSource",
    ".fits": "specframe_io.fits_arrays:FitsSource",
    ".fit": "specframe_io.fits_arrays:FitsSource",
    ".txt": "specframe_io.text:TextSource",
    ".dat": "specframe_io.text:TextSource",
}
#: Formats that no reader of text opens, whether there is a reader of them or not.
_BINARY = (".npz", ".npy", ".nc", ".nc4", ".h5", ".hdf5", ".fits", ".fit", ".gz", ".zip", ".xlsx", ".parquet", ".mat")
#: Names that an error message lists.
_LISTED = 12


class Source(ABC):
    """A file of named arrays. What has been read stays in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrays: dict[str, NDArray[Any]] = {}
        self._numbers: dict[str, NDArray[Any]] = {}

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of all arrays or columns, in the file's order."""

    @abstractmethod
    def _read(self, name: str) -> NDArray[Any]:
        """Read one array; raise :class:`InputFileError` when it is damaged or holds Python objects."""

    def units(self, key: str) -> str | None:
        """Return the units that the file states for ``key``, if any."""
        del key
        return None

    def place(self, row: int) -> str:
        """Return where a row stands, for a message."""
        return f"row {row + 1}"

    def raw(self, name: str) -> NDArray[Any]:
        """Return one array as it is in the file. It is shared: read-only."""
        if name not in self._arrays:
            if name not in self.names():
                raise self.missing(name)
            self._arrays[name] = _shared(self._read(name))
        return self._arrays[name]

    def numbers(self, key: str) -> NDArray[Any]:
        """Return an array of numbers or booleans; a pattern such as ``wl_*`` stacks columns as the last axis.

        Columns stand in the order of :meth:`matching`.

        Raises
        ------
        InputFileError
            When there is no such array, or it does not hold numbers; says where.
        """
        if key not in self._numbers:
            if key in self.names() or not is_pattern(key):
                self._numbers[key] = _shared(self._numeric(key, self.raw(key)))
            else:
                columns = [self._numeric(name, self.raw(name)) for name in self.matching([key])]
                if len({column.shape for column in columns}) > 1:
                    raise InputFileError(self.path, f"the columns {key!r} have different shapes")
                self._numbers[key] = _shared(np.stack(columns, axis=-1))
        return self._numbers[key]

    def columns(self, patterns: Iterable[str], missing_ok: bool = False) -> dict[str, NDArray[Any]]:
        """Return one array (row,) per column by name; an array (row, n) gives ``name_1`` ... ``name_n``."""
        found: dict[str, NDArray[Any]] = {}
        for name in self.matching(patterns, missing_ok):
            array = self.raw(name)
            if array.ndim == 1:
                found[name] = array
            elif array.ndim == 2:
                found |= {f"{name}_{i + 1}": array[:, i] for i in range(array.shape[1])}
            else:
                raise InputFileError(self.path, f"{name!r} has shape {array.shape}, expected one or two axes")
        return found

    def matching(self, patterns: Iterable[str], missing_ok: bool = False) -> list[str]:
        """Return the names that match any of ``patterns``, each once; those without a match are an error.

        Those of one pattern are sorted by the numbers in them, wl_2 before wl_10: HDF5 lists names by the alphabet, and
        the columns of a table may stand in any order.
        """
        names = self.names()
        matches = {pattern: [pattern] if pattern in names else self._matches(pattern) for pattern in patterns}
        absent = [pattern for pattern, here in matches.items() if not here]
        if absent and not missing_ok:
            raise self.missing(*absent)
        return list(dict.fromkeys(name for here in matches.values() for name in here))

    def stacked(self, key: str) -> list[str] | None:
        """Return the names of the columns that :meth:`numbers` stacks, or ``None`` where ``key`` is a single array."""
        return None if key in self.names() or not is_pattern(key) else self.matching([key])

    def targets(self, key: str) -> list[str]:
        """Return the targets' names in ``key``, as :func:`~specframe_io.targets.target_name` writes them.

        Raises
        ------
        InputFileError
            When a name is empty or stands twice; says in which rows.
        """
        values = self._names_in(key)
        if values.ndim != 1:
            raise InputFileError(self.path, f"{key!r} has shape {values.shape}, expected one name per target")
        names = [target_name(value) for value in values.tolist()]
        first: dict[str, int] = {}
        for row, name in enumerate(names):
            if not name:
                raise InputFileError(self.path, f"{key!r}, row {row + 1}: the target has no name")
            if name in first:
                raise InputFileError(
                    self.path, f"{key!r}: target {name} stands twice, in rows {first[name] + 1} and {row + 1}"
                )
            first[name] = row
        return names

    def missing(self, *keys: str) -> InputFileError:
        """Return the error that there are no ``keys``, with what is there and the name nearest to the first."""
        names = self.names()
        there = listed(names, _LISTED) or "nothing"
        spelled = {name.lower(): name for name in reversed(names)}
        near = get_close_matches(keys[0].lower(), spelled, 1)
        hint = f"; did you mean {spelled[near[0]]!r}?" if near else ""
        return InputFileError(self.path, f"has no {listed(map(repr, keys))} (there: {there}){hint}")

    def parsed(self, name: str, values: NDArray[Any], strip: str = "") -> NDArray[np.float64]:
        """Return ``values`` (row,) as numbers, text without ``strip`` in front of each; empty text is NaN."""
        if values.dtype.kind in "fiub":
            return values.astype(float)
        numbers = np.full(len(values), np.nan)
        for row, value in enumerate(values.tolist()):
            text = _text(value).removeprefix(strip).strip()
            try:
                numbers[row] = float(text) if text else np.nan
            except ValueError:
                raise InputFileError(
                    self.path, f"{name!r}, {self.place(row)}: expected a number, got {_text(value)!r}"
                ) from None
        return numbers

    def _names_in(self, key: str) -> NDArray[Any]:
        """Return an array of names, as text where the format does not say what it is."""
        return self.raw(key)

    def _matches(self, pattern: str) -> list[str]:
        return sorted((name for name in self.names() if fnmatchcase(name, pattern)), key=natural)

    def _numeric(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype.kind in "fiub":
            return array
        if array.ndim != 1 or array.dtype.kind not in "US":
            raise InputFileError(self.path, f"{name!r} holds {array.dtype} of shape {array.shape}, expected numbers")
        return self.parsed(name, array)


def open_source(path: Path, text: bool = False) -> Source:
    """Open a file by its suffix; with ``text`` all but those of binary formats are columns of text.

    Raises
    ------
    InputFileError
        When it is not there, no reader knows its suffix, or it is a pickle, which is never read.
    """
    if not path.is_file():
        raise InputFileError(path, "is a folder, expected a file" if path.is_dir() else "no such file")
    refuse_pickle(path)
    suffix = path.suffix.lower()
    reader = _READERS.get(suffix)
    if text and suffix not in _BINARY:
        with path.open("rb") as file:  # Eureka! and others call ECSV .txt
            reader = _READERS[".ecsv" if file.read(7) == b"# %ECSV" else ".txt"]
    if reader is None:
        packed = "; unpack it first" if suffix in (".gz", ".zip") else ""
        raise InputFileError(path, f"unknown format {path.suffix!r}, expected one of {', '.join(_READERS)}{packed}")
    module, _, name = reader.partition(":")
    return cast("Source", getattr(import_module(module), name)(path))


def _shared(array: NDArray[Any]) -> NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
