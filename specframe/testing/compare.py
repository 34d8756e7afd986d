"""Where two values differ: arrays, xarray objects, and collections of them, bit for bit or to a tolerance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from specframe.api.frames import LazyFrames

__all__ = ["difference"]


def difference(first: Any, second: Any, tolerance: float = 0.0, where: str = "") -> str:
    """Return what differs first between two values, ``""`` when nothing does.

    NaN equals NaN, types and attributes count. ``tolerance`` is absolute, for floating-point numbers only.
    """
    import xarray as xr

    if isinstance(first, LazyFrames) and isinstance(second, LazyFrames):
        return difference(first.read(), second.read(), tolerance, where)
    if type(first) is not type(second):
        return f"{_at(where)}{type(first).__name__} became {type(second).__name__}"
    if isinstance(first, xr.DataTree):
        return _of_trees(first, second, tolerance, where)
    if isinstance(first, xr.Dataset):
        return _of_datasets(first, second, tolerance, where)
    if isinstance(first, xr.DataArray):
        named = difference(first.to_dataset(name="_"), second.to_dataset(name="_"), tolerance, where)
        return named.replace("variable '_'", "the array")
    if isinstance(first, np.ndarray):
        return _of_arrays(first, second, tolerance, where)
    if isinstance(first, Mapping):
        if list(map(str, first)) != list(map(str, second)):
            return f"{_at(where)}keys {list(first)} became {list(second)}"
        return _first(difference(first[key], second[key], tolerance, f"{where}[{key!r}]") for key in first)
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        if len(first) != len(second):
            return f"{_at(where)}length {len(first)} became {len(second)}"
        pairs = enumerate(zip(first, second, strict=True))
        return _first(difference(a, b, tolerance, f"{where}[{i}]") for i, (a, b) in pairs)
    if isinstance(first, float):
        return _of_arrays(np.asarray(first), np.asarray(second), tolerance, where)
    if first is None or isinstance(first, (str, bytes, bool, int, Path, np.generic)):
        return "" if first == second else f"{_at(where)}{first!r} became {second!r}"
    return difference(vars(first), vars(second), tolerance, where)


def _of_trees(first: Any, second: Any, tolerance: float, where: str) -> str:
    paths = [node.path for node in first.subtree], [node.path for node in second.subtree]
    if paths[0] != paths[1]:
        return f"{_at(where)}nodes {paths[0]} became {paths[1]}"
    return _first(
        difference(a.to_dataset(inherit=False), b.to_dataset(inherit=False), tolerance, f"{where}{a.path}")
        for a, b in zip(first.subtree, second.subtree, strict=True)
    )


def _of_datasets(first: Any, second: Any, tolerance: float, where: str) -> str:
    names = sorted(map(str, first.variables)), sorted(map(str, second.variables))
    if names[0] != names[1]:
        return f"{_at(where)}variables {names[0]} became {names[1]}"
    if set(first.coords) != set(second.coords):
        return f"{_at(where)}coordinates {sorted(map(str, first.coords))} became {sorted(map(str, second.coords))}"
    found = difference(dict(first.attrs), dict(second.attrs), tolerance, f"{where} attrs")
    for name in names[0]:
        a, b = first[name].variable, second[name].variable
        label = f"{where} variable {name!r}".strip()
        if a.dims != b.dims:
            found = found or f"{label}: dims {a.dims} became {b.dims}"
        found = found or difference(dict(a.attrs), dict(b.attrs), tolerance, f"{label} attrs")
        found = found or _of_arrays(np.asarray(a.data), np.asarray(b.data), tolerance, label)
    return found


def _of_arrays(first: Any, second: Any, tolerance: float, where: str) -> str:
    if first.shape != second.shape:
        return f"{_at(where)}shape {first.shape} became {second.shape}"
    # the width of a string type follows from the longest string
    if first.dtype != second.dtype and not (first.dtype.kind == second.dtype.kind and first.dtype.kind in "UST"):
        return f"{_at(where)}dtype {first.dtype} became {second.dtype}"
    if first.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):  # infinite values of one sign have no difference
            same = (first == second) | (np.isnan(first) & np.isnan(second)) | (np.abs(first - second) <= tolerance)
    else:
        same = first == second
    if np.all(same):
        return ""
    at = tuple(int(i) for i in np.argwhere(~same)[0])
    changed = f"{int(np.sum(~same))} of {first.size} values differ, first at {at}: " if first.size > 1 else ""
    return f"{_at(where)}{changed}{first[at]!s} became {second[at]!s}"


def _first(found: Any) -> str:
    return next((text for text in found if text), "")


def _at(where: str) -> str:
    return f"{where.strip()}: " if where.strip() else ""
