"""Spectra in the columns, or in the rows, of a table."""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import wavelength_unit
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.roles import guess_names, is_depth, plain_name, unit_in_name
from specframe_retrieval.library.layout import Layout
from specframe_retrieval.library.pattern import labels_in, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays

__all__ = ["table_layout"]

#: A number in a column's name.
_IN_NAME = re.compile(r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)", re.ASCII)


def table_layout(
    source: NamedArrays,
    flux: Sequence[str] | None,
    error: Sequence[str] | None,
    labels: Iterable[str],
    pattern: str,
    channels: int | None = None,
) -> Layout:
    """Return the layout of a table: a row for each spectrum, or a column for each.

    Parameters
    ----------
    source
        The table's columns.
    flux, error
        Columns that hold them, by names, patterns or ``first:last``; ``None`` tells them by the wavelengths in their
        names.
    labels
        Columns that are known to hold something else.
    pattern
        Of the columns' names where each is a spectrum.
    channels
        How many wavelengths are known, if they are.

    Raises
    ------
    InputFileError
        When no columns hold spectra.
    """
    names = list(source.arrays)
    unit: str | None = None
    axis: NDArray[Any] | None = None
    if flux is not None:
        chosen = _matching(source, flux)
        axis, unit = _numbers_in(chosen)
    else:
        turned = _transposed(source, pattern)
        if turned is not None:
            return turned
        chosen, axis, unit = _spectral_columns(source, set(labels), channels)
    errors = None if error is None else _stack(source, _matching(source, error))
    values = _stack(source, chosen)
    if errors is not None and errors.shape != values.shape:
        raise InputFileError(
            source.path, f"{errors.shape[1]} columns of errors, but {values.shape[1]} of fluxes; see error and flux"
        )
    used = {*chosen, *(() if error is None else _matching(source, error))}
    return Layout(
        flux=values,
        flux_name=chosen[0],
        columns={name: source[name] for name in names if name not in used},
        axis=axis,
        axis_name=f"{chosen[0]} ... {chosen[-1]}",
        axis_unit=unit,
        error=errors,
        is_depth=is_depth(_IN_NAME.split(chosen[0])[0]),
    )


def _stack(source: NamedArrays, names: Sequence[str]) -> NDArray[Any]:
    return np.stack([source.numbers(name) for name in names], axis=1)


def _matching(source: NamedArrays, wanted: Sequence[str]) -> list[str]:
    """Return the columns that names, patterns or ``first:last`` mean, in the file's order within each."""
    names = list(source.arrays)
    found: list[str] = []
    for one in wanted:
        span = re.fullmatch(r"(\d*):(\d*)", one)
        if one in names:
            found.append(one)
        elif span is not None:
            found += names[int(span[1] or 0) : int(span[2]) if span[2] else None]
        elif any(character in one for character in "*?["):
            here = [name for name in names if fnmatchcase(name, one)]
            if not here:
                raise source.missing(one)
            found += here
        else:
            raise source.missing(one)
    return list(dict.fromkeys(found))


def _numbers_in(names: Sequence[str]) -> tuple[NDArray[np.float64] | None, str | None]:
    """Return the wavelengths that names of columns hold, and their unit; ``None`` where they merely count."""
    plain = [_float(name) for name in names]
    unit: str | None = None
    if any(one is None for one in plain):
        parts = [_IN_NAME.split(name) for name in names]
        if any(len(part) != 3 for part in parts) or len({(part[0], part[2]) for part in parts}) > 1:
            return None, None
        plain = [float(part[1]) for part in parts]
        word = parts[0][2].strip(" _)]([")
        if word:
            try:
                wavelength_unit(word)
                unit = word
            except ValueError:
                unit = None
    numbers = np.array(plain, float)
    steps = np.diff(numbers)
    counts = numbers.size > 1 and numbers[0] in (0, 1) and bool(np.all(steps == 1))
    if counts or len(set(numbers.tolist())) < numbers.size:
        return None, None
    return numbers, unit


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _spectral_columns(
    source: NamedArrays, labels: set[str], channels: int | None
) -> tuple[list[str], NDArray[np.float64] | None, str | None]:
    """Return the columns whose names hold wavelengths, the wavelengths and their unit."""
    free = [name for name in source.arrays if name not in labels and source.arrays[name].dtype.kind in "fiub"]
    if source.named:
        groups: dict[tuple[str, str], list[str]] = {}
        for name in source.arrays:
            parts = ["", name, ""] if _float(name) is not None else _IN_NAME.split(name)
            if len(parts) == 3:
                groups.setdefault((parts[0], parts[2]), []).append(name)
        for key, chosen in sorted(groups.items(), key=lambda item: (item[0] != ("", ""), -len(item[1]))):
            if len(chosen) < 2 or "err" in plain_name(key[0]) or "unc" in plain_name(key[0]):
                continue
            axis, unit = _numbers_in(chosen)
            if axis is not None and (key == ("", "") or len(chosen) > 2):
                return chosen, axis, unit
            if channels == len(chosen):
                return chosen, None, None
    if channels is not None and len(free) == channels:
        return free, None, None
    there = listed(map(repr, source.arrays), 10)
    counted = "" if channels is None else f"; {len(free)} columns are no labels, but there are {channels} wavelengths"
    raise InputFileError(
        source.path,
        f"no columns hold wavelengths in their names (there: {there}){counted}. Name the columns with flux, e.g. "
        "'flux_*', the labels with labels, and give the list wavelength",
    )


def _transposed(source: NamedArrays, pattern: str) -> Layout | None:
    """Return the layout of a table whose columns are spectra; ``None`` where it is not one."""
    names = list(source.arrays)
    first = source.arrays[names[0]]
    if not source.named or len(names) < 2:
        return None
    if first.dtype.kind == "f" and guess_names([names[0]]).get("wavelength") == names[0]:
        others = names[1:]
        if sum(_float(name) is not None for name in others) > len(others) // 2:
            return None
        columns = _from_names(source, others, pattern)
        return Layout(
            flux=_stack(source, others).T,
            flux_name=others[0],
            columns=columns,
            axis=first,
            axis_name=names[0],
            axis_unit=source.units.get(names[0]) or unit_in_name(names[0]),
            row_names=tuple(others),
        )
    if first.dtype.kind != "U" or any(source.arrays[name].dtype.kind == "U" for name in names[1:]):
        return None
    axis = np.array([np.nan if (one := _float(str(word))) is None else one for word in first.tolist()])
    pixels = np.isfinite(axis)
    if pixels.sum() < 2 or pixels.sum() <= len(axis) // 2:
        return None
    values = _stack(source, names[1:]).T
    columns = {str(first[row]): values[:, row] for row in np.flatnonzero(~pixels)}
    return Layout(
        flux=values[:, pixels],
        flux_name=names[1],
        columns=columns,
        axis=axis[pixels],
        axis_name=names[0],
        axis_unit=unit_in_name(names[0]),
        row_names=tuple(names[1:]),
    )


def _from_names(source: NamedArrays, names: Sequence[str], pattern: str) -> dict[str, NDArray[Any]]:
    if not words_of(pattern):
        return {}
    found = [labels_in(name, pattern) for name in names]
    for name, labels in zip(names, found, strict=True):
        if labels is None:
            raise InputFileError(source.path, f"column {name!r} is not of the pattern {pattern!r}")
    return {word: np.array([labels[word] for labels in found if labels]) for word in words_of(pattern)}
