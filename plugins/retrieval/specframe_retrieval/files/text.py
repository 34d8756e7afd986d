"""Columns of a text file, with or without names."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import NamedArrays
from specframe_retrieval.files.reader import opened_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_text"]

_COMMENTS = ("#", "%", "!")
#: What separates fields, in the order in which it is looked for; blanks where none of these is there.
_SEPARATORS = ("\t", ";", ",", "|")
_MISSING = frozenset({"", "NA", "N/A", "na", "null", "None", "--", "..."})
#: At most so many lines in front of at least so many others may have another number of words.
_PREAMBLE, _MANY = 4, 12
#: Exponents as Fortran writes them.
_FORTRAN = re.compile(r"([-+]?(?:\d+(?:\.\d*)?|\.\d+))[dD]([-+]?\d+)", re.ASCII)
#: Words of a comment, each with the unit in brackets after it.
_NAMED_UNIT = re.compile(r"[^\s(\[]+(?:\s*[(\[][^)\]]*[)\]])?")
#: Letters of the longest word: an array of words has room for the longest in each row.
_LONGEST = 5000
#: Tables with so many columns are read by polars, which is ten times faster.
_WIDE = 20


def read_text(path: Path) -> NamedArrays:
    """Read columns of numbers and words, separated by blanks, tabs, commas, semicolons or bars.

    Lines that begin with ``#``, ``%`` or ``!`` are comments. The columns are named by the first line, where it has a
    word in a column in which the next has a number, else by the last comment before the numbers, where it has as many
    words as there are columns, else ``"0"``, ``"1"`` ... Empty fields are NaN. Compressed files are unpacked.

    Raises
    ------
    InputFileError
        When the file is empty, not text, or a line has more or fewer fields than the first. Names the line.
    """
    content = opened_bytes(path)
    if b"\0" in content[:4096]:
        raise InputFileError(path, "is neither text nor a format that is known by its suffix (npz, nc, h5, fits, ecsv)")
    if content.startswith(b"# %ECSV"):
        from specframe_retrieval.files.table import read_ecsv

        return read_ecsv(path)
    lines = content.decode("utf-8-sig", "replace").splitlines()
    numbers = [i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(_COMMENTS)]
    if not numbers:
        raise InputFileError(path, "is empty: expected lines of numbers")
    numbers = _without_preamble(lines, numbers)
    first = lines[numbers[0]]
    separator = next((one for one in _SEPARATORS if one in first.strip()), None)
    head = [_fields(lines[i], separator) for i in numbers[:2]]
    names = _names(path, head, lines[: numbers[0]], separator)
    own = names is not None
    body = numbers[1:] if names == head[0] else numbers
    if not body:
        raise InputFileError(path, "holds names of columns, but no numbers below them")
    names = names or [str(i) for i in range(len(head[0]))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputFileError(path, f"two columns are called {twice!r}")
    read = _wide if len(names) >= _WIDE and separator is not None else _narrow
    columns = read(path, lines, body, names, separator)
    index = columns.get("")
    if index is not None and index.dtype.kind in "iuf" and np.array_equal(index, np.arange(len(index))):
        del columns[""]  # the row numbers that pandas writes unless it is told not to
    return NamedArrays(path, columns, named=own)


def _without_preamble(lines: list[str], numbers: list[int]) -> list[int]:
    """Return the lines of columns, without a few in front of many that have another number of words.

    Some model grids begin with the model's parameters; what names the columns is then found as in a comment.
    """
    if len(numbers) < _MANY:
        return numbers
    widths = [len(lines[i].replace(",", " ").split()) for i in (*numbers[: _PREAMBLE + 1], *numbers[-_PREAMBLE:])]
    start = next((i for i in range(_PREAMBLE, -1, -1) if widths[i] != widths[-1]), -1) + 1
    same = len(set(widths[_PREAMBLE:])) == 1
    return numbers[start:] if same and start <= _PREAMBLE and "," not in lines[numbers[-1]] else numbers


def _fields(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    if '"' in line and len(line) < csv.field_size_limit():
        return [field.strip() for field in next(csv.reader([line], delimiter=separator), [])]
    return [field.strip() for field in line.split(separator)]


def _names(path: Path, head: list[list[str]], before: list[str], separator: str | None) -> list[str] | None:
    """Return the names of the columns, ``None`` where the file has none."""
    first, second = head[0], head[-1]
    if any(not _is_number(word) and _is_number(below) for word, below in zip(first, second, strict=False)):
        return first
    if len(head) == 1 and not any(map(_is_number, first)):
        return first
    if not any(map(_is_number, second)):
        raise InputFileError(path, f"holds no number in its first lines ({' '.join(first)[:60]!r})")
    for comment in reversed(before):
        text = comment.strip().lstrip("".join(_COMMENTS)).strip()
        for words in (_fields(text, separator), _fields(text, ","), text.split(), _NAMED_UNIT.findall(text)):
            if len(words) == len(first) and not any(map(_is_number, words)):
                return words
    return None


def _narrow(
    path: Path, lines: list[str], body: list[int], names: list[str], separator: str | None
) -> dict[str, NDArray[Any]]:
    rows = [_fields(lines[i], separator) for i in body]
    ragged = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if ragged is not None:
        raise InputFileError(
            path,
            f"line {body[ragged] + 1} has {len(rows[ragged])} fields, expected {len(names)}: is the file cut off, a "
            "comment without #, or a name with blanks in it?",
        )
    return {name: _column(path, name, [row[i] for row in rows]) for i, name in enumerate(names)}


def _column(path: Path, name: str, words: list[str]) -> NDArray[Any]:
    try:
        return np.array(words, float)
    except ValueError:
        pass
    try:
        return np.array([np.nan if word in _MISSING else _number(word) for word in words])
    except ValueError:
        return _words(path, name, ["" if word in _MISSING else word for word in words])


def _words(path: Path, name: str, words: list[str]) -> NDArray[np.str_]:
    longest = max(map(len, words), default=0)
    if longest > _LONGEST:
        raise InputFileError(path, f"column {name!r} has a word of {longest} letters: is the end of a line missing?")
    return np.array(words, str)


def _wide(
    path: Path, lines: list[str], body: list[int], names: list[str], separator: str | None
) -> dict[str, NDArray[Any]]:
    import polars as pl

    assert separator is not None
    content = "\n".join(lines[i] for i in body).encode()
    try:
        frame = pl.read_csv(
            io.BytesIO(content),
            has_header=False,
            new_columns=names,
            separator=separator,
            infer_schema_length=None,  # a number that first appears far down must not fail
            null_values=[*_MISSING - {""}, "NaN", "nan"],
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise InputFileError(path, f"cannot be read as a table: {reason}") from None
    short = next((i for i in (body[-1], *body[:50]) if len(_fields(lines[i], separator)) != len(names)), None)
    if frame.width != len(names) or short is not None:
        where = "" if short is None else f"line {short + 1} has {len(_fields(lines[short], separator))} fields, "
        raise InputFileError(path, f"{where}expected {len(names)}: is the file cut off?")
    return {name: _polars_column(path, frame[name]) for name in names}


def _polars_column(path: Path, column: Any) -> NDArray[Any]:
    import polars as pl

    if column.dtype == pl.String:
        return _words(path, column.name, column.fill_null("").str.strip_chars().to_list())
    if column.null_count():
        return np.array(column.cast(pl.Float64).fill_null(float("nan")))
    return np.array(column)


def _number(word: str) -> float:
    """Return a number, also with the exponent 1.0D-05 of Fortran; raise ``ValueError`` for others."""
    fortran = _FORTRAN.fullmatch(word)
    return float(word if fortran is None else f"{fortran[1]}e{fortran[2]}")


def _is_number(word: str) -> bool:
    try:
        _number(word)
    except ValueError:
        return word in _MISSING
    return True
