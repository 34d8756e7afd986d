"""``specframe check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from specframe.cli.command import Command
from specframe.cli.options import override_option, pipeline_argument, plugin_option
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(
    "check",
    cls=Command,
    examples=(
        ("specframe check configs/quickstart.yaml", "all that is wrong, with line and column"),
        ("specframe check my.yaml --plugin mine.py --set fit.alpha=2", "with a plugin of your own and another value"),
    ),
    see=("plan", "schema"),
)
@pipeline_argument
@override_option
@plugin_option
def command(pipeline: Path, overrides: tuple[str, ...], plugin_files: tuple[Path, ...]) -> int:
    """Validate a pipeline file without running it: all errors at once, with their places."""
    from specframe.config import read_pipeline
    from specframe.registry import Registry

    if plugin_files:
        Registry.discover(files=plugin_files).require_files(plugin_files)
    spec = read_pipeline(
        pipeline,
        lambda block, pin: Registry.discover(block=block, pin=pin, files=plugin_files),
        overrides=overrides,
    )
    echo(f"{pipeline}: ok, {len(spec.steps)} steps: {' > '.join(step.id for step in spec.steps)}")
    return 0
