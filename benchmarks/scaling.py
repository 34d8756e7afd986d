"""How the run time of many full-size planets grows with workers, and what limits it: measured pieces, a simulation.

``--measure`` takes the pieces that depend on the number of targets alone: the processor time of the main process by
phase on spectra made out of nothing (``tiny_targets.py``), with the exponent with which it grows (1: in proportion),
and what a folder of many files costs. The time of a planet in a worker is that of ``ariel_run.py``.

The simulation follows every planet: a worker takes it when one is there (two for each worker are under way), reads it
from a file system that all share, computes, and the main process takes note of the outcome, one at a time. When the
last is done, the main process alone collates and writes all results. :class:`Pieces` says what is measured and what is
assumed.

    python benchmarks/scaling.py [--measure] [--targets 1000 4000 16000] [--channels 4]
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from specframe.api import hookimpl

HERE = Path(__file__).parent
PLANETS = (10_000, 1_000_000)
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 10_000)


@dataclass(frozen=True)
class Pieces:
    """What a run is made of; times in s, sizes in bytes."""

    #: A planet in a worker with its files in the disk cache: loader 0.041, calibrator 0.280, transit-joint 0.107, the
    #: rest 0.018. Measured (``ariel_run.py``).
    planet: float = 0.446
    #: Scatter of that time between planets, relative.
    scatter: float = 0.1
    #: Outcome of a planet in the main process while workers are at it. Measured: executor and log (``executors.py``).
    outcome: float = 0.0006
    #: Collating, scores, quality and spectra of a planet, in the main process after the last. Measured
    #: (``ariel_run.py``).
    tail: float = 0.012
    #: Imports, start of workers, figures, report. Measured.
    fixed: float = 8.0
    #: Frames of a planet on disk, and its stored products. Measured.
    read: float = 236e6
    written: float = 2.2e6
    #: Bytes per second of the file system, for all workers together. Assumed.
    file_system: float = 10e9


#: The cases of the page: one machine with its own executor, a cluster, one whose file system is ten times as fast.
CASES = {
    "process, 2 GB/s": Pieces(file_system=2e9),
    "dask, 10 GB/s": Pieces(outcome=0.0025, file_system=10e9),
    "dask, 100 GB/s": Pieces(outcome=0.0025, file_system=100e9),
}


def simulated(pieces: Pieces, n_planet: int, workers: int, seed: int = 0) -> dict[str, float]:
    """Return the seconds until all planets are reduced, of the whole run, and how busy each part was until then."""
    rng = np.random.default_rng(seed)
    spread = math.sqrt(math.log1p(pieces.scatter**2))
    work = pieces.planet * rng.lognormal(-0.5 * spread**2, spread, n_planet) if pieces.scatter else None
    transfer = (pieces.read + pieces.written) / pieces.file_system
    under_way = min(2 * workers, n_planet)
    ready: deque[float] = deque([0.0] * under_way)
    ends: list[float] = []
    disk_free = main_free = 0.0
    begun = 0

    def begin(free: float) -> None:
        nonlocal disk_free, begun
        start = max(free, ready.popleft(), disk_free)
        disk_free = start + transfer
        heapq.heappush(ends, disk_free + (pieces.planet if work is None else float(work[begun])))
        begun += 1

    for _ in range(min(workers, n_planet)):
        begin(0.0)
    for _ in range(n_planet):
        end = heapq.heappop(ends)
        main_free = max(end, main_free) + pieces.outcome
        if begun + len(ready) < n_planet:
            ready.append(main_free)
        if ready:
            begin(end)
    gathered = main_free
    return {
        "gathered": gathered,
        "total": pieces.fixed + gathered + n_planet * pieces.tail,
        "workers": n_planet * pieces.planet / (workers * gathered),
        "disk": n_planet * transfer / gathered,
        "main": n_planet * pieces.outcome / gathered,
    }


def bound(pieces: Pieces, n_planet: int, workers: int) -> float:
    """Return what the run takes at least: its slowest part, and what the main process does alone."""
    transfer = (pieces.read + pieces.written) / pieces.file_system
    slowest = max((pieces.planet + transfer) / min(workers, n_planet), transfer, pieces.outcome)
    return pieces.fixed + n_planet * (slowest + pieces.tail)


def limit(found: dict[str, float], pieces: Pieces, n_planet: int) -> str:
    """Return what a further worker would wait for."""
    alone = n_planet * pieces.tail + pieces.fixed
    if alone > found["gathered"]:
        return "main process, alone"
    busiest = max(("workers", "disk", "main"), key=lambda part: found[part])
    return {"workers": "workers", "disk": "file system", "main": "main process, outcomes"}[busiest]


def print_cases() -> None:
    for n_planet in PLANETS:
        for name, pieces in CASES.items():
            print(f"\n{n_planet:,} planets, {name}")
            print(f"{'workers':>9}{'reduced':>12}{'run':>12}{'speed-up':>10}  what limits it")
            alone = simulated(pieces, n_planet, 1)["total"]
            for workers in WORKERS:
                found = simulated(pieces, n_planet, workers)
                times = f"{shown(found['gathered']):>12}{shown(found['total']):>12}{alone / found['total']:10.1f}"
                print(f"{workers:9}{times}  {limit(found, pieces, n_planet)}", flush=True)


def shown(seconds: float) -> str:
    """Return a time as people read it."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


