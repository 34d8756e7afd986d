"""Where a run is: the step, and the target in it, that are being worked on."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Place", "at", "here", "raised_at"]

#: Attribute of an error: where it was raised.
_RAISED_AT = "specframe_place"


@dataclass(frozen=True)
class Place:
    """A step or a phase of the run, and a target in it; empty where there is none."""

    step: str = ""
    target: str = ""

    def fields(self) -> dict[str, str]:
        """Return what is known, by its name."""
        return {name: value for name, value in vars(self).items() if value}


_NOWHERE = Place()
_here: ContextVar[Place] = ContextVar("specframe_place", default=_NOWHERE)


def here() -> Place:
    """Return where the work is now."""
    return _here.get()


@contextmanager
def at(step: str, target: str | None = None) -> Iterator[None]:
    """Work in a step, on ``target``, else on the target that is being worked on already.

    An error that leaves it keeps the place, that of the innermost ``at``.
    """
    place = Place(step, here().target if target is None else target)
    token = _here.set(place)
    try:
        yield
    except BaseException as error:
        if not hasattr(error, _RAISED_AT):
            setattr(error, _RAISED_AT, place)
        raise
    finally:
        _here.reset(token)


def raised_at(error: BaseException) -> Place:
    """Return where an error was raised, as far as that is known: of an error with a cause, that of the first cause."""
    found = here()
    known: BaseException | None = error
    while known is not None:
        found = getattr(known, _RAISED_AT, found)
        known = known.__cause__
    return found
