"""What executors cost: the time of a task beside its work, and how well two processes share it.

Overhead: a job whose tasks do nothing goes through each executor in turn, with two numbers of tasks; the slope of the
time is the overhead of one. The same for whole targets, through a pipeline of next to nothing (``tiny_targets.py``).

Efficiency: targets of 0.3 s of processor time through serial and two workers in turn; ``T1 / (2 T2)`` of the time from
the first outcomes, which come after the workers have begun, to the last. On a busy machine processes do not get the
cores that they could use: what two bare processes reach is measured beside it, and the load told.

    python benchmarks/executors.py [--executors serial process dask] [--tasks 1000] [--targets 40] [--repeat 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe.executors.executor import Executor

HERE = Path(__file__).parent
WORKERS = 2
#: Processor time in s of a target of realistic size: a full-size Ariel planet takes 0.45 s (``ariel_run.py``).
WORK = 0.3
#: Keeps a processor busy for so many seconds, and says how many it took by the clock.
_BUSY = """
import sys, time
begin, end = time.perf_counter(), time.process_time() + float(sys.argv[1])
while time.process_time() < end:
    pass
print(time.perf_counter() - begin)
"""


class Idle:
    """Does nothing with a task."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    def process(self, task: str) -> str:
        """Hand the task back."""
        return task


def executor_of(name: str, workers: int = WORKERS) -> Executor:
    from specframe.executors.choice import make_executor

    return make_executor(name, None if name == "serial" else workers)


def overheads(names: list[str], n_task: int, repeat: int) -> None:
    """Print the time of a task that does nothing, by executor."""
    from specframe.executors.job import Job

    print(f"\nA task that does nothing, ms ({repeat} rounds of {n_task // 10} and {n_task} tasks, {WORKERS} workers)")
    print(f"{'':10}{'by the clock':>16}{'processor, main':>18}{'start, s':>10}")
    made = {name: executor_of(name) for name in names}
    starts: dict[str, float] = {}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    try:
        for name, executor in made.items():
            begin = time.perf_counter()
            list(executor.map(Job(Idle, None), ["first"]))
            starts[name] = time.perf_counter() - begin
        for _ in range(repeat):
            for name, executor in made.items():
                few, many = (timed(executor, Job(Idle, None), n) for n in (n_task // 10, n_task))
                between = n_task - n_task // 10
                times[name].append((1e3 * (many[0] - few[0]) / between, 1e3 * (many[1] - few[1]) / between))
    finally:
        for executor in made.values():
            executor.close()
    for name, found in times.items():
        wall, processor = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{name:10}{wall:16.3f}{processor:18.3f}{starts[name]:10.2f}", flush=True)


def timed(executor: Executor, job: Any, n_task: int) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    done = sum(1 for _ in executor.map(job, [f"t{i}" for i in range(n_task)]))
    assert done == n_task
    return time.perf_counter() - wall, time.process_time() - processor


def gathered(name: str, n_target: int, work: float) -> float:
    """Return the seconds from the first outcome to the last in a run through an executor that has begun."""
    import json

    from specframe import Pipeline

    steps = [
        {"id": "data", "load": "tiny", "with": {"n_targets": n_target, "work": work}},
        {"id": "transit", "detrend": "tiny-depths"},
    ]
    pipeline = Pipeline(steps, plugin_files=[HERE / "tiny_targets.py"])
    with tempfile.TemporaryDirectory() as folder, executor_of(name) as executor:
        run = pipeline.run(folder, executor=executor, quiet=True)
        events = [json.loads(line) for line in (run.path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    from datetime import datetime

    ends = [datetime.fromisoformat(event["time"]).timestamp() for event in events if event["event"] == "target"]
    workers = 1 if name == "serial" else WORKERS
    # the first outcomes, one for each worker, come after imports; the time of the others is that of a run of many
    ends.sort()
    return (ends[-1] - ends[workers - 1]) / (len(ends) - workers)


def targets(names: list[str], n_target: int, repeat: int) -> None:
    """Print the time that a target of next to nothing takes, by executor."""
    print(
        f"\nA target of next to nothing, by the clock, ms ({repeat} rounds of {n_target}; two workers halve it at best)"
    )
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            found[name].append(1e3 * gathered(name, n_target, 0.0))
    for name, values in found.items():
        print(f"{name:10}{statistics.median(values):16.2f}", flush=True)


def efficiencies(names: list[str], n_target: int, repeat: int) -> None:
    """Print how much of two processors a run with two workers makes use of."""
    print(
        f"\nTargets of {WORK} s of processor time, {repeat} rounds of {n_target}, serial and {WORKERS} workers in turn"
    )
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names if name != "serial"}
    for _ in range(repeat):
        alone, shared = bare(1), bare(WORKERS)
        serial = gathered("serial", n_target, WORK)
        for name, row in rows.items():
            row.append((serial / (WORKERS * gathered(name, n_target, WORK)), alone / shared, os.getloadavg()[0]))
    print(f"{'':10}{'efficiency':>12}{'lowest':>9}{'highest':>9}{'bare processes':>17}{'load':>7}")
    for name, row in rows.items():
        reached, bare_ones, load = zip(*row, strict=True)
        print(
            f"{name:10}{statistics.median(reached):12.3f}{min(reached):9.3f}{max(reached):9.3f}"
            f"{statistics.median(bare_ones):17.3f}{statistics.median(load):7.1f}",
            flush=True,
        )


def bare(count: int) -> float:
    """Return the seconds that so many bare processes take at a time, each for 2 s of processor time."""
    command = [sys.executable, "-c", _BUSY, "2"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return statistics.mean(float(process.communicate()[0]) for process in running)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executors", nargs="+", default=["serial", "process"], help="which, by name")
    parser.add_argument("--tasks", type=int, default=1000, help="tasks that do nothing, in a round")
    parser.add_argument("--targets", type=int, default=40, help="targets in a round")
    parser.add_argument("--repeat", type=int, default=5, help="rounds")
    parser.add_argument("--skip-efficiency", action="store_true", help="leave out the long part")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    overheads(arguments.executors, arguments.tasks, arguments.repeat)
    targets(arguments.executors, 5 * arguments.targets, arguments.repeat)
    if not arguments.skip_efficiency:
        efficiencies(
            ["serial", *(name for name in arguments.executors if name != "serial")], arguments.targets, arguments.repeat
        )


if __name__ == "__main__":
    main()
