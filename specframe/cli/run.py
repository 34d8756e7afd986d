"""``specframe run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from specframe.cli.options import (
    execution_options,
    override_option,
    pipeline_argument,
    plugin_option,
    store_limit_option,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command("run")
@pipeline_argument
@override_option
@plugin_option
@execution_options
@store_limit_option
def command(
    pipeline: Path,
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    quiet: bool,
    **execution: Any,
) -> int:
    """Run a pipeline; results go to --out, by default runs/<name of the file>."""
    from specframe.cli.summary import print_summary
    from specframe.pipeline.applying import PredictionError
    from specframe.pipeline.pipeline import Pipeline
    from specframe.pipeline.result import Run
    from specframe.pipeline.results import ExportError

    loaded = Pipeline.from_yaml(pipeline, overrides, plugin_files)
    try:
        run = loaded.run(out, fresh=not resume, quiet=quiet, command="specframe run", **execution)
    except (ExportError, PredictionError) as error:
        print_summary(Run(error.path))
        raise
    print_summary(run)
    predicted = run.predicted if loaded.spec.predicted is not None else []
    for prediction in predicted:
        print_summary(prediction)
    return max(run.exit_status, *(prediction.exit_status for prediction in predicted), 0)
