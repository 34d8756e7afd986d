"""Nodes of an Observation: chosen by instrument, their regressors, and their flags."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["add_flags", "chosen_nodes", "direction_of", "find_regressor", "regressors"]

#: Regressor that says which way HST scanned.
_DIRECTION = "scan_direction"


def chosen_nodes(given: dict[str, xr.Dataset], instruments: Sequence[str] | None) -> list[str]:
    """Return the paths of the nodes of ``instruments``, all for ``None``.

    Raises
    ------
    DataError
        When an instrument is not there, listing those that are.
    """
    there = list(dict.fromkeys(path.rpartition("/")[0] for path in given))
    missing = [name for name in instruments or () if name not in there]
    if missing:
        raise DataError(f"instruments: there is no {missing[0]!r} (there: {', '.join(there)})")
    return [path for path in given if instruments is None or path.rpartition("/")[0] in instruments]


def add_flags(data: xr.Dataset, flags: Sequence[str]) -> xr.Dataset:
    """Return the node with ``flags`` beside those it has."""
    words = dict.fromkeys([*str(data.attrs.get("flags", "")).split(), *flags])
    return data.assign_attrs(flags=" ".join(words)) if words else data


def direction_of(data: xr.Dataset) -> NDArray[np.bool_] | None:
    """Return the scan direction of exposures (n_time,), ``None`` where there are not two."""
    values = regressors(data).get(_DIRECTION)
    if values is None:
        return None
    levels = np.unique(values)
    return values == levels[1] if len(levels) == 2 else None


def regressors(data: xr.Dataset) -> dict[str, Array]:
    """Return a node's regressors over time, (n_time,) each."""
    return {
        str(name): np.asarray(array.values, float)
        for name, array in data.variables.items()
        if array.dims == ("time",) and array.dtype.kind in "fiub" and array.attrs.get("role") == "regressor"
    }


def find_regressor(name: str, regressors: Mapping[str, Array], path: str) -> Array:
    """Return the regressor of that name.

    Raises
    ------
    DataError
        When there is none; it names the nearest and all that are there.
    """
    if name in regressors:
        return regressors[name]
    near = get_close_matches(name, regressors, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    there = ", ".join(sorted(regressors)) or "none (the loader's columns say which are regressors)"
    raise DataError(f"node /{path}: no regressor {name!r}{hint} There are: {there}")
