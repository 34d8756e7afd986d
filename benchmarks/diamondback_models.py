"""Models on the Sonora Diamondback grid at several levels of noise: the tables of docs/explanation/retrieval.md.

Every row is ``configs/diamondback.yaml`` with another model in the place of its own. All are judged on the same folds
of a five-fold cross-validation, with the same noise on the spectra held out; ``--folds`` says on how many of the five.
What a fold gave is kept in the folder of runs, so that a benchmark that was broken off goes on from there. A fold of a
network is six trainings, since its errors are calibrated on five inner folds: about two minutes on one core.

    SPECFRAME_DATA=DATA OMP_NUM_THREADS=1 python benchmarks/diamondback_models.py RUNS [--only ROW ...] [--noise 0 0.02]
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from specframe import Pipeline
from specframe.evaluate.evaluation import evaluate_scores
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.fit.crossval import join_folds, predicted_folds
from specframe.pipeline.fit.learning import learning_steps
from specframe.pipeline.run import gathered_inputs, learning_problem, made_scores
from specframe.pipeline.session import Session
from specframe.progress.progress import Progress
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = Path(__file__).parents[1] / "configs" / "diamondback.yaml"
_FLUX = ["spectrum/flux"]
#: No noise: networks that shall draw some refuse none at all.
NONE = 1e-6
_NETWORK = {"inputs": _FLUX, "augment": {"noise": 1}}

#: Rows: what replaces the step ``fit``. Models that draw no noise themselves get noisy copies of each target.
ROWS: dict[str, dict[str, Any]] = {
    "mlp": {},
    "ridge": {"model": "ridge", "noisy_copies": 3, "with": {"inputs": _FLUX}},
    "forest": {
        "model": "forest",
        "noisy_copies": 3,
        "with": {"inputs": _FLUX, "n_trees": 100, "max_features": 0.05, "min_leaf": 1},
    },
    "gp": {
        "model": "gp",
        "noisy_copies": 1,
        "with": {
            "inputs": _FLUX,
            "n_inputs": 40,
            "n_components": None,
            "noise": "normal",
            "restarts": 0,
            "max_iterations": 60,
        },
    },
    "cnn1d": {
        "model": "cnn1d",
        "with": {**_NETWORK, "head": "gaussian", "training": {"epochs": 60, "judged_by": "error", "batch_size": 64}},
    },
    "mixture": {"model": "mlp", "with": {**_NETWORK, "head": {"type": "mixture", "covariance": "full"}}},
    "flow": {"model": "mlp", "with": {**_NETWORK, "head": {"type": "flow"}}},
}


def specification(row: str, noise: float, seed: int, inner: int) -> dict[str, Any]:
    """Return the pipeline of a row as plain data."""
    spec: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    spec["vars"]["noise"] = noise or NONE
    spec["seed"] = seed
    changed = ROWS[row]
    spec["steps"] = [{"id": "fit", **changed} if changed and step["id"] == "fit" else step for step in spec["steps"]]
    spec["evaluate"] = {**spec["evaluate"], "cross_validation": {"folds": 5}, "inner_folds": inner}
    del spec["evaluate"]["holdout"]
    return spec


def judged(
    row: str, noise: float, seed: int, folds: int, inner: int, runs: Path
) -> tuple[Mapping[str, float], int, float]:
    """Return the scores of a row on so many folds, the number of targets judged and the seconds of processor time."""
    written = CONFIG.with_name(
        f".diamondback-{row}-{noise:g}-{inner}.yaml"
    )  # beside the others, so that paths in it hold
    written.write_text(yaml.safe_dump(specification(row, noise, seed, inner), sort_keys=False))
    try:
        spec = Pipeline.from_yaml(written).spec
    finally:
        written.unlink()
    registry = Registry.discover()
    shared, own = (RunDirectory(path) for path in (runs, runs / f"{row}-{noise:g}-{seed}-{inner}"))
    own.path.mkdir(parents=True, exist_ok=True)
    progress = Progress(shared.log, quiet=True)
    steps = learning_steps(spec.steps)
    session = Session(spec, shared, progress, registry, keep_older=True)
    gathered, labels, catalogue = gathered_inputs(session, steps)
    assert labels is not None
    data, labels = learning_problem(session, steps, gathered, labels, catalogue)
    clock = own.path / "seconds.json"
    seconds: list[float] = json.loads(clock.read_text()) if clock.is_file() else []
    parts = []
    fold_by_fold = predicted_folds(Session(spec, own, progress, registry), steps, data, labels)
    for k in range(folds):
        start = time.process_time()
        parts += list(islice(fold_by_fold, 1))
        if k >= len(seconds):
            seconds.append(time.process_time() - start)
            clock.write_text(json.dumps(seconds))
    prediction = join_folds(parts, data)
    scores = evaluate_scores(made_scores(spec), prediction, labels).values
    return (
        {name: value for name, value in scores.items() if value is not None},
        prediction.sizes["target"],
        (sum(seconds[:folds]) / folds),
    )


def main() -> None:
    """Judge what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0, 0.02, 0.05])
    parser.add_argument("--folds", type=int, choices=range(1, 6), default=1)
    parser.add_argument("--inner", type=int, default=5, help="folds by which errors are calibrated")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outputs = next(step["with"]["labels"] for step in yaml.safe_load(CONFIG.read_text())["steps"] if "load" in step)
    print(f"| noise | model | R2 {' / '.join(outputs)} | 68 % interval holds, % | 95 % | targets | s per fold |")
    print("|---|---|---|---|---|---|---|")
    for noise in arguments.noise:
        for row in arguments.only:
            scores, n_target, seconds = judged(
                row, noise, arguments.seed, arguments.folds, arguments.inner, arguments.runs
            )
            cells = [f"{100 * noise:g} %", f"`{row}`", " / ".join(f"{scores[f'r2-{name}']:.4f}" for name in outputs)]
            cells += [
                " / ".join(f"{100 * scores[f'coverage-{level}-{name}']:.1f}" for name in outputs) for level in (68, 95)
            ]
            cells += [str(n_target), f"{seconds:.0f}"]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
