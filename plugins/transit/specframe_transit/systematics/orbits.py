"""Orbits of a space telescope in its light curves: where each begins, and the telescope's orbital phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.cleaning.node import find_regressor
from specframe_transit.cleaning.series import stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves

    Array = NDArray[np.float64]

__all__ = ["orbit_numbers", "orbital_phase", "telescope_period", "time_in_orbit"]

#: A gap between orbits is longer than this many sampling intervals, and than this time in d (buffer dumps are shorter).
_GAP_SAMPLES, _GAP = 3.0, 15.0 / 1440.0
#: Orbital period of the Hubble Space Telescope, d, to 1 %: tells how many orbits an interval holds.
_HST_PERIOD = 95.5 / 1440.0


def orbit_numbers(curves: Curves, regressor: str = "auto") -> NDArray[np.intp]:
    """Return the number of the orbit of every sample, (n_time,), from 0 in order of time.

    ``auto`` takes the regressor ``orbit`` where there is one, else gaps: of more than 15 minutes and more than three
    sampling intervals.

    Raises
    ------
    DataError
        When the regressor is missing or not finite.
    """
    if regressor == "auto" and "orbit" not in curves.regressors:
        return stretches(curves.time, max(_GAP, _GAP_SAMPLES * float(np.median(np.diff(curves.time)))))
    name = "orbit" if regressor == "auto" else regressor
    values = find_regressor(name, curves.regressors, curves.path)
    values = values[0] if values.ndim == 2 else values
    if not np.isfinite(values).all():
        raise DataError(f"node /{curves.path}: the regressor {name!r}, which numbers the orbits, is not finite")
    change = np.diff(values) != 0
    return np.concatenate([[0], np.cumsum(change)]).astype(np.intp)


def time_in_orbit(time: Array, orbit: NDArray[np.intp]) -> Array:
    """Return the time since the first exposure of each sample's orbit, used or not, (n_time,)."""
    first = np.array([time[orbit == number].min() for number in range(int(orbit.max()) + 1)])
    return np.asarray(time - first[orbit])


def telescope_period(time: Array, orbit: NDArray[np.intp]) -> float:
    """Return the orbital period in d: the median interval between first exposures, over the orbits that it holds.

    The orbit of the Hubble Space Telescope decays: its period was 95.4 minutes in June 2017 (exposures of WASP-107b),
    where 96.4, which is also in use, would shift the phases within a visit of five orbits by four minutes.
    """
    first = np.array([time[orbit == number].min() for number in range(int(orbit.max()) + 1)])
    interval = np.diff(first)
    return float(np.median(interval / np.maximum(np.round(interval / _HST_PERIOD), 1.0)))


def orbital_phase(time: Array, period: float, used: NDArray[np.bool_]) -> Array:
    """Return the orbital phase scaled so that the samples used span -1 to 1, (n_time,).

    Phases count from the largest stretch of phase without data, so that no orbit is torn apart.
    """
    turn = np.mod(time / period, 1.0)
    ordered = np.sort(turn[used])
    gaps = np.diff(np.append(ordered, ordered[0] + 1.0))
    start = ordered[(int(gaps.argmax()) + 1) % len(ordered)]
    phase = np.mod(turn - start, 1.0)
    # a sample that is not used may lie just before the start
    span = max(float(phase[used].max()), 1e-9)
    return np.asarray(2.0 * phase / span - 1.0).clip(-2.0, 2.0)
