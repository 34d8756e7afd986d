"""What an unquoted YAML value means: the core schema of YAML 1.2, read strictly.

Numbers, ``true``/``false`` and ``null`` are what they look like. Everything else is text: ``yes`` and ``off``, dates,
sexagesimals (``12:30:45``), quantities (``5.3 um``), and numbers that tools read in different ways: ``1_000`` and
``007``, which may be an identifier.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specframe.config.node import Scalar

__all__ = ["read_scalar", "scalar_advice"]

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = "(?:0|[1-9][0-9]*)"
_INTEGER = re.compile(f"[-+]?{_WHOLE}")
_BASED = re.compile("0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(rf"[-+]?(?:\.[0-9]+|{_WHOLE}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NON_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
#: Whole numbers with more digits than this overflow a double, and quadratic conversion makes them slow.
_DIGITS = 300


def read_scalar(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Raises
    ------
    ValueError
        When it is infinite, not a number, or too large for a double.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        if len(text) > _DIGITS:
            raise ValueError("the number is too large")
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError("the number is too large")
        return value
    if _NON_FINITE.fullmatch(text):
        raise ValueError("a number must be finite")
    return text


def scalar_advice(text: str, quoted: bool, number: bool, truth: bool) -> str:
    """Return how to write a text where a number or a truth value is expected; nothing when it is neither."""
    value = _or_text(text)
    if truth if isinstance(value, bool) else number and isinstance(value, int | float):
        return "take the quotes away" if quoted else ""
    if truth and text.casefold() in ("yes", "on", "y"):
        return "write true"
    if truth and text.casefold() in ("no", "off", "n"):
        return "write false"
    if not number:
        return ""
    bare = re.sub(r"(?<=[0-9])[_,](?=[0-9]{3})", "", text)
    bare = re.sub(r"^([-+]?)0+(?=[0-9])", r"\1", bare)
    if bare != text and not isinstance(_or_text(bare), str):
        return f"write {bare}"
    return ""


def _or_text(text: str) -> Scalar:
    try:
        return read_scalar(text)
    except ValueError:
        return text
