"""``specframe simulate``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.options import executor_options, override_option, plugin_option, reporting_options
from specframe.cli.terminal import echo, place

if TYPE_CHECKING:
    from specframe.pipeline.simulation import Simulation

__all__ = ["command"]


@click.command(
    "simulate",
    cls=Command,
    examples=(
        ("specframe simulate configs/quickstart.yaml --out planets", "80 planets as files of the data challenge"),
        ("specframe simulate configs/quickstart.yaml --out planets --set data.n_targets=1000 --workers 4", "more"),
    ),
    see=("run", "explore"),
)
@click.argument("config", type=click.Path(dir_okay=False, path_type=Path), shell_complete=candidates.pipelines)
@override_option
@plugin_option
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Folder for the files.")
@executor_options
@reporting_options
def command(
    config: Path,
    out: Path,
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Write the targets that the loader of CONFIG simulates, in the real file format, with their truth.

    CONFIG is a pipeline file; of its steps only 'load' is used. What is complete in the folder is not made again. Each
    worker has one target in memory.
    """
    from specframe.pipeline.pipeline import Pipeline

    loaded = Pipeline.from_yaml(config, overrides, plugin_files)
    begin = time.perf_counter()
    done = loaded.simulate(out, quiet=quiet, verbose=verbose, **execution)
    _print_summary(done, time.perf_counter() - begin)
    return done.exit_status


def _print_summary(done: Simulation, seconds: float) -> None:
    from specframe.progress.durations import duration

    count, made = len(done.targets), len(done.targets) - done.stored
    if done.failed:
        first = done.failed[0]
        echo(f"{_targets(len(done.failed))} could not be made, {first.target}: {first.reason}", style="yellow")
    there = f" ({made} made now, {done.stored} there already)" if done.stored else ""
    echo(f"{_targets(count)} complete{there}: {place(done.path)}")
    for name in sorted(item.name + "/" * item.is_dir() for item in done.path.iterdir() if item.name[0] != "."):
        echo(f"  {name}")
    echo(f"Time: {duration(seconds)}")


def _targets(count: int) -> str:
    return f"{count} target" if count == 1 else f"{count} targets"
