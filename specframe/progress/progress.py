"""Progress for people (a bar on a terminal, plain lines elsewhere) and for programs (``log.jsonl``)."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from specframe.errors import printable
from specframe.progress.colours import coloured, marked, redrawn
from specframe.progress.counted import Counted
from specframe.progress.log import append_line
from specframe.progress.place import here

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from specframe.progress.display import Display

__all__ = ["Advance", "Progress"]

#: Seconds between plain lines of long work, and the part of the time passed, whichever is more: a log of a night's work
#: can still be read.
_INTERVAL, _PART = 10.0, 0.05


class Advance(Protocol):
    """Counts a piece of work as done."""

    def __call__(self, stored: bool = False) -> None:
        """Count one more; it took no time where it was ``stored``."""


class Progress:
    """Reports what a run does.

    Parameters
    ----------
    log
        File that gets one JSON object per event, appended; ``None`` for no log.
    stream
        Where messages go; standard error by default.
    quiet
        Print nothing; the log is kept all the same.
    run
        Identifies the run on every line of the log; a new one by default.
    verbose
        Print details too.
    """

    def __init__(
        self,
        log: Path | None = None,
        stream: IO[str] | None = None,
        quiet: bool = False,
        run: str = "",
        verbose: bool = False,
    ) -> None:
        self.run = run or uuid4().hex[:12]
        self.verbose = verbose and not quiet
        self._log = log
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._stages: list[str] = []
        self._numbered = ""
        self._work: list[Counted] = []
        self._display: Display | None = None
        self._told = 0.0
        self._unlogged = False

    def event(self, name: str, **fields: Any) -> None:
        """Append an event to the log, with the step and target in hand unless ``fields`` name others."""
        if self._log is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": now, "run": self.run, "event": name, **here().fields(), **fields}
        try:
            append_line(self._log, json.dumps(entry, default=str))
        except OSError as error:  # the results matter more: where they cannot be written either, that is told
            if not self._unlogged:
                self._unlogged = True
                self.show(f"warning: {self._log} cannot be written ({error.strerror}): what cannot be logged is lost")

    def say(self, text: str) -> None:
        """Print a line and log it."""
        self.event("message", text=text)
        self.show(text)

    def detail(self, text: str) -> None:
        """Print a line where details are asked for."""
        if self.verbose:
            self.show(text)

    def show(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._quiet:
            return
        text = printable(text, lines=True)
        display = self._display  # another thread may end it meanwhile
        if display is not None:
            display.show(text)
        else:
            print(marked(text) if coloured(self._stream) else text, file=self._stream, flush=True)

    def tell(self, text: str) -> None:
        """Log how far a long piece of work is; draw it beneath the bar, or print it now and then."""
        self.event("progress", text=text)
        if self._quiet:
            return
        if self._display is not None and self._work:
            self._work[-1].tell(text)
            return
        now = time.perf_counter()
        if now - self._told >= _INTERVAL:
            self._told = now
            self.show(text)

    def expect(self, stages: Sequence[str]) -> None:
        """Give the stages that are to come numbers, ``[2/8]``."""
        self._stages = list(stages)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Follow a stage of the work; what is tracked within it has its number."""
        before = self._numbered
        if name in self._stages:
            self._numbered = f"[{self._stages.index(name) + 1}/{len(self._stages)}] "
        try:
            with self._shown(Counted(f"{self._numbered}{name}")) as work:
                yield
            if not self._quiet and not work.covered and not redrawn(self._stream) and work.pace.elapsed >= _INTERVAL:
                self.show(work.plain())
        finally:
            self._numbered = before

    @contextmanager
    def track(self, label: str, total: int | None, workers: int = 1) -> Iterator[Advance]:
        """Follow ``total`` pieces of work, ``workers`` at a time; call what it yields after each."""
        self.event("begin", step=label, total=total)
        start = time.perf_counter()
        with self._shown(Counted(f"{self._numbered}{label}", total, workers)) as work:
            yield work.advance if self._quiet or redrawn(self._stream) else self._lines(work)
        self.event("end", step=label, seconds=round(time.perf_counter() - start, 3))

    @contextmanager
    def _shown(self, work: Counted) -> Iterator[Counted]:
        """Draw work on a terminal as long as it goes on."""
        for outer in self._work[-1:]:
            outer.covered = True
        self._work.append(work)
        try:
            if self._quiet or not redrawn(self._stream):
                yield work
                return
            if self._display is None:
                from specframe.progress.display import Display

                self._display = Display(self._stream)
            self._display.begin(work)
            try:
                yield work
            finally:
                self._display.end()
                if len(self._work) == 1:
                    self._display = None
        finally:
            self._work.pop()

    def _lines(self, work: Counted) -> Advance:
        """Return what counts and prints a line now and then."""
        said = 0.0

        def advance(stored: bool = False) -> None:
            nonlocal said
            work.advance(stored)
            elapsed = work.pace.elapsed
            if work.pace.done == work.total or elapsed - said >= max(_INTERVAL, _PART * elapsed):
                said = elapsed
                self.show(work.plain())

        return advance
