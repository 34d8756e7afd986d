"""Where a long fit keeps what it would hate to lose, and whom it tells how far it is."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Workspace", "working_in", "workspace"]


def _silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Workspace:
    """What surrounds a fit.

    ``directory`` (``None``: nowhere) belongs to this fit alone and need not exist yet. When a run is broken off and
    started again, the same fit finds there what it left; when the fit's result is safe, the folder is removed. Who
    writes there must make sure by its own means (a digest of data, parameters and seed) that what it finds is its own.
    ``tell`` takes one line about how far the fit is, as often as it likes.
    """

    directory: Path | None = None
    tell: Callable[[str], None] = _silent


_NOWHERE = Workspace()
_CURRENT: ContextVar[Workspace] = ContextVar("specframe_workspace", default=_NOWHERE)


def workspace() -> Workspace:
    """Return the surroundings of the fit that calls this; outside of a pipeline there is no folder and no listener."""
    return _CURRENT.get()


@contextmanager
def working_in(directory: Path | None, tell: Callable[[str], None] | None = None) -> Iterator[Workspace]:
    """Give the fits within the block a folder, and a listener (else the one that was there)."""
    space = Workspace(directory, tell or _CURRENT.get().tell)
    token = _CURRENT.set(space)
    try:
        yield space
    finally:
        _CURRENT.reset(token)
