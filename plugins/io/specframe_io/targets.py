"""Targets' names: one text for each, and its row in another file."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["rows_of", "target_name"]

_WHOLE_NUMBER = re.compile(r"[+-]?\d+\.0*", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)


def target_name(value: object) -> str:
    """Return a target's name as text: 785834, 785834.0 and "785834.0" are 785834, and "080" stays; nothing is ""."""
    if isinstance(value, float):
        if not isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    text = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
    return text.partition(".")[0] if _WHOLE_NUMBER.fullmatch(text) else text


def rows_of(own: Sequence[str], theirs: Sequence[str]) -> dict[str, int | None]:
    """Return the row among ``theirs`` of each of ``own``, ``None`` where there is none.

    Names that differ as text and are the same number belong together, where nothing else could be meant: one file may
    store as number 80 what is 080 in the other.
    """
    row = {name: i for i, name in enumerate(theirs)}
    rows = {name: row.get(name) for name in own}
    by_number = {_number(name): i for i, name in enumerate(theirs)}
    alike, theirs_alike = Counter(map(_number, own)), Counter(map(_number, theirs))
    for name in own:
        number = _number(name)
        if rows[name] is None and number is not None and alike[number] == theirs_alike[number] == 1:
            rows[name] = by_number[number]
    return rows


def _number(name: str) -> Decimal | None:
    return Decimal(name) if _NUMBER.fullmatch(name) else None
