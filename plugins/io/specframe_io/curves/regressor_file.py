"""Regressors in a file of their own, at the times of the light curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError
from specframe_io.curves.columns import column_name, vector, words
from specframe_io.curves.times import days_of
from specframe_io.names import listed
from specframe_io.source import open_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_io.curves.params import LightCurvesParams, RegressorFileParams

__all__ = ["RegressorFile"]

#: Times that differ by less, in d, are the same; files have them with fewer digits.
_SAME_TIME = 1e-5


class RegressorFile:
    """A table of quantities by time, and by instrument where it has a column of them."""

    def __init__(self, given: RegressorFileParams, params: LightCurvesParams) -> None:
        self.path = given.path
        source = open_source(given.path, text=True)
        name, values = vector(source, given.time, "regressor_file.time")

        def wrong(message: str) -> InputFileError:
            return InputFileError(given.path, f"regressor_file.time ({name!r}): {message}")

        self.time, _ = days_of(values, params.time, name, source.units(name), params.system.period, wrong)
        self.columns: dict[str, tuple[NDArray[np.float64], str]] = {}
        for regressor, column in given.columns.items():
            parameter = f"regressor_file.columns.{regressor}"
            numbers = np.asarray(vector(source, column, parameter)[1], float)
            if len(numbers) != len(self.time):
                raise InputFileError(
                    given.path, f"{parameter} has {len(numbers)} values, but there are {len(self.time)} times"
                )
            self.columns[regressor] = numbers, source.units(column_name(source, column, parameter)) or ""
        self.instrument = (
            None
            if given.instrument is None
            else words(source, given.instrument, len(self.time), "regressor_file.instrument")
        )

    def at(self, time: NDArray[np.float64], instrument: str) -> dict[str, tuple[NDArray[np.float64], str]]:
        """Return the regressors at the times (time,) in d of an instrument.

        Raises
        ------
        InputFileError
            When the file has no line of that instrument at one of them.
        """
        own = np.ones(len(self.time), bool) if self.instrument is None else self.instrument == instrument
        if not own.any():
            there = listed(sorted(set([] if self.instrument is None else self.instrument.tolist())))
            raise InputFileError(self.path, f"regressor_file has no line of instrument {instrument!r}; there: {there}")
        rows = np.flatnonzero(own)
        rows = rows[np.argsort(self.time[rows], kind="stable")]
        theirs = self.time[rows]
        after = np.clip(np.searchsorted(theirs, time), 1, max(len(theirs) - 1, 1))
        nearest = np.where(
            np.abs(theirs[after - 1] - time) <= np.abs(theirs[np.minimum(after, len(theirs) - 1)] - time),
            after - 1,
            np.minimum(after, len(theirs) - 1),
        )
        off = np.abs(theirs[nearest] - time)
        lost = np.flatnonzero(~(off <= _SAME_TIME))
        if len(lost):
            first = int(lost[0])
            raise InputFileError(
                self.path,
                f"regressor_file has no line at {len(lost)} of {len(time)} times of {instrument}, first "
                f"{time[first]:.10g} (nearest {theirs[nearest[first]]:.10g}); it must have those of "
                "the light curves, on the same clock",
            )
        return {name: (values[rows[nearest]], unit) for name, (values, unit) in self.columns.items()}
