"""Two result files held against each other: which of their parts differ, and by how much."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["PartDifference", "changed_targets", "differences_in_file", "same_bits"]


@dataclass(frozen=True)
class PartDifference:
    """A part of a file, such as a variable, that is not the same in two runs."""

    part: str
    #: What differs, and by how much.
    change: str
    #: Largest absolute difference of numbers, and that in units of the first file's std where it has one.
    largest: float | None = None
    largest_in_std: float | None = None


def differences_in_file(first: Path, second: Path) -> list[PartDifference] | None:
    """Return what differs between two files of the same name, part by part; nothing where all parts are the same.

    NetCDF is read by variables, ECSV and CSV by columns, JSON by values, safetensors by arrays. ``None``: of another
    kind, of which only the bytes can be compared.

    Raises
    ------
    InputFileError
        When a file cannot be read as what its name says.
    """
    readers: dict[str, Callable[[Path], Mapping[str, Any]]] = {
        ".nc": _variables,
        ".ecsv": _columns,
        ".csv": _columns,
        ".json": _values,
        ".safetensors": _arrays,
    }
    read = readers.get(first.suffix)
    if read is None:
        return None
    try:
        return list(_differences(*(_read(read, path) for path in (first, second))))
    except InputFileError:
        if first.suffix == ".csv":  # of an exporter, and it may be no table
            return None
        raise


def same_bits(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Whether two arrays have the same type, shape and bits; texts, the same characters."""
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "OUS" or second.dtype.kind in "OUS":
        return bool(np.array_equal(first.astype(str), second.astype(str)))
    if first.dtype != second.dtype:
        return False
    return np.ascontiguousarray(first).tobytes() == np.ascontiguousarray(second).tobytes()


def changed_targets(first: xr.Dataset, second: xr.Dataset) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which targets two Predictions of the same targets and outputs differ in, and by how much.

    The change of a target, shape (n_target,), is the largest of its means in units of their std in the first; infinite
    where a value is known in one alone, NaN where there is no std.
    """
    a, b = first["mean"].values, second["mean"].values
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    scale = first["std"].values if "std" in first else np.full(a.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.abs(b - a) / scale
    change = np.where(np.isnan(a) != np.isnan(b), np.inf, np.where(same, 0.0, change))
    return ~same.all(axis=1), change.max(axis=1, initial=0.0)


def _read(read: Callable[[Path], Mapping[str, Any]], path: Path) -> Mapping[str, Any]:
    try:
        return read(path)
    except (OSError, ValueError, KeyError) as error:
        raise InputFileError(path, f"cannot be read ({error}); was it changed since the run?") from None


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterable[PartDifference]:
    for name in dict.fromkeys((*first, *second)):
        if name not in second:
            yield PartDifference(name, "is gone")
        elif name not in first:
            yield PartDifference(name, "is new")
        else:
            a, b = np.asarray(first[name]), np.asarray(second[name])
            if not same_bits(a, b):
                yield _difference(name, a, b, first.get("std") if name == "mean" else None)


def _difference(name: str, first: NDArray[Any], second: NDArray[Any], std: Any) -> PartDifference:
    if first.shape != second.shape:
        return PartDifference(name, f"has shape {_shape(first)}, now {_shape(second)}")
    if not (_numeric(first) and _numeric(second)):
        if not first.ndim:
            return PartDifference(name, f"was {first.item()!s}, now {second.item()!s}")
        count = int(np.count_nonzero(first.astype(str) != second.astype(str)))
        return PartDifference(name, f"{count} of {first.size} differ")
    if first.dtype != second.dtype:
        return PartDifference(name, f"has type {first.dtype}, now {second.dtype}")
    a, b = first.astype(float), second.astype(float)
    if not first.ndim:
        return PartDifference(name, f"was {a:.12g}, now {b:.12g} ({b - a:+.3g})", abs(float(b - a)))
    unknown = np.isnan(a) != np.isnan(b)
    differs = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    count = int(np.count_nonzero(differs))
    if not count:
        return PartDifference(name, "differs in signs of zero or in bits of NaN only", 0.0)
    known = differs & ~unknown
    with np.errstate(invalid="ignore"):
        deltas = np.abs(b - a)
    largest = float(deltas[known].max()) if known.any() else None
    in_std: float | None = None
    told = [f"{count} of {a.size} differ"]
    if largest is not None:
        told.append(f"by up to {largest:.3g}")
        if std is not None and np.shape(std) == a.shape:
            with np.errstate(divide="ignore", invalid="ignore"):
                in_std = float(np.nanmax((deltas / np.asarray(std, float))[known], initial=0.0))
            told.append(f"({in_std:.3g} std)")
    if unknown.any():
        told.append(f"and {int(np.count_nonzero(unknown))} are known in one alone")
    return PartDifference(name, " ".join(told), largest, in_std)


def _numeric(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "biuf"


def _shape(array: NDArray[Any]) -> str:
    return " x ".join(map(str, array.shape)) or "of one value"


def _variables(path: Path) -> dict[str, Any]:
    """Return the variables of all groups of a NetCDF file by their paths."""
    import xarray as xr

    check_hdf5_sizes(path)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return {
            f"{node.path}/{name}".strip("/"): variable.values
            for node in tree.subtree
            for name, variable in node.to_dataset(inherit=False).variables.items()
        }


def _columns(path: Path) -> dict[str, Any]:
    from astropy.table import Table

    table = Table.read(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "ascii.csv")
    found = {name: _unmasked(table[name]) for name in table.colnames}
    # what the header says is a part as well
    return found | {f"meta {name}": str(value) for name, value in table.meta.items()}


def _unmasked(column: Any) -> NDArray[Any]:
    if np.ma.isMaskedArray(column):
        text = column.dtype.kind in "OUS"
        return np.asarray(np.ma.filled(column.astype(str if text else float), "" if text else np.nan))
    return np.asarray(column)


def _values(path: Path) -> dict[str, Any]:
    """Return the values of a JSON file by their places in it."""
    found: dict[str, Any] = {}

    def walk(value: Any, place: str) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(inner, f"{place}.{key}" if place else str(key))
        elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
            for i, inner in enumerate(value):
                walk(inner, f"{place}[{i}]")
        else:
            found[place] = str(value) if value is None or isinstance(value, dict) else value

    walk(json.loads(path.read_text(encoding="utf-8")), "")
    return found


def _arrays(path: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(path))
