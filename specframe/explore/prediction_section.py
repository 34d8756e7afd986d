"""The part of the page that is about the predictions of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.evaluate.diagnostics import output_errors, r2
from specframe.explore.labels import label_units, names_of
from specframe.explore.prediction_figures import plot_predictions, plot_residual_correlations, plot_residuals
from specframe.explore.section import Section, Statistics
from specframe.explore.wording import counted

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["prediction_section"]


def prediction_section(prediction: xr.Dataset, labels: xr.DataArray | None) -> Section:
    """Return what predictions leave of the labels, where they are known; the report of the run tells more.

    Parameters
    ----------
    prediction
        A Prediction, with ``truth (target, output)`` where it is known.
    labels
        Dims ``(target, output)``, matched by name.
    """
    section = Section("predictions", "Predictions")
    section.findings.append(
        f"{counted(prediction.sizes['target'], 'target')} with {counted(prediction.sizes['output'], 'output')}. "
        "report.html of the run has scores, intervals and calibration."
    )
    section.tables.append(_table(prediction))
    if "truth" not in prediction or not np.isfinite(prediction["truth"].values).any():
        section.missing.append("No truth is known: no residuals.")
        return section
    section.draw(
        "truth",
        "Predicted against true values",
        "Error bars are 68 % intervals.",
        partial(plot_predictions, prediction),
    )
    section.draw("residuals", "Residuals", "Predicted minus true.", partial(plot_residuals, prediction))
    if labels is None:
        section.missing.append("There are no labels to set residuals against.")
    else:
        section.draw(
            "residual-correlations",
            "Correlation of residuals with labels",
            "Of ranks. Regression to the mean makes residuals fall with their own label; other correlations are what "
            "the model did not learn.",
            partial(plot_residual_correlations, prediction, labels),
        )
    return section


def _table(prediction: xr.Dataset) -> Statistics:
    names, units = names_of(prediction["mean"]), label_units(prediction["mean"])
    mean = prediction["mean"].values
    truth = prediction["truth"].values if "truth" in prediction else np.full(mean.shape, np.nan)
    std = prediction["std"].values if "std" in prediction else np.full(mean.shape, np.nan)
    columns: dict[str, list[object]] = {
        key: [] for key in ("output", "unit", "mean", "scatter", "bias", "rmse", "median_std", "r2")
    }
    known = np.where(np.isfinite(mean), truth, np.nan)
    errors, determined = output_errors(mean, known), r2(mean, known)
    for i, name in enumerate(names):
        finite = std[:, i][np.isfinite(std[:, i])]
        values = (
            name,
            units[name],
            float(np.nanmean(mean[:, i])) if np.isfinite(mean[:, i]).any() else np.nan,
            float(np.nanstd(mean[:, i])) if np.isfinite(mean[:, i]).any() else np.nan,
            float(errors.bias[i]),
            float(errors.rmse[i]),
            float(np.median(finite)) if finite.size else np.nan,
            float(determined[i]),
        )
        for key, value in zip(columns, values, strict=True):
            columns[key].append(value)
    return Statistics("predictions", "Predictions by output", columns)
