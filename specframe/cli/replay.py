"""``specframe replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from specframe.cli.options import executor_options, plugin_option
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from specframe.provenance import Replay

__all__ = ["command"]

#: So many parts of a file are told.
_TOLD = 10


@click.command("replay")
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@plugin_option
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; replays/<name of the run> by default."
)
@executor_options
@click.option("--strict", is_flag=True, help="Refuse where versions, code or input files are not as they were.")
@click.option("--quiet", is_flag=True, help="Report no progress.")
def command(
    run: Path,
    plugin_files: tuple[Path, ...],
    out: Path | None,
    strict: bool,
    quiet: bool,
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
