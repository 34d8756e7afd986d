"""Python code tried in a process of its own, so that what crashes or hangs there is told and not suffered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

__all__ = ["Outcome", "tried"]


@dataclass(frozen=True)
class Outcome:
    """What came of it: all that it printed, and how it ended, ``""`` when well."""

    printed: str
    failure: str


def tried(code: str, *arguments: str, seconds: float = 60.0) -> Outcome:
    """Run ``code`` in a new process of this Python that sees the same path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, on code of ours
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        printed = error.stdout or b""
        text = printed.decode("utf-8", "replace") if isinstance(printed, bytes) else printed
        return Outcome(text, f"it did not end within {seconds:g} s")
    except OSError as error:
        return Outcome("", f"Python could not be started: {error}")
    if done.returncode < 0:
        return Outcome(done.stdout, f"it crashed ({_signal_name(-done.returncode)})")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Outcome(done.stdout, last or f"it ended with status {done.returncode}")
    return Outcome(done.stdout, "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
