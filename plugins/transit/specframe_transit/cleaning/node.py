"""Nodes of an Observation: chosen by instrument, their regressors, and their flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["add_flags", "chosen_nodes", "direction_of", "regressor_over_time", "regressors"]

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
    if _DIRECTION not in regressors(data):
        return None
    values = np.asarray(data[_DIRECTION].values, float)
    levels = np.unique(values)
    return values == levels[1] if len(levels) == 2 else None


def regressors(data: xr.Dataset) -> tuple[str, ...]:
    """Return the names of a node's regressors over time."""
    return tuple(
        str(name)
        for name, array in data.variables.items()
        if array.dims == ("time",) and array.dtype.kind in "fiub" and array.attrs.get("role") == "regressor"
    )


def regressor_over_time(path: str, data: xr.Dataset, name: str) -> NDArray[np.float64]:
    """Return a regressor (n_time,).

    Raises
    ------
    DataError
        When the node has none of that name, listing those it has.
    """
    if name not in regressors(data):
        there = ", ".join(regressors(data)) or "none"
        raise DataError(
            f"node /{path}: no regressor {name!r} over time (there: {there}); the loader names them, look there for "
            "the name of the column"
        )
    return np.asarray(data[name].values, float)
