"""Which columns can be labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_retrieval.files.arrays import listed
from specframe_retrieval.library.numbers import embedded_numbers
from specframe_retrieval.library.params import LabelColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["guess_labels"]


def guess_labels(columns: Mapping[str, NDArray[Any]]) -> tuple[dict[str, LabelColumn], list[str]]:
    """Return the columns that can be labels, and what is to be said of the others.

    A label varies, and is a number or a text around one number, the same text in all rows. Texts and whole numbers that
    are another one in each row are names, and 0, 1, 2 ... merely count.
    """
    found: dict[str, LabelColumn] = {}
    said: list[str] = []
    texts: list[str] = []
    names: dict[str, LabelColumn] = {}
    for name, column in columns.items():
        values = column.tolist()
        distinct = len(set(map(str, values)))
        if column.dtype.kind == "U":
            numbers = embedded_numbers(column)
            if numbers is None:
                what = "another text in each row, so a name" if distinct == len(values) > 1 else "text"
                texts.append(f"{name!r} is {what} ({listed(map(repr, dict.fromkeys(values)), 3)})")
            elif distinct == 1 < len(values):
                said.append(f"{name!r} is {values[0]} in all rows, so no label")
            elif distinct == len(values) > 1:
                names[name] = LabelColumn(column=name)
            else:
                found[name] = LabelColumn(column=name)
                said.append(f"label {name!r} is the number in texts such as {values[0]!r}")
        elif column.dtype.kind not in "fiu":
            texts.append(f"{name!r} holds {column.dtype}")
        elif len(values) > 1 and column.dtype.kind in "iu" and _counts(column.astype(float)):
            said.append(f"{name!r} merely counts, so it is no label")
        elif distinct == 1 < len(values):
            said.append(f"{name!r} is {values[0]:g} in all rows, so no label")
        elif not np.isfinite(column.astype(float)).any():
            said.append(f"{name!r} holds no finite number, so it is no label")
        else:
            found[name] = LabelColumn(column=name)
    for name, one in names.items():
        if found:
            texts.append(f"{name!r} is another text in each row, so a name")
        else:  # a grid of this single label
            found[name] = one
            said.append(f"label {name!r} is the number in texts such as {columns[name].tolist()[0]!r}")
    if texts:
        said.append(f"no labels, but in the catalogue: {'; '.join(texts)}")
    return found, said


def _counts(numbers: NDArray[np.float64]) -> bool:
    """Return whether numbers are 0, 1, 2 ... or 1, 2, 3 ... in some order."""
    ordered = np.sort(numbers)
    return len(ordered) > 2 and ordered[0] in (0, 1) and bool(np.all(np.diff(ordered) == 1))
