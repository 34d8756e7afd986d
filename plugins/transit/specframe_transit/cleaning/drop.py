"""Times and channels that a user rules out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.cleaning.node import find_regressor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_transit.cleaning.params import ChannelRule, TimeRule

__all__ = ["TimeSeries", "check_time_ranges", "masked_channels", "times_of_rule"]

#: As many different values of a regressor are listed in an error.
_LISTED = 12


@dataclass(frozen=True)
class TimeSeries:
    """What rules on times read of a node, as the data came.

    ``time`` (n_time,) is on the data's own clock, in ``units``; ``regressors`` are (n_time,) or (n_channel, n_time);
    ``stretch`` (n_time,) numbers stretches without gaps.
    """

    path: str
    time: NDArray[np.float64]
    units: str
    regressors: Mapping[str, NDArray[np.float64]]
    stretch: NDArray[np.intp]


def times_of_rule(rule: TimeRule, series: TimeSeries) -> NDArray[np.bool_]:
    """Return which times (n_time,) a rule names.

    A range of times that the node has none in names nothing: it may be another visit's, see :func:`check_time_ranges`.

    Raises
    ------
    DataError
        When a rule names a regressor, a value of it or an index that the node does not have.
    """
    if rule.regressor is not None:
        return _of_regressor(series.path, rule, _over_time(rule.regressor, series))
    if rule.first_of_orbit is not None:
        orbit = series.stretch if rule.orbit is None else _over_time(rule.orbit, series)
        begins = np.concatenate([[True], orbit[1:] != orbit[:-1]])
        since = np.arange(len(orbit)) - np.maximum.accumulate(np.where(begins, np.arange(len(orbit)), 0))
        return np.asarray(since < rule.first_of_orbit)
    if rule.time is not None:
        return _within(rule.time, series.time)
    return _at(series.path, "exposure", rule.indices or (), len(series.time))


def check_time_ranges(rules: Sequence[TimeRule], nodes: Sequence[TimeSeries]) -> None:
    """Raise DataError for a range of times in which no node has an exposure."""
    for rule in rules:
        if rule.time is not None and not any(_within(rule.time, series.time).any() for series in nodes):
            clocks = "; ".join(
                f"that of /{series.path} runs from {float(series.time[0])!r} to {float(series.time[-1])!r} "
                f"{series.units}".rstrip()
                for series in nodes
            )
            raise DataError(f"no exposure lies in time {list(rule.time)} on the data's own clock; {clocks}")


def _within(span: tuple[float, float], time: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (time >= span[0]) & (time <= span[1])


def _over_time(name: str, series: TimeSeries) -> NDArray[np.float64]:
    values = find_regressor(name, series.regressors, series.path)
    if values.ndim != 1:
        raise DataError(f"node /{series.path}: times are named by a regressor of time alone; {name!r} has channels too")
    return values


def _of_regressor(path: str, rule: TimeRule, values: NDArray[np.float64]) -> NDArray[np.bool_]:
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
