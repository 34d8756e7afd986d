"""Which spectra are taken, by what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.library.numbers import embedded_numbers
from specframe_retrieval.library.params import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["selected_rows"]

#: Values in the file and in the parameters are the same number within this relative difference.
_SAME = 1e-6


def selected_rows(path: Path, columns: Mapping[str, NDArray[Any]], wanted: Mapping[str, Any]) -> NDArray[np.intp]:
    """Return the rows whose columns have the values wanted.

    Raises
    ------
    InputFileError
        When there is no such column, it cannot have such values, or nothing is left.
    """
    taken: NDArray[np.bool_] | None = None
    for name, one in wanted.items():
        if name not in columns:
            raise InputFileError(path, f"select: no column {name!r} (there: {listed(columns, 12) or 'none'})")
        here = _taken(path, name, columns[name], _selection(one))
        if not here.any():
            raise InputFileError(path, f"select: no spectrum has such {name!r}; there is {_range(columns[name])}")
        taken = here if taken is None else taken & here
    assert taken is not None
    if not taken.any():
        raise InputFileError(path, f"select: no spectrum has all of {listed(wanted)}")
    return np.flatnonzero(taken)


def _selection(one: Any) -> Selection:
    if isinstance(one, Selection):
        return one
    if isinstance(one, tuple | list):
        numbers = all(isinstance(value, int | float) for value in one)
        if len(one) == 2 and numbers:
            return Selection(min=min(one), max=max(one))
        return Selection(values=tuple(one))
    return Selection(values=(one,))


def _taken(path: Path, name: str, column: NDArray[Any], wanted: Selection) -> NDArray[np.bool_]:
    words = [*(wanted.values or ()), *wanted.exclude]
    as_text = column.dtype.kind == "U" and any(isinstance(value, str) for value in words)
    taken = np.ones(len(column), bool)
    if as_text:
        text = [str(value) for value in column.tolist()]
        if wanted.values is not None:
            taken &= np.isin(text, [str(value) for value in wanted.values])
        if wanted.exclude:
            taken &= ~np.isin(text, [str(value) for value in wanted.exclude])
        return taken
    numbers = column.astype(float) if column.dtype.kind != "U" else embedded_numbers(column)
    if numbers is None or any(isinstance(value, str) for value in words):
        kind = "text" if numbers is None else "numbers"
        raise InputFileError(path, f"select: {name!r} holds {kind} ({_range(column)}), which cannot be {words}")
    if wanted.min is not None:
        taken &= numbers >= wanted.min - _SAME * abs(wanted.min)
    if wanted.max is not None:
        taken &= numbers <= wanted.max + _SAME * abs(wanted.max)
    if wanted.values is not None:
        taken &= _is_one_of(numbers, wanted.values)
    if wanted.exclude:
        taken &= ~_is_one_of(numbers, wanted.exclude)
    return taken


def _is_one_of(numbers: NDArray[np.float64], values: tuple[Any, ...]) -> NDArray[np.bool_]:
    wanted = np.array(values, float)
    return np.asarray(np.isclose(numbers[:, None], wanted, rtol=_SAME, atol=1e-12).any(axis=1))


def _range(column: NDArray[Any]) -> str:
    if column.dtype.kind == "U":
        return listed(map(repr, dict.fromkeys(column.tolist())))
    return f"{np.nanmin(column):g} to {np.nanmax(column):g}"
