"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from specframe.cli import candidates
from specframe.executors.choice import EXECUTORS

__all__ = [
    "execution_options",
    "executor_options",
    "out_option",
    "override_option",
    "pipeline_argument",
    "plugin_option",
    "reporting_options",
    "run_argument",
    "runs_argument",
    "store_limit_option",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

pipeline_argument = click.argument("pipeline", type=_FILE, shell_complete=candidates.pipelines)
run_argument = click.argument("run", type=_FOLDER, shell_complete=candidates.runs)


def runs_argument(metavar: str) -> Callable[[_Command], _Command]:
    """Add an argument of one run directory or more."""
    return click.argument(
        "runs", nargs=-1, required=True, metavar=metavar, type=_FOLDER, shell_complete=candidates.runs
    )


override_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="STEP.PARAM=VALUE",
    help="Set a value of the pipeline; repeatable.",
    shell_complete=candidates.settings,
)
plugin_option = click.option(
    "--plugin",
    "plugin_files",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="Use a local .py file as a plugin; repeatable.",
    shell_complete=candidates.plugin_files,
)


def out_option(default: str) -> Callable[[_Command], _Command]:
    """Add ``--out``, a folder with a default that is told in words."""
    return click.option("--out", type=_FOLDER, metavar="DIR", help=f"Folder for the results.  [default: {default}]")


def executor_options(command: _Command) -> _Command:
    """Add ``--executor``, ``--workers``, ``--scheduler`` and ``--memory``."""
    for option in reversed(
        (
            click.option(
                "--executor",
                type=click.Choice(EXECUTORS),
                help="Who does the work: this process, several, a Dask cluster. By default what the next two say.",
            ),
            click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; all cores by default."),
            click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://10.0.0.1:8786."),
            click.option("--memory", metavar="SIZE", help="What all processes may have together, such as 8GB."),
        )
    ):
        command = option(command)
    return command


store_limit_option = click.option(
    "--store-limit", metavar="SIZE", help="What stored results of steps may take on the disk, such as 20GB."
)


def reporting_options(command: _Command) -> _Command:
    """Add ``--quiet`` and ``--verbose``."""
    for option in reversed(
        (
            click.option(
                "-q",
                "--quiet",
                is_flag=True,
                callback=_not_both,
                help="Report no progress: nothing but errors on standard error; results are printed.",
            ),
            click.option(
                "-v",
                "--verbose",
                is_flag=True,
                callback=_not_both,
                help="Report each step of each target: seconds, and whether and why it was computed.",
            ),
        )
    ):
        command = option(command)
    return command


def _not_both(ctx: click.Context, param: click.Parameter, chosen: bool) -> bool:
    """Refuse the second of the two, whichever stands first."""
    if chosen and ctx.params.get("verbose" if param.name == "quiet" else "quiet"):
        raise click.UsageError("--quiet and --verbose contradict each other: give one of them", ctx)
    return chosen


def execution_options(command: _Command) -> _Command:
    """Add the options of executors, ``--resume/--fresh``, ``--quiet`` and ``--verbose``."""
    for option in reversed(
        (
            executor_options,
            click.option(
                "--resume/--fresh",
                default=True,
                show_default=True,
                help="Go on from what is stored in the folder, or forget it.",
            ),
            reporting_options,
        )
    ):
        command = option(command)
    return command
