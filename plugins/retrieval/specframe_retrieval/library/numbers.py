"""Columns as numbers: labels that are text, and which columns can be labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.library.spectral_type import spectral_type_number

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["embedded_numbers", "label_values", "natural_number"]

#: A number in a text. A minus directly after a word belongs to it (en-0.00 is -0.00), as model grids write it.
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


def embedded_numbers(words: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return the one number in each of ``words``, such as 1.0 of ``f1.00``; empty words are NaN.

    ``None`` where a word has none or several, or where the text around it is not the same in all.
    """
    numbers = np.full(len(words), np.nan)
    around: set[str] = set()
    known: dict[str, float] = {}
    for row, word in enumerate(words.tolist()):
        text = str(word).strip()
        if not text:
            continue
        if text not in known:
            found = _NUMBER.findall(text)
            if len(found) != 1:
                return None
            around.add(_NUMBER.sub("", text))
            known[text] = float(found[0])
        numbers[row] = known[text]
    return numbers + 0.0 if len(around) == 1 else None


def label_values(path: Path, name: str, column: NDArray[Any], kind: str) -> NDArray[np.float64]:
    """Return a column as labels (row,): numbers, their decimal logarithm, or spectral types as numbers.

    Raises
    ------
    InputFileError
        When a text holds no number that could be meant. Names the row.
    """
    if kind == "spectral-type":
        known = {text: spectral_type_number(text) for text in set(column.astype(str).tolist())}
        return np.array([np.nan if (one := known[str(text)]) is None else one for text in column.tolist()], float)
    if column.dtype.kind in "fiub":
        numbers: NDArray[np.float64] = column.astype(float) + 0.0
    else:
        read = embedded_numbers(column)
        if read is None:
            raise InputFileError(path, f"label {name!r}: {_why_not(column)}")
        numbers = read
    if kind == "log10":
        if np.any(numbers <= 0):
            row = int(np.argmax(numbers <= 0))
            raise InputFileError(path, f"label {name!r}, row {row + 1}: {numbers[row]:g} has no logarithm")
        numbers = np.log10(numbers)
    return numbers


def natural_number(value: float) -> str:
    """Return a label's value as short text: 900, 4.5, -0.5."""
    return f"{value + 0.0:.5g}"


def _why_not(column: NDArray[Any]) -> str:
    around: dict[str, tuple[int, str]] = {}
    for row, word in enumerate(column.tolist()):
        text = str(word).strip()
        if not text:
            continue
        found = _NUMBER.findall(text)
        if len(found) != 1:
            many = "no number" if not found else f"{len(found)} numbers"
            return (
                f"row {row + 1} has the text {text!r} with {many} in it, expected one number; leave it out of labels "
                "(the catalogue keeps it) or give it numbers"
            )
        around.setdefault(_NUMBER.sub("", text), (row, text))
    (first, one), (second, other) = list(around.values())[:2]
    return (
        f"row {first + 1} has {one!r} and row {second + 1} {other!r}: the numbers may not mean the same; leave it out "
        "of labels (the catalogue keeps it) or give it numbers"
    )
