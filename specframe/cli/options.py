"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from specframe.executors.choice import EXECUTORS

__all__ = [
    "execution_options",
    "executor_options",
    "override_option",
    "pipeline_argument",
    "plugin_option",
    "store_limit_option",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

pipeline_argument = click.argument("pipeline", type=_FILE)
override_option = click.option(
    "--set", "overrides", multiple=True, metavar="STEP.PARAM=VALUE", help="Set a value of the pipeline; repeatable."
)
plugin_option = click.option(
    "--plugin", "plugin_files", multiple=True, type=_FILE, metavar="FILE", help="Use a local .py file as a plugin."
)


def executor_options(command: _Command) -> _Command:
    """Add ``--executor``, ``--workers`` and ``--scheduler``."""
    for option in reversed(
        (
            click.option(
                "--executor",
                type=click.Choice(EXECUTORS),
                help="Who does the work: this process, several, a Dask cluster. By default what the next two say.",
            ),
            click.option("--workers", type=click.IntRange(min=1), help="Processes; all cores by default."),
            click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://10.0.0.1:8786."),
        )
    ):
        command = option(command)
    return command


store_limit_option = click.option(
    "--store-limit", metavar="SIZE", help="What stored results of steps may take on the disk, such as 20GB."
)


def execution_options(command: _Command) -> _Command:
    """Add ``--out``, the options of executors, ``--memory``, ``--resume/--fresh`` and ``--quiet``."""
    for option in reversed(
        (
            click.option("--out", type=_FOLDER, help="Folder for the results."),
            executor_options,
            click.option("--memory", metavar="SIZE", help="What all processes may have together, such as 8GB."),
            click.option(
                "--resume/--fresh",
                default=True,
                show_default=True,
                help="Go on from what is stored in the folder, or forget it.",
            ),
            click.option("--quiet", is_flag=True, help="Report no progress."),
        )
    ):
        command = option(command)
    return command
