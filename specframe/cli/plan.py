"""``specframe plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from specframe.cli.command import Command
from specframe.cli.options import out_option, override_option, pipeline_argument, plugin_option
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(
    "plan",
    cls=Command,
    examples=(
        ("specframe plan configs/quickstart.yaml", "on how many targets each step would run"),
        ("specframe plan configs/quickstart.yaml --set transit.order=2", "what a change would cost"),
    ),
    see=("check", "run"),
)
@pipeline_argument
@override_option
@plugin_option
@out_option("runs/<name of the file>")
def command(pipeline: Path, overrides: tuple[str, ...], plugin_files: tuple[Path, ...], out: Path | None) -> int:
    """Say what a run would do, what is stored, and why the rest is not."""
    from specframe.pipeline.pipeline import Pipeline

    steps = Pipeline.from_yaml(pipeline, overrides, plugin_files).plan(out)
    rows = [("step", "component", "to run", "stored", "why")]
    for step in steps:
        counts = (str(step.to_run), str(step.stored)) if step.to_run or step.stored else ("-", "-")
        rows.append((step.id, f"{step.kind} {step.component}", *counts, step.why))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        echo("  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4])))
    return 0
