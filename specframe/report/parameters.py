"""Predicted against true values of every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.report.canvas import PALETTE, clean, styled
from specframe.report.panels import LEVEL, known_parameters, noted, panel_grid

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from specframe.report.panels import Parameter

__all__ = ["draw_parameters"]

#: With more targets error bars hide the points.
_WITH_BARS = 300
#: Opacity of so many points in one panel is 1; of more it falls, so that their density can be seen.
_OPAQUE = 150


@styled
def draw_parameters(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw predicted against true values, a panel for each parameter and a point for each target.

    Error bars are 68 % intervals; they are left out of more than 300 targets. Triangles lie at the edge of the training
    labels or beyond (their tip says which), rings are targets unlike those of the training set. Each panel states R2,
    root mean square, mean absolute and mean error, and how many truths lie within the 68 % intervals.

    Parameters
    ----------
    prediction, truth
        Matched by name; a parameter is drawn for the targets whose truth is known. Of more than 12 parameters the first
        are drawn.

    Raises
    ------
    DataError
        When no target has a known truth.
    """
    parameters = known_parameters(prediction, truth, "parameters")
    fig, axes = panel_grid(len(parameters))
    for ax, parameter in zip(axes, parameters, strict=True):
        _panel(ax, parameter)
    labels: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            labels.setdefault(label, handle)
    fig.legend(list(labels.values()), list(labels), loc="outside upper center", ncols=3, frameon=False)
    clean(*axes)
    return fig


def _panel(ax: Axes, parameter: Parameter) -> None:
    true, mean, beyond = parameter.true, parameter.mean, parameter.extrapolating
    alpha = float(np.clip(np.sqrt(_OPAQUE / true.size), 0.15, 1.0))
    size = 3.4 if true.size <= _WITH_BARS else 2.4
    if parameter.error is not None and true.size <= _WITH_BARS:
        ax.errorbar(true, mean, yerr=parameter.error, fmt="none", ecolor=PALETTE["sky"], elinewidth=0.8, zorder=1)
    for side, marker, colour, label in (
        (0, "o", "blue", "targets"),
        (-1, "v", "orange", "at the lower edge of the labels"),
        (1, "^", "orange", "at the upper edge of the labels"),
    ):
        own = parameter.edge == side
        if own.any():
            ax.plot(
                true[own],
                mean[own],
                marker,
                ms=size + (side != 0),
                color=PALETTE[colour],
                mec="white",
                mew=0.2,
                alpha=alpha,
                label=label,
            )
    if beyond.any():
        ax.plot(
            true[beyond],
            mean[beyond],
            "o",
            ms=size + 3.2,
            mfc="none",
            mec=PALETTE["vermillion"],
            mew=0.9,
            label="unlike the training set",
        )
    ends = np.array([min(true.min(), mean.min()), max(true.max(), mean.max())])
    ax.plot(ends, ends, color="black", lw=1.0, zorder=3, label="predicted = true")
    ax.set_xlabel(f"True {parameter.label}")
    ax.set_ylabel(f"Predicted {parameter.label}")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.3 * (high - low))  # room for the numbers
    ax.text(0.03, 0.97, _numbers(parameter), transform=ax.transAxes, va="top", fontsize=8, linespacing=1.3)


def _numbers(parameter: Parameter) -> str:
    residual, true, unit = parameter.residual, parameter.true, parameter.unit
    spread = float(np.sum((true - true.mean()) ** 2))
    r2 = f"R² {1 - np.sum(residual**2) / spread:.4f}" if spread > 0 else "R² not defined"
    rmse, mae = float(np.sqrt(np.mean(residual**2))), float(np.mean(np.abs(residual)))
    lines = [
        f"{r2}, n = {true.size}",
        f"RMSE {noted(rmse, unit)}, MAE {noted(mae, unit)}",
        f"bias {noted(float(residual.mean()), unit)}",
    ]
    if parameter.error is not None:
        below, above = parameter.error
        inside = np.mean((true >= parameter.mean - below) & (true <= parameter.mean + above))
        lines[-1] += f", {100 * LEVEL:g} % holds {100 * inside:.0f} %"
    return "\n".join(lines)
