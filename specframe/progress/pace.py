"""How fast pieces of work are done, and when the last of them will be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace"]

#: The first piece alone says how long the others take only if it took this long: it also loads and compiles.
_TELLING = 60.0


class Pace:
    """Follows pieces of work as they are done, by one worker or several.

    Workers that begin together end together, so completions come in bursts. The rate is therefore taken between two
    completions that lie a whole number of rounds apart (``workers`` pieces each), of the later half of the work, so
    that it follows a change and does not hang on a single piece. The very first completion is no beginning of such a
    span where others are known: the start of workers and compilers is in it. Pieces that were taken from a store took
    no time and say nothing.

    Parameters
    ----------
    total
        Number of pieces.
    workers
        How many are worked on at a time.
    now
        A clock in seconds.
    """

    def __init__(self, total: int, workers: int = 1, now: Callable[[], float] = time.perf_counter) -> None:
        self.total = total
        self.stored = 0
        self._workers = max(workers, 1)
        self._now = now
        self.begin = now()
        #: When each piece was done that was not stored.
        self._ended: list[float] = []

    @property
    def done(self) -> int:
        """Number of pieces that are done, those from a store among them."""
        return self.stored + len(self._ended)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._now() - self.begin

    def advance(self, stored: bool = False) -> None:
        """Count a piece as done."""
        if stored:
            self.stored += 1
        else:
            self._ended.append(self._now())

    def seconds_each(self) -> float | None:
        """Return the seconds by the clock from one piece to the next; ``None`` while they are not known."""
        ended, workers = self._ended, self._workers
        count = len(ended)
        if workers == 1 and count == 1 and ended[0] - self.begin >= _TELLING:
            return ended[0] - self.begin
        rounds = (count - 1) // workers
        if rounds < 1:
            return None
        rounds = max(rounds // 2, 1) if rounds * workers > 20 else rounds
        return (ended[-1] - ended[-1 - rounds * workers]) / (rounds * workers)

    def seconds_left(self) -> float | None:
        """Return the seconds until the last piece is done; ``None`` while they are not known.

        A worker takes ``workers`` times the seconds from one piece to the next. The last piece is begun when all but
        ``workers`` are done, and ends so much later; nothing that ends after that changes it.
        """
        each = self.seconds_each()
        if each is None:
            return None
        count = len(self._ended)
        n_piece = self.total - self.stored
        if count >= n_piece:
            return 0.0
        last_begun = max(min(count, n_piece - self._workers), 0)
        since = self._now() - (self._ended[last_begun - 1] if last_begun else self.begin)
        return max((n_piece - last_begun) * each - min(since, self._workers * each), 0.0)
