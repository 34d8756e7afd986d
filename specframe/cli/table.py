"""Plain tables for the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["table", "terminal_width"]


def table(
    rows: Sequence[Sequence[str]],
    indent: str = "",
    widest: int = 0,
    notes: Sequence[Sequence[str]] = (),
    right: Collection[int] = (),
) -> list[str]:
    """Return the lines of a table; on a terminal they are cut at its width.

    Parameters
    ----------
    rows
        All with the same number of cells.
    indent
        Put in front of every line.
    widest
        Longer cells go on in the next line; 0 leaves them as they are.
    notes
        Lines that follow each row as they are.
    right
        Columns of numbers, which end below each other.
    """
    cells = [[_wrapped(cell, widest) for cell in row] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    room = terminal_width()
    lines = []
    for row, note in zip_longest(cells, notes, fillvalue=()):
        for parts in zip_longest(*row, fillvalue=""):
            filled = (
                part.rjust(width) if column in right else part.ljust(width)
                for column, (part, width) in enumerate(zip(parts, widths, strict=True))
            )
            line = indent + "  ".join(filled).rstrip()
            lines.append(line if len(line) <= room else f"{line[: room - 3]}...")
        lines += note
    return lines


def terminal_width() -> int:
    """Return the width of the terminal; without one there is no limit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _wrapped(cell: str, widest: int) -> list[str]:
    if not widest or len(cell) <= widest:
        return [cell]
    return textwrap.wrap(cell, widest, break_on_hyphens=False)
