"""Time and memory of whole runs on full-size Ariel planets: raw frames to spectra, with two worker processes.

Writes four simulated planets as the challenges' files are, then runs ``ariel-challenge`` > ``ariel-detector`` > a
detrender on one, two and four of them, every run in a process of its own, the sizes interleaved, and prints

- the time per planet in the kernels (the loader, the calibrator with the reading of frames, the detrender) and outside
  of them (keys, validation, the store), as medians over planets. A worker's first planet, in which it imports and loads
  compiled code, counts as the fixed cost that it is. Collating and writing in the main process is taken from a second
  run, in which all is stored: the difference in processor time between four planets and one, by planet,
- what 673 planets would take: the fixed cost and the planets' own, workers busy, files in the disk cache,
- the peak memory of the main process and of the workers, which must not grow with the number of planets,
- the chain of the challenges' public starter on one planet (``full_size_planet.py``), which ends before any spectrum.

Aims: 673 planets in less than 20 minutes on two cores, at most 5 % of the time outside the kernels.

    python benchmarks/ariel_run.py [--repeat 3] [--detrender NAME] [--keep FOLDER] [--without-starter]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from specframe.api import hookimpl

SIZES = (1, 2, 4)
WORKERS = 2
ALL_PLANETS = 673
#: Where the hook of the workers writes; they inherit it.
RECORDS = "ARIEL_RUN_RECORDS"


_began: dict[str, float] = {}


@hookimpl
def before_step(step: str) -> None:
    """Keep the processor time of this process."""
    _began[step] = time.process_time()


@hookimpl
def after_step(step: str, target: str | None) -> None:
    """Note what a step on a target, or a phase of the main process, took, and how much memory its process has used."""
    if RECORDS not in os.environ:
        return
    sys.path.insert(0, str(Path(__file__).parent))
    from full_size_planet import peak_memory

    taken = time.process_time() - _began[step]
    record = {"process": os.getpid(), "step": step, "target": target, "processor": taken, "memory": peak_memory()}
    with Path(os.environ[RECORDS]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def write_planets(root: Path) -> None:
    """Write the planets with pyarrow, as the challenges' files were, and a folder with the first n for each size."""
    from full_size_planet import write_planet

    write_planet(root / "4", n_targets=max(SIZES))
    planets = sorted((root / "4" / "train").iterdir())
    for size in SIZES[:-1]:
        folder = root / str(size)
        shutil.copytree(root / "4", folder, ignore=shutil.ignore_patterns("train", "truth"))
        (folder / "train").mkdir()
        for planet in planets[:size]:
            (folder / "train" / planet.name).symlink_to(planet.resolve(), target_is_directory=True)


