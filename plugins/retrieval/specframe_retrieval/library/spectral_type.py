"""Spectral types as numbers."""

from __future__ import annotations

import re

__all__ = ["spectral_type_number"]

#: Number of the earliest subtype of a class: M0 is 10, as SPLAT and most of the literature on dwarfs count.
_FIRST = {"O": -50, "B": -40, "A": -30, "F": -20, "G": -10, "K": 0, "M": 10, "L": 20, "T": 30, "Y": 40}
#: Subdwarfs (sd, esd, usd, d/sd) and giants or dwarfs in front, e.g. sdM8, d/sdL7.
_TYPE = re.compile(r"\s*(?:[deu]?/?(?:esd|usd|sd|d|g)\s*)?([OBAFGKMLTY])\s*(\d(?:\.\d+)?)", re.ASCII)


def spectral_type_number(text: str) -> float | None:
    """Return the number of a spectral type, ``None`` where the text is none.

    M0 is 10, L0 20, T0 30, Y0 40. What is written around the subtype is left out: ``T4.5:``, ``L2pec``, ``sdM8``,
    ``M8V``, ``L1gamma``, ``L5+T5`` (which is 25, the primary's).
    """
    found = _TYPE.match(text.replace("≥", "").replace(">", "").replace("<", "").replace("~", ""))
    return None if found is None else _FIRST[found[1]] + float(found[2])
