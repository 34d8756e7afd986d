"""What is printed: text that may come from data moves no cursor, sets no colours and forges no lines."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from specframe.errors import printable
from specframe.progress.colours import coloured, marked, painted

if TYPE_CHECKING:
    from specframe.progress.colours import Style

__all__ = ["echo", "place"]


def echo(text: str = "", err: bool = False, style: Style | None = None) -> None:
    """Print a text of one or more lines, on standard error if ``err``.

    On a terminal with colours it has a style, or ``error:`` and ``warning:`` at its beginning have theirs.
    """
    shown = printable(text, lines=True)
    in_colour = coloured(sys.stderr if err else sys.stdout)
    if in_colour:
        shown = marked(shown) if style is None else painted(shown, style)
    click.echo(shown, err=err, color=in_colour)


def place(path: Path) -> str:
    """Return a path as it is shortest to type: from the working directory, where it lies below that."""
    with suppress(ValueError):
        relative = path.absolute().relative_to(Path.cwd())
        return min(str(relative), str(path), key=len)
    return str(path)
