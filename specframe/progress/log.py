"""``log.jsonl``: a line for each event, whole or not at all, whoever else writes and whenever a machine stopped."""

from __future__ import annotations

import errno
import os
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["append_line"]

#: Seconds after which a line is logged whether or not another process still has the log.
_TURN = 1.0


def append_line(log: Path, line: str) -> None:
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
