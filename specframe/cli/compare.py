"""``specframe compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specframe.cli import candidates
from specframe.cli.command import Command
from specframe.cli.options import plugin_option, runs_argument
from specframe.cli.terminal import echo

if TYPE_CHECKING:
    from specframe.evaluate.paired import Difference, PairedScores
    from specframe.pipeline.run_comparison import RunComparison

__all__ = ["command"]


@click.command(
    "compare",
    cls=Command,
    examples=(
        ("specframe compare runs/ridge runs/cnn", "is the second better than the first by more than chance?"),
        ("specframe compare runs/a runs/b runs/c --score rmse-ppm --figure scores.png", "one score, and a figure"),
    ),
    see=("diff", "report"),
)
@runs_argument("RUN RUN...")
@click.option(
    "--score",
    "scores",
    multiple=True,
    metavar="NAME",
    help="A score; repeatable. Those of the runs else.",
    shell_complete=candidates.scores,
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Resamples of the targets for the intervals.",
)
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it as PNG.")
@plugin_option
def command(
    runs: tuple[Path, ...], scores: tuple[str, ...], bootstrap: int, figure: Path | None, plugin_files: tuple[Path, ...]
) -> int:
    """Compare runs on the targets that all of them have; differences are from the first RUN."""
    from specframe.pipeline.run_comparison import compare_runs

    comparison = compare_runs(runs, scores, bootstrap=bootstrap, plugin_files=plugin_files)
    _print(comparison)
    if figure is not None:
        from specframe.report import save_figure

        echo(f"Figure: {save_figure(comparison.draw(), figure)}")
    return 0


def _print(comparison: RunComparison) -> None:
    paired = comparison.paired
    grouped = "" if paired.n_group == len(paired.targets) else f" in {paired.n_group} groups"
    echo(f"{len(paired.targets)} common targets{grouped}; in brackets 95 % intervals, {paired.n_draw} resamples")
    _print_table(_scores(comparison))
    echo(f"Differences from {paired.names[0]}, target by target; p: two-sided probability that it is chance")
    _print_table(_differences(paired))
    for name, count in paired.left_out.items():
        if count:
            echo(f"{name}: {count} judged {'target is' if count == 1 else 'targets are'} not compared")
    if paired.other_truth:
        echo(f"{len(paired.other_truth)} targets with different true values are left out: {paired.other_truth[0]}")
    if paired.reason:
        echo(f"No intervals: {paired.reason}")
    for note in comparison.notes:
        echo(note)
    reasons: dict[str, str] = {}
    for run, found in paired.evaluations.items():
        reasons |= {f"{name} of {run}": reason for name, reason in found.reasons.items()}
    for what, reason in reasons.items():
        echo(f"no {what}: {reason}")


def _scores(comparison: RunComparison) -> list[list[str]]:
    paired = comparison.paired
    rows = [["", *paired.names]]
    for name in paired.scores:
        cells = []
        for found in paired.evaluations.values():
            interval = found.intervals.bounds.get(name) if found.intervals else None
            cells.append(_number(found.values.get(name)) + _bracket(interval))
        rows.append([_labelled(paired, name), *cells])
    for phase in dict.fromkeys(phase for known in comparison.training.values() for phase in known):
        seconds = [known.get(phase) for known in comparison.training.values()]
        rows.append([f"{phase} (s)", *(_number(value) for value in seconds)])
    return rows


def _differences(paired: PairedScores) -> list[list[str]]:
    others = paired.names[1:]
    cells = [
        [_labelled(paired, name), *(_difference(paired.differences[other].get(name)) for other in others)]
        for name in paired.scores
    ]
    return [["", *others], *cells]


def _labelled(paired: PairedScores, name: str) -> str:
    """Return the name of a score with the unit of the parameter that it is of."""
    from specframe.evaluate.regression import score_unit

    unit = score_unit(name, paired.units)
    return f"{name} [{unit}]" if unit else name


def _difference(found: Difference | None) -> str:
    if found is None:
        return "-"
    p = "" if found.p is None else f"  p {found.p:.2g}"
    return f"{found.value:+.4g}{_bracket(found.interval)}{p}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _bracket(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" [{interval[0]:.4g}, {interval[1]:.4g}]"


def _print_table(rows: list[list[str]]) -> None:
    from specframe.cli.table import table

    for line in table(rows, indent="  "):
        echo(line)
