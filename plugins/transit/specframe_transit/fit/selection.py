"""Samples that the white fit does not use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.cleaning.drop import TimeSeries, check_time_ranges, times_of_rule
from specframe_transit.cleaning.series import stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.cleaning.params import TimeRule
    from specframe_transit.curves import Curves

__all__ = ["excluded_times", "without"]


def excluded_times(curves: Sequence[Curves], rules: Sequence[TimeRule]) -> list[NDArray[np.bool_]]:
    """Return which times (n_time,) of each node the rules name.

    Raises
    ------
    DataError
        When a regressor is missing, has no such value, no node has such times, or when nothing of one is left.
    """
    nodes = [TimeSeries(own.path, own.time + own.reference, "d", own.regressors, stretches(own.time)) for own in curves]
    check_time_ranges(rules, nodes)
    found = []
    for series in nodes:
        out = np.zeros(len(series.time), bool)
        for rule in rules:
            out |= times_of_rule(rule, series)
        if out.all():
            raise DataError(f"node /{series.path}: white.exclude leaves no time to be fitted")
        found.append(out)
    return found


def without(curves: Curves, times: NDArray[np.bool_]) -> Curves:
    """Return curves that do not use ``times`` (n_time,)."""
    if not times.any():
        return curves
    use = curves.use & ~times
    return replace(
        curves, use=use, flux=np.where(use, curves.flux, 0.0), flux_error=np.where(use, curves.flux_error, np.inf)
    )
