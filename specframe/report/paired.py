"""Scores of several predictions side by side, and their paired differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.regression import drawn_scores, nominal_coverage, score_unit
from specframe.report.canvas import PALETTE, clean, new_figure, styled
from specframe.report.panels import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from specframe.evaluate.paired import PairedScores

__all__ = ["draw_paired_scores"]

_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky", "black", "grey")


@styled
def draw_paired_scores(paired: PairedScores, scores: Sequence[str] | None = None) -> Figure:
    """Draw a row for each score: left its value of every prediction, right its difference from the first.

    Error bars are 95 % confidence intervals; a dotted line is the nominal coverage. Differences whose interval leaves
    out zero are filled.

    Parameters
    ----------
    paired
        What :func:`~specframe.evaluate.compare_predictions` returned.
    scores
        Which ones; all by default, of more than 24 R2, root mean square errors, bias and coverage.

    Raises
    ------
    DataError
        When no prediction has any of the scores.
    """
    names = [name for name in (paired.scores if scores is None else scores) if _known(paired, name)]
    if not names:
        raise DataError("paired scores: none of the predictions has any of the scores")
    names = names if scores is not None else drawn_scores(names)
    n = len(paired.names)
    fig = new_figure(8.6, 0.8 + len(names) * (0.55 + 0.2 * n))
    axes = fig.subplots(len(names), 2, squeeze=False)
    for (left, right), name in zip(axes, names, strict=True):
        _values(left, paired, name)
        _differences(right, paired, name)
        left.set_title(labelled(name, score_unit(name, paired.units)), loc="left")
    axes[0, 1].set_title(f"minus {paired.names[0]}", loc="left")
    axes[-1, 0].set_xlabel(f"Score, {len(paired.targets)} common targets")
    axes[-1, 1].set_xlabel("Paired difference")
    clean(*axes.flat)
    return fig


def _known(paired: PairedScores, name: str) -> bool:
    return any(found.values.get(name) is not None for found in paired.evaluations.values())


def _values(ax: Axes, paired: PairedScores, name: str) -> None:
    for row, found in enumerate(paired.evaluations.values()):
        value = found.values.get(name)
        if value is None:
            continue
        interval = found.intervals.bounds.get(name) if found.intervals else None
        _point(ax, value, interval, row, filled=True)
    level = nominal_coverage(name)
    if level is not None:
        ax.axvline(level, color="black", lw=0.9, ls=":")
    _rows(ax, paired.names)


def _differences(ax: Axes, paired: PairedScores, name: str) -> None:
    ax.axvline(0.0, color="black", lw=0.9, ls="--")
    for row, run in enumerate(paired.names):
        difference = paired.differences.get(run, {}).get(name)
        if difference is None:
            continue
        interval = difference.interval
        _point(ax, difference.value, interval, row, filled=interval is not None and interval[0] * interval[1] > 0)
    _rows(ax, paired.names)
    ax.set_yticklabels([])


def _point(ax: Axes, value: float, interval: tuple[float, float] | None, row: int, *, filled: bool) -> None:
    colour = PALETTE[_COLOURS[row % len(_COLOURS)]]
    if interval is not None:
        ax.plot(interval, (row, row), color=colour, lw=1.6, solid_capstyle="butt")
    ax.plot(value, row, "o", ms=5, color=colour, mfc=colour if filled else "white", zorder=3)


def _rows(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(np.arange(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=5)
    ax.grid(axis="x", color="0.92", lw=0.8)
    ax.set_axisbelow(True)
