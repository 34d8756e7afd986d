"""Which array of a file is what: spectra, their wavelengths, and what is known of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.roles import guess_names, is_depth, plain_name, unit_in_name
from specframe_retrieval.files.units import wavelength_unit
from specframe_retrieval.library.pattern import labels_in, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays

__all__ = ["Layout", "array_layout", "table_layout"]

_IN_NAME = re.compile(r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)", re.ASCII)


@dataclass
class Layout:
    """Arrays of a file by their roles.

    ``flux`` and ``error`` are (row, pixel); ``axis`` is (pixel,) or (row, pixel) in ``axis_unit``, ``None`` where the
    file has none; ``axis_name`` and ``flux_name`` are for messages. ``columns`` are (row,).
    """

    flux: NDArray[Any]
    flux_name: str
    columns: dict[str, NDArray[Any]]
    axis: NDArray[Any] | None = None
    axis_name: str = "wavelength"
    axis_unit: str | None = None
    error: NDArray[Any] | None = None
    units: str | None = None
    row_names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    is_depth: bool = False


def array_layout(
    source: NamedArrays, flux: str | None, error: str | None, wavelength: str | None, dims: Sequence[str] | None
) -> Layout:
    """Return the layout of arrays (row, pixel), (pixel, row), or (label, label, ..., pixel).

    Raises
    ------
    InputFileError
        When an array is missing, or shapes do not tell what the axes are.
    """
    arrays = source.arrays
    told = guess_names(arrays)
    name = flux or _flux_name(source, told)
    values = source.numbers(name)
    if values.ndim < 2:
        raise InputFileError(source.path, f"{name!r} has shape {values.shape}, expected spectra (row, pixel)")
    axis_name = wavelength or _axis_name(source, name, values, told)
    axes = _axes(source, name, values, axis_name, dims)
    spectral = axes.index("")
    if axis_name is not None and (arrays[axis_name].ndim == 1):
        size = arrays[axis_name].size
        if values.shape[spectral] != size:
            raise InputFileError(
                source.path, f"{name!r} has shape {values.shape}, but {axis_name!r} has {size} wavelengths"
            )
    labels = [axis for i, axis in enumerate(axes) if i != spectral]
    moved = np.moveaxis(values, spectral, -1)
    flat = moved.reshape(-1, moved.shape[-1])
    columns: dict[str, NDArray[Any]] = {}
    said: tuple[str, ...] = ()
    noise = error or next((told[role] for role in ("error",) if role in told), None)
    errors = None if noise is None else _error_like(source, noise, values, spectral)
    if values.ndim > 2 or labels[0] is not None:  # a hypercube, whose axes are labels
        missing = [i for i, label in enumerate(labels) if label is None]
        if missing:
            raise InputFileError(
                source.path,
                f"{name!r} has shape {values.shape}, and no array names its axis {missing[0]}: write dims, the names "
                "of arrays along its axes, e.g. [teff, logg, wavelength]",
            )
        grid = np.meshgrid(*(source[str(label)] for label in labels), indexing="ij")
        columns = {str(label): values.ravel() for label, values in zip(labels, grid, strict=True)}
        there = np.isfinite(flat).any(axis=1)
        if not there.all():
            said = (f"{int((~there).sum())} of {len(there)} nodes of the grid hold no spectrum",)
            flat, columns = flat[there], {label: column[there] for label, column in columns.items()}
            errors = None if errors is None else errors[there]
    elif values.shape[1 - spectral]:
        columns = _row_columns(source, len(flat), {name, axis_name, noise} | set(_scratch(told)))
    return Layout(
        flux=flat,
        flux_name=name,
        columns=columns,
        axis=None if axis_name is None else _axis(source, axis_name, flat.shape),
        axis_name=axis_name or "wavelength",
        axis_unit=None if axis_name is None else source.units.get(axis_name) or unit_in_name(axis_name),
        error=errors,
        units=source.units.get(name) or unit_in_name(name),
        said=said,
        is_depth=is_depth(name),
    )


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
    said: tuple[str, ...] = ()
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
        said=said,
        is_depth=is_depth(_IN_NAME.split(chosen[0])[0]),
    )


def _flux_name(source: NamedArrays, told: Mapping[str, str]) -> str:
    """Return the array of spectra: by its name, else the only one of two or more axes, else the one with most values.

    Arrays beside it such as (row, label) are smaller.
    """
    wide = {name: array for name, array in source.arrays.items() if array.ndim > 1 and array.dtype.kind in "fiu"}
    for role in ("flux", "depth"):
        if told.get(role) in wide:
            return told[role]
    other = {told.get(role) for role in ("error", "variance", "inverse_variance", "mask", "wavelength")}
    free = [name for name in wide if name not in other]
    if not free:
        raise InputFileError(
            source.path,
            f"holds no array of spectra (row, pixel); there: {_shapes(source)}. Name it with flux",
        )
    most = max(free, key=lambda name: wide[name].size)
    alike = [name for name in free if wide[name].size == wide[most].size]
    if len(alike) > 1:
        raise InputFileError(source.path, f"{listed(map(repr, alike))} may each be the spectra: say which with flux")
    return most


def _axis_name(source: NamedArrays, name: str, values: NDArray[Any], told: Mapping[str, str]) -> str | None:
    """Return the array of wavelengths: by its name, else the only ascending or descending one along the last axis."""
    named = told.get("wavelength")
    if named is not None and named != name:
        return named
    dims = source.dims.get(name, ())
    fitting = [
        one
        for one, array in source.arrays.items()
        if one != name
        and array.ndim == 1
        and array.dtype.kind in "fiu"
        and array.size == values.shape[-1]
        and array.size not in values.shape[:-1]
        and array.size > 1
        and (np.all(np.diff(array) > 0) or np.all(np.diff(array) < 0))
        and (not dims or source.dims.get(one) == (one,))
    ]
    return fitting[0] if len(fitting) == 1 and values.ndim == 2 else None


def _axes(
    source: NamedArrays, name: str, values: NDArray[Any], axis_name: str | None, dims: Sequence[str] | None
) -> list[str | None]:
    """Return what each axis is: ``""`` the wavelengths, the name of the array along it, or ``None``."""
    arrays = source.arrays
    if dims is not None:
        if len(dims) != values.ndim:
            raise InputFileError(source.path, f"dims has {len(dims)} names, but {name!r} has shape {values.shape}")
        spectral = [i for i, dim in enumerate(dims) if dim == axis_name or guess_names([dim]).get("wavelength")]
        if len(spectral) != 1:
            raise InputFileError(source.path, f"one of dims must be the wavelengths {axis_name!r}, got {list(dims)}")
        known: list[str | None] = [dim if dim in arrays and arrays[dim].ndim == 1 else None for dim in dims]
        for i, dim in enumerate(known):
            if dim is not None and i != spectral[0] and arrays[dim].size != values.shape[i]:
                raise InputFileError(
                    source.path, f"{dim!r} has {arrays[dim].size} values, but axis {i} of {name!r} {values.shape[i]}"
                )
        known[spectral[0]] = ""
        return known
    own = source.dims.get(name)
    if (
        own is not None
        and len(set(own)) == len(own)
        and any(source.dims.get(dim) == (dim,) or _dims_of(source, axis_name) for dim in own)
    ):
        along = _dims_of(source, axis_name)
        spectral_dim = along[-1] if along else own[-1]
        if spectral_dim not in own:
            raise InputFileError(
                source.path,
                f"{axis_name!r} is along {spectral_dim!r}, but {name!r} has the dimensions {', '.join(own)}",
            )
        others = [dim for dim in own if dim != spectral_dim]
        if len(others) == 1 and _is_row_dim(source, others[0], {name, axis_name}):
            return ["" if dim == spectral_dim else None for dim in own]
        along_labels: list[str | None] = [
            "" if dim == spectral_dim else (dim if source.dims.get(dim) == (dim,) else None) for dim in own
        ]
        if None not in along_labels:  # else these are dimensions that HDF5 merely counts
            return along_labels
    sizes = values.shape
    if axis_name is not None and arrays[axis_name].ndim == 1:
        fits = [i for i, size in enumerate(sizes) if size == arrays[axis_name].size]
        if not fits:
            raise InputFileError(
                source.path,
                f"{name!r} has shape {sizes}, but {axis_name!r} has {arrays[axis_name].size} wavelengths; name the "
                "right one with wavelength",
            )
        spectral_axis = fits[-1]
    else:
        spectral_axis = values.ndim - 1
    if values.ndim == 2:
        return ["" if i == spectral_axis else None for i in range(2)]
    found: list[str | None] = []
    for i, size in enumerate(sizes):
        fitting = [
            one
            for one, array in arrays.items()
            if array.ndim == 1 and array.size == size and one not in (axis_name, *found)
        ]
        if i != spectral_axis and len(fitting) > 1 and len([s for s in sizes if s == size]) != len(fitting):
            raise InputFileError(
                source.path,
                f"axis {i} of {name!r} {sizes} may be {listed(fitting)}: write dims, e.g. [teff, logg, wavelength]",
            )
        if i != spectral_axis and len(fitting) > 1:
            raise InputFileError(
                source.path,
                f"axes of {name!r} {sizes} have the same length, so that {listed(fitting)} cannot be told apart: write "
                "dims, e.g. [teff, logg, wavelength]",
            )
        found.append("" if i == spectral_axis else (fitting[0] if fitting else None))
    return found


def _dims_of(source: NamedArrays, name: str | None) -> tuple[str, ...]:
    return () if name is None else source.dims.get(name, ())


def _is_row_dim(source: NamedArrays, dim: str, used: set[str | None]) -> bool:
    """Return whether a dimension merely counts spectra: other arrays along it say what they are."""
    beside = [one for one, dims in source.dims.items() if dims == (dim,) and one != dim and one not in used]
    return bool(beside) or source.dims.get(dim) != (dim,)


def _axis(source: NamedArrays, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    axis = source.numbers(name)
    if axis.ndim == 2 and axis.shape != shape:
        axis = axis.T
    if axis.ndim > 2 or (axis.ndim == 2 and axis.shape != shape):
        raise InputFileError(source.path, f"{name!r} has shape {axis.shape}, expected (pixel,) or {shape}")
    return axis


def _error_like(source: NamedArrays, name: str, values: NDArray[Any], spectral: int) -> NDArray[Any]:
    errors = source.numbers(name)
    if errors.shape != values.shape:
        if errors.shape == (values.shape[spectral],):
            errors = np.broadcast_to(
                np.expand_dims(errors, [i for i in range(values.ndim) if i != spectral]), values.shape
            )
        else:
            raise InputFileError(
                source.path, f"{name!r} has shape {errors.shape}, but the spectra have {values.shape}; see error"
            )
    return np.moveaxis(errors, spectral, -1).reshape(-1, values.shape[spectral])


def _scratch(told: Mapping[str, str]) -> list[str]:
    return [told[role] for role in ("wavelength",) if role in told]


def _row_columns(source: NamedArrays, rows: int, used: set[str | None]) -> dict[str, NDArray[Any]]:
    """Return arrays (row,), and the columns of arrays (row, label), by the texts that name them where there are any."""
    columns: dict[str, NDArray[Any]] = {}
    texts = [array for array in source.arrays.values() if array.ndim == 1 and array.dtype.kind == "U"]
    for name, array in source.arrays.items():
        if name in used:
            continue
        if array.shape == (rows,):
            columns[name] = array
        elif array.ndim == 2 and array.shape[0] == rows and array.shape[1] != rows and array.dtype.kind in "fiuU":
            fitting = [
                words for words in texts if words.size == array.shape[1] and len(set(words.tolist())) == words.size
            ]
            names = fitting[0].tolist() if len(fitting) == 1 else [f"{name}_{i + 1}" for i in range(array.shape[1])]
            columns |= {str(one): array[:, i] for i, one in enumerate(names) if str(one) not in columns}
    return columns


def _shapes(source: NamedArrays) -> str:
    return listed((f"{name} {array.shape}" for name, array in source.arrays.items()), 10)


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
