"""How the training of a model went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from specframe.errors import DataError
from specframe.report.canvas import PALETTE, clean, headline, new_figure, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["draw_training"]


@styled
def draw_training(history: xr.Dataset, title: str = "") -> Figure:
    """Draw the losses by epoch, and below them the learning rate where it is known.

    Parameters
    ----------
    history
        As :meth:`specframe.api.Model.history` returns it; a line marks ``attrs["best_epoch"]``.
    title
        What was trained, e.g. the step.

    Raises
    ------
    DataError
        When there is no ``training_loss`` on dim ``epoch``.
    """
    if "training_loss" not in history or history["training_loss"].dims != ("epoch",):
        raise DataError("training: the history has no training_loss on dim epoch")
    epoch = 1 + np.arange(history.sizes["epoch"])
    has_rate = "learning_rate" in history
    fig = new_figure(6.4, 4.4 if has_rate else 3.4)
    axes = fig.subplots(2, 1, sharex=True, height_ratios=[3, 1]) if has_rate else [fig.subplots()]
    losses = {"training_loss": ("training", "blue"), "validation_loss": ("validation", "vermillion")}
    shown = {name: history[name].values for name in losses if name in history}
    for name, values in shown.items():
        label, colour = losses[name]
        axes[0].plot(epoch, values, color=PALETTE[colour], lw=1.2, label=label)
    every = np.concatenate([values[np.isfinite(values)] for values in shown.values()])
    if every.size and every.min() > 0:
        _logarithmic(axes[0], every)
    best = history.attrs.get("best_epoch")
    if best is not None:
        for ax in axes:
            ax.axvline(1 + int(best), color="black", lw=1.0, ls=":")
    axes[0].set_ylabel("Loss")
    axes[0].legend()
    if has_rate:
        rate = history["learning_rate"].values
        axes[1].plot(epoch, rate, color=PALETTE["green"], lw=1.2)
        _logarithmic(axes[1], rate[rate > 0])
        axes[1].set_ylabel("Learning rate")
    axes[-1].set_xlabel("Epoch")
    if title:
        headline(axes[0], title, fontsize="medium")
    clean(*fig.axes)
    return fig


def _logarithmic(ax: Axes, values: NDArray[np.float64]) -> None:
    """Make the vertical axis logarithmic, with plain numbers: matplotlib's own powers are formulae, which are off."""
    ax.set_yscale("log")
    decades = np.log10(values.max() / values.min()) if values.size else 0.0
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0,), numticks=7))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
