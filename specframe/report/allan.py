"""How the scatter of a fit's residuals falls with the length of bins: the Allan curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from specframe.errors import DataError
from specframe.evaluate.red_noise import binned_scatter
from specframe.report.canvas import PALETTE, clean, headline, new_figure, styled
from specframe.report.white_light import Curve, light_curve

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_allan"]

#: Length of the bins, in minutes, for which beta is stated (Winn et al. 2008): about that of an ingress.
_BETA_MINUTES = (10.0, 30.0)


@styled
def draw_allan(nodes: Mapping[str, xr.Dataset], title: str = "") -> Figure:
    """Draw the scatter of binned white-light residuals over bin size, a panel per node, with that of white noise.

    The factor beta that is stated is the mean ratio of both over bins of 10 to 30 minutes, see
    :class:`~specframe.evaluate.BinnedScatter`. The band is one standard error of the scatter of white noise; the dotted
    line is what ``flux_error`` says. Clipped and masked samples are left out.

    Parameters
    ----------
    nodes
        Nodes of an Observation with ``model`` by their name (``AIRS-CH0/0``); those without are left out.
    title
        What it is, e.g. the target.

    Raises
    ------
    DataError
        When no node has a model, or one has too few samples.
    """
    curves = {name: light_curve(data) for name, data in nodes.items() if "model" in data.variables}
    if not curves:
        raise DataError("Allan curve: no node has a model; it is drawn after detrending")
    columns = min(len(curves), 2)
    rows = -(-len(curves) // columns)
    fig = new_figure(4.6 if len(curves) == 1 else 3.7 * columns, 0.5 + 3.1 * rows)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, curve) in zip(axes, curves.items(), strict=False):
        _panel(ax, curve)
        ax.set_title(name, loc="left", fontsize="medium")
    for ax in axes[len(curves) :]:
        ax.remove()
    for ax in axes[: len(curves) : columns]:
        ax.set_ylabel("Scatter of bins (ppm)")
    if title:
        headline(fig, title, x=0.01, ha="left")
    clean(*fig.axes)
    return fig


def _panel(ax: Axes, curve: Curve) -> None:
    assert curve.model is not None
    residual = 1e6 * (curve.flux / curve.model - 1)
    found = binned_scatter(residual)
    in_hours = curve.clock != "Sample"
    length = float(np.median(np.diff(curve.hours))) * 60 if in_hours else 1.0
    x = found.size * length
    error = found.white / np.sqrt(2 * (found.count - 1))
    ax.fill_between(x, found.white - error, found.white + error, color="0.86", lw=0)
    ax.plot(x, found.white, color="black", lw=1.0, ls="--", label="white noise")
    known = 1e6 * curve.flux_error / curve.model
    stated = np.sqrt(np.nanmean(known**2)) / np.sqrt(found.size)
    ax.plot(x, stated, color=PALETTE["green"], lw=1.2, ls=":", label="from flux_error")
    ax.plot(x, found.scatter, color=PALETTE["vermillion"], marker="o", ms=3.0, lw=1.0, label="residuals", zorder=3)
    ax.set(xscale="log", yscale="log", xlabel="Bin size (min)" if in_hours else "Bin size (samples)")
    low, high = np.array(_BETA_MINUTES) / length if in_hours else (np.nan, np.nan)
    beta = found.beta(low, high)
    if np.isfinite(beta):
        text = f"β = {beta:.2f} ({_BETA_MINUTES[0]:g}–{_BETA_MINUTES[1]:g} min)"
        ax.text(0.04, 0.05, text, transform=ax.transAxes, fontsize=9)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    ax.legend(loc="upper right")
    # room for the legend above the curves
    lowest, highest = ax.get_ylim()
    ax.set_ylim(lowest, highest * (highest / lowest) ** 0.25)
