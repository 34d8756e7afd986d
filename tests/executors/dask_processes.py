"""Schedulers and workers of Dask in processes of their own, as people start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import Client

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DaskProcesses", "wait_for"]


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so, and fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


#: A task may survive so many of its workers: a worker needs seconds to start anew, and Dask allows three.
ALLOWED = ("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", 1)


class DaskProcesses:
    """A scheduler, and workers that are added and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self.scheduler = self._start(
            "scheduler", *options, "--scheduler-file", str(self.file), env={ALLOWED[0]: str(ALLOWED[1])}
        )
        wait_for(self._is_there)
        self.address: str = json.loads(self.file.read_text())["address"]

    def _is_there(self) -> bool:
        with suppress(OSError, ValueError):
            return "address" in json.loads(self.file.read_text())
        return False

    def _start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**os.environ, "PYTHONPATH": path, **(env or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def add(self, *options: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with a thread; it comes when it is ready."""
        always = ("--nthreads", "1", "--no-dashboard", "--memory-limit", "0", "--local-directory", str(self.folder))
        self.workers.append(self._start("worker", self.address, *always, *options, env=env))
        return self.workers[-1]

    def end(self, process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
        """End a process and what it started."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait(30)

    def there(self) -> int:
        """Return how many workers the scheduler has."""
        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())

    def close(self) -> None:
        """End everything."""
        for process in (*self.workers, self.scheduler):
            self.end(process)
