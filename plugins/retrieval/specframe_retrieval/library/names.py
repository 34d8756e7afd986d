"""What the spectra of a grid are called."""

from __future__ import annotations

import re
from math import isclose
from typing import TYPE_CHECKING, Any

from specframe.errors import InputFileError
from specframe_retrieval.library.numbers import natural_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["column_names", "names_from_labels", "numbered_names", "safe_name"]

#: Longer names cannot be read.
_LONGEST_NAME = 60
#: Labels that differ by more from what their short text says are those of a scattered grid.
_SAME = 1e-6


def safe_name(text: str) -> str:
    """Return a name that is a file's name on any system: letters, digits and ``._+-``."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", text.strip()).strip("._") or "_"


def names_from_labels(labels: Mapping[str, NDArray[Any]]) -> list[str] | None:
    """Return names such as ``teff900-logg4.5-z-0.5``; ``None`` where they would be long or stand twice."""
    texts: dict[str, list[str]] = {}
    for name, values in labels.items():
        texts[name] = [natural_number(float(value)) for value in values]
        if not all(isclose(float(text), value, rel_tol=_SAME) for text, value in zip(texts[name], values, strict=True)):
            return None
    if not texts:
        return None
    columns = [[f"{safe_name(name)}{one}" for one in values] for name, values in texts.items()]
    names = ["-".join(parts) for parts in zip(*columns, strict=True)]
    return None if len(set(names)) < len(names) or max(map(len, names)) > _LONGEST_NAME else names


def column_names(path: Path, key: str, column: NDArray[Any]) -> list[str]:
    """Return the names in a column, made safe.

    Raises
    ------
    InputFileError
        When one is empty or stands twice. Names the rows.
    """
    first: dict[str, int] = {}
    words: list[str] = []
    for row, value in enumerate(column.tolist()):
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        if not text:
            raise InputFileError(path, f"{key!r}, row {row + 1}: the spectrum has no name")
        if text in first:
            raise InputFileError(
                path,
                f"{key!r} has {text!r} in rows {first[text] + 1} and {row + 1}; take a column for target in which no "
                "name stands twice, or none",
            )
        first[text] = row
        words.append(text)
    return numbered_names(words, len(words))


def numbered_names(row_names: Sequence[str], n: int) -> list[str]:
    """Return safe names: those of the rows, made unique by a number where they are not, else ``spectrum-0001`` ..."""
    if not row_names:
        width = max(4, len(str(n)))
        return [f"spectrum-{i + 1:0{width}d}" for i in range(n)]
    names, seen = [], set()
    for one in map(safe_name, row_names):
        name, again = one, 1
        while name in seen:
            again += 1
            name = f"{one}-{again}"
        seen.add(name)
        names.append(name)
    return names
