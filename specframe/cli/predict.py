"""``specframe predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from specframe.cli.options import execution_options, override_option, plugin_option, store_limit_option

__all__ = ["command"]


@click.command("predict")
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), help="New data; not needed where the pipeline says what to predict."
)
@override_option
@plugin_option
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
    **execution: Any,
) -> int:
    """Apply the fitted RUN to new data, labels not needed; results go to --out, by default RUN/predictions/<data>."""
    from specframe.cli.summary import print_summary
    from specframe.pipeline.applying import predict

    predicted = predict(
        run,
        data,
        out,
        **execution,
        fresh=not resume,
        quiet=quiet,
        plugin_files=plugin_files,
        overrides=overrides,
        command="specframe predict",
    )
    print_summary(predicted)
    return predicted.exit_status
