"""``specframe prune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.options import runs_argument
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.pipeline.pruning import Pruned

__all__ = ["command"]


@click.command(
    "prune",
    cls=Command,
    examples=(
        ("specframe prune runs/quickstart --dry-run", "how much would be freed, and what it costs to be without"),
        ("specframe prune runs/a runs/b --to 20GB", "keep so much of each"),
        ("specframe prune runs/quickstart --step curves", "of one step alone"),
    ),
    see=("run", "plan"),
)
@runs_argument("RUN...")
@click.option("--to", metavar="SIZE", help="Keep so much of each store, such as 20GB; what is missed least goes first.")
@click.option("--step", metavar="ID", help="Free what is stored of this step alone.", shell_complete=candidates.steps)
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
def command(runs: tuple[Path, ...], to: str | None, step: str | None, dry_run: bool) -> int:
    """Free what each RUN has stored; its results stay as they are.

    Of a run that was broken off, what it needs to go on stays, unless --to or --step say otherwise. Predictions below a
    RUN are pruned with it.
    """
    from specframe.config.size import read_size
    from specframe.pipeline.pruning import prune_run

    size = None if to is None else read_size(to)
    for run in runs:
        for pruned in prune_run(run, size, step, dry_run):
            _print(pruned, dry_run)
    return 0


def _print(pruned: Pruned, dry_run: bool) -> None:
    from specframe.cli.table import table
    from specframe.config.size import size_text

    done = "would free" if dry_run else "freed"
    echo(
        f"{pruned.path}: {done} {size_text(pruned.before - pruned.after)} of {size_text(pruned.before)}"
        + ("" if pruned.complete else "; the run was broken off, and what it needs to go on stays")
        if pruned.freed
        else f"{pruned.path}: nothing to free, {size_text(pruned.after)} stored"
    )
    rows = [[freed.step, f"{freed.entries}", size_text(freed.size), freed.price] for freed in pruned.freed]
    for line in table(rows, indent="  ") if rows else ():
        echo(line)
