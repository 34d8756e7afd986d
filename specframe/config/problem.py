"""What is wrong in a pipeline, where, and how it is shown."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

__all__ = ["Position", "Problem", "Problems", "nearest", "styled"]

#: So many problems are told: nobody makes more by hand.
_TOLD = 200

#: Longest excerpt of a source line, in characters: with its gutter it fits a terminal of 120 columns.
EXCERPT = 100


@dataclass(frozen=True)
class Position:
    """Where a key or a value stands.

    Parameters
    ----------
    where
        File as the user named it, ``--set key=value``, or the place in Python data (``steps[0].with.path``).
    line, column
        Counted from 1; line 0: not a line of a file.
    source
        The whole source line.
    width
        Number of characters to underline.
    order
        Rank of the file or option among all that were read, to sort problems by.
    base
        Folder against which a relative path that stands here is read.
    """

    where: str
    line: int = 0
    column: int = 0
    source: str = ""
    width: int = 1
    order: int = 0
    base: Path = Path()

    @property
    def label(self) -> str:
        """``file:line:column``, or just ``where``."""
        where = _printable(self.where)
        return f"{where}:{self.line}:{self.column}" if self.line else where

    @property
    def rank(self) -> tuple[int, int, int]:
        """Key that sorts positions in reading order."""
        return self.order, self.line, self.column

    def excerpt(self) -> list[str]:
        """Return the source line and, under it, carets; nothing when there is no line to show."""
        if not self.line or not self.source.strip():
            return []
        text, start = _printable(self.source), self.column - 1
        if start > EXCERPT - 30:  # keep the value in sight, with some text before it
            text, start = "…" + text[start - 40 :], 41
        if len(text) > EXCERPT:
            text = text[: EXCERPT - 1] + "…"
        shown = text[start : start + max(self.width, 1)]
        gutter = f"  {self.line} | "
        bar = " " * (len(gutter) - 2) + "| "
        return [gutter + text, bar + " " * _columns(text[:start]) + "^" * max(_columns(shown), 1)]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what to do about it."""

    position: Position
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return ``file:line:col: message; hint``, then the source line with carets under the value.

        Of a message of several lines, the others follow as notes.
        """
        return "\n".join([f"{self.position.label}: {self.headline}", *self.position.excerpt(), *self.notes])

    @property
    def headline(self) -> str:
        """First line of the sentence."""
        return self.sentence.partition("\n")[0]

    @property
    def notes(self) -> list[str]:
        """The other lines of the sentence, indented."""
        return [f"    {line}" for line in self.sentence.splitlines()[1:]]

    @property
    def sentence(self) -> str:
        """Message and hint."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Problems:
    """Collects everything that is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, position: Position, message: str, hint: str = "") -> None:
        """Note a problem; the same one (an aliased value is visited twice) is kept once."""
        self._found[Problem(position, message, hint)] = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def sorted(self) -> list[Problem]:
        """Return the problems in reading order."""
        return sorted(self._found, key=lambda problem: problem.position.rank)

    def error(self) -> ConfigError:
        """Return the error that tells them all, of very many the first."""
        found = self.sorted()
        lines = [str(problem) for problem in found[:_TOLD]]
        if len(found) > 1:
            lines.append(f"{len(found)} problems" + (f", the first {_TOLD} are shown" if len(found) > _TOLD else ""))
        return ConfigError("\n".join(lines), found)

    def raise_if_any(self) -> None:
        """Raise when something was found."""
        if self._found:
            raise self.error()


def nearest(name: str, names: Iterable[str], what: str = "known") -> str:
    """Return ``did you mean 'ridge'?``, or the list of names when none is near."""
    known = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), list(known), n=1, cutoff=0.6)
    if close:
        return f"did you mean {known[close[0]]!r}?"
    listed = list(known.values())
    if not listed:
        return ""
    more = f" and {len(listed) - 12} more" if len(listed) > 12 else ""
    return f"{what}: {', '.join(listed[:12])}{more}"


def styled(problems: Sequence[Problem]) -> Text:
    """Return the problems as coloured text for a rich console: bold places, red carets."""
    from rich.text import Text

    text = Text()
    for problem in problems:
        text.append(f"{problem.position.label}: ", style="bold")
        text.append(f"{problem.headline}\n")
        for line, style in zip(problem.position.excerpt(), ("dim", "bold red"), strict=False):
            text.append(f"{line}\n", style=style)
        for note in problem.notes:
            text.append(f"{note}\n")
    return text


def _printable(text: str) -> str:
    """Replace what would move or confuse the terminal, one character for one."""
    return "".join("→" if c == "\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _columns(text: str) -> int:
    """Return the number of terminal columns that a text takes."""
    widths = (0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return sum(widths)
