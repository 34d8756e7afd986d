"""What workers tell while they are at a task: lines for the person who waits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["listen", "listening", "tell"]


def _silent(text: str) -> None:
    """Tell nobody."""


_listener: Callable[[str], None] = _silent


def tell(text: str) -> None:
    """Tell one line to whoever waits for the task in hand, wherever that is."""
    _listener(text)


def listen(listener: Callable[[str], None]) -> None:
    """Have ``listener`` called with what is told in this process."""
    global _listener  # one for the process: its tasks may work in threads of their own
    _listener = listener


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Have ``listener`` called within the block, and whoever was called before after it."""
    before = _listener
    listen(listener)
    try:
        yield
    finally:
        listen(before)
