"""Scores of classes of targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.regression import drawn_scores, nominal_coverage
from specframe.report.canvas import PALETTE, clean, new_figure, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from specframe.evaluate.evaluation import Evaluation

__all__ = ["draw_classes"]


@styled
def draw_classes(by: str, classes: Mapping[str, Evaluation]) -> Figure:
    """Draw a row for each score: its value in each class, with its 95 % interval.

    Of more than 24 scores, as several parameters have, R2, root mean square errors, bias and coverage are drawn.

    Parameters
    ----------
    by
        What the targets are sorted by.
    classes
        Scores by name of the class.

    Raises
    ------
    DataError
        When no class has a score.
    """
    every = dict.fromkeys(
        name for found in classes.values() for name, value in found.values.items() if value is not None
    )
    names = [name for name in every if not (name.endswith("-error") and name.removesuffix("-error") in every)]
    if not names:
        raise DataError(f"scores by {by}: no class has a score")
    names = drawn_scores(names)
    fig = new_figure(7.2, 0.9 + 1.25 * len(names))
    axes = fig.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for ax, name in zip(axes, names, strict=True):
        for place, found in enumerate(classes.values()):
            value = found.values.get(name)
            if value is None:
                continue
            bounds = found.intervals.bounds.get(name) if found.intervals else None
            if bounds is not None:
                ax.plot((place, place), bounds, color=PALETTE["blue"], lw=1.6, solid_capstyle="butt")
            ax.plot(place, value, "o", ms=5, color=PALETTE["blue"])
        level = nominal_coverage(name)
        if level is not None:
            ax.axhline(level, color="black", lw=0.9, ls=":")
        ax.set_title(name, loc="left")
        ax.grid(axis="y", color="0.92", lw=0.8)
        ax.set_axisbelow(True)
    labels = [f"{label}\n({found.n_target})" for label, found in classes.items()]
    axes[-1].set_xticks(np.arange(len(labels)), labels)
    axes[-1].set_xlim(-0.5, len(labels) - 0.5)
    axes[-1].set_xlabel(f"{by} (number of targets)")
    clean(*axes)
    return fig
