"""What is printed when a run or a prediction is done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from specframe.cli.steps_table import step_lines
from specframe.cli.table import table, terminal_width
from specframe.cli.terminal import echo, place
from specframe.errors import printable
from specframe.progress.durations import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specframe.pipeline.result import Run

__all__ = ["print_summary"]

#: Statistics of parameters that are printed, and how they are headed.
_STATISTICS = {"r2": "R2", "rmse": "RMSE", "mae": "MAE", "bias": "bias", "skew": "skew"}
#: The parameters of up to so many targets are printed.
LINES = 5
#: So many targets are named for each flag, where there is room.
_NAMED = 3
#: What is told of the files of a run, by title; the rest that is not of the run itself, exporters wrote.
_SHOWN = {
    "Report": ("report.html",),
    "Predictions": ("predictions.nc", "spectra/", "parameters.ecsv", "light_curves/"),
    "Model": ("model/",),
}
_OWN = {"metrics.json", "pipeline.yaml", "quality.ecsv", "comparison.ecsv", "manifest.json", "log.jsonl", "figures/"}


def print_summary(run: Run, seconds: float | None = None) -> None:
    """Print what the steps did, scores, parameters, targets set aside and where the results are.

    ``seconds`` is how long all of it took.
    """
    head, *lines = step_lines(run.manifest)
    echo(head, style="bold")
    for line in lines:
        echo(line)
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
        echo(f"Scores ({title}, {metrics['targets']['judged']} targets{more}):", style="bold")
        own = {f"{name}-{output}" for output, found in parameters.items() for name in found["scores"]}
        rows = [
            [name, _shown(value), _bracket(intervals.get(name))] for name, value in scores.items() if name not in own
        ]
        for line in [*table(rows, indent="  "), *_parameters(parameters)] if rows else _parameters(parameters):
            echo(line)
    _print_predicted(run)
    flags = run.manifest.get("flags", {})
    if flags:
        echo(_flagged(flags))
    if run.set_aside:
        first, count = run.set_aside[0], len(run.set_aside)
        target = printable(first["target"])
        echo(
            f"{count} {'target was' if count == 1 else 'targets were'} set aside, {target}: {first['reason']}",
            style="yellow",
        )
        if count > 1:
            echo(f"All reasons: {place(run.path / 'manifest.json')}")
    for name, files in _written(run).items():
        echo(f"{name + ':':<12} {files}")
    if seconds is not None:
        echo(f"{'Time:':<12} {duration(seconds)}")
    echo(f"Results: {place(run.path)}")


def _written(run: Run) -> dict[str, str]:
    """Return where what people look at next is, by what it is."""
    counts = Counter(f"{name.partition('/')[0]}/" if "/" in name else name for name in run.manifest["outputs"])

    def there(*names: str) -> str:
        found = [f"{place(run.path / name)}{_files(name, counts[name])}" for name in names if name in counts]
        return ", ".join(found)

    others = sorted(set(counts) - _OWN - {name for names in _SHOWN.values() for name in names})
    listed = {title: there(*names) for title, names in (*_SHOWN.items(), ("Exports", others))}
    return {title: text for title, text in listed.items() if text}


def _files(name: str, count: int) -> str:
    return f"/ ({count} {'file' if count == 1 else 'files'})" if name.endswith("/") else ""


def _flagged(flags: Mapping[str, Sequence[str]]) -> str:
    """Return the flags with so many targets by name as the line has room for."""
    for count in range(_NAMED, -1, -1):
        listed = "; ".join(f"{flag} {_named(targets, count)}" for flag, targets in flags.items())
        text = f"Flagged (quality.ecsv has all): {listed}"
        if len(text) <= terminal_width():
            break
    return text


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
        echo(f"Parameters of all targets: {place(path)}")
        return
    from specframe.pipeline.parameters import parameter_lines

    prediction = run.predictions
    if "lower" in prediction or "samples" in prediction:
        echo("Errors are half of the 68 % interval; <name>_error in parameters.ecsv is the standard deviation")
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


def _named(targets: Sequence[str], count: int) -> str:
    """Return ``5 (a, b, c, ...)``, of which ``count`` by name."""
    if count == 0:
        return str(len(targets))
    more = ", ..." if len(targets) > count else ""
    return f"{len(targets)} ({', '.join(map(printable, targets[:count]))}{more})"
