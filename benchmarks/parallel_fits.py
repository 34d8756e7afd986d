"""Cross-validation and final fit by two processes beside one: of small networks, and of a model that takes no time.

Run: ``python benchmarks/parallel_fits.py [--repetitions 3] [--epochs 40] [--models cnn1d ridge]``. Runs of all kinds
are taken in turn. Times are those of the phases "cross-validation" and "fit", and processor times of whole runs, of
this process and of the workers: on a machine with other work only these tell what a run costs. ``cold`` has the start
of the processes in it, ``warm`` has processes that have fitted before. With ``--members N`` each fit is an ensemble, on
a hold-out: then single members go out. Linux.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from specframe import Pipeline, make
from specframe.executors.process import ProcessExecutor

N_TARGET, N_TIME = 200, 187
_NETWORK = {"blocks": [{"type": "conv", "filters": 16, "kernel": 7}, {"type": "conv", "filters": 16, "kernel": 7}]}


def write_curves(folder: Path) -> None:
    """Write transits of known depth as a table."""
    rng = np.random.default_rng(2)
    depth = rng.uniform(0.005, 0.02, N_TARGET)
    shape = (np.abs(np.arange(N_TIME) - N_TIME // 2) < N_TIME // 5).astype(float)
    flux = 1.0 - depth[:, None] * shape + rng.normal(0.0, 1e-3, (N_TARGET, N_TIME))
    np.savez(folder / "curves.npz", name=np.array([f"p{i}" for i in range(N_TARGET)]), flux=flux)
    rows = "\n".join(f"p{i},{value!r}" for i, value in enumerate(depth.tolist()))
    (folder / "labels.csv").write_text(f"name,depth\n{rows}\n")


def pipeline(folder: Path, model: str, epochs: int, members: int) -> Pipeline:
    """Return a pipeline with one model, whose errors are calibrated out of fold."""
    given: dict[str, Any] = {"inputs": ["flux"]}
    if model == "cnn1d":
        training = {"epochs": epochs, "patience": epochs}
        given |= {"axis": "time", "network": _NETWORK, "training": training}
    labels = {"path": str(folder / "labels.csv"), "target": "name", "columns": "depth"}
    table = {"path": str(folder / "curves.npz"), "target": "name", "flux": "flux", "cadence": "60 s", "labels": labels}
    steps = [("data", make("loader", "table", **table)), ("fit", make("model", model, **given))]
    if members:
        steps.append(("members", make("uncertainty", "ensemble", members=members)))
    steps.append(("sigma", make("uncertainty", "residual")))
    splits = {"holdout": {"fraction": 0.2}} if members else {"cross_validation": {"folds": 5}}
    return Pipeline(steps, evaluate={**splits, "scores": ["rmse-ppm"]})


def workers_seconds() -> float:
    """Return the processor time of all processes that this one has started, those that ended among them."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--members", type=int, default=0)
    parser.add_argument("--models", nargs="+", default=["cnn1d", "ridge"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ProcessExecutor(2) as warm:
        folder = Path(name)
        write_curves(folder)
        for model in given.models:
            made = pipeline(folder, model, given.epochs, given.members)
            kinds: dict[str, dict[str, Any]] = {
                "serial": {},
                "process, cold": {"executor": "process", "workers": 2},
                "process, warm": {"executor": warm},
            }
            pipeline(folder, model, 1, 0).run(folder / f"{model}-warm", executor=warm, quiet=True)
            seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
            used: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
            for number in range(given.repetitions):
                for kind, executor in kinds.items():
                    begin = time.process_time(), workers_seconds()
                    run = made.run(folder / f"{model}-{number}-{kind}", quiet=True, **executor)
                    phases = run.manifest["timings"]["phases"]
                    seconds[kind].append(phases["cross-validation"] + phases["fit"])
                    used[kind].append((time.process_time() - begin[0], workers_seconds() - begin[1]))
                    spent = "{:.2f} s + {:.2f} s".format(*used[kind][-1])
                    print(f"  {model} {kind}: {seconds[kind][-1]:.2f} s, processor {spent}", flush=True)
            serial = statistics.median(seconds["serial"])
            load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
            for kind, values in seconds.items():
                middle = statistics.median(values)
                here, there = (statistics.median(times) for times in zip(*used[kind], strict=True))
                print(
                    f"{model}, {kind}: {middle:.2f} s, {serial / middle:.2f} x serial (load {load}); "
                    f"processor {here:.2f} s here, {there:.2f} s in workers",
                    flush=True,
                )


if __name__ == "__main__":
    main()
