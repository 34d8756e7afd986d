"""Sizes in bytes as people write them: ``20GB``, ``500 MiB``."""

from __future__ import annotations

import re

from specframe.errors import UsageError

__all__ = ["read_size", "size_text"]

_DECIMAL = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}
_UNITS = {**_DECIMAL, **_BINARY}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-z]+)")
_NEARLY = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([A-Za-z]*)\s*")


def read_size(text: str | int) -> int:
    """Return the bytes that a text such as ``20GB`` or ``1.5 GiB`` means; a whole number is bytes already.

    ``GB`` is 10^9 bytes, ``GiB`` 2^30. A number without a unit could be either, so only ``0`` may have none.

    Raises
    ------
    UsageError
        For anything else, with how to write it.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        if text < 0:
            raise UsageError(f"a size must not be negative, got {text}")
        return text
    if text == "0":
        return 0
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[2] not in _UNITS:
        raise UsageError(f"a size is a number and a unit, such as 20GB or 500 MiB, got {text!r}{_advice(text)}")
    return round(float(found[1]) * _UNITS[found[2]])


def size_text(size: float) -> str:
    """Return a size as people read it, ``1.23 GB``, with three digits."""
    unit = next((unit for unit, factor in reversed(_DECIMAL.items()) if size >= factor), "B")
    value = size / _DECIMAL[unit]
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.3g} {unit}"


def _advice(text: object) -> str:
    found = _NEARLY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return f"; units are {', '.join(_UNITS)}"
    unit = found[2].casefold()
    if not unit:
        return f": the unit is missing, write {found[1]}GB or {found[1]}MB"
    close = [known for known in _UNITS if known.casefold() in (unit, f"{unit}b")]
    return f"; write {found[1]}{close[0]}" if close else f"; units are {', '.join(_UNITS)}"
