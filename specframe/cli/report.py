"""``specframe report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.options import plugin_option
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.pipeline.result import Run

__all__ = ["command"]


@click.command(
    "report",
    cls=Command,
    examples=(
        ("specframe report runs/quickstart", "write runs/quickstart/report.html again"),
        ("specframe report runs/quickstart --figures pdf", "and its figures for a paper, each for the column it fits"),
        ("specframe report runs/quickstart --figures png --width 90mm --dpi 600", "in this width, as images"),
    ),
    see=("explore", "compare"),
)
@click.argument("run", type=click.Path(file_okay=False, path_type=Path), shell_complete=candidates.runs)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; RUN/report.html by default.")
@click.option(
    "--figures",
    "file_format",
    type=click.Choice(["pdf", "png", "svg"]),
    help="Draw the figures for a paper, too, into figures-<FORMAT> beside the report.",
)
@click.option(
    "--width",
    metavar="WIDTH",
    help="Of --figures: single or double column, or as 3.4in, 90mm; by default the column that each fits into.",
)
@click.option("--dpi", type=click.IntRange(50, 1200), help="Of --figures: dots per inch of PNG; 300 by default.")
@plugin_option
def command(
    run: Path,
    out: Path | None,
    file_format: Literal["pdf", "png", "svg"] | None,
    width: str | None,
    dpi: int | None,
    plugin_files: tuple[Path, ...],
) -> int:
    """Write the self-contained HTML report of a RUN, and with --figures its figures for a paper."""
    from specframe.pipeline.reporting import report_run
    from specframe.pipeline.result import Run
    from specframe.report import column_width

    if file_format is None:
        named = [name for name, value in (("--width", width), ("--dpi", dpi)) if value is not None]
        if named:
            raise click.UsageError(f"{' and '.join(named)}: of figures for a paper; add --figures pdf, png or svg")
    column_width(width)  # a wrong one is told before anything is written
    opened = Run(run)
    path = report_run(opened, run / "report.html" if out is None else out)
    echo(f"Report: {path}")
    if file_format is not None:
        _draw(opened, file_format, path.parent / f"figures-{file_format}", width, dpi or 300, plugin_files)
    return 0


def _draw(
    run: Run,
    file_format: Literal["pdf", "png", "svg"],
    folder: Path,
    width: str | None,
    dpi: int,
    plugin_files: Sequence[Path],
) -> None:
    drawn = run.write_figures(file_format, folder, width=width, dpi=dpi, plugin_files=plugin_files)
    for name, reason in drawn.missing.items():
        echo(f"figure {name} was not drawn: {reason}", err=True)
    echo(f"Figures: {len(drawn.files)} in {drawn.folder}, with captions in figures.json")
