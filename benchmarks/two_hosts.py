"""A run on two machines whose network breaks: two network namespaces, joined by a link that is cut in the middle.

Workers that end are started again, as a service would. The scheduler is on one machine, workers on the other, on both,
or the main process alone on the other. Tasks wait 0.3 s and give a number that is known. Needs root and ``ip``
(iproute2), on Linux; it makes namespaces ``specframe-a`` and ``specframe-b`` and takes them down again.

    python benchmarks/two_hosts.py [SCENARIO ...] [--tasks 100]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
A, B = "specframe-a", "specframe-b"
ADDRESS = {A: "10.77.77.1", B: "10.77.77.2"}
PORT = 8786
#: Tasks that are done when the link is cut.
CUT_AFTER = 20
PAUSE = 0.3

#: name: where the workers are, where the main process is, for how many seconds the link is cut (None: for good).
SCENARIOS: dict[str, tuple[tuple[str, ...], str, float | None]] = {
    "unbroken": ((B, B), A, 0.0),
    "workers-5s": ((B, B), A, 5.0),
    "workers-60s": ((B, B), A, 60.0),
    "half-for-good": ((A, B), A, None),
    "workers-for-good": ((B, B), A, None),
    "main-5s": ((A, A), B, 5.0),
    "main-for-good": ((A, A), B, None),
}
#: Starts a worker again that ended, as Kubernetes or a service does: Dask's workers end when they lose the scheduler.
_AGAIN = (
    "import subprocess, sys, time\nwhile True:\n    subprocess.run([sys.executable, *sys.argv[1:]])\n    time.sleep(1)"
)


class Waiter:
    """Waits a little, and squares its task."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    def process(self, task: int) -> int:
        """Return the square."""
        time.sleep(PAUSE)
        return task * task


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)


@contextmanager
def two_hosts() -> Iterator[None]:
    """Make two namespaces that reach each other and nothing else."""
    for name in (A, B):
        ip("netns", "del", name, check=False)
        ip("netns", "add", name)
    try:
        ip("link", "add", "veth-a", "netns", A, "type", "veth", "peer", "name", "veth-b", "netns", B)
        for name, device in ((A, "veth-a"), (B, "veth-b")):
            ip("-n", name, "addr", "add", f"{ADDRESS[name]}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in (A, B):
            ip("netns", "del", name, check=False)


def start(host: str, folder: Path, *command: str, **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        ["ip", "netns", "exec", host, sys.executable, *command],
        env=environment,
        cwd=folder,
        text=True,
        start_new_session=True,
        **options,
    )


def scenario(name: str, n_task: int) -> None:
    """Run tasks through a cluster whose link is cut, and print what came of it."""
    workers, main, cut = SCENARIOS[name]
    processes: list[subprocess.Popen[str]] = []
    with two_hosts(), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log = (folder / "log").open("w")
        try:
            quiet = {"stdout": log, "stderr": log}
            dask = ("-m", "dask")
            processes.append(
                start(
                    A, folder, *dask, "scheduler", "--host", ADDRESS[A], "--port", str(PORT), "--no-dashboard", **quiet
                )
            )
            scheduler = f"tcp://{ADDRESS[A]}:{PORT}"
            for host in workers:
                options = ("--host", ADDRESS[host], "--nthreads", "1", "--no-dashboard")
                processes.append(start(host, folder, "-c", _AGAIN, *dask, "worker", scheduler, *options, **quiet))
            client = start(main, folder, str(HERE / "two_hosts.py"), "--main", scheduler, "--tasks", str(n_task),
                           stdout=subprocess.PIPE, stderr=log)  # fmt: skip
            processes.append(client)
            done, ended = watch(client)
            while not done["count"] >= CUT_AFTER and not ended.is_set():
                time.sleep(0.1)
            began = time.monotonic()
            if cut != 0.0:
                ip("-n", A, "link", "set", "veth-a", "down")
                if cut is not None:
                    time.sleep(cut)
                    ip("-n", A, "link", "set", "veth-a", "up")
            ended.wait(400)
            end = done["end"] or {"outcome": "HANGS"}
            where = "main process alone beyond the link" if main == B else f"workers on {' and '.join(workers)}"
            broken = "not cut" if cut == 0.0 else "cut for good" if cut is None else f"cut for {cut:.0f} s"
            print(f"{name}: {where}, {broken}: {end['outcome']}; {time.monotonic() - began:.0f} s after the cut; "
                  f"longest wait for a result {end.get('longest', 0):.0f} s", flush=True)  # fmt: skip
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            log.close()


def watch(client: subprocess.Popen[str]) -> tuple[dict[str, Any], Event]:
    """Follow what the main process prints, in a thread."""
    state: dict[str, Any] = {"count": 0, "end": None}
    ended = Event()

    def follow() -> None:
        assert client.stdout is not None
        for line in client.stdout:
            said = json.loads(line)
            if "outcome" in said:
                state["end"] = said
            else:
                state["count"] += 1
        ended.set()

    Thread(target=follow, daemon=True).start()
    return state, ended


def run(scheduler: str, n_task: int) -> None:
    """Be the main process: print a line for each result, and how it ended."""
    import dask
    from two_hosts import Waiter as Named  # workers know it by this name

    from specframe.errors import SpecframeError
    from specframe.executors import DaskExecutor
    from specframe.executors.job import Job

    found: dict[int, Any] = {}
    last = longest = 0.0
    try:
        with dask.config.set({"specframe.no-workers-timeout": "90s"}), DaskExecutor(scheduler=scheduler) as executor:
            for task, result in executor.map(Job(Named, None), list(range(n_task))):
                now = time.monotonic()
                longest, last = max(longest, now - last if last else 0.0), now
                if task in found:
                    raise AssertionError(f"task {task} came twice")
                found[task] = result
                print(json.dumps({"task": task}), flush=True)
        right = found == {i: i * i for i in range(n_task)}
        outcome = f"all {n_task} results, right" if right else "WRONG results"
    except SpecframeError as error:
        outcome = f"{len(found)} results, then {type(error).__name__}: {error}"
    print(json.dumps({"outcome": outcome, "longest": longest}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--main", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.main:
        run(options.main, options.tasks)
    else:
        for each in options.scenarios:
            scenario(each, options.tasks)
