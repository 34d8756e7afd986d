"""Colours of a terminal: whether text may have them, and which; whether a line may be drawn again in its place."""

from __future__ import annotations

import os
from typing import IO, Literal

__all__ = ["Style", "coloured", "marked", "painted", "redrawn"]

Style = Literal["bold", "dim", "red", "green", "yellow"]

#: Codes of ECMA-48 that terminals know, https://en.wikipedia.org/wiki/ANSI_escape_code#SGR.
_CODES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "yellow": "33"}
#: How lines begin that are to be seen.
_MARKS: dict[str, Style] = {"error:": "red", "critical:": "red", "warning:": "yellow"}


def coloured(stream: IO[str]) -> bool:
    """Whether what goes to ``stream`` may have colours.

    Only on a terminal that has them. ``NO_COLOR`` (https://no-color.org) forbids them; ``FORCE_COLOR`` and
    ``CLICOLOR_FORCE`` ask for them wherever the text goes; ``CLICOLOR=0`` does without (https://bixense.com/clicolors).
    """
    if os.environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if os.environ.get(name, "0") not in ("", "0"):
            return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return _is_terminal(stream)


def painted(text: str, style: Style) -> str:
    """Return text in a style, where there is any."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else text


def marked(text: str) -> str:
    """Return text with its first word in colour, where that says that something is wrong."""
    for mark, style in _MARKS.items():
        if text.startswith(mark):
            return painted(mark, style) + text[len(mark) :]
    return text


def redrawn(stream: IO[str]) -> bool:
    """Whether a line on ``stream`` can be drawn again in its place, on a terminal that moves its cursor."""
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False
