"""Figures of labels: histograms, boxes, correlations, and the corner plot of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from specframe.errors import DataError
from specframe.explore.axes import bin_edges, colour_bar, label_text, panels, short
from specframe.explore.correlation import pearson, spearman
from specframe.explore.labels import grid_values, label_units, names_of, varying
from specframe.report.canvas import PALETTE, clean, new_figure, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["plot_label_boxes", "plot_label_correlations", "plot_label_coverage", "plot_label_histograms"]

#: More labels than this are not drawn one by one, and in the corner plot.
_MOST_PANELS, _MOST_CORNER = 24, 7
#: Numbers are written into the cells of a matrix up to this size.
_MOST_WRITTEN = 14


@styled
def plot_label_histograms(labels: xr.DataArray) -> Figure:
    """Draw the histogram of each label; of labels on a grid, a bar per value.

    Parameters
    ----------
    labels
        Dims ``(target, output)``, as loaders give them; NaN where not known. Of more than 24, the first are drawn.

    Raises
    ------
    DataError
        When no label is known.
    """
    names, units, grid = _known(labels), label_units(labels), grid_values(labels)
    fig, axes = panels(len(names), width=2.4, height=2.1)
    for ax, name in zip(axes, names, strict=True):
        values = _finite(labels, name)
        if name in grid:
            step = np.min(np.diff(grid[name]))
            counts = [int((values == value).sum()) for value in grid[name]]
            ax.bar(grid[name], counts, width=0.8 * step, color=PALETTE["blue"])
        else:
            ax.hist(values, bins=bin_edges(values), color=PALETTE["blue"], edgecolor="white", lw=0.4)
        ax.set_xlabel(label_text(name, units[name]))
    _first_of_rows(axes, "Targets")
    clean(*axes)
    return fig


@styled
def plot_label_boxes(labels: xr.DataArray) -> Figure:
    """Draw a box plot of each label: median, quartiles, whiskers of 1.5 interquartile ranges, and what lies beyond.

    Takes and raises the same as :func:`plot_label_histograms`.
    """
    names, units = _known(labels), label_units(labels)
    fig, axes = panels(len(names), width=1.5, height=2.4, most_columns=6)
    for ax, name in zip(axes, names, strict=True):
        boxes = ax.boxplot(_finite(labels, name), widths=0.5, patch_artist=True, flierprops={"ms": 2.5, "mew": 0.5})
        boxes["boxes"][0].set(facecolor=PALETTE["sky"], alpha=0.6)
        boxes["medians"][0].set(color=PALETTE["vermillion"], lw=1.6)
        ax.set_xticks([])
        ax.set_title(label_text(name, units[name]), fontsize="small")
    clean(*axes)
    return fig


@styled
def plot_label_correlations(labels: xr.DataArray) -> Figure:
    """Draw the correlations between labels: below the diagonal Pearson's, above it Spearman's.

    Raises
    ------
    DataError
        When fewer than two labels vary.
    """
    names = varying(labels)
    if len(names) < 2:
        raise DataError(f"correlations of labels: at least two must vary, got {len(names)}")
    values = labels.sel(output=names).values.astype(float)
    matrix = np.tril(pearson(values, values), -1) + np.triu(spearman(values, values), 1)
    np.fill_diagonal(matrix, np.nan)
    size = float(np.clip(1.6 + 0.5 * len(names), 3.2, 8.0))
    fig = new_figure(size + 1.2, size)
    ax = fig.subplots()
    ax.set_facecolor("0.85")
    image = ax.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
    shown = [short(name) for name in names]
    if len(names) <= 60:
        ax.set_xticks(range(len(names)), shown, rotation=60, ha="right", rotation_mode="anchor", fontsize="small")
        ax.set_yticks(range(len(names)), shown, fontsize="small")
    if len(names) <= _MOST_WRITTEN:
        for i, j in np.argwhere(np.isfinite(matrix)):
            colour = "white" if abs(matrix[i, j]) > 0.6 else "black"
            ax.text(
                j, i, f"{np.round(matrix[i, j], 2) + 0.0:.2f}", ha="center", va="center", fontsize=7.5, color=colour
            )
    colour_bar(fig, image, ax, "Correlation: Pearson below, Spearman above")
    return fig


@styled
def plot_label_coverage(labels: xr.DataArray) -> Figure:
    """Draw how labels cover their ranges, as a corner plot.

    On the diagonal stand histograms. A panel below it shows a pair of labels: the number of targets of each
    combination where both lie on a grid, with a cross where there is none; else a point per target.

    Parameters
    ----------
    labels
        Dims ``(target, output)``. Of more than 7 that vary, the first are drawn.

    Raises
    ------
    DataError
        When fewer than two labels vary.
    """
    names = varying(labels)[:_MOST_CORNER]
    if len(names) < 2:
        raise DataError(f"coverage of the grid: at least two labels must vary, got {len(names)}")
    grid, units = grid_values(labels), label_units(labels)
    side = float(np.clip(1.7 * len(names), 4.2, 9.5))
    fig = new_figure(side + 0.8, side)
    axes = fig.subplots(len(names), len(names), squeeze=False)
    highest = max(
        (_counts(labels, a, b, grid).max() for i, a in enumerate(names) for b in names[:i] if a in grid and b in grid),
        default=1,
    )
    image: Any = None
    for row, vertical in enumerate(names):
        for column, horizontal in enumerate(names):
            ax = axes[row, column]
            if column > row:
                ax.set_axis_off()
                continue
            if column == row:
                _diagonal(ax, labels, horizontal, grid)
            elif vertical in grid and horizontal in grid:
                image = _cells(ax, _counts(labels, vertical, horizontal, grid), highest)
            else:
                x, y = (labels.sel(output=name).values for name in (horizontal, vertical))
                ax.plot(x, y, ".", ms=2.0, mew=0, color=PALETTE["blue"], alpha=0.5, rasterized=True)
            _ticks(ax, horizontal, vertical if column < row else "", grid, vertical in grid and horizontal in grid)
            if row == len(names) - 1:
                ax.set_xlabel(label_text(horizontal, units[horizontal]))
            else:
                ax.set_xticklabels([])
            if column == 0 and row > 0:
                ax.set_ylabel(label_text(vertical, units[vertical]))
            elif column < row:
                ax.set_yticklabels([])
    if image is not None:
        bar = fig.colorbar(image, cax=axes[0, -1].inset_axes((0.55, 0.0, 0.12, 1.0)))
        bar.set_label("Targets; × none", fontsize="small")
        bar.locator = MaxNLocator(4, integer=True)
    return fig


def _diagonal(ax: Axes, labels: xr.DataArray, name: str, grid: dict[str, NDArray[np.float64]]) -> None:
    values = _finite(labels, name)
    if name in grid:
        counts = [int((values == value).sum()) for value in grid[name]]
        ax.bar(np.arange(len(counts)), counts, width=0.85, color=PALETTE["grey"])
        ax.set_xlim(-0.5, len(counts) - 0.5)
    else:
        ax.hist(values, bins=bin_edges(values), color=PALETTE["grey"])
    ax.set_yticks([])


def _cells(ax: Axes, counts: NDArray[np.intp], highest: int) -> Any:
    shown = np.ma.masked_equal(counts, 0)
    ax.set_facecolor("0.93")
    image = ax.imshow(shown, origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=max(highest, 1))
    empty = np.argwhere(counts == 0)
    ax.plot(empty[:, 1], empty[:, 0], "x", ms=4.0, mew=0.9, color=PALETTE["vermillion"])
    return image


def _ticks(ax: Axes, x: str, y: str, grid: dict[str, NDArray[np.float64]], cells: bool) -> None:
    """Write the values of a grid at its cells, not more than fit."""
    ax.tick_params(labelsize=7.5)
    if x in grid and (cells or not y):
        at = _spread(len(grid[x]))
        ax.set_xticks(at, [f"{grid[x][i] + 0.0:.6g}" for i in at], rotation=60 if len(at) > 3 else 0)
    if cells and y:
        at = _spread(len(grid[y]))
        ax.set_yticks(at, [f"{grid[y][i] + 0.0:.6g}" for i in at])


def _spread(count: int, most: int = 6) -> NDArray[np.intp]:
    return np.arange(0, count, -(-count // most))


def _counts(
    labels: xr.DataArray, vertical: str, horizontal: str, grid: dict[str, NDArray[np.float64]]
) -> NDArray[np.intp]:
    """Return the number of targets of each combination, shape (n_vertical, n_horizontal)."""
    rows = labels.sel(output=[vertical, horizontal]).values
    rows = rows[np.isfinite(rows).all(axis=1)]
    shape = (len(grid[vertical]), len(grid[horizontal]))
    place = (np.searchsorted(grid[vertical], rows[:, 0]), np.searchsorted(grid[horizontal], rows[:, 1]))
    counts = np.zeros(shape, np.intp)
    np.add.at(counts, place, 1)
    return counts


def _known(labels: xr.DataArray) -> list[str]:
    names = [name for name in names_of(labels) if _finite(labels, name).size][:_MOST_PANELS]
    if not names:
        raise DataError("labels: none is known")
    return names


def _finite(labels: xr.DataArray, name: str) -> NDArray[np.float64]:
    values = labels.sel(output=name).values.astype(float)
    return np.asarray(values[np.isfinite(values)])


def _first_of_rows(axes: list[Axes], text: str) -> None:
    for ax in axes:
        spec = ax.get_subplotspec()
        if spec is not None and spec.is_first_col():
            ax.set_ylabel(text)
