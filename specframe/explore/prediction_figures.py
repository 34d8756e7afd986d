"""What predictions leave of the labels, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.explore.axes import bin_edges, colour_bar, label_text, panels, short
from specframe.explore.correlation import spearman
from specframe.explore.labels import label_units, names_of
from specframe.report.canvas import PALETTE, clean, new_figure, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["plot_predictions", "plot_residual_correlations", "plot_residuals"]

_MOST_PANELS = 12


@styled
def plot_predictions(prediction: xr.Dataset) -> Figure:
    """Draw predicted against true values of each output, with their error bars where there are such (up to 12 outputs).

    Parameters
    ----------
    prediction
        A Prediction with ``truth (target, output)``; of a spectrum, the means over its channels are drawn.

    Raises
    ------
    DataError
        When no truth is known.
    """
    mean, truth, std, names, units = _pairs(prediction)
    fig, axes = panels(len(names), width=2.7, height=2.5, most_columns=3)
    for i, (ax, name) in enumerate(zip(axes, names, strict=True)):
        known = np.isfinite(truth[:, i]) & np.isfinite(mean[:, i])
        x, y = truth[known, i], mean[known, i]
        if std is not None and known.sum() <= 2000:
            ax.errorbar(x, y, std[known, i], fmt="none", ecolor="0.8", elinewidth=0.6, zorder=0)
        ax.plot(x, y, "o", ms=2.4, mew=0, alpha=0.6, color=PALETTE["blue"], rasterized=len(x) > 500)
        ends = [min(x.min(), y.min()), max(x.max(), y.max())] if len(x) else [0, 1]
        ax.plot(ends, ends, color=PALETTE["vermillion"], lw=1.0)
        text = label_text(name, units[i])
        ax.set(xlabel=f"True {text}", ylabel="Predicted")
    clean(*axes)
    return fig


@styled
def plot_residuals(prediction: xr.Dataset) -> Figure:
    """Draw the histogram of predicted minus true of each output; of a spectrum, of its mean.

    Takes and raises the same as :func:`plot_predictions`.
    """
    mean, truth, _, names, units = _pairs(prediction)
    fig, axes = panels(len(names), width=2.4, height=2.1)
    for i, (ax, name) in enumerate(zip(axes, names, strict=True)):
        residual = (mean - truth)[:, i]
        residual = residual[np.isfinite(residual)]
        ax.hist(residual, bins=bin_edges(residual), color=PALETTE["blue"])
        ax.axvline(0, color=PALETTE["vermillion"], lw=1.0)
        ax.set_xlabel(f"Δ {label_text(name, units[i])}")
    axes[0].set_ylabel("Targets")
    clean(*axes)
    return fig


@styled
def plot_residual_correlations(prediction: xr.Dataset, labels: xr.DataArray) -> Figure:
    """Draw the rank correlations of residuals (rows) with labels (columns): what the model did not learn.

    Parameters
    ----------
    prediction
        A Prediction with ``truth``.
    labels
        Dims ``(target, output)``, matched by name.

    Raises
    ------
    DataError
        When no truth is known, or no label varies.
    """
    from specframe.explore.labels import varying
    from specframe.explore.spectra import labels_of

    mean, truth, _, names, _ = _pairs(prediction)
    own = labels_of(labels, [str(target) for target in prediction["target"].values])
    columns = varying(own)[:_MOST_PANELS] if own is not None else []
    if not columns or own is None:
        raise DataError("correlations of residuals: no label varies")
    matrix = spearman(mean - truth, own.sel(output=columns).values)
    fig = new_figure(
        float(np.clip(2.4 + 0.6 * len(columns), 3.6, 9.0)), float(np.clip(1.4 + 0.45 * len(names), 2.0, 7))
    )
    ax = fig.subplots()
    ax.set_facecolor("0.85")
    image = ax.imshow(np.ma.masked_invalid(matrix), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for i, j in np.argwhere(np.isfinite(matrix)):
        colour = "white" if abs(matrix[i, j]) > 0.6 else "black"
        ax.text(j, i, f"{np.round(matrix[i, j], 2) + 0.0:.2f}", ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(len(columns)), [short(name, 16) for name in columns], rotation=45, ha="right")
    ax.set_yticks(range(len(names)), [f"Δ {short(name, 16)}" for name in names])
    colour_bar(fig, image, ax, "Spearman")
    return fig


def _pairs(prediction: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, list[str], list[str]]:
    """Return mean, truth and std (target, output), and names and units of outputs; channels of a spectrum as one."""
    if "truth" not in prediction or not np.isfinite(prediction["truth"].values).any():
        raise DataError("predictions: no truth is known")
    mean, truth = prediction["mean"].values, prediction["truth"].values
    std = prediction["std"].values if "std" in prediction else None
    units = label_units(prediction["mean"])
    names = names_of(prediction["mean"])
    if "wavelength" in prediction.coords and len(names) > 1:
        unit = str(prediction["mean"].attrs.get("units", ""))
        return mean.mean(1, keepdims=True), truth.mean(1, keepdims=True), None, ["mean over wavelengths"], [unit]
    names = names[:_MOST_PANELS]
    count = len(names)
    return mean[:, :count], truth[:, :count], None if std is None else std[:, :count], names, [units[n] for n in names]
