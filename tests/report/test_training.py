"""The figure of a training shows what the history says."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.errors import DataError
from specframe.report import draw_training


def test_losses_rate_and_best_epoch_are_drawn() -> None:
    loss, held_out, rate = np.geomspace(1.0, 0.1, 5), np.array([1.2, 0.7, 0.5, 0.6, 0.8]), np.full(5, 1e-3)
    history = xr.Dataset(
        {"training_loss": ("epoch", loss), "validation_loss": ("epoch", held_out), "learning_rate": ("epoch", rate)},
        attrs={"best_epoch": 2},
    )
    above, below = draw_training(history, "fit").axes
    first, second, best = above.lines
    np.testing.assert_array_equal(first.get_xydata(), np.column_stack([np.arange(1, 6), loss]))
    np.testing.assert_array_equal(second.get_ydata(), held_out)
    assert list(best.get_xdata()) == [3, 3]
    assert above.get_yscale() == "log"
    curves = [line.get_ydata() for line in below.lines if len(line.get_ydata()) == 5]
    np.testing.assert_array_equal(curves, [rate])


@pytest.mark.parametrize("least_rate", [5e-4, 1e-8, 1e-3])
def test_ticks_of_logarithmic_axes_are_numbers(least_rate: float) -> None:
    loss, rate = np.geomspace(1.5, 0.004, 9), np.geomspace(1e-3, least_rate, 9)
    fig = draw_training(xr.Dataset({"training_loss": ("epoch", loss), "learning_rate": ("epoch", rate)}), "fit")
    fig.draw_without_rendering()
    for ax in fig.axes:
        low, high = ax.get_ylim()
        major, minor = ([t.label1.get_text() for t in ticks] for ticks in (ax.yaxis.majorTicks, ax.yaxis.minorTicks))
        assert any(low <= float(text) <= high for text in major)
        assert not any(minor)


def test_a_loss_below_zero_has_a_linear_axis() -> None:
    (ax,) = draw_training(xr.Dataset({"training_loss": ("epoch", np.array([0.5, -0.5]))})).axes
    assert ax.get_yscale() == "linear"


def test_a_history_without_losses_is_refused() -> None:
    with pytest.raises(DataError, match="no training_loss on dim epoch"):
        draw_training(xr.Dataset({"loss": ("epoch", np.ones(3))}))