def run_once(root: Path, detrender: str) -> dict[str, Any]:
    """Run the pipeline on the planets in ``root`` and return what it took."""
    from full_size_planet import peak_memory

    from specframe import Pipeline

    steps: list[dict[str, Any]] = [
        {"id": "data", "load": "ariel-challenge", "with": {"path": str(root)}},
        {"id": "curves", "calibrate": "ariel-detector"},
        {"id": "transit", "detrend": detrender},
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.environ[RECORDS] = str(Path(folder) / "records.jsonl")
        pipeline = Pipeline(steps, evaluate={"scores": ["rmse-ppm"]}, plugin_files=[Path(__file__)])
        begin = time.perf_counter()
        run = pipeline.run(Path(folder) / "run", executor="process", workers=WORKERS, quiet=True)
        wall = time.perf_counter() - begin
        records = read_lines(Path(os.environ[RECORDS]))
        events = [event for event in read_lines(run.path / "log.jsonl") if event["event"] == "target"]
        memory = peak_memory()
        # once more, all from the store and nothing left to import: what collating and writing take by themselves
        pipeline.run(run.path, quiet=True)
        again = read_lines(Path(os.environ[RECORDS]))[len(records) :]
    worked: dict[int, list[str]] = {}
    for record in records:
        if record["target"] is not None and record["target"] not in worked.setdefault(record["process"], []):
            worked[record["process"]].append(record["target"])
    first = {targets[0] for targets in worked.values()}
    return {
        "wall": wall,
        "after": sum(record["processor"] for record in again if record["step"] in ("collate", "write")),
        "targets": [
            {"steps": event["seconds"], "elapsed": event["elapsed"], "first": event["target"] in first}
            for event in events
        ],
        "main": memory,
        "workers": max(record["memory"] for record in records if record["target"] is not None),
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def in_own_process(root: Path, detrender: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", str(root), "--detrender", detrender]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


def report(runs: dict[int, list[dict[str, Any]]], detrender: str) -> float:
    """Print the tables and return the seconds that a worker spends on a planet."""
    largest = runs[max(SIZES)]
    planets = [target for run in largest for target in run["targets"] if not target["first"]]
    steps = {step: statistics.median(p["steps"][step] for p in planets) for step in planets[0]["steps"]}
    inside = statistics.median(sum(p["steps"].values()) for p in planets)
    around = statistics.median(p["elapsed"] - sum(p["steps"].values()) for p in planets)
    after = statistics.median(
        (four["after"] - one["after"]) / (max(SIZES) - min(SIZES))
        for four, one in zip(largest, runs[min(SIZES)], strict=True)
    )
    elapsed = inside + around
    fixed = statistics.median(run["wall"] - (elapsed / WORKERS + after) * max(SIZES) for run in largest)
    total = fixed + ALL_PLANETS * (elapsed / WORKERS + after)
    print(f"\n{detrender}, {os.cpu_count()} cores, {WORKERS} workers, {len(largest)} rounds; a planet (median):")
    for step, seconds in steps.items():
        print(f"  in {step:<28} {seconds:8.3f} s")
    print(f"  in a worker, outside these      {around:8.3f} s")
    print(f"  in the main process             {after:8.3f} s")
    print(f"outside the kernels: {100 * (around + after) / (elapsed + after):.1f} % (aim: at most 5 %)")
    print(f"start-up, imports, figures and report: {fixed:.1f} s")
    print(f"{ALL_PLANETS} planets would take {total / 60:.1f} min (aim: less than 20 min)\n")
    print(f"{'planets':>8} {'run':>9} {'main process':>14} {'worker':>10}")
    for size, of_size in runs.items():
        wall, main, worker = (statistics.median(run[key] for run in of_size) for key in ("wall", "main", "workers"))
        print(f"{size:8} {wall:8.2f}s {main:11.0f} MB {worker:7.0f} MB")
    for key, name in (("main", "main process"), ("workers", "worker")):
        ratio = statistics.median(four[key] / one[key] for four, one in zip(largest, runs[min(SIZES)], strict=True))
        print(f"memory of the {name}, {max(SIZES)} planets over {min(SIZES)}: {ratio:.2f}")
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3, help="rounds of interleaved runs")
    parser.add_argument("--detrender", default="transit-polynomial", help="name of the detrender")
    parser.add_argument("--keep", type=Path, help="folder for the planets, written there unless they are there")
    parser.add_argument("--without-starter", action="store_true", help="leave out the slow part (half a minute, 6 GB)")
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(run_once(arguments.only, arguments.detrender)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = (arguments.keep or Path(temporary)) / "planets"
        if not (root / "1").exists():
            print("writing planets ...", flush=True)
            write_planets(root)
        runs: dict[int, list[dict[str, Any]]] = {size: [] for size in SIZES}
        for i in range(arguments.repeat + 1):
            for size in SIZES:
                result = in_own_process(root / str(size), arguments.detrender)
                if i:  # the first round fills the disk cache and compiles
                    runs[size].append(result)
        elapsed = report(runs, arguments.detrender)
        if not arguments.without_starter:
            from full_size_planet import in_own_process as starter

            chain = starter("starter chain", root / "1")
            print(
                f"starter chain, one planet to binned frames: {chain['seconds']:.1f} s, {chain['memory']:.0f} MB; "
                f"{chain['seconds'] / elapsed:.0f} x the time of a planet here"
            )


if __name__ == "__main__":
    main()
