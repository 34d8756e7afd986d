"""``specframe report``."""

from __future__ import annotations

from pathlib import Path

import click

from specframe.cli.terminal import echo

__all__ = ["command"]


@click.command("report")
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; RUN/report.html by default.")
def command(run: Path, out: Path | None) -> int:
    """Write the self-contained HTML report of a RUN."""
    from specframe.pipeline.reporting import report_run
    from specframe.pipeline.result import Run

    path = report_run(Run(run), run / "report.html" if out is None else out)
    echo(f"Report: {path}")
    return 0
