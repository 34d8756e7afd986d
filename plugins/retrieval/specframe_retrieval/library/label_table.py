"""A table of what is known of spectra, and which of its rows belongs to which."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.folder import stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays
    from specframe_retrieval.library.params import SpectraParams
    from specframe_retrieval.library.spectra import Spectra

__all__ = ["table_rows"]


def table_rows(table: NamedArrays, spectra: Spectra, params: SpectraParams, names: list[str]) -> NDArray[np.intp]:
    """Return the row of the table of each spectrum, -1 where it has none."""
    lengths = {len(array) for array in table.arrays.values() if array.ndim == 1}
    if len(lengths) != 1:
        raise InputFileError(table.path, f"expected columns of one length, got {sorted(lengths)}")
    n = lengths.pop()
    key = params.key
    if key is None and names:
        key = next((one for one, words in table.arrays.items() if _hits(words, names) > len(names) // 2), None)
        if key is None and params.path.is_dir():
            raise InputFileError(table.path, f"no column holds the names of the files ({names[0]} ...); see key")
    if key is None:
        if n != len(spectra):
            raise InputFileError(
                table.path, f"has {n} rows, but {params.path} has {len(spectra)} spectra; see key to match them by name"
            )
        return np.arange(n)
    theirs = [_text(one) for one in table[key].tolist()]
    if key in spectra.columns:
        own = [[_text(one)] for one in spectra.columns[key].tolist()]
    elif names:
        own = [_spellings(name) for name in names]
    else:
        raise InputFileError(
            params.path, f"has no {key!r} by which to find rows of {table.path.name} (there: {listed(spectra.columns)})"
        )
    place: dict[str, int] = {}
    for row, name in enumerate(theirs):
        if place.setdefault(name, row) != row:
            raise InputFileError(table.path, f"{key!r} has {name!r} in rows {place[name] + 1} and {row + 1}")
    return np.array([next((place[one] for one in spelled if one in place), -1) for spelled in own])


def _hits(words: NDArray[Any], names: Sequence[str]) -> int:
    if words.ndim != 1 or words.dtype.kind != "U":
        return 0
    there = {_text(word) for word in words.tolist()}
    return sum(any(one in there for one in _spellings(name)) for name in names)


def _spellings(name: str) -> list[str]:
    """Return how a table may name a file: with its folders, without, without suffix."""
    last = name.rpartition("/")[2]
    bare = [last.removesuffix(packed) for packed in (".gz", ".bz2", ".xz")]
    return list(dict.fromkeys([name, last, *bare, stem(PurePath(last))]))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
