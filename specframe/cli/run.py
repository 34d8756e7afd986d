"""``specframe run``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from specframe.cli.command import Command
from specframe.cli.options import (
    execution_options,
    out_option,
    override_option,
    pipeline_argument,
    plugin_option,
    store_limit_option,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(
    "run",
    cls=Command,
    examples=(
        ("specframe run configs/quickstart.yaml", "results go to runs/quickstart; the same command goes on from them"),
        ("specframe run configs/quickstart.yaml --set data.n_targets=20 --out runs/small", "with another value"),
        ("specframe run configs/quickstart.yaml --workers 4 --memory 8GB", "on four processes of this machine"),
        ("specframe run configs/quickstart.yaml -q > scores.txt", "in a script"),
    ),
    see=("check", "plan", "predict", "report"),
)
@pipeline_argument
@override_option
@plugin_option
@out_option("runs/<name of the file>")
@execution_options
@store_limit_option
def command(
    pipeline: Path,
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Run a pipeline file: all its steps on all targets, cross-validation, scores, exports and the report."""
    from specframe.cli.summary import print_summary
    from specframe.pipeline.applying import PredictionError
    from specframe.pipeline.pipeline import Pipeline
    from specframe.pipeline.result import Run
    from specframe.pipeline.results import ExportError

    begin = time.perf_counter()
    loaded = Pipeline.from_yaml(pipeline, overrides, plugin_files)
    try:
        run = loaded.run(out, fresh=not resume, quiet=quiet, verbose=verbose, command="specframe run", **execution)
    except (ExportError, PredictionError) as error:
        print_summary(Run(error.path))
        raise
    print_summary(run, time.perf_counter() - begin)
    predicted = run.predicted if loaded.spec.predicted is not None else []
    for prediction in predicted:
        print_summary(prediction)
    return max(run.exit_status, *(prediction.exit_status for prediction in predicted), 0)
