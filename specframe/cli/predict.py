"""``specframe predict``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from specframe.cli.command import Command
from specframe.cli.options import (
    execution_options,
    out_option,
    override_option,
    plugin_option,
    run_argument,
    store_limit_option,
)
from specframe.errors import UsageError

__all__ = ["command"]


@click.command(
    "predict",
    cls=Command,
    examples=(
        ("specframe predict runs/ariel --data data/new", "planets whose spectra nobody knows"),
        ("specframe predict runs/grid --data observed.txt --out observed -v", "parameters of a star, step by step"),
    ),
    see=("run", "report"),
)
@run_argument
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="New data; not needed where the pipeline says what to predict.",
)
@override_option
@plugin_option
@out_option("RUN/predictions/<data>")
@execution_options
@store_limit_option
def command(
    run: Path,
    data: Path | None,
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Apply the fitted RUN to new data, labels not needed."""
    if data is None and not overrides:
        _check_what(run)
    from specframe.cli.summary import print_summary
    from specframe.pipeline.applying import predict

    begin = time.perf_counter()
    predicted = predict(
        run,
        data,
        out,
        **execution,
        fresh=not resume,
        quiet=quiet,
        verbose=verbose,
        plugin_files=plugin_files,
        overrides=overrides,
        command="specframe predict",
    )
    print_summary(predicted, time.perf_counter() - begin)
    return predicted.exit_status


def _check_what(run: Path) -> None:
    """Refuse at once where nothing says what to predict: all that a prediction needs takes seconds to import."""
    import json

    try:
        pipeline = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["pipeline"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # what is wrong with the run is told by whoever opens it
    if isinstance(pipeline, dict) and "predict" not in pipeline:
        raise UsageError(
            f"nothing to predict: the pipeline of {run} has no section 'predict', so say what with --data PATH"
        )
