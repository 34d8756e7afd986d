"""Samples that no fit, or not the white fit, uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.systematics.regressors import find_regressor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.params import ExcludeParams

__all__ = ["excluded_times", "without"]


def excluded_times(curves: Curves, exclude: Sequence[ExcludeParams]) -> NDArray[np.bool_]:
    """Return which times (n_time,) are named by ``exclude``.

    Raises
    ------
    DataError
        When a regressor is missing, has no such value, or when nothing is left.
    """
    out = np.zeros(len(curves.time), bool)
    for entry in exclude:
        if entry.time is not None:
            clock = curves.time + curves.reference
            out |= (clock >= entry.time[0]) & (clock <= entry.time[1])
            continue
        name = entry.regressor or entry.first_of or ""
        values = find_regressor(name, curves.regressors, curves.path)
        if values.ndim != 1:
            raise DataError(f"node /{curves.path}: exclude needs a regressor of time alone, {name} has channels too")
        if entry.first_of is not None:
            out[np.unique(values, return_index=True)[1]] = True
            continue
        found = np.isin(values, entry.values)
        if not found.any():
            there = ", ".join(f"{v:g}" for v in np.unique(values)[:12])
            raise DataError(f"node /{curves.path}: {name} never has the values {list(entry.values)}; it has {there}")
        out |= found
    if out.all():
        raise DataError(f"node /{curves.path}: exclude leaves no time to be fitted")
    return out


def without(curves: Curves, times: NDArray[np.bool_]) -> Curves:
    """Return curves that do not use ``times`` (n_time,)."""
    if not times.any():
        return curves
    use = curves.use & ~times
    return replace(
        curves, use=use, flux=np.where(use, curves.flux, 0.0), flux_error=np.where(use, curves.flux_error, np.inf)
    )
