"""Models on the real white light curves of the Ariel Data Challenge 2024: the table of the documentation.

Every row is a shipped configuration, or ``configs/adc24-white.yaml`` with another model in the place of its own.
Held-out folds are the same in all rows. A row takes seconds to a minute, the networks minutes to an hour; what is
complete in the folder of runs is taken from there.

    SPECFRAME_DATA=DATA OMP_NUM_THREADS=1 python benchmarks/adc24_models.py RUNS [--only ROW ...] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import yaml

from specframe import Pipeline, compare_runs

CONFIGS = Path(__file__).parents[1] / "configs"
REFERENCE = "ridge"
_LEARNED = ["depth", "trend"]

#: Rows: a configuration, and the models that replace the step ``fit`` in it.
ROWS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "ridge": ("adc24-white.yaml", []),
    "naive": ("adc24-white.yaml", [{"model": "naive"}]),
    "ols": ("adc24-white.yaml", [{"model": "ols", "with": {"inputs": _LEARNED}}]),
    "pls": ("adc24-white.yaml", [{"model": "pls", "with": {"inputs": _LEARNED}}]),
    "bayesian-ridge": ("adc24-white.yaml", [{"model": "bayesian-ridge", "with": {"inputs": _LEARNED}}]),
    "gp": ("adc24-white.yaml", [{"model": "gp", "with": {"inputs": _LEARNED}}]),
    "forest": ("adc24-white.yaml", [{"model": "forest", "with": {"inputs": _LEARNED}}]),
    "boosting": ("adc24-white.yaml", [{"model": "boosting", "with": {"inputs": _LEARNED}}]),
    "cnn": ("adc24-cnn.yaml", []),
    "organisers": ("adc24-organisers.yaml", []),
    "one-class": ("adc24-best.yaml", [{"model": "trend-shrinkage"}]),
    "stack": (
        "adc24-best.yaml",
        [
            {"id": "drift", "model": "trend-shrinkage", "with": {"noise_classes": 2}},
            {"id": "line", "model": "ridge", "from": "transit", "with": {"inputs": _LEARNED, "loss": "huber"}},
            {"model": "stacking", "from": ["drift", "line"], "learns": "target"},
        ],
    ),
    "best": ("adc24-best.yaml", []),
}
_COLUMNS = ("rmse-ppm", "median-abs-ppm", "r2", "coverage-68", "coverage-95", "crps")


def run_row(name: str, runs: Path, seed: int) -> Path:
    """Run a row, unless it is complete, and return its folder."""
    config, models = ROWS[name]
    folder = runs / name
    if (folder / "metrics.json").is_file():
        return folder
    spec = yaml.safe_load((CONFIGS / config).read_text())
    steps = []
    for step in spec["steps"]:
        steps += [{"id": "fit", **model} for model in models] if models and step["id"] == "fit" else [step]
    spec["steps"] = steps
    written = CONFIGS / f".{name}.yaml"  # beside the others, so that paths in it hold
    written.write_text(yaml.safe_dump(spec, sort_keys=False))
    try:
        Pipeline.from_yaml(written, [f"seed={seed}"]).run(folder, quiet=True)
    finally:
        written.unlink()
    return folder


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folders = {
        name: run_row(name, arguments.runs, arguments.seed) for name in dict.fromkeys([REFERENCE, *arguments.only])
    }
    print(f"| model | {' | '.join(_COLUMNS)} | rmse less than ridge's | p | training, s |")
    print("|---" * (len(_COLUMNS) + 4) + "|")
    for name, folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        phases = json.loads((folder / "manifest.json").read_text())["timings"]["phases"]
        cells = [f"`{name}`"]
        for column in _COLUMNS:
            value, unit = metrics["cv"].get(column), 1e6 if column == "crps" else 1.0
            interval = metrics["intervals"]["cv"].get(column)
            digits = 1 if column in ("rmse-ppm", "median-abs-ppm", "crps") else 4 if column == "r2" else 3
            shown = "" if value is None else f"{value * unit:.{digits}f}"
            if interval and column in ("rmse-ppm", "median-abs-ppm", "crps"):
                shown += f" [{interval[0] * unit:.{digits}f}, {interval[1] * unit:.{digits}f}]"
            cells.append(shown)
        if name == REFERENCE:
            cells += ["", ""]
        else:
            other = compare_runs([folders[REFERENCE], folder], ["rmse-ppm"]).paired.differences[name]["rmse-ppm"]
            low, high = other.interval or (float("nan"), float("nan"))
            cells += [f"{-other.value:+.1f} [{-high:+.1f}, {-low:+.1f}]", f"{other.p:.3f}" if other.p else ""]
        cells.append(f"{phases.get('fit', float('nan')):.1f}")
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
