"""Peak memory of whole runs on small targets, against their number: it must hardly grow.

Runs ``tiny`` > ``tiny-curves`` > ``tiny-depths`` (``tiny_targets.py``), without and with a model, on 10, 100 and 1000
targets, each run in a process of its own, and prints the peak of the main process and of the largest worker, and how
much a further target adds to the main one between the last two numbers of targets.

With ``--bound`` it then runs targets of which one needs ten times as much as the others under ``--memory``, and prints
what the processes had at most beside what they may have.

    python benchmarks/memory.py [--targets 10 100 1000] [--channels 283] [--repeat 1] [--bound]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from specframe.api import hookimpl

HERE = Path(__file__).parent
WORKERS = 2
#: Where the hook of the workers writes their peak; they inherit it.
RECORDS = "MEMORY_RECORDS"
_noted = 0.0


@hookimpl
def after_step(step: str, target: str | None) -> None:  # noqa: ARG001 - the hook's signature
    """Note the peak memory of this process when it has grown by a MB."""
    global _noted
    if RECORDS in os.environ and peak() > _noted + 1:
        _noted = peak()
        with Path(os.environ[RECORDS]).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {_noted}\n")


def peak() -> float:
    """Return the peak memory of this process in MB."""
    sys.path.insert(0, str(HERE))
    from full_size_planet import peak_memory

    return peak_memory()


def run_once(n_target: int, channels: int, model: bool, executor: str, **more: Any) -> dict[str, Any]:
    """Run the pipeline on so many targets and return the peaks."""
    from specframe import Pipeline

    load = {"n_targets": n_target, "channels": channels, **more.pop("load", {})}
    steps: list[dict[str, Any]] = [
        {"id": "data", "load": "tiny", "with": load},
        {"id": "curves", "detrend": "tiny-curves"},
        {"id": "transit", "detrend": "tiny-depths"},
    ]
    evaluate: dict[str, Any] = {"scores": ["rmse-ppm"]}
    if model:
        steps += [{"id": "fit", "model": "ridge"}, {"id": "sigma", "uncertainty": "residual"}]
        evaluate["cross_validation"] = {"folds": 3}
    pipeline = Pipeline(steps, evaluate=evaluate, plugin_files=[HERE / "tiny_targets.py", Path(__file__)])
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        os.environ[RECORDS] = str(records)
        options = {} if executor == "serial" else {"workers": WORKERS}
        run = pipeline.run(Path(folder) / "run", executor=executor, quiet=True, **options, **more)
        noted = [line.split() for line in records.read_text(encoding="utf-8").splitlines()]
        workers = [float(memory) for process, memory in noted if int(process) != os.getpid()]
        return {
            "main": peak(),
            "worker": max(workers, default=0.0),
            "set_aside": [entry["reason"] for entry in run.set_aside],
        }


def in_own_process(**what: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", json.dumps(what)]
    return dict(
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    )


def growth(sizes: list[int], channels: int, repeat: int) -> None:
    print(f"{channels} channels, {WORKERS} workers, peak memory in MB, medians of {repeat}")
    print(f"{'':28}" + "".join(f"{size:>10}" for size in sizes) + "   kB a further target")
    for model in (False, True):
        for executor in ("serial", "process"):
            found: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
            for _ in range(repeat):
                for size in sizes:
                    found[size].append(in_own_process(n_target=size, channels=channels, model=model, executor=executor))
            for process in ("main", "worker") if executor == "process" else ("main",):
                medians = [statistics.median(run[process] for run in found[size]) for size in sizes]
                name = f"{'ridge' if model else 'no model'}, {executor}, {process}"
                slope = 1000 * (medians[-1] - medians[-2]) / (sizes[-1] - sizes[-2])
                print(f"{name:28}" + "".join(f"{value:10.0f}" for value in medians) + f"{slope:22.1f}", flush=True)


def bounded(memory: int) -> None:
    """Print what targets have that need 100 MiB each, and one 1000 MiB, when all may have ``memory`` MB together."""
    load = {"frames": 100, "excess": 10, "large": ["t0000005"]}
    what = {"n_target": 12, "channels": 4, "model": False, "executor": "process", "load": load}
    for name, more in ((f"--memory {memory}MB", {"memory": f"{memory}MB"}), ("without a bound", {})):
        found = in_own_process(**what, **more)
        became = found["set_aside"] or "all done"
        print(f"{name:20} main {found['main']:6.0f} MB, worker {found['worker']:6.0f} MB, {became}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, nargs="+", default=[10, 100, 1000], help="numbers of targets, ascending")
    parser.add_argument("--channels", type=int, default=283, help="wavelengths of a target")
    parser.add_argument("--repeat", type=int, default=1, help="rounds, the numbers of targets in turn")
    parser.add_argument("--bound", action="store_true", help="hold a run to 1800 MB as well")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(run_once(**json.loads(arguments.only))))
        return
    growth(arguments.targets, arguments.channels, arguments.repeat)
    if arguments.bound:
        bounded(1800)


if __name__ == "__main__":
    main()
