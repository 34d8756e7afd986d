"""A Dask cluster on this machine, in processes of its own that end with this one, however it ends.

Run as a program it is the process that holds the scheduler: it prints where that listens and goes on until its standard
input is closed, which the system does for a process that died.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Timer

from specframe.errors import RunError
from specframe.executors.threads import THREAD_VARIABLES

__all__ = ["LocalCluster"]

#: Seconds that a cluster may take to start: a busy machine starts processes slowly.
_START = 120.0
#: Seconds that it may take to end by itself; it does at once when nobody works, and else is killed.
_END = 3.0


class LocalCluster:
    """A scheduler and workers of one thread each on this machine.

    The processes neither see Ctrl-C nor need ``if __name__ == "__main__":`` in a script.
    """

    def __init__(self, workers: int) -> None:
        path = os.pathsep.join(folder for folder in sys.path if folder)
        variables = {
            **dict.fromkeys(THREAD_VARIABLES, "1"),
            "PYTHONPATH": path,
            "DASK_LOGGING__DISTRIBUTED": "critical",
        }
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-P", "-m", __name__, str(workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **variables},
            start_new_session=True,
            text=True,
        )
        assert self._process.stdout is not None
        late = Timer(_START, self._process.kill)
        late.start()
        try:
            said = self._process.stdout.readline()
        except BaseException:
            self.close()
            raise
        finally:
            late.cancel()
        answer = json.loads(said) if said.endswith("\n") else {}
        if "address" not in answer:
            self.close()
            why = answer.get("error") or f"it ended, or was not there after {_START:.0f} s; see what it printed above"
            raise RunError(f"a Dask cluster of {workers} workers on this machine cannot be started: {why}")
        #: Where the scheduler listens.
        self.address: str = answer["address"]

    def close(self) -> None:
        """End all its processes, whatever they are at."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()


def main() -> None:
    """Hold a cluster until nobody holds the other end of standard input."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as teller:
        os.dup2(2, 1)  # what components print in workers is not for whoever reads the address
        try:
            from distributed import LocalCluster as Cluster

            cluster = Cluster(
                n_workers=int(sys.argv[1]),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=False,
            )
        except Exception as error:
            teller.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            return
        teller.write(json.dumps({"address": cluster.scheduler_address}) + "\n")
    with cluster:
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