_began: dict[str, float] = {}
_taken: dict[str, float] = {}


@hookimpl
def before_step(step: str, target: str | None) -> None:
    """Keep the processor time at which a phase begins."""
    if target is None:
        _began[step] = time.process_time()


@hookimpl
def after_step(step: str, target: str | None) -> None:
    """Add the processor time that a phase took."""
    if target is None:
        _taken[step] = _taken.get(step, 0.0) + time.process_time() - _began[step]


def run_once(n_target: int, channels: int, model: bool) -> dict[str, float]:
    """Run a pipeline of spectra that are there, and return the processor time of each phase."""
    from specframe import Pipeline

    steps: list[dict[str, Any]] = [
        {"id": "data", "load": "tiny-spectra", "with": {"n_targets": n_target, "channels": channels}}
    ]
    evaluate: dict[str, Any] = {"scores": ["rmse-ppm"]}
    if model:
        steps += [{"id": "fit", "model": "ridge"}, {"id": "sigma", "uncertainty": "residual"}]
        evaluate["cross_validation"] = {"folds": 3}
    pipeline = Pipeline(steps, evaluate=evaluate, plugin_files=[HERE / "tiny_targets.py", Path(__file__)])
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pipeline.run(folder, quiet=True)
    total = time.process_time() - begin
    # as a plugin this file is a module of its own
    own = (module for module in list(sys.modules.values()) if getattr(module, "__file__", None) == __file__)
    taken: dict[str, float] = next((module._taken for module in own if getattr(module, "_taken", None)), {})
    return {**taken, "manifest, report": total - sum(taken.values())}


def measure(sizes: list[int], channels: int) -> None:
    """Print what a target costs the main process, by phase, and how that grows."""
    for model in (False, True):
        found: dict[int, dict[str, float]] = {}
        for size in sizes:
            command = [sys.executable, __file__, "--only", json.dumps([size, channels, model])]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[size] = json.loads(done.stdout.splitlines()[-1])
            found[size]["all"] = sum(found[size].values())
        print(
            f"\nMain process, {'ridge' if model else 'no model'}, {channels} channels: processor time of a target, ms"
        )
        steps = list(pairwise(sizes))
        print(f"{'':20}" + "".join(f"{f'{m:,} to {n:,}':>18}" for m, n in steps) + "  exponent")
        for phase in found[sizes[-1]]:
            slopes = [1e3 * (found[n].get(phase, 0.0) - found[m].get(phase, 0.0)) / (n - m) for m, n in steps]
            print(f"{phase:20}" + "".join(f"{slope:18.3f}" for slope in slopes) + exponent(slopes, steps), flush=True)


def exponent(slopes: list[float], steps: list[tuple[int, int]]) -> str:
    """Return the power of the number of targets with which a time grows, where it is long enough to say."""
    if len(slopes) < 2 or min(slopes[-2:]) < 0.02:
        return ""
    (a, b), (c, d) = steps[-2:]
    return f"{1 + math.log(slopes[-1] / slopes[-2]) / math.log(math.sqrt(c * d / (a * b))):10.2f}"


def folders(counts: tuple[int, ...] = (10_000, 100_000)) -> None:
    """Print what a folder of many files costs: making a file, looking for one, listing all."""
    print("\nA folder of many files, microseconds a file")
    print(f"{'files':>10}{'make':>10}{'look for':>10}{'list':>10}")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            names = [os.path.join(folder, f"t{i:07d}-{i:016x}.nc") for i in range(count)]  # noqa: PTH118 - as fast as can be
            spent = []
            for work in (_make, _look_for, lambda _: sum(1 for _ in os.scandir(folder))):
                begin = time.process_time()
                work(names)
                spent.append(1e6 * (time.process_time() - begin) / count)
        print(f"{count:10}" + "".join(f"{value:10.1f}" for value in spent), flush=True)


def _make(names: list[str]) -> None:
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))


def _look_for(names: list[str]) -> None:
    for name in names:
        os.stat(name)  # noqa: PTH116 - as fast as can be


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="measure the main process and folders as well")
    parser.add_argument(
        "--targets", type=int, nargs="+", default=[1000, 4000, 16000], help="numbers of targets, ascending"
    )
    parser.add_argument("--channels", type=int, default=4, help="wavelengths of a target")
    parser.add_argument("--tail", type=float, help="another time in s of a planet in the main process at the end")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(run_once(*json.loads(arguments.only))))
        return
    if arguments.measure:
        measure(arguments.targets, arguments.channels)
        folders()
    if arguments.tail is not None:
        CASES.update({name: replace(pieces, tail=arguments.tail) for name, pieces in CASES.items()})
    print_cases()


if __name__ == "__main__":
    main()
