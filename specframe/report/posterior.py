"""Corner plots: all parameters of a white-light fit, or of a prediction, against each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from specframe.errors import DataError
from specframe.evaluate.outputs import output_units
from specframe.report.canvas import PALETTE, headline, styled
from specframe.report.panels import known_parameters, labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["draw_parameter_posterior", "draw_posterior", "draw_residual_correlations", "has_joint_posterior"]

#: Parameters of which more are not drawn: a figure of so many panels is not legible.
_MOST = 10
#: 1 and 2 sigma of a normal distribution in two dimensions.
_LEVELS = (1.0 - np.exp(-0.5), 1.0 - np.exp(-2.0))
_INCH = 1.5
#: Draws from a covariance, and their seed: a figure of the same prediction is the same.
_DRAWS, _SEED = 4000, 0
#: A parameter whose spread is below this fraction of its size cannot be told from rounding.
_LEAST_SPREAD = 1e-12


@styled
def draw_posterior(data: xr.Dataset, title: str = "") -> Figure:
    """Draw the corner plot (Foreman-Mackey 2016, JOSS 1, 24) of ``white_sample (draw, white_parameter)``.

    Contours hold 39 and 86 %, one and two sigma of a normal distribution; dashed lines are median and 68 % interval.
    Large numbers, such as dates, are drawn relative to their median. Of more than 10 parameters the first are drawn.

    Raises
    ------
    DataError
        When the node has no draws, or none of its parameters varies.
    """
    if "white_sample" not in data.variables:
        raise DataError("posterior: the node has no white_sample; it is drawn after a fit of the white light curve")
    draws = data["white_sample"].transpose("draw", "white_parameter").values.astype(float)
    names = [str(name) for name in data["white_parameter"].values]
    units = json.loads(data["white_sample"].attrs.get("units_of", "{}"))
    draws = draws[np.isfinite(draws).all(axis=1)]
    varies = [i for i in range(len(names)) if draws.shape[0] > 1 and np.ptp(draws[:, i]) > 0][:_MOST]
    if not varies or draws.shape[0] <= len(varies):
        raise DataError("posterior: no parameter varies between the draws")
    labels, columns = [], []
    for i in varies:
        values, middle = draws[:, i], float(np.median(draws[:, i]))
        unit = f" ({units[names[i]]})" if units.get(names[i]) else ""
        name = names[i].replace("_", " ")
        # a date of ten digits and an error of a second
        if np.std(values) < 1e-4 * abs(middle):
            seconds = units.get(names[i]) == "d"
            labels.append(f"{name}\n- {middle:.10g}" + (" d (s)" if seconds else unit))
            columns.append((values - middle) * (86400.0 if seconds else 1.0))
        else:
            labels.append(f"{name}{unit}")
            columns.append(values)
    fig = _corner(np.stack(columns, axis=1), labels)
    if title:
        headline(fig, title, x=0.99, ha="right")
    return fig


def has_joint_posterior(prediction: xr.Dataset) -> bool:
    """Return whether a Prediction says how the errors of its outputs go together: by samples or a covariance."""
    return prediction.sizes["output"] > 1 and bool({"samples", "covariance"} & set(prediction))


@styled
def draw_parameter_posterior(prediction: xr.Dataset, target: str, truth: xr.DataArray | None = None) -> Figure:
    """Draw the corner plot of the parameters of one target, with its true values where they are known.

    The draws are the prediction's ``samples``, else 4000 from a normal distribution with its ``covariance``. Contours
    hold 39 and 86 %, dashed lines are median and 68 % interval, full lines the truth. Of more than 10 parameters the
    first are drawn.

    Raises
    ------
    DataError
        When there is no such target, or the prediction has neither samples nor a covariance.
    """
    names = [str(name) for name in prediction["target"].values]
    if target not in names:
        raise DataError(f"posterior: there is no target {target!r} in the prediction")
    if not has_joint_posterior(prediction):
        raise DataError("posterior: the prediction has neither samples nor a covariance of several outputs")
    row = names.index(target)
    draws = _draws(prediction, row)
    outputs = [str(name) for name in prediction["output"].values]
    finite = np.isfinite(draws).all(axis=0)
    spread = np.where(finite, np.ptp(np.where(finite, draws, 0.0), axis=0), 0.0)
    varies = np.flatnonzero(spread > _LEAST_SPREAD * np.abs(draws).max(axis=0, initial=0.0))[:_MOST]
    if not varies.size or len(draws) <= varies.size:
        raise DataError(f"posterior: no parameter of target {target} varies between the draws")
    true: list[float | None] | None = None
    if truth is not None and target in truth["target"].values.astype(str):
        known = truth.isel(target=int(np.flatnonzero(truth["target"].values.astype(str) == target)[0]))
        value_of = dict(zip(known["output"].values.astype(str), known.values, strict=True))
        values = [float(value_of.get(outputs[i], np.nan)) for i in varies]
        true = [value if np.isfinite(value) else None for value in values]
    units = output_units(prediction)
    fig = _corner(draws[:, varies], [labelled(outputs[i], units[i]) for i in varies], truths=true)
    headline(fig, target, x=0.99, ha="right")
    return fig


def _draws(prediction: xr.Dataset, row: int) -> Array:
    """Return draws (n_draw, n_output) of the outputs of one target."""
    if "samples" in prediction:
        return np.asarray(prediction["samples"].values[:, row], float)
    mean, covariance = prediction["mean"].values[row], prediction["covariance"].values[row]
    return np.random.default_rng(_SEED).multivariate_normal(mean, covariance, _DRAWS, method="eigh")


@styled
def draw_residual_correlations(prediction: xr.Dataset, truth: xr.DataArray) -> Figure:
    """Draw predicted minus true of all parameters against each other, a point for each target.

    Each panel states the correlation of the residuals and, where the prediction has samples or a covariance, the one
    that they have by these: that of the mean covariance.

    Raises
    ------
    DataError
        When fewer than two parameters have residuals that vary, or no target has a known truth in all of them.
    """
    complete = truth.isel(target=np.isfinite(truth.values).all(axis=1))
    parameters = known_parameters(prediction, complete, "residual correlations")
    parameters = [one for one in parameters if one.residual.std() > _LEAST_SPREAD * np.abs(one.true).max()][:_MOST]
    if len(parameters) < 2 or parameters[0].true.size <= len(parameters):
        raise DataError("residual correlations: fewer than two parameters with residuals that vary")
    residuals = np.stack([one.residual for one in parameters], axis=1)
    fig = _corner(residuals, [labelled(f"Δ {one.name}", one.unit) for one in parameters], points=True)
    count = len(parameters)
    real = np.atleast_2d(np.corrcoef(residuals, rowvar=False))
    stated = _stated_correlations(prediction, [one.name for one in parameters])
    for row, column in zip(*np.tril_indices(count, -1), strict=True):
        text = f"ρ {real[row, column]:+.2f}"
        if stated is not None:
            text += f"\nstated {stated[row, column]:+.2f}"
        ax = fig.axes[row * count + column]
        ax.text(0.04, 0.96, text, transform=ax.transAxes, va="top", fontsize=7.5, zorder=5)
    headline(fig, f"Residuals of {len(residuals)} targets", x=0.99, ha="right")
    return fig


def _stated_correlations(prediction: xr.Dataset, names: Sequence[str]) -> Array | None:
    """Return the correlations that residuals of all targets together have by what a Prediction states, (n, n)."""
    if not has_joint_posterior(prediction):
        return None
    outputs = [str(name) for name in prediction["output"].values]
    columns = [outputs.index(name) for name in names]
    if "covariance" in prediction:
        covariance = prediction["covariance"].values[:, columns][:, :, columns]
    else:
        samples = prediction["samples"].values[:, :, columns]
        away = samples - samples.mean(axis=0)
        covariance = np.einsum("sti,stj->tij", away, away) / len(samples)
    known = np.isfinite(covariance).all(axis=(1, 2))
    if not known.any():
        return None
    pooled = covariance[known].mean(axis=0)
    size = np.sqrt(np.diagonal(pooled))
    return np.asarray(
        np.divide(pooled, np.outer(size, size), out=np.zeros(pooled.shape), where=np.outer(size, size) > 0)
    )


def _corner(
    columns: Array,
    labels: Sequence[str],
    truths: Sequence[float | None] | None = None,
    points: bool = False,
) -> Figure:
    """Draw ``columns`` (n_draw, n_parameter) against each other: contours, or the ``points`` themselves."""
    import corner

    size = 1.2 + _INCH * columns.shape[1]
    fig = Figure(figsize=(size, size))  # corner lays out its panels itself
    shown = (
        {"plot_density": False, "plot_contours": False, "data_kwargs": {"ms": 2.5, "alpha": 0.4}}
        if points
        else {"plot_datapoints": False, "fill_contours": True, "smooth": 0.8, "quantiles": (0.16, 0.5, 0.84)}
    )
    corner.corner(
        columns,
        labels=list(labels),
        fig=fig,
        levels=_LEVELS,
        color=PALETTE["blue"],
        range=None
        if truths is None
        else [_reach(values, true) for values, true in zip(columns.T, truths, strict=True)],
        truths=truths,
        truth_color=PALETTE["vermillion"],
        max_n_ticks=3,
        label_kwargs={"fontsize": 8.5},
        labelpad=0.05,
        **shown,
    )
    margin = 0.95 / size
    fig.subplots_adjust(left=margin, bottom=margin)
    for ax in fig.axes:
        ax.tick_params(labelsize=7.0)
    return fig


def _reach(draws: Array, true: float | None) -> tuple[float, float]:
    """Return the range of a panel that holds the draws and the truth."""
    ends = [float(draws.min()), float(draws.max()), *([] if true is None else [true])]
    margin = 0.05 * (max(ends) - min(ends))
    return min(ends) - margin, max(ends) + margin
