"""What is printed: text that may come from data moves no cursor, sets no colours and forges no lines."""

from __future__ import annotations

import click

from specframe.errors import printable

__all__ = ["echo"]


def echo(text: str = "", err: bool = False) -> None:
    """Print a text of one or more lines, on standard error if ``err``."""
    click.echo(printable(text, lines=True), err=err)
