"""Work that is being followed: what it is called, how far it is, and how that is said in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.progress.durations import clock, duration
from specframe.progress.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Counted"]

#: So many things that workers tell at the same time stand beneath a bar.
_TOLD = 3
#: Widest bar; a narrower one than the second number says nothing.
_BAR, _NARROW = 32, 6
#: A label has this much room at least, before the time passed.
_LABEL = 16
#: Width that what is left is given, so that the bar keeps its length while the words change.
_LEFT = len("3 h 20 min left")


class Counted:
    """Pieces of work under way.

    Parameters
    ----------
    label
        What is done.
    total
        Number of pieces; ``None`` where nobody knows it, 0 for work that is not counted.
    workers
        How many pieces are worked on at a time.
    """

    def __init__(self, label: str, total: int | None = 0, workers: int = 1) -> None:
        self.label = label
        self.total = total
        #: Whether parts of it are counted, which say more.
        self.covered = False
        self.pace = Pace(total or 0, workers)
        #: What was told last, by what it is of.
        self._told: dict[str, str] = {}

    def advance(self, stored: bool = False) -> None:
        """Count a piece as done; what was told of it is over."""
        self.pace.advance(stored)
        self._told.clear()

    def tell(self, text: str) -> None:
        """Keep what a worker says of the piece that it is at."""
        about = text.partition(":")[0]
        self._told.pop(about, None)
        self._told[about] = text.replace("\n", " ")
        while len(self._told) > _TOLD:
            self._told.pop(next(iter(self._told)))

    @property
    def left(self) -> str:
        """What is left in words; empty while it is not known, and in the end."""
        seconds = None if self.total is None else self.pace.seconds_left()
        if seconds is None or self.pace.done >= (self.total or 0):
            return ""
        return f"{duration(max(seconds, 10.0)) if seconds >= 9.5 else f'{max(round(seconds), 1)} s'} left"

    def plain(self) -> str:
        """Return a line for a log: how far it is, how fast, and how long it will take."""
        done, each = self.pace.done, self.pace.seconds_each()
        ended = self.total is not None and done >= self.total
        parts = [f"{self.label}: {self._count()}"] if self.total != 0 else [self.label]
        if each is not None and not ended:
            parts.append(f"{duration(each)} each")
        parts.append(self.left if self.left else f"{duration(self.pace.elapsed)}{'' if ended else ' so far'}")
        if self.pace.stored and ended:
            parts.append(f"{self.pace.stored} from the store")
        return ", ".join(parts)

    def drawn(self, width: int, plain_characters: bool = False) -> Iterator[list[tuple[str, str]]]:
        """Yield lines for a terminal of a width, each in parts of text and style; a bar first."""
        done, total = self.pace.done, self.total or 0
        counts = self._count() if self.total != 0 else ""
        left = self.left.ljust(_LEFT) if done < total else ""
        right = "  ".join(part for part in (counts, clock(self.pace.elapsed).rjust(4), left) if part)
        if width - len(right) < _LABEL:
            right = "  ".join(part for part in (counts, left.rstrip()) if part) or clock(self.pace.elapsed)
        room = width - len(right) - 2
        bar = min(_BAR, max(room - len(self.label) - 2, 0)) if total else 0
        bar = bar if bar >= _NARROW else 0
        parts = [(_shortened(self.label, room - (bar + 2 if bar else 0)), "bold"), ("  ", "")]
        if bar:
            full = bar * done // total
            done_character, rest = ("#", "-") if plain_characters else ("━", "─")
            parts += [(done_character * full, "green" if done >= total else "cyan"), (rest * (bar - full), "dim")]
            parts += [("  ", "")]
        yield [*parts, (right, "")]
        for text in list(self._told.values()):
            yield [(_shortened(f"  {text}", width), "dim")]

    def _count(self) -> str:
        if self.total is None:
            return f"{self.pace.done} done"
        return f"{self.pace.done:{len(str(self.total))}}/{self.total}".strip()


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
