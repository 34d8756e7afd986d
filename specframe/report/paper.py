"""Figures as papers want them: as wide as a column, with small letters, and without what the caption says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import Collection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from specframe.errors import UsageError
from specframe.report.canvas import is_headline, legend_above, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

__all__ = ["column_width", "for_paper"]

#: Inches. A column and the page of the Astrophysical Journal; those of A&A and MNRAS differ by less than 4 %.
_COLUMNS = {"single": 3.4, "double": 7.1}
_INCHES = {"in": 1.0, "cm": 1.0 / 2.54, "mm": 1.0 / 25.4, "pt": 1.0 / 72.27}
_NARROWEST, _WIDEST = 1.5, 20.0
#: A figure that is drawn wider than this on screens has too much in it for one column.
_ONE_COLUMN = 6.0
#: Inches of a panel and its labels, below which it is not legible.
_NARROWEST_PANEL = 2.2
#: Letters and lines over those on screens: labels of 8 points, ticks of 7.
_SCALE = 0.8


def column_width(width: str | float | None) -> float | None:
    """Return a width in inches: ``single`` and ``double`` columns, or a number with its unit, in, cm, mm or pt.

    A number alone is in inches; ``None`` stays ``None``, which leaves the choice of the column to each figure.

    Raises
    ------
    UsageError
        When it is none of these, or below 1.5 or above 20 inches.
    """
    if width is None:
        return None
    if isinstance(width, str) and width in _COLUMNS:
        return _COLUMNS[width]
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(in|cm|mm|pt)\s*", width) if isinstance(width, str) else None
    inches = float(width) if isinstance(width, int | float) else None
    if found:
        inches = float(found[1]) * _INCHES[found[2]]
    if inches is None:
        raise UsageError(f"width {width!r}: expected single, double, or a number with its unit, as 3.4in, 9cm or 90mm")
    if not _NARROWEST <= inches <= _WIDEST:
        raise UsageError(f"width {width!r}: expected {_NARROWEST:g} to {_WIDEST:g} inches, got {inches:.3g}")
    return inches


@styled
def for_paper(figure: Figure, width: float | None = None) -> str:
    """Change a figure to one of a paper, and return the headline that it no longer has.

    Letters and lines shrink less than the figure does, so that they can be read, and the height is in between.

    Parameters
    ----------
    width
        Of the figure in inches; by default a single column, or both where more is drawn than fits into one.
    """
    old_width, old_height = figure.get_size_inches()
    if width is None:
        width = _COLUMNS["single" if old_width <= _ONE_COLUMN else "double"]
    shrunk = width / old_width
    headline = _without_headlines(figure)
    for ax in figure.axes:
        _scale_ticks(ax, _SCALE)
    _scale_texts(figure, _SCALE)
    _scale_lines(figure, _SCALE)
    if figure.get_layout_engine() is None:  # panels of a corner plot stay square
        figure.set_size_inches(width, old_height * shrunk)
        margins = figure.subplotpars
        wider = _SCALE / shrunk
        figure.subplots_adjust(
            left=min(margins.left * wider, 0.3),
            bottom=min(margins.bottom * wider, 0.3),
            right=0.98,
            top=0.98,
        )
    else:
        narrower, more_rows = _fewer_columns(figure, width)
        figure.set_size_inches(width, old_height * more_rows * (shrunk * narrower * _SCALE) ** 0.5)
        _narrow_legends(figure)
        _narrow_outer_legends(figure)
    return headline


def _fewer_columns(figure: Figure, width: float) -> tuple[float, float]:
    """Put panels that would be too narrow below each other; return how much wider each gets, and how many more rows.

    Panels that share an axis, or a place in one, stay where they are.
    """
    placed = [(ax, spec) for ax in figure.axes if (spec := ax.get_subplotspec()) is not None]
    grids = {id(spec.get_gridspec()): spec.get_gridspec() for _, spec in placed}
    if len(grids) != 1 or len(placed) != len(figure.axes):
        return 1.0, 1.0
    rows, columns = next(iter(grids.values())).get_geometry()
    fewer = max(1, min(columns, int(width / _NARROWEST_PANEL)))
    shares = (ax.get_shared_x_axes().get_siblings(ax) + ax.get_shared_y_axes().get_siblings(ax) for ax, _ in placed)
    single = all(spec.num1 == spec.num2 for _, spec in placed)
    if fewer == columns or not single or any(len(axes) > 2 for axes in shares):
        return 1.0, 1.0
    more = -(-len(placed) // fewer)
    grid = figure.add_gridspec(more, fewer)
    for place, (ax, _) in enumerate(sorted(placed, key=lambda pair: pair[1].num1)):
        ax.set_subplotspec(grid[divmod(place, fewer)])
    return columns / fewer, more / rows


def _without_headlines(figure: Figure) -> str:
    """Empty the texts that say what the figure shows, and return them."""
    found = []
    for text in figure.findobj(Text):
        if isinstance(text, Text) and is_headline(text) and text.get_text():
            found.append(" ".join(text.get_text().split()))
            text.set_text("")
            text.set_in_layout(False)
    return ", ".join(found)


def _scale_ticks(ax: Axes, scale: float) -> None:
    """Scale ticks and their labels, also those that matplotlib adds later."""
    for axis in (ax.xaxis, ax.yaxis):
        for which in ("major", "minor"):
            there = axis.get_major_ticks(1) if which == "major" else axis.get_minor_ticks()
            if not there:
                continue
            tick: Any = there[0]
            axis.set_tick_params(
                which=which,
                labelsize=float(tick.label1.get_fontsize()) * scale,
                length=tick.tick1line.get_markersize() * scale,
                width=tick.tick1line.get_markeredgewidth() * scale,
            )


def _scale_texts(figure: Figure, scale: float) -> None:
    ticks = {
        id(label)
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
    }
    for text in figure.findobj(Text):
        if isinstance(text, Text) and id(text) not in ticks:
            text.set_fontsize(float(text.get_fontsize()) * scale)


def _scale_lines(figure: Figure, scale: float) -> None:
    ticks = {
        id(line)
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for line in (tick.tick1line, tick.tick2line)
    }
    for artist in figure.findobj():
        if isinstance(artist, Line2D) and id(artist) not in ticks:
            artist.set_linewidth(artist.get_linewidth() * scale)
            artist.set_markersize(artist.get_markersize() * scale)
            artist.set_markeredgewidth(artist.get_markeredgewidth() * scale)
        elif isinstance(artist, Collection):
            artist.set_linewidth([float(width) * scale for width in np.atleast_1d(artist.get_linewidth())])
            if isinstance(artist, PathCollection):
                artist.set_sizes(artist.get_sizes() * scale**2)
        elif isinstance(artist, Patch):
            artist.set_linewidth(artist.get_linewidth() * scale)


def _narrow_legends(figure: Figure) -> None:
    """Give legends above axes fewer columns where they are wider than the figure."""
    figure.draw_without_rendering()
    for ax in figure.axes:
        legend = ax.get_legend()
        columns = 4
        while legend is not None and not legend.get_frame_on() and legend.get_window_extent().x0 < 0 and columns > 1:
            columns -= 1
            legend_above(ax, columns)
            legend = ax.get_legend()
            _shrink_legend(legend)
            figure.draw_without_rendering()


def _narrow_outer_legends(figure: Figure) -> None:
    """Give legends above all axes fewer columns where they are wider than the figure."""
    handles = {
        label: handle for ax in figure.axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    for legend in list(figure.legends):
        labels = [text.get_text() for text in legend.get_texts()]
        columns = len(labels)
        if not set(labels) <= set(handles):
            continue
        while columns > 1 and legend.get_window_extent().width > figure.bbox.width:
            columns -= 1
            legend.remove()
            shown = [handles[label] for label in labels]
            legend = figure.legend(shown, labels, loc="outside upper center", ncols=columns, frameon=False)
            _shrink_legend(legend)
            figure.draw_without_rendering()


def _shrink_legend(legend: Legend | None) -> None:
    for text in legend.get_texts() if legend is not None else ():
        text.set_fontsize(float(text.get_fontsize()) * _SCALE)
