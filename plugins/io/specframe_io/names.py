"""Names of columns: their order, and which of two files belong together."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["column_order", "differences", "is_pattern", "listed", "natural"]

#: A number within a name. A point belongs to it, since it is mostly a wavelength that has one: flux_1.25 < flux_1.3.
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)", re.ASCII)
_WILDCARDS = re.compile(r"[*?\[\]]")


def natural(name: str) -> tuple[list[str | Decimal], str]:
    """Return a key that sorts names by the numbers in them: wl_2 before wl_10, whatever their order in the file."""
    parts: list[str | Decimal] = [
        Decimal(part) if i % 2 else part for i, part in enumerate(_NUMBER.split(name))
    ]  # text and numbers take turns, so that like is compared with like
    return parts, name


def is_pattern(key: str) -> bool:
    """Return whether ``key`` has wildcards."""
    return any(character in key for character in "*?[")


def column_order(own: Sequence[str], own_key: str, theirs: Sequence[str], their_key: str) -> list[int] | None:
    """Return where among ``theirs`` the partner of each of ``own`` stands, or ``None`` when they are not the same.

    Names are the same as a whole, or in what stands for the wildcards: flux_7 of ``flux_*`` belongs to wave_7 of
    ``wave_*``.
    """
    pairs = [(list(own), list(theirs))]
    if is_pattern(own_key) and is_pattern(their_key):
        pairs.append((_varying(own, own_key), _varying(theirs, their_key)))
    for mine, others in pairs:
        place = {name: i for i, name in enumerate(others)}
        if len(mine) == len(others) and set(mine) == set(others):
            return [place[name] for name in mine]
    return None


def differences(own: Sequence[str], own_key: str, theirs: Sequence[str], their_key: str) -> str:
    """Return what is missing among ``theirs`` and what there is too much, for a message."""
    if is_pattern(own_key) and is_pattern(their_key):
        own, theirs = _varying(own, own_key), _varying(theirs, their_key)
    missing = [name for name in own if name not in set(theirs)]
    besides = [name for name in theirs if name not in set(own)]
    said = [f"{what} {listed(names)}" for what, names in (("missing:", missing), ("too much:", besides)) if names]
    return "; ".join(said)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return names for a message, the first few of many."""
    names = list(names)
    if len(names) <= most + 1:  # one more name is as short as "and 1 more"
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _varying(names: Sequence[str], pattern: str) -> list[str]:
    """Return what is left of names without the fixed text at either end of the pattern."""
    fixed = _WILDCARDS.split(pattern)
    return [name.removeprefix(fixed[0]).removesuffix(fixed[-1]) for name in names]
