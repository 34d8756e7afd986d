"""``specframe replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from specframe.cli.command import Command
from specframe.cli.options import executor_options, out_option, plugin_option, reporting_options, run_argument
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.provenance import Replay

__all__ = ["command"]

#: So many parts of a file are told.
_TOLD = 10


@click.command(
    "replay",
    cls=Command,
    examples=(
        ("specframe replay runs/quickstart", "is every result the same to the last bit?"),
        ("specframe replay runs/quickstart --strict --workers 4", "refuse where versions or inputs are others"),
    ),
    see=("diff",),
)
@run_argument
@click.option("--strict", is_flag=True, help="Refuse where versions, code or input files are not as they were.")
@plugin_option
@out_option("replays/<name of the run>")
@executor_options
@reporting_options
def command(
    run: Path,
    plugin_files: tuple[Path, ...],
    out: Path | None,
    strict: bool,
    quiet: bool,
    verbose: bool,
    **execution: Any,
) -> int:
    """Repeat RUN from what it recorded, and say which results are the same to the last bit."""
    from specframe.provenance import replay_run

    def warn(line: str) -> None:
        echo(f"warning: {line}", err=True)

    replay = replay_run(
        run,
        out,
        plugin_files=plugin_files,
        **execution,
        strict=strict,
        quiet=quiet,
        verbose=verbose,
        tell=(lambda line: None) if strict else warn,
    )
    _print(replay)
    return 0 if replay.identical else 1


def _print(replay: Replay) -> None:
    same = different = 0
    for folder, compared in replay.outputs.items():
        same += len(compared.identical)
        different += len(compared.different)
        for found in compared.different:
            echo(f"{f'{folder}/' if folder else ''}{found.file} differs:")
            for part in found.parts[:_TOLD]:
                echo(f"  {f'{part.part}: ' if part.part else ''}{part.change}")
            if len(found.parts) > _TOLD:
                echo(f"  and {len(found.parts) - _TOLD} more parts")
        if compared.identical:
            where = f" of {folder}" if folder else ""
            echo(f"Identical to the last bit{where}: {_listed(compared.identical)}")
    if different:
        echo(f"{different} of {same + different} result files differ")
    else:
        echo(f"All {same} result files are identical; figures and pages are not compared")
    echo(f"Replay: {replay.path}")


def _listed(names: tuple[str, ...]) -> str:
    """Return files, those of a folder with many as their number."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.partition("/")[0] if "/" in name else "", []).append(name)
    told = folders.pop("", [])
    told += [f"{folder}/ ({len(files)} files)" if len(files) > 1 else files[0] for folder, files in folders.items()]
    return ", ".join(told)
