"""The clock of a time series: what its times count from, and in which time scale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Clock", "clock_of", "too_coarse"]

#: Julian date at which each kind of date is 0. BTJD: TESS Science Data Products Description Document
#: (EXP-TESS-ARC-ICD-0014); BKJD: Kepler Archive Manual (KDMC-10008).
_ZERO = {"JD": 0.0, "RJD": 2_400_000.0, "MJD": 2_400_000.5, "TJD": 2_457_000.0, "KJD": 2_454_833.0}
#: BJD_TDB, BMJD-TDB, MJD UTC, BTJD ...; B at the barycentre, H at the Sun.
_WORD = re.compile(r"(?:[BH]?(R?JD|MJD|TJD|KJD))?[ _-]?(TDB|UTC|TT|TAI)?", re.IGNORECASE)
_NUMBER = re.compile(r"JD[ _]?(\d+(?:\.\d*)?)(?:[ _-](TDB|UTC|TT|TAI))?", re.IGNORECASE)
#: Times rounded by more than this part of the cadence shift contacts, and too few times are round by chance.
_COARSE, _FEWEST = 0.05, 8
#: Times of telescopes with exoplanets: 1995 to 2130. Smaller numbers count from something that they do not tell.
_DATES = {"JD": (2_449_700.0, 2_499_000.0), "MJD": (49_700.0, 98_500.0)}


@dataclass(frozen=True)
class Clock:
    """``system`` is TDB, UTC, TT, TAI or empty where not known; ``reference`` is ``"JD <number>"`` or a text."""

    system: str = ""
    reference: str = ""

    def attrs(self) -> dict[str, str]:
        """Return the attributes of ``time`` in an Observation, in d."""
        return {"units": "d", "time_system": self.system, "time_reference": self.reference}


def clock_of(word: str | None, time: NDArray[np.float64] | None = None) -> Clock:
    """Return the clock that ``word`` names: BJD_TDB, BMJD_TDB, MJD_UTC, BTJD, BKJD, TDB, JD 2450000 ...

    Where ``time`` (d) is given, whole and modified Julian dates are told by their size: JWST's pipeline and those that
    build on it call both BJD. What is neither and is not stated has no reference.

    Raises
    ------
    ValueError
        When the word is none of these; says which are expected.
    """
    text = (word or "").strip()
    if match := _NUMBER.fullmatch(text):
        return Clock((match[2] or "").upper(), _julian_date(float(match[1])))
    match = _WORD.fullmatch(text)
    if match is None:
        expected = "BJD_TDB, BMJD_TDB, MJD_UTC, BTJD_TDB, BKJD_TDB, TDB, UTC or 'JD 2450000 TDB'"
        raise ValueError(f"expected a time system such as {expected}, got {word!r}")
    kind, system = (part.upper() if part else "" for part in match.groups())
    if not system and kind in ("TJD", "KJD"):  # both missions count in TDB
        system = "TDB"
    if kind in ("", *_DATES) and time is not None and len(time):
        kind = next((name for name, (low, high) in _DATES.items() if low <= time[0] and time[-1] <= high), kind)
    return Clock(system, _julian_date(_ZERO[kind]) if kind else "")


def too_coarse(time: NDArray[np.float64]) -> str:
    """Return why ascending times are too coarse to be used, "" where they are not.

    That is when they were single-precision numbers, which hold seven digits: a Julian date to a quarter of a day.
    """
    if len(time) < _FEWEST or not np.array_equal(time, time.astype(np.float32)):
        return ""
    resolution, step = float(np.spacing(np.float32(np.abs(time).max()))), float(np.median(np.diff(time)))
    if resolution <= _COARSE * step:
        return ""
    return (
        f"the times have single precision, which tells those around {time[-1]:.6g} apart by {resolution:.2g}, and they "
        f"are {step:.2g} apart; save them in float64, or count them from a date nearby"
    )


def _julian_date(zero: float) -> str:
    return f"JD {zero:.10g}"
