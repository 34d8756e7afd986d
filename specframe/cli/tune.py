"""``specframe tune``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from specframe.cli.command import Command
from specframe.cli.options import (
    executor_options,
    out_option,
    override_option,
    pipeline_argument,
    plugin_option,
    reporting_options,
)
from specframe.cli.terminal import echo, place

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.tuning.result import Search

__all__ = ["command"]

#: So many of the best trials are printed.
_PRINTED = 10


@click.command(
    "tune",
    cls=Command,
    examples=(
        ("specframe tune configs/telescopeml-tune.yaml", "the search that the file declares; it can be broken off"),
        ("specframe tune my.yaml --set tune.trials=100 --workers 4", "more trials, four at a time"),
        ("specframe run runs/my-tune/best.yaml", "the pipeline with the best values"),
    ),
    see=("run", "compare"),
)
@pipeline_argument
@override_option
@plugin_option
@out_option("runs/<name of the file>-tune")
@executor_options
@click.option(
    "--resume/--fresh", default=True, show_default=True, help="Go on with the search in the folder, or begin anew."
)
@reporting_options
def command(
    pipeline: Path,
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Search the parameters that the 'tune' section of a pipeline names, by cross-validation or a hold-out.

    Results are a table of all trials, figures, and best.yaml, the
    pipeline with the best values. The same command goes on with a search that was broken off. Each worker has a trial
    of its own; with one, the same seed gives the same search.
    """
    from specframe.pipeline.pipeline import Pipeline

    loaded = Pipeline.from_yaml(pipeline, overrides, plugin_files)
    begin = time.perf_counter()
    search = loaded.tune(out, fresh=not resume, quiet=quiet, verbose=verbose, command="specframe tune", **execution)
    _print(search, time.perf_counter() - begin)
    return 3 if search.manifest["set_aside"] else 0


def _print(search: Search, seconds: float) -> None:
    from specframe.cli.table import table
    from specframe.progress.durations import duration

    counts = ", ".join(f"{count} {state}" for state, count in sorted(search.counts.items()))
    echo(f"{sum(search.counts.values())} trials: {counts}. The best by {search.score}:", style="bold")
    found = search.trials
    names = list(search.manifest["tuned"]["space"])
    chosen = [row for row in found if row["state"] == "complete" and row["same_as"] < 0]
    sign = -1 if search.maximise else 1
    chosen.sort(key=lambda row: (sign * float(row[search.score]), int(row["trial"])))
    rows = [["trial", search.score, "", *names]]
    for row in chosen[:_PRINTED]:
        low, high = float(row[f"{search.score}_lower"]), float(row[f"{search.score}_upper"])
        interval = f"[{low:.4g}, {high:.4g}]" if low == low else ""
        rows.append([str(row["trial"]), f"{row[search.score]:.5g}", interval, *(_shown(row[name]) for name in names)])
    for line in table(rows, indent="  "):
        echo(line)
    best, trials = place(search.path / "best.yaml"), place(search.path / "trials.ecsv")
    echo(f"The best score was chosen: before you report it, judge {best} on data not searched on")
    echo(f"{'Pipeline:':<12} {best}")
    echo(f"{'Trials:':<12} {trials}, {place(search.path / 'figures')}/")
    echo(f"{'Time:':<12} {duration(seconds)}")
    echo(f"Results: {place(search.path)}")


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
