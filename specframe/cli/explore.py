"""``specframe explore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.options import execution_options, out_option, override_option, plugin_option
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from specframe.explore.exploring import Exploration

__all__ = ["command"]

#: So many findings of a section are printed.
_FINDINGS = 4


@click.command(
    "explore",
    cls=Command,
    examples=(
        ("specframe explore runs/quickstart", "what a run made: light curves, spectra, labels, predictions"),
        ("specframe explore configs/quickstart.yaml --step curves --targets 20", "what comes out of a step"),
        ("specframe explore spectra.csv --loader spectra --with spectra=spectra.csv", "a file, by a loader"),
    ),
    see=("report", "plugins list"),
)
@click.argument("path", metavar="DATA|RUN|PIPELINE", type=click.Path(path_type=Path))
@click.option(
    "--step",
    metavar="ID",
    help="Of a pipeline or run: explore what comes out of this step.",
    shell_complete=candidates.steps,
)
@click.option(
    "--loader", metavar="NAME", help="Of data: the loader that reads them.", shell_complete=candidates.loaders
)
@click.option(
    "--with", "parameters", multiple=True, metavar="KEY=VALUE", help="Of data: a parameter of the loader; repeatable."
)
@click.option("--color", metavar="LABEL", help="Colour by this label; the first that varies by default.")
@click.option("--targets", type=click.IntRange(min=1), metavar="N", help="Explore a random sample of N targets.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["png", "pdf", "svg"]),
    default="png",
    show_default=True,
    help="Of the files of figures; the page always holds PNG.",
)
@override_option
@plugin_option
@out_option("explore/<name>")
@execution_options
def command(
    path: Path,
    step: str | None,
    loader: str | None,
    parameters: tuple[str, ...],
    color: str | None,
    targets: int | None,
    file_format: Literal["png", "pdf", "svg"],
    overrides: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Explore data, a run or what comes out of a step of a pipeline: statistics, figures and one HTML page.

    Of data, the only installed loader that reads them is taken, if
    --loader names none.
    """
    import sys

    from specframe.explore.exploring import explore_path

    done = explore_path(
        path,
        out,
        step=step,
        loader=loader,
        parameters=parameters,
        overrides=overrides,
        plugin_files=plugin_files,
        color=color,
        targets=targets,
        file_format=file_format,
        **execution,
        fresh=not resume,
        quiet=quiet,
        verbose=verbose,
        command=_typed(sys.argv),
    )
    _print_summary(done)
    return done.exit_status


def _typed(arguments: list[str]) -> str:
    import shlex

    return shlex.join(["specframe", *arguments[1:]])


def _print_summary(done: Exploration) -> None:
    for section in done.sections:
        if section.findings:
            echo(f"{section.title}:")
        for text in section.findings[:_FINDINGS]:
            echo(f"  {text}")
    if done.set_aside:
        first, count = done.set_aside[0], len(done.set_aside)
        echo(f"{count} {'target was' if count == 1 else 'targets were'} set aside, {first.target}: {first.reason}")
    echo(f"Explored {done.explored} of {done.targets} targets. Page: {done.page}")
