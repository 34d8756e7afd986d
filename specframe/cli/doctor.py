"""``specframe doctor``: why an installation does not work, and the commands that mend it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from specframe.cli.command import Command
from specframe.cli.terminal import echo
from specframe.errors import WriteError
from specframe.progress.colours import coloured, painted

if TYPE_CHECKING:
    from specframe.diagnosis import Diagnosis
    from specframe.progress.colours import Style

__all__ = ["command", "doctor"]

_STYLES: dict[str, Style] = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(
    "doctor",
    cls=Command,
    examples=(
        ("specframe doctor", "what is wrong, and the command that mends it"),
        ("specframe doctor --out doctor.txt", "the same as a file, for a report of a bug"),
    ),
    see=("plugins list",),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the same into a file, for a report of a bug.",
)
def doctor(as_json: bool, out: Path | None) -> int:
    """Say what is wrong with the installation, and the command that mends it.

    Looks at Python, at specframe and the packages it needs (each is imported in a process of its own), at plugins, GPU,
    memory, threads, disk and folders. Nothing is changed. Exit status 1 when something keeps specframe from working.
    """
    from specframe.diagnosis import diagnose

    diagnosis = diagnose()
    text = json.dumps(diagnosis.to_data(), indent=2, ensure_ascii=False) if as_json else str(diagnosis)
    if as_json:
        echo(text)
    else:
        _print(diagnosis)
    if out is not None:
        try:
            out.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise WriteError(f"{out} cannot be written: {error.strerror or error}") from None
        echo(f"written: {out}", err=True)
    return 0 if diagnosis.ok else 1


#: What the main group looks for.
command = doctor


def _print(diagnosis: Diagnosis) -> None:
    terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, 120) if terminal else 100
    for line, level in diagnosis.lines(width):
        if level is not None and coloured(sys.stdout):
            mark = line.split()[0]
            before, _, after = line.partition(mark)
            click.echo(f"{before}{painted(mark, _STYLES[level])}{_printable(after)}", color=True)
        else:
            echo(line)


def _printable(text: str) -> str:
    from specframe.errors import printable

    return printable(text)
