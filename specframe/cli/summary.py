"""What is printed when a run or a prediction is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.cli.table import table
from specframe.cli.terminal import echo
from specframe.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specframe.pipeline.result import Run

__all__ = ["print_summary"]

#: Statistics of parameters that are printed, and how they are headed.
_STATISTICS = {"r2": "R2", "rmse": "RMSE", "mae": "MAE", "bias": "bias", "skew": "skew"}
#: The parameters of up to so many targets are printed.
LINES = 5
#: So many targets are named for each flag.
_NAMED = 3


def print_summary(run: Run) -> None:
    """Print scores, parameters, targets set aside and where the results are."""
    metrics = run.metrics
    parameters = metrics.get("parameters", {})
    once = "holdout" in run.manifest["pipeline"].get("evaluate", {})
    for where, title in (("cv", "held-out folds"), ("test", "hold-out" if once else "measured, not learned")):
        scores = metrics[where]
        if not scores:
            continue
        found = metrics.get("intervals", {})
        intervals = found.get(where, {})
        more = f"; in brackets {100 * found['level']:g} % intervals" if intervals else ""
        echo(f"Scores ({title}, {metrics['targets']['judged']} targets{more}):")
        own = {f"{name}-{output}" for output, found in parameters.items() for name in found["scores"]}
        rows = [
            [name, _shown(value), _bracket(intervals.get(name))] for name, value in scores.items() if name not in own
        ]
        for line in [*table(rows, indent="  "), *_parameters(parameters)] if rows else _parameters(parameters):
            echo(line)
    _print_predicted(run)
    flags = run.manifest.get("flags", {})
    if flags:
        listed = "; ".join(f"{flag} {_named(targets)}" for flag, targets in flags.items())
        echo(f"Flagged targets (numbers of all: quality.ecsv): {listed}")
    if run.set_aside:
        first, count = run.set_aside[0], len(run.set_aside)
        target = printable(first["target"])
        echo(f"{count} {'target was' if count == 1 else 'targets were'} set aside, {target}: {first['reason']}")
        if count > 1:
            echo(f"All reasons: {run.path / 'manifest.json'}")
    echo(f"Results: {run.path}")


def _parameters(parameters: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table with a row for each parameter."""
    if not parameters:
        return []
    every = dict.fromkeys(name for found in parameters.values() for name in found["scores"])
    plain = [name for name in _STATISTICS if name in every]
    levels = [name for name in every if name.startswith("coverage-")]
    heads = [_STATISTICS[name] for name in plain] + [f"within {name.removeprefix('coverage-')} %" for name in levels]
    rows = [["", "", heads[0], "", *heads[1:]]] if plain else [["", "", *heads]]
    for output, found in parameters.items():
        scores = found["scores"]
        cells = [_shown(scores.get(name)) for name in plain]
        if plain:
            cells.insert(1, _bracket(found["intervals"].get(plain[0])))
        rows.append([output, found["unit"], *cells, *(_percent(scores.get(name)) for name in levels)])
    return table(rows, indent="  ")


def _print_predicted(run: Run) -> None:
    """Print the parameters of a few targets, or where those of many are."""
    path = run.path / "parameters.ecsv"
    if not path.is_file():
        return
    count = len(run.manifest["products"])
    if count > LINES:
        echo(f"Parameters of all targets: {path}")
        return
    from specframe.pipeline.parameters import parameter_lines

    prediction = run.predictions
    beyond = prediction["extrapolating"].values if "extrapolating" in prediction else [False] * count
    for (target, found), unlike in zip(parameter_lines(prediction).items(), beyond, strict=True):
        more = "; unlike the training set" if unlike else ""
        echo(f"{printable(target)}: {', '.join(f'{name} {text}' for name, text in found.items())}{more}")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.3g} %"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _bracket(interval: Sequence[float] | None) -> str:
    return f"[{_shown(interval[0])}, {_shown(interval[1])}]" if interval else ""


def _named(targets: Sequence[str]) -> str:
    """Return ``5 (a, b, c, ...)``."""
    more = ", ..." if len(targets) > _NAMED else ""
    return f"{len(targets)} ({', '.join(map(printable, targets[:_NAMED]))}{more})"
