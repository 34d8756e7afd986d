"""Spectra in arrays of two or more axes: which axis is what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.roles import guess_names, is_depth, unit_in_name
from specframe_retrieval.library.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays

__all__ = ["array_layout"]


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
    errors, noise = _errors(source, error, told, values, spectral)
    bad = told.get("mask") if told.get("mask") != name else None
    mask = None if bad is None else _like(source, bad, values, spectral) != 0
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
            mask = None if mask is None else mask[there]
    else:
        columns = _row_columns(source, len(flat), {name, axis_name, noise, bad, told.get("wavelength")})
    return Layout(
        flux=flat,
        flux_name=name,
        columns=columns,
        axis=None if axis_name is None else _axis(source, axis_name, flat.shape),
        axis_name=axis_name or "wavelength",
        axis_unit=None if axis_name is None else source.units.get(axis_name) or unit_in_name(axis_name),
        error=errors,
        mask=mask,
        units=source.units.get(name) or unit_in_name(name),
        said=said,
        is_depth=is_depth(name),
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


def _errors(
    source: NamedArrays, error: str | None, told: Mapping[str, str], values: NDArray[Any], spectral: int
) -> tuple[NDArray[Any] | None, str | None]:
    """Return standard deviations (row, pixel) and the name of their array, ``None`` where there are none."""
    roles = {"error": error or told.get("error"), **{one: told.get(one) for one in ("variance", "inverse_variance")}}
    role, name = next(((role, name) for role, name in roles.items() if name is not None), ("", None))
    if name is None:
        return None, None
    found = _like(source, name, values, spectral)
    with np.errstate(invalid="ignore", divide="ignore"):
        if role == "variance":
            found = np.sqrt(found)
        elif role == "inverse_variance":
            found = 1.0 / np.sqrt(found)
    return found, name


def _like(source: NamedArrays, name: str, values: NDArray[Any], spectral: int) -> NDArray[Any]:
    """Return an array of the shape of the spectra, or one value for each pixel, as (row, pixel)."""
    array = source.numbers(name)
    if array.shape == (values.shape[spectral],):
        other = [axis for axis in range(values.ndim) if axis != spectral]
        array = np.broadcast_to(np.expand_dims(array, other), values.shape)
    if array.shape != values.shape:
        raise InputFileError(
            source.path, f"{name!r} has shape {array.shape}, but the spectra have {values.shape}; see flux and error"
        )
    return np.moveaxis(array, spectral, -1).reshape(-1, values.shape[spectral])


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
