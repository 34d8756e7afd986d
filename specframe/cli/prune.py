"""``specframe prune``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from specframe.pipeline.pruning import Pruned

__all__ = ["command"]


@click.command("prune")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(file_okay=False, path_type=Path))
@click.option("--to", metavar="SIZE", help="Keep so much of each store, such as 20GB; what is missed least goes first.")
@click.option("--step", metavar="ID", help="Free what is stored of this step alone.")
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
