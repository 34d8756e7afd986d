"""The posterior of a white-light fit: all parameters against each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from specframe.errors import DataError
from specframe.report.canvas import PALETTE, styled

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["draw_posterior"]

#: Parameters of which more are not drawn: a figure of so many panels is not legible.
_MOST = 10
#: 1 and 2 sigma of a normal distribution in two dimensions.
_LEVELS = (1.0 - np.exp(-0.5), 1.0 - np.exp(-2.0))
_INCH = 1.5


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
    import corner

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
    size = 1.2 + _INCH * len(columns)
    fig = Figure(figsize=(size, size))  # corner lays out its panels itself
    corner.corner(
        np.stack(columns, axis=1),
        labels=labels,
        fig=fig,
        levels=_LEVELS,
        quantiles=(0.16, 0.5, 0.84),
        color=PALETTE["blue"],
        plot_datapoints=False,
        fill_contours=True,
        smooth=0.8,
        max_n_ticks=3,
        label_kwargs={"fontsize": 8.5},
        labelpad=0.05,
    )
    margin = 0.95 / size
    fig.subplots_adjust(left=margin, bottom=margin)
    for ax in fig.axes:
        ax.tick_params(labelsize=7.0)
    if title:
        fig.suptitle(title, x=0.99, ha="right", fontsize="large")
    return fig
