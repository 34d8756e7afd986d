"""Counts and lists in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["counted", "listed", "slug"]


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return ``1 target`` or ``3 targets``."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def slug(text: str) -> str:
    """Return a text as part of a file's name: letters, digits, dots, hyphens."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text)
    return plain.strip("-.")[:60].lower() or "unnamed"
