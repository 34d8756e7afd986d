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
#: A comment that names no columns: rules, and units in brackets.
# Possessive, so that a long rule that is none is told in one pass.
_UNITS = re.compile(r"(?:[\[(][^\])]*+[\])]|[\W_])*+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
#: What stands for a value that is not known.
_MISSING = frozenset({"", "NA", "N/A", "null", "None", "--", "..."})
#: What the machine-readable tables of the journals have in their headers, here in lower case.
_MACHINE_READABLE = "byte-by-byte description"


class TextSource(Source):
    """Columns of numbers and words, separated by blanks, tabs, commas, semicolons or bars.

    Lines that begin with ``#`` or ``%`` are comments. The columns are named by the first line, where it has a word in
    the first column in which the next has a number, else by the last comment before the numbers, where it has as many
    words as there are columns, else ``"0"``, ``"1"`` ... Machine-readable tables of the journals have their
    names and units. Empty fields are NaN.

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
            self._parse_machine_readable(lines)
        else:
            try:
                self._parse(lines)
            except csv.Error as error:  # a field without end
                raise InputFileError(path, f"cannot be read as columns: {error}") from None

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
                said = text.lstrip("".join(_COMMENTS)).strip()
                comment = comment if rows or _UNITS.fullmatch(said) else said
            elif text:
                if not rows:
                    separator = self._separator(number, text)
                rows.append(_fields(line if separator == "\t" else text, separator))
                self._lines.append(number)
        if not rows:
            raise InputFileError(self.path, "is empty: expected lines of numbers")
        width = len(rows[0])
        ragged = next((i for i, fields in enumerate(rows) if len(fields) != width), None)
        if ragged is not None:
            raise InputFileError(
                self.path,
                f"line {self._lines[ragged]} has {len(rows[ragged])} fields, but line {self._lines[0]} has {width}: is "
                "the file cut off, a comment without #, or a name with blanks in it?",
            )
        names = self._names(rows, comment, separator)
        if names == rows[0]:
            del rows[0], self._lines[0]
        self._columns = {name: [fields[i] for fields in rows] for i, name in enumerate(names)}

    def _separator(self, number: int, line: str) -> str | None:
        """Return what separates the fields of the first line; ``None`` is any blanks."""
        if self.path.suffix.lower() == ".tsv":
            return "\t"
        separator = next((one for one in _SEPARATORS if one in line), None)
        words = [word.strip() for word in (line.split(";") if separator == ";" else line.split())]
        if separator in (";", ",") and len(words) > 1 and all(_DECIMAL_COMMA.fullmatch(word) for word in words[:2]):
            raise InputFileError(
                self.path, f"line {number} has decimal commas ({words[0]!r}); write the file with points"
            )
        return separator

    def _names(self, rows: list[list[str]], comment: str, separator: str | None) -> list[str]:
        """Return the names of the columns: those in the first line or in the comment, or their numbers."""
        numeric = next((i for i, word in enumerate(rows[min(1, len(rows) - 1)]) if _is_number(word)), None)
        if numeric is None:
            raise InputFileError(self.path, f"line {self._lines[0]} holds no number: expected columns of numbers")
        if not _is_number(rows[0][numeric]):
            names = rows[0]
        else:
            named = (words for words in _readings(comment, separator) if len(words) == len(rows[0]))
            names = next(named, [str(i) for i in range(len(rows[0]))])
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputFileError(self.path, f"two columns are called {twice!r}")
        return names

    def _parse_machine_readable(self, lines: list[str]) -> None:
        from astropy.table import Table

        try:
            table = Table.read(lines, format="ascii.cds")
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
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


def _readings(comment: str, separator: str | None) -> list[list[str]]:
    """Return the ways to read a comment as names of columns, without those that have numbers in them."""
    ways = (re.split(r"\s*[,;|]\s*", comment), _fields(comment, separator), comment.split())
    return [words for words in ways if not any(_is_number(word) for word in words)]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return word in _MISSING
    return True
