"""What is printed when a run or a prediction is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from specframe.cli.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.pipeline.result import Run

__all__ = ["print_summary"]

#: So many targets are named for each flag.
_NAMED = 3


def print_summary(run: Run) -> None:
    """Print scores, targets set aside and where the results are."""
    metrics = run.metrics
    once = "holdout" in run.manifest["pipeline"].get("evaluate", {})
    for where, title in (("cv", "held-out folds"), ("test", "hold-out" if once else "measured, not learned")):
        scores = metrics[where]
        if not scores:
            continue
        found = metrics.get("intervals", {})
        intervals = found.get(where, {})
        more = f"; in brackets {100 * found['level']:g} % intervals" if intervals else ""
        click.echo(f"Scores ({title}, {metrics['targets']['judged']} targets{more}):")
        rows = [[name, _shown(value), _bracket(intervals.get(name))] for name, value in scores.items()]
        for line in table(rows, indent="  "):
            click.echo(line)
    flags = run.manifest.get("flags", {})
    if flags:
        listed = "; ".join(f"{flag} {_named(targets)}" for flag, targets in flags.items())
        click.echo(f"Flagged targets (numbers of all: quality.ecsv): {listed}")
    if run.set_aside:
        first, count = run.set_aside[0], len(run.set_aside)
        click.echo(
            f"{count} {'target was' if count == 1 else 'targets were'} set aside, {first['target']}: {first['reason']}"
        )
        if count > 1:
            click.echo(f"All reasons: {run.path / 'manifest.json'}")
    click.echo(f"Results: {run.path}")


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _bracket(interval: Sequence[float] | None) -> str:
    return f"[{_shown(interval[0])}, {_shown(interval[1])}]" if interval else ""


def _named(targets: Sequence[str]) -> str:
    """Return ``5 (a, b, c, ...)``."""
    more = ", ..." if len(targets) > _NAMED else ""
    return f"{len(targets)} ({', '.join(targets[:_NAMED])}{more})"
