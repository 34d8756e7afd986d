"""What the numbers in a column of times mean, and days made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import read_unit
from specframe_io.clock import Clock, clock_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from specframe.errors import InputFileError
    from specframe_io.curves.params import ClockParams

__all__ = ["days_of"]

#: How people write a clock, mostly as the name of a column: BJD(TDB)-2450000, BJD_TDB [d], HJD - 2400000.
_SAID = re.compile(
    r"(?<![A-Za-z])([BH]?[MRTK]?JD)(?:[\s_(\[-]*(TDB|UTC|TT|TAI)[)\]]*)?(?:\s*-\s*(\d+(?:\.\d+)?))?", re.IGNORECASE
)
_PHASES = ("phase", "orbital phase", "orbital_phase")
_PHASE = Clock("phase", "phase 0")
#: Julian dates of photoelectric photometry: 1968 to 2132.
_DATES = (2_440_000.0, 2_500_000.0)
#: Smaller numbers than these are hardly days since anything: phases, orbits, indices.
_FEW_DAYS = 100.0
#: What else the numbers could count from, to be proposed.
_OTHERS = (
    ("BJD_TDB", 0.0),
    ("BMJD_TDB", 2_400_000.5),
    ("'JD 2400000 TDB'", 2_400_000.0),
    ("BTJD or 'JD 2450000 TDB'", 2_450_000.0),
)
_SECONDS = 86_400.0
_EXPECTED = (
    "write time: BJD_TDB, BMJD_TDB, MJD_UTC, BTJD, BKJD, 'JD 2450000 TDB' or phase; where it is not known what they "
    "count from, their unit alone: time: h"
)


def days_of(
    values: NDArray[Any],
    given: str | ClockParams | None,
    column: str,
    stated: str | None,
    period: float | None,
    wrong: Callable[[str], InputFileError],
) -> tuple[NDArray[np.float64], Clock]:
    """Return times in d and their clock.

    Parameters
    ----------
    values
        The column (time,).
    given
        The parameter ``time``.
    column, stated
        The column's name and the unit that the file states, which tell where ``given`` does not.
    period
        Orbital period in d, to make times of phases.
    wrong
        Makes the error that the column is wrong.

    Raises
    ------
    InputFileError
        When nobody says what the times are, the unit is not one of time, or the numbers cannot be such dates.
    """
    numbers = values.astype(np.float64)
    factor, clock = _clock(numbers, given, column, stated, period, wrong)
    if clock.reference.startswith("JD "):
        _check_dates(values, factor, float(clock.reference[3:]), wrong)
    elif clock is _PHASE and np.nanmax(np.abs(numbers)) > _DATES[0]:
        raise wrong(
            f"expected orbital phases, got {numbers[0]:.10g}, which looks like a Julian date; write time: BJD_TDB"
        )
    return (numbers if factor == 1.0 else numbers * factor), clock


def _clock(
    values: NDArray[np.float64],
    given: str | ClockParams | None,
    column: str,
    stated: str | None,
    period: float | None,
    wrong: Callable[[str], InputFileError],
) -> tuple[float, Clock]:
    if given is None:
        word = _telling(stated, column)
        if word is None:
            raise wrong(f"neither the file nor the column's name says what the times are; {_EXPECTED}")
        if word.lower() not in _PHASES:  # files call an MJD a BJD, too: their numbers tell
            return 1.0, clock_of(word, values)
        given = "phase"
    if not isinstance(given, str):
        return _factor(given.units, "time.units", wrong), Clock(given.system, _reference(given.reference))
    if given.lower() == "phase":
        if period is None:
            raise wrong("phases need the period, to make days of them: system: {period: 3.5 d}")
        return period, _PHASE
    try:
        # what people write themselves is held against the numbers, and TDB alone is completed by them
        clock = clock_of(_plain(_SAID.fullmatch(given.strip())) or given)
        return 1.0, clock if clock.reference else clock_of(given, values)
    except ValueError as error:
        unknown = str(error)
    try:
        if read_unit(given).physical_type == "time":
            return _factor(given, "time", wrong), Clock()
    except ValueError:
        pass
    raise wrong(f"{unknown}; {_EXPECTED}")


def _telling(stated: str | None, column: str) -> str | None:
    """Return which of the unit in the file and the name of the column says what times are."""
    for word in (stated or "", column):
        if word.lower() in _PHASES:
            return word
        said = _plain(_SAID.search(word))
        if said is not None:
            return said
    return None


def _plain(said: re.Match[str] | None) -> str | None:
    """Return a clock as :func:`~specframe_io.clock.clock_of` knows it."""
    if said is None:
        return None
    kind, system, less = said.groups()
    if less is not None:
        return f"JD {less} {system or ''}".strip() if kind.upper() in ("JD", "BJD", "HJD") else None
    return f"{kind}_{system}" if system else str(kind)


def _reference(text: str) -> str:
    try:
        return clock_of(_plain(_SAID.fullmatch(text)) or text).reference or text
    except ValueError:
        return text


def _factor(unit: str, parameter: str, wrong: Callable[[str], InputFileError]) -> float:
    try:
        return float(read_unit(unit).to("d"))
    except (ValueError, TypeError):
        raise wrong(f"{parameter} is {unit!r}, expected a unit of time such as d, h, min or s") from None


def _check_dates(values: NDArray[Any], factor: float, zero: float, wrong: Callable[[str], InputFileError]) -> None:
    days = values.astype(np.float64) * factor
    known = days[np.isfinite(days)]
    if not len(known):
        return
    first, last = float(known.min()), float(known.max())
    low, high = _DATES
    if not (low <= first + zero and last + zero <= high):
        others = [name for name, other in _OTHERS if low <= first + other and last + other <= high]
        if max(abs(first), abs(last)) < _FEW_DAYS:
            hint = f"is it the right column? Otherwise {_EXPECTED}"
        else:
            hint = f"they look like {others[0]}" if others else _EXPECTED
        raise wrong(
            f"the numbers are {first:.10g} to {last:.10g}, which as JD - {zero:.10g} are no dates of our time (1968 to "
            f"2132); {hint}"
        )
    if values.dtype.itemsize < 8 and values.dtype.kind == "f":
        seconds = float(np.spacing(np.abs(values).max())) * factor * _SECONDS
        if seconds > 1.0:
            raise wrong(f"{values.dtype} resolves such dates to {seconds:.0f} s only; save them in float64")
