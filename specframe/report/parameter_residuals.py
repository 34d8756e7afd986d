"""Errors of every parameter: against its true value, and their distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr
from scipy.stats import skew

from specframe.report.canvas import PALETTE, clean, styled
from specframe.report.panels import known_parameters, labelled, noted, panel_grid

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from specframe.report.panels import Parameter

    Array = NDArray[np.float64]

__all__ = ["draw_parameter_histograms", "draw_parameter_residuals", "running_bias"]

#: Bins of the running bias hold at least so many targets, and there are at most so many bins.
_IN_A_BIN, _BINS = 12, 16
_OPAQUE = 150
#: A histogram leaves out this fraction on either side, which is written into it.
_TAIL = 0.005
#: Of more targets than these, so many quantiles of their stated errors make the curve.
_STDS = 2000


@styled
def draw_parameter_residuals(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw predicted minus true over the true value, a panel for each parameter, with the running bias.

    The line is the mean residual in bins of true value, its inner band the standard error of that mean, and the outer
    band the standard deviation of the residuals. A slope that falls is a model that draws predictions to the middle
    of its training set.

    Raises
    ------
    DataError
        When no target has a known truth.
    """
    parameters = known_parameters(prediction, truth, "parameter residuals")
    fig, axes = panel_grid(len(parameters), height=2.9)
    for ax, parameter in zip(axes, parameters, strict=True):
        residual, true = parameter.residual, parameter.true
        alpha = float(np.clip(np.sqrt(_OPAQUE / true.size), 0.15, 0.8))
        ax.plot(true, residual, "o", ms=2.4, color=PALETTE["grey"], mec="none", alpha=alpha, label="targets")
        ax.axhline(0.0, color="black", lw=0.9, ls="--")
        place, bias, error, scatter = running_bias(true, residual)
        if place.size > 1:
            ax.fill_between(
                place,
                bias - scatter,
                bias + scatter,
                color=PALETTE["sky"],
                alpha=0.25,
                lw=0,
                label="scatter of residuals",
            )
            ax.fill_between(
                place, bias - error, bias + error, color=PALETTE["blue"], alpha=0.35, lw=0, label="±1 standard error"
            )
            ax.plot(place, bias, color=PALETTE["blue"], lw=1.4, label="running bias")
        beyond = parameter.extrapolating
        if beyond.any():
            ax.plot(
                true[beyond],
                residual[beyond],
                "o",
                ms=5.6,
                mfc="none",
                mec=PALETTE["vermillion"],
                mew=0.9,
                label="unlike the training set",
            )
        ax.set_xlabel(f"True {parameter.label}")
        ax.set_ylabel(labelled("Pred. − true", parameter.unit))
    handles, labels = max((ax.get_legend_handles_labels() for ax in axes), key=lambda found: len(found[1]))
    fig.legend(handles, labels, loc="outside upper center", ncols=5, frameon=False)
    clean(*axes)
    return fig


def running_bias(true: Array, residual: Array) -> tuple[Array, Array, Array, Array]:
    """Return place, mean residual, its standard error and the residuals' standard deviation in bins of true value.

    Bins hold about equally many targets, at least 12; equal true values, as on a grid, are never parted. Each is an
    array of shape (n_bin,).
    """
    count = int(np.clip(true.size // _IN_A_BIN, 1, _BINS))
    edges = np.unique(np.quantile(true, np.arange(1, count) / count)) if count > 1 else np.array([])
    levels = np.unique(true)
    if levels.size <= _BINS:  # a grid: a bin for each value
        edges = levels[:-1]
    bin_of = np.searchsorted(edges, true, side="left")
    rows = [np.flatnonzero(bin_of == k) for k in range(edges.size + 1)]
    rows = [own for own in rows if own.size > 1]
    place = np.array([true[own].mean() for own in rows])
    bias = np.array([residual[own].mean() for own in rows])
    scatter = np.array([residual[own].std(ddof=1) for own in rows])
    return place, bias, scatter / np.sqrt([own.size for own in rows]), scatter


@styled
def draw_parameter_histograms(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw the histogram of predicted minus true, a panel for each parameter, with what the stated errors promise.

    The curve is the mean of the normal distributions with each target's ``std``; residuals with longer tails, or to one
    side, are errors that are not stated. The dotted line is a normal distribution as wide as the residuals. Each panel
    states the skewness of the residuals, and that of the pulls, which are the residuals over their ``std``.

    Raises
    ------
    DataError
        When no target has a known truth.
    """
    parameters = known_parameters(prediction, truth, "parameter histograms")
    fig, axes = panel_grid(len(parameters), height=2.9)
    for ax, parameter in zip(axes, parameters, strict=True):
        _histogram(ax, parameter)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    clean(*axes)
    return fig


def _histogram(ax: Axes, parameter: Parameter) -> None:
    residual = parameter.residual
    low, high = (
        np.quantile(residual, (_TAIL, 1 - _TAIL)) if residual.size > 2 / _TAIL else (min(residual), max(residual))
    )
    reach = max(abs(low), abs(high), 1e-12 * np.abs(parameter.mean).max()) * 1.15
    outside = int(np.sum(np.abs(residual) > reach))
    edges = np.linspace(-reach, reach, int(np.clip(np.sqrt(residual.size) * 1.5, 8, 60)) + 1)
    counts, _ = np.histogram(residual, edges)
    ax.stairs(counts, edges, color=PALETTE["blue"], fill=True, alpha=0.35, lw=0, label="targets")
    ax.stairs(counts, edges, color=PALETTE["blue"], lw=1.2)
    fine = np.linspace(-reach, reach, 241)
    step = edges[1] - edges[0]
    spread = float(residual.std())
    if spread > 0:
        expected = _within(fine, step, residual.mean(), np.array([spread])) * residual.size
        ax.plot(fine, expected, color="black", lw=1.0, ls=":", label="normal, as wide as the residuals")
    lines = [f"skew {_skewness(residual)}"]
    if parameter.std is not None and (parameter.std > 0).any():
        std = parameter.std[parameter.std > 0]
        typical = std if std.size <= _STDS else np.quantile(std, np.linspace(0.5, _STDS - 0.5, _STDS) / _STDS)
        ax.plot(fine, _within(fine, step, 0.0, typical) * std.size, color=PALETTE["vermillion"], label="stated errors")
        lines.append(f"skew of pulls {_skewness(residual[parameter.std > 0] / std)}")
    lines.append(f"bias {noted(float(residual.mean()), parameter.unit)}")
    if outside:
        lines.append(f"{outside} beyond the panel")
    ax.axvline(0.0, color="black", lw=0.9, ls="--")
    ax.set_xlim(-reach, reach)
    ax.set_xlabel(labelled(f"{parameter.name}, pred. − true", parameter.unit))
    ax.set_ylabel("Targets")
    ax.set_ylim(0, 1.25 * ax.get_ylim()[1])
    ax.text(0.03, 0.97, "\n".join(lines), transform=ax.transAxes, va="top", fontsize=8, linespacing=1.3)


def _within(place: Array, width: float, mean: float, std: Array) -> Array:
    """Return the mean probability, over ``std``, of a bin of ``width`` around ``place`` under N(mean, std)."""
    upper, lower = ((place + side * width / 2 - mean)[:, None] / std for side in (1, -1))
    return np.asarray((ndtr(upper) - ndtr(lower)).mean(axis=1))


def _skewness(values: Array) -> str:
    return f"{skew(values):+.2f}" if values.std() > 1e-12 * np.abs(values).max() else "not defined"
