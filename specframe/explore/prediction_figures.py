"""What predictions leave of the labels, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api.prediction import make_labels, make_prediction
from specframe.errors import DataError
from specframe.explore.axes import colour_bar, short
from specframe.explore.correlation import spearman
from specframe.explore.labels import names_of
from specframe.report.canvas import new_figure, styled
from specframe.report.parameter_residuals import draw_parameter_histograms
from specframe.report.parameters import draw_parameters

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["plot_predictions", "plot_residual_correlations", "plot_residuals"]

_MOST_PANELS = 12


def plot_predictions(prediction: xr.Dataset) -> Figure:
    """Draw predicted against true values, as the report of a run does: :func:`~specframe.report.draw_parameters`.

    Parameters
    ----------
    prediction
        A Prediction with ``truth (target, output)``; of a spectrum, the means over its channels are drawn.

    Raises
    ------
    DataError
        When no truth is known.
    """
    return draw_parameters(*_judged(prediction))


def plot_residuals(prediction: xr.Dataset) -> Figure:
    """Draw histograms of predicted minus true: :func:`~specframe.report.draw_parameter_histograms`.

    Takes and raises the same as :func:`plot_predictions`.
    """
    return draw_parameter_histograms(*_judged(prediction))


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

    judged, truth = _judged(prediction)
    names, residuals = names_of(truth)[:_MOST_PANELS], (judged["mean"].values - truth.values)[:, :_MOST_PANELS]
    own = labels_of(labels, [str(target) for target in prediction["target"].values])
    columns = varying(own)[:_MOST_PANELS] if own is not None else []
    if not columns or own is None:
        raise DataError("correlations of residuals: no label varies")
    matrix = spearman(residuals, own.sel(output=columns).values)
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


def _judged(prediction: xr.Dataset) -> tuple[xr.Dataset, xr.DataArray]:
    """Return a Prediction and the truth of its outputs; of a spectrum those of its mean over wavelengths."""
    if "truth" not in prediction or not np.isfinite(prediction["truth"].values).any():
        raise DataError("predictions: no truth is known")
    truth = prediction["truth"]
    if "wavelength" not in prediction.coords or prediction.sizes["output"] == 1:
        return prediction.drop_vars("truth"), truth
    targets = [str(target) for target in prediction["target"].values]
    unit = str(prediction["mean"].attrs.get("units", ""))
    labels = make_labels(truth.values.mean(axis=1, keepdims=True), targets, ["mean over wavelengths"], unit)
    return make_prediction(labels, prediction["mean"].values.mean(axis=1, keepdims=True)), labels
