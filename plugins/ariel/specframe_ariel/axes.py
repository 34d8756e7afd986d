"""The axes of the frames: when the reads were made, for how long they had integrated, what a column's wavelength is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError
from specframe_ariel.parquet import read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Axes"]

_HOUR_IN_DAYS = 1 / 24
_HOUR_IN_SECONDS = 3600.0
#: Relative rounding of times in the files.
_ROUNDING = 1e-3


class Axes:
    """What ``axis_info.parquet`` says of some instruments; its columns end where their padding begins."""

    def __init__(self, path: Path, instruments: Sequence[str]) -> None:
        names = []
        for instrument in instruments:
            names.append(_time_name(instrument))
            if instrument != "FGS1":
                names += [_wavelength_name(instrument), _step_name(instrument)]
        self.path = path
        self._columns = read_columns(path, names)

    def reads(self, instrument: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return time since the start of the visit in d and time since the reset in s of each read, (time,)."""
        hours = self._columns[_time_name(instrument)]
        if len(hours) < 2 or np.any(np.diff(hours) <= 0):
            raise InputFileError(self.path, f"column {_time_name(instrument)!r} does not hold ascending times of reads")
        if instrument == "FGS1":
            apart = (hours[1] - hours[0]) * _HOUR_IN_SECONDS
            integrated = np.tile([apart, 2 * apart], (len(hours) + 1) // 2)[: len(hours)]
        else:
            steps = self._columns[_step_name(instrument)]
            if len(steps) != len(hours):
                raise InputFileError(
                    self.path, f"has {len(hours)} times of {instrument} reads, but {len(steps)} integration times"
                )
            integrated = steps.copy()
            integrated[1::2] += steps[: len(steps) // 2 * 2 : 2]
        cadence = float(np.min(np.diff(hours[::2]), initial=np.inf)) * _HOUR_IN_SECONDS
        longest = float(integrated[1::2].max())
        if longest > cadence * (1 + _ROUNDING):
            raise InputFileError(
                self.path,
                f"column {_time_name(instrument)!r} has a pair of reads every {cadence:.3g} s, in which the "
                f"{longest:.3g} s that {instrument} integrates do not fit; are these the times of another instrument?",
            )
        return hours * _HOUR_IN_DAYS, integrated

    def dispersion(self, instrument: str, n_x: int) -> NDArray[np.float64]:
        """Return the wavelength of each detector column in um, (x,)."""
        wavelength = self._columns[_wavelength_name(instrument)]
        if len(wavelength) != n_x:
            raise InputFileError(
                self.path,
                f"expected {n_x} values in column {_wavelength_name(instrument)!r}, one for each column of the "
                f"detector of {instrument}, got {len(wavelength)}",
            )
        steps = np.diff(wavelength)
        if np.any(wavelength <= 0) or not (np.all(steps < 0) or np.all(steps > 0)):
            raise InputFileError(
                self.path, f"column {_wavelength_name(instrument)!r} does not hold wavelengths above 0 in order"
            )
        return wavelength


def _time_name(instrument: str) -> str:
    return f"{instrument}-axis0-h"


def _wavelength_name(instrument: str) -> str:
    return f"{instrument}-axis2-um"


def _step_name(instrument: str) -> str:
    return f"{instrument}-integration_time"
