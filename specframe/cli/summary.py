"""What is printed when a run or a prediction is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.pipeline.result import Run

__all__ = ["print_summary"]

#: So many targets are named for each flag.
_NAMED = 3


def print_summary(run: Run) -> None:
    """Print scores, targets set aside and where the results are."""
    metrics = run.metrics
    for where, title in (("cv", "held-out folds"), ("test", "measured, not learned")):
        scores = metrics[where]
        if not scores:
            continue
        click.echo(f"Scores ({title}, {metrics['targets']['judged']} targets):")
        width = max(map(len, scores))
        for name, value in scores.items():
            shown = "-" if value is None else f"{value:.4g}"
            click.echo(f"  {name.ljust(width)}  {shown}")
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


def _named(targets: Sequence[str]) -> str:
    """Return ``5 (a, b, c, ...)``."""
    more = ", ..." if len(targets) > _NAMED else ""
    return f"{len(targets)} ({', '.join(targets[:_NAMED])}{more})"
