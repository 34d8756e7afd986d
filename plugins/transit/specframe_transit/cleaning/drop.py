"""Times and channels that a user rules out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.cleaning.node import regressor_over_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_transit.cleaning.params import ChannelRule, DropRule

__all__ = ["dropped_times", "masked_channels"]

#: As many different values of a regressor are listed in an error.
_LISTED = 12


def dropped_times(
    path: str, data: xr.Dataset, rules: Sequence[DropRule], stretch: NDArray[np.intp]
) -> Mapping[str, NDArray[np.bool_]]:
    """Return which times (n_time,) the rules remove and mask, by action; all are read on the data as they came.

    Raises
    ------
    DataError
        When a rule names a regressor, value, time or index that the data do not have.
    """
    dropped = {action: np.zeros(data.sizes["time"], bool) for action in ("remove", "mask")}
    for rule in rules:
        dropped[rule.action] |= _of_rule(path, data, rule, stretch)
    return dropped


def _of_rule(path: str, data: xr.Dataset, rule: DropRule, stretch: NDArray[np.intp]) -> NDArray[np.bool_]:
    if rule.regressor is not None:
        return _of_regressor(path, rule, regressor_over_time(path, data, rule.regressor))
    if rule.first_of_orbit is not None:
        orbit = stretch if rule.orbit is None else regressor_over_time(path, data, rule.orbit)
        begins = np.concatenate([[True], orbit[1:] != orbit[:-1]])
        since = np.arange(len(orbit)) - np.maximum.accumulate(np.where(begins, np.arange(len(orbit)), 0))
        return np.asarray(since < rule.first_of_orbit)
    time = np.asarray(data["time"].values, float)
    if rule.time is not None:
        within = (time >= rule.time[0]) & (time <= rule.time[1])
        if not within.any():
            raise DataError(
                f"node /{path}: no exposure lies in time {list(rule.time)}; the data's own clock runs from "
                f"{float(time[0])!r} to {float(time[-1])!r} {data['time'].attrs.get('units', '')}".rstrip()
            )
        return within
    return _at(path, "exposure", rule.indices or (), len(time))


def _of_regressor(path: str, rule: DropRule, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    found = np.zeros(len(values), bool)
    for value in rule.values or ():
        same = np.isclose(values, value, rtol=1e-9, atol=1e-12)
        if not same.any():
            there = np.unique(values)
            listed = ", ".join(f"{v:g}" for v in there[:_LISTED]) + (" ..." if len(there) > _LISTED else "")
            raise DataError(f"node /{path}: regressor {rule.regressor!r} is nowhere {value:g} (there: {listed})")
        found |= same
    if rule.above is not None:
        found |= values > rule.above
    if rule.below is not None:
        found |= values < rule.below
    return found


def masked_channels(path: str, data: xr.Dataset, rules: Sequence[ChannelRule]) -> NDArray[np.bool_]:
    """Return which channels (n_channel,) the rules mask. Raises DataError for an index that is not there."""
    wavelength = np.asarray(data["wavelength"].values, float)
    masked = np.zeros(len(wavelength), bool)
    for rule in rules:
        if rule.wavelength is not None:
            masked |= (wavelength >= rule.wavelength[0]) & (wavelength <= rule.wavelength[1])
        else:
            masked |= _at(path, "channel", rule.indices or (), len(wavelength))
    return masked


def _at(path: str, what: str, indices: Sequence[int], n: int) -> NDArray[np.bool_]:
    wrong = [i for i in indices if not -n <= i < n]
    if wrong:
        raise DataError(f"node /{path}: there is no {what} {wrong[0]}: it has {n}, from 0 to {n - 1}")
    found = np.zeros(n, bool)
    found[list(indices)] = True
    return found
