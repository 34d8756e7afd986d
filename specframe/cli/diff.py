"""``specframe diff``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.provenance import RunDifference
    from specframe.provenance.inputs import InputsDifference
    from specframe.provenance.versions import Change

__all__ = ["command"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
#: So many names stand in a line, and so many characters of a value.
_NAMED = 5
_WIDEST = 60


@click.command(
    "diff",
    cls=Command,
    examples=(
        ("specframe diff runs/monday runs/friday", "which values, versions, inputs and results are not the same"),
        ("specframe diff runs/monday runs/friday --json", "all of it, for a program"),
    ),
    see=("compare", "replay"),
)
@click.argument("before", type=_FOLDER, metavar="RUN", shell_complete=candidates.runs)
@click.argument("now", type=_FOLDER, metavar="RUN", shell_complete=candidates.runs)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
def command(before: Path, now: Path, as_json: bool) -> int:
    """Say what changed from the first RUN to the second: configuration, versions, inputs, hardware, results."""
    from specframe.provenance import diff_runs

    difference = diff_runs(before, now)
    if as_json:
        from specframe.pipeline.outputs import json_text

        click.echo(json_text(difference.to_data(), ascii_only=True), nl=False)
    else:
        _print(difference)
    return 0


def _print(found: RunDifference) -> None:
    _section("Configuration", _changes(found.configuration))
    _section("Versions", _changes(found.versions))
    _section("Inputs", _inputs(found.inputs))
    _section("Hardware", _changes(found.hardware))
    _section("Results", _results(found))


def _section(title: str, lines: Sequence[str]) -> None:
    if not lines:
        echo(f"{title}: the same")
        return
    echo(f"{title}:")
    for line in lines:
        echo(f"  {line}")


def _changes(changes: Sequence[Change]) -> list[str]:
    from specframe.cli.table import table

    if not changes:
        return []
    return table([[change.key, _value(change.before), "->", _value(change.now)] for change in changes])


def _inputs(found: InputsDifference) -> list[str]:
    named = {
        "new targets": found.added_targets,
        "targets no longer there": found.removed_targets,
        "other content": found.changed,
        "new files": found.added,
        "files no longer there": found.removed,
        "same content in another place": tuple(f"{old} -> {new}" for old, new in found.moved),
    }
    return [f"{what} ({len(names)}): {_listed(names)}" for what, names in named.items() if names]


def _results(found: RunDifference) -> list[str]:
    from specframe.cli.table import table

    lines = []
    if found.scores:
        rows = [
            [score.name, _number(score.before), _number(score.now), _signed(score.difference)] for score in found.scores
        ]
        lines += table([["", "first", "second", "difference"], *rows])
    for entry in found.set_aside:
        lines.append(f"set aside {entry.target}: {entry.before or 'no'} -> {entry.now or 'no'}")
    predictions = found.predictions
    if predictions.reason:
        lines.append(f"predictions are not compared: {predictions.reason}")
    elif predictions.common:
        text = f"predictions: {predictions.changed} of {predictions.common} common targets changed"
        if predictions.largest_in_std is not None:
            text += f", by up to {predictions.largest_in_std:.3g} std ({predictions.largest_target})"
        lines.append(text)
    for what, names in (("first", predictions.only_before), ("second", predictions.only_now)):
        if names:
            lines.append(f"predicted by the {what} alone ({len(names)}): {_listed(names)}")
    return lines


def _value(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _signed(value: float | None) -> str:
    return "" if value is None else "same" if value == 0 else f"{value:+.3g}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
