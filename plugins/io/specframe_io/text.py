"""Columns of a plain text file, with or without names."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_io.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["TextSource"]

_COMMENTS = ("#", "%")
#: What separates fields, in the order in which it is looked for; blanks and tabs where none of these is there.
_SEPARATORS = (";", ",", "|")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
#: What stands for a value that is not known.
_MISSING = frozenset({"", "NA", "N/A", "null", "None", "--", "..."})
#: What the machine-readable tables of the journals have in their headers, here in lower case.
_MACHINE_READABLE = "byte-by-byte description"


class TextSource(Source):
    """Columns of numbers and words, separated by blanks, tabs, commas, semicolons or bars.

    Lines that begin with ``#`` or ``%`` are comments. The columns are named by the first line, where it has words at
    places where the next has numbers, else by the last comment before the numbers, where it has as many words as there
    are columns, else ``"0"``, ``"1"`` ... Machine-readable tables of the journals have their names and units. Empty
    fields are NaN.

    Raises
    ------
    InputFileError
        When the file is empty, not text, or a line has more or fewer fields than the first. Names the line.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._units: dict[str, str] = {}
        self._columns: dict[str, Any] = {}
        self._lines: list[int] = []
        lines = _lines(path)
        if any(_MACHINE_READABLE in line.lower() for line in lines[:200]):
            self._parse_machine_readable()
        else:
            self._parse(lines)

    def names(self) -> list[str]:
        """Return the names of the columns, or their numbers from 0 where they have none."""
        return list(self._columns)

    def units(self, key: str) -> str | None:
        """Return the unit of a column of a machine-readable table."""
        return self._units.get(key)

    def place(self, row: int) -> str:
        """Return the line of a row."""
        return f"line {self._lines[row]}" if self._lines else super().place(row)

    def _read(self, name: str) -> NDArray[Any]:
        words = self._columns[name]
        if isinstance(words, np.ndarray):
            return words
        try:
            return np.array([np.nan if word in _MISSING else float(word) for word in words])
        except ValueError:
            return np.array(["" if word in _MISSING else word for word in words])

    def _parse(self, lines: list[str]) -> None:
        rows: list[list[str]] = []
        comment, separator = "", None
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text.startswith(_COMMENTS):
                comment = comment if rows else text.lstrip("".join(_COMMENTS)).strip()
            elif text:
                if not rows:
                    tabs = self.path.suffix.lower() == ".tsv"
                    separator = "\t" if tabs else next((one for one in _SEPARATORS if one in text), None)
                rows.append(_fields(line if separator == "\t" else text, separator))
                self._lines.append(number)
        if not rows:
            raise InputFileError(self.path, "is empty: expected lines of numbers")
        first = lines[self._lines[0] - 1].strip()
        words = first.split(";") if separator == ";" else first.split()
        if (
            separator in (";", ",")
            and len(words) > 1
            and all(_DECIMAL_COMMA.fullmatch(one.strip()) for one in words[:2])
        ):
            raise InputFileError(
                self.path,
                f"line {self._lines[0]} has decimal commas ({words[0].strip()!r}); write the file with points",
            )
        width = len(rows[0])
        for fields, number in zip(rows, self._lines, strict=True):
            if len(fields) != width:
                raise InputFileError(
                    self.path,
                    f"line {number} has {len(fields)} fields, but line {self._lines[0]} has {width}: is the file cut "
                    "off, a comment without #, or a name with blanks in it?",
                )
        names = None
        if len(rows) > 1 and any(not _is_number(a) and _is_number(b) for a, b in zip(rows[0], rows[1], strict=True)):
            names, rows = rows[0], rows[1:]
            del self._lines[0]
        elif not any(_is_number(word) for word in rows[0]):
            raise InputFileError(self.path, f"line {self._lines[0]} holds no number: expected columns of numbers")
        else:
            for words in (_fields(comment, separator), comment.split()):
                if len(words) == width and not any(_is_number(word) for word in words):
                    names = words
        if names is not None and len(set(names)) < width:
            twice = next(name for name in names if names.count(name) > 1)
            raise InputFileError(self.path, f"two columns are called {twice!r}")
        named = names or [str(i) for i in range(width)]
        self._columns = {name: [fields[i] for fields in rows] for i, name in enumerate(named)}

    def _parse_machine_readable(self) -> None:
        from astropy.table import Table

        try:
            table = Table.read(self.path, format="ascii.cds")
        except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
            raise InputFileError(self.path, f"cannot be read as a machine-readable table: {error}") from None
        for name in table.colnames:
            column = table[name]
            if hasattr(column, "mask"):
                column = column.filled("") if column.dtype.kind in "US" else column.astype(float).filled(np.nan)
            self._columns[name] = np.array(column)
            if column.unit is not None:
                self._units[name] = str(column.unit)


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from None
    if b"\0" in raw:
        raise InputFileError(path, f"is not text, but its name ends in {path.suffix!r}: expected columns of numbers")
    return raw.decode("utf-8-sig", "replace").splitlines()


def _fields(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    return [field.strip() for field in next(csv.reader([line], delimiter=separator), [])]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return word in _MISSING
    return True
