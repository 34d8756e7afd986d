"""Progress for people (a bar on a terminal, plain lines elsewhere) and for programs (``log.jsonl``)."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from specframe.errors import printable
from specframe.progress.place import here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

__all__ = ["Progress"]

#: Seconds between plain lines of a long step.
_PLAIN_INTERVAL = 10.0
#: Seconds after which a line is logged whether or not another process still has the log.
_TURN = 1.0


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
    """

    def __init__(
        self, log: Path | None = None, stream: IO[str] | None = None, quiet: bool = False, run: str = ""
    ) -> None:
        self.run = run or uuid4().hex[:12]
        self._log = log
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._console: Console | None = None
        self._told = 0.0
        self._unlogged = False

    def event(self, name: str, **fields: Any) -> None:
        """Append an event to the log, with the step and target in hand unless ``fields`` name others."""
        if self._log is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": now, "run": self.run, "event": name, **here().fields(), **fields}
        try:
            _append(self._log, json.dumps(entry, default=str))
        except OSError as error:  # the results matter more: where they cannot be written either, that is told
            if not self._unlogged:
                self._unlogged = True
                self.show(f"warning: {self._log} cannot be written ({error.strerror}): what cannot be logged is lost")

    def say(self, text: str) -> None:
        """Print a line and log it."""
        self.event("message", text=text)
        self.show(text)

    def show(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._quiet:
            return
        text = printable(text, lines=True)
        console = self._console  # another thread may end the bar meanwhile
        if console is not None:
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def tell(self, text: str) -> None:
        """Log how far a long piece of work is, and print it now and then."""
        self.event("progress", text=text)
        now = time.perf_counter()
        if self._quiet or now - self._told < _PLAIN_INTERVAL:
            return
        self._told = now
        self.show(text)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """Follow ``total`` pieces of work; call what it yields after each."""
        self.event("begin", step=label, total=total)
        start = time.perf_counter()
        if self._quiet:
            yield lambda: None
        elif self._stream.isatty():
            with self._bar(label, total) as advance:
                yield advance
        else:
            yield self._lines(label, total)
        self.event("end", step=label, seconds=round(time.perf_counter() - start, 3))

    @contextmanager
    def _bar(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._console = Console(file=self._stream)
        try:
            with Bar(*columns, console=self._console) as bar:
                task = bar.add_task(label, total=total)
                yield lambda: bar.advance(task)
        finally:
            self._console = None

    def _lines(self, label: str, total: int) -> Callable[[], None]:
        state = {"done": 0, "said": time.perf_counter()}

        def advance() -> None:
            state["done"] += 1
            now = time.perf_counter()
            if state["done"] == total or now - state["said"] >= _PLAIN_INTERVAL:
                state["said"] = now
                print(f"{label}: {state['done']}/{total}", file=self._stream, flush=True)

        return advance


def _take_turn(file: IO[bytes]) -> None:
    """Wait until nobody else has the lock of a file; go on without it where that takes long, or there are no locks."""
    import fcntl

    deadline = time.monotonic() + _TURN
    while time.monotonic() < deadline:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            return
        else:
            return


def _append(log: Path, line: str) -> None:
    """Append a whole line or nothing; what a machine that stopped left of the line before goes first.

    Threads and processes take turns: half a line of one that is writing would look like what a dead one left.
    """
    content = line.encode() + b"\n"
    with log.open("ab+", buffering=0) as file:
        _take_turn(file)
        size = file.seek(0, os.SEEK_END)
        if size and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            size = log.read_bytes().rfind(b"\n") + 1
            file.truncate(size)
        try:
            if file.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(size)
            raise
