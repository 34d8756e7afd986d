"""Figures of parameters: every panel shows its own parameter, in its unit, with the numbers that it states."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.patches import StepPatch
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe.evaluate import compare_predictions, evaluate_scores
from specframe.evaluate.regression import Regression
from specframe.report import (
    PALETTE,
    draw_classes,
    draw_paired_scores,
    draw_parameter_calibration,
    draw_parameter_histograms,
    draw_parameter_posterior,
    draw_parameter_residuals,
    draw_parameters,
    draw_predicted_parameters,
    draw_residual_correlations,
    png_bytes,
)
from specframe.report.parameter_residuals import running_bias

NAMES, UNITS = ["teff", "logg", "$[M/H]$"], ["K", "", "dex"]
SIZES = np.array([30.0, 0.2, 0.1])


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    values = np.stack([rng.uniform(900, 2400, 200), rng.uniform(3, 5.5, 200), rng.choice([-0.5, 0, 0.5], 200)], axis=1)
    return make_labels(values, [f"t{i}" for i in range(200)], NAMES, UNITS)


@pytest.fixture
def covariance():
    correlation = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return correlation * SIZES * SIZES[:, None]


@pytest.fixture
def prediction(truth, covariance):
    error = np.random.default_rng(1).multivariate_normal(np.zeros(3), covariance, 200)
    edge = np.zeros(truth.shape, np.int8)
    edge[:5, 0], edge[5:9, 0] = -1, 1
    return make_prediction(
        truth,
        truth.values + error,
        np.broadcast_to(SIZES, truth.shape),
        covariance=(("target", "output", "output_other"), np.broadcast_to(covariance, (200, 3, 3))),
        at_edge=(("target", "output"), edge),
        extrapolating=("target", np.arange(200) < 7),
    )


def notes(ax):
    return "\n".join(text.get_text() for text in ax.texts)


def marked(ax, marker):
    return [line.get_xydata() for line in ax.lines if line.get_marker() == marker]


def test_each_parameter_has_a_panel_with_its_unit(prediction, truth):
    axes = draw_parameters(prediction, truth).axes
    assert [ax.get_xlabel() for ax in axes] == ["True teff [K]", "True logg", "True $[M/H]$ [dex]"]
    assert [ax.get_ylabel() for ax in axes] == ["Predicted teff [K]", "Predicted logg", "Predicted $[M/H]$ [dex]"]


def test_the_numbers_in_a_panel_are_those_of_its_parameter(prediction, truth):
    error = (prediction["mean"].values - truth.values)[:, 0]
    inside = np.mean(np.abs(error) < stats.norm.ppf(0.84) * 30)
    text = notes(draw_parameters(prediction, truth).axes[0])
    assert f"RMSE {np.sqrt(np.mean(error**2)):.3g} K" in text
    assert f"bias {error.mean():.3g} K, 68 % holds {100 * inside:.0f} %" in text
    assert "n = 200" in text


def test_targets_at_edges_and_unlike_the_training_set_are_marked(prediction, truth):
    first, second, _ = draw_parameters(prediction, truth).axes
    (lower,), (upper,) = marked(first, "v"), marked(first, "^")
    np.testing.assert_allclose(lower[:, 0], truth.values[:5, 0])
    np.testing.assert_allclose(upper[:, 0], truth.values[5:9, 0])
    assert marked(second, "v") == []
    rings = [line for line in first.lines if line.get_markerfacecolor() == "none"]
    np.testing.assert_allclose(rings[0].get_ydata(), prediction["mean"].values[:7, 0])


def test_a_parameter_is_drawn_for_the_targets_whose_truth_is_known(prediction, truth):
    some = truth.copy(deep=True)
    some.values[:150, 1], some.values[:, 2] = np.nan, np.nan
    axes = draw_parameters(prediction, some).axes
    assert len(axes) == 2
    assert "n = 50" in notes(axes[1])
    assert len(draw_parameter_calibration(prediction, some).axes) == 4


def test_many_targets_have_no_error_bars_and_are_seen_through(truth, prediction):
    rows = np.tile(np.arange(200), 4)
    names = np.arange(800).astype(str)
    many, labels = (
        data.isel(target=rows).assign_coords(target=names) for data in (prediction.drop_vars("covariance"), truth)
    )
    few, crowd = draw_parameters(prediction, truth).axes[0], draw_parameters(many, labels).axes[0]
    assert len(few.collections) == 1
    assert len(crowd.collections) == 0
    assert crowd.lines[0].get_alpha() < few.lines[0].get_alpha()


def test_running_bias_finds_a_slope_that_was_put_in():
    rng = np.random.default_rng(0)
    true = rng.uniform(0, 10, 4000)
    place, bias, error, scatter = running_bias(true, -0.3 * (true - 5) + rng.normal(0, 0.5, 4000))
    assert place.size == 16
    np.testing.assert_allclose(bias, -0.3 * (place - 5), atol=4 * 0.5 / np.sqrt(250))
    np.testing.assert_allclose(error, scatter / np.sqrt(250))


def test_running_bias_does_not_part_the_nodes_of_a_grid():
    true = np.repeat([1.0, 2.0, 8.0], [30, 10, 5])
    place, bias, _, _ = running_bias(true, np.where(true == 8.0, 2.0, -1.0))
    np.testing.assert_array_equal(place, [1.0, 2.0, 8.0])
    np.testing.assert_array_equal(bias, [-1.0, -1.0, 2.0])


def test_residuals_are_drawn_over_the_true_value(prediction, truth):
    axes = draw_parameter_residuals(prediction, truth).axes
    assert [ax.get_ylabel() for ax in axes] == ["Pred. − true [K]", "Pred. − true", "Pred. − true [dex]"]
    np.testing.assert_allclose(
        axes[1].lines[0].get_xydata(),
        np.column_stack([truth.values[:, 1], (prediction["mean"].values - truth.values)[:, 1]]),
    )


def test_histograms_state_skew_and_hold_every_target(prediction, truth):
    error = (prediction["mean"].values - truth.values)[:, 0]
    ax = draw_parameter_histograms(prediction, truth).axes[0]
    assert f"skew {stats.skew(error):+.2f}" in notes(ax)
    steps = next(patch for patch in ax.patches if isinstance(patch, StepPatch))
    assert steps.get_data().values.sum() == 200
    # what the stated errors promise adds up to all targets, too
    curve = next(line for line in ax.lines if colors.to_hex(line.get_color()).upper() == PALETTE["vermillion"])
    width = np.diff(steps.get_data().edges)[0]
    assert np.trapezoid(curve.get_ydata(), curve.get_xdata()) / width == pytest.approx(200, rel=0.02)


def test_calibration_has_a_row_for_each_parameter(prediction, truth):
    axes = draw_parameter_calibration(prediction, truth).axes
    assert [ax.get_title(loc="left").partition(":")[0] for ax in axes] == ["teff"] * 2 + ["logg"] * 2 + ["$[M/H]$"] * 2


def test_correlations_of_residuals_stand_beside_the_stated_ones(prediction, truth):
    axes = draw_residual_correlations(prediction, truth).axes
    real = np.corrcoef((prediction["mean"].values - truth.values), rowvar=False)
    assert notes(axes[3]) == f"ρ {real[0, 1]:+.2f}\nstated +0.80"
    samples = np.random.default_rng(2).multivariate_normal(
        np.zeros(3), prediction["covariance"].values[0], size=(4000, 200)
    )
    drawn = prediction.drop_vars("covariance").assign(samples=(("sample", "target", "output"), samples))
    assert "stated +0.80" in notes(draw_residual_correlations(drawn, truth).axes[3])
    assert "stated" not in notes(draw_residual_correlations(prediction.drop_vars("covariance"), truth).axes[3])


def test_joint_posterior_is_that_of_the_target(prediction, truth):
    fig = draw_parameter_posterior(prediction, "t7", truth)
    assert [ax.get_xlabel() for ax in fig.axes[-3:]] == ["teff [K]", "logg", "$[M/H]$ [dex]"]
    middle = [line.get_xdata()[0] for line in fig.axes[0].lines if line.get_linestyle() == "--"]
    mean = prediction["mean"].values[7, 0]
    # quantiles 16, 50 and 84 % of 4000 draws, whose standard error is at most 0.025 sigma
    np.testing.assert_allclose(middle, mean + 30 * stats.norm.ppf([0.16, 0.5, 0.84]), atol=4 * 0.025 * 30)
    known = [line.get_xdata()[0] for line in fig.axes[0].lines if line.get_linestyle() == "-"]
    assert truth.values[7, 0] in known
    assert png_bytes(fig) == png_bytes(draw_parameter_posterior(prediction, "t7", truth))


def test_predictions_without_truth_are_drawn_target_by_target(prediction, truth):
    few = prediction.isel(target=slice(4, 12))
    axes = draw_predicted_parameters(few).axes
    assert [ax.get_xlabel() for ax in axes] == ["teff [K]", "logg", "$[M/H]$ [dex]"]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == [f"t{i}" for i in range(4, 12)]
    (lower,), (upper,), inside = marked(axes[0], "<"), marked(axes[0], ">"), marked(axes[0], "o")[0]
    np.testing.assert_allclose(lower[:, 0], few["mean"].values[:1, 0])
    np.testing.assert_allclose(upper[:, 0], few["mean"].values[1:5, 0])
    np.testing.assert_allclose(inside[:, 0], few["mean"].values[5:, 0])
    half = axes[0].collections[1].get_segments()[0][:, 0]
    np.testing.assert_allclose(np.ptp(half), 2 * 30 * stats.norm.ppf(0.84))
    (crosses,) = marked(draw_predicted_parameters(few, truth).axes[1], "x")
    np.testing.assert_allclose(crosses[:, 0], truth.values[4:12, 1])


def test_names_and_units_are_drawn_as_they_are(prediction, truth):
    """A dollar sign would start a formula in matplotlib."""
    for draw in (draw_parameters, draw_parameter_residuals, draw_parameter_histograms, draw_residual_correlations):
        assert png_bytes(draw(prediction, truth)).startswith(b"\x89PNG")


def test_one_parameter_and_perfect_predictions(truth):
    one = truth.isel(output=[0])
    perfect = make_prediction(one, one.values, np.ones(one.shape))
    for draw in (draw_parameters, draw_parameter_residuals, draw_parameter_histograms, draw_parameter_calibration):
        assert png_bytes(draw(perfect, one)).startswith(b"\x89PNG")
    assert "skew not defined" in notes(draw_parameter_histograms(perfect, one).axes[0])


@pytest.mark.parametrize(
    "draw", [draw_parameters, draw_parameter_residuals, draw_parameter_histograms, draw_residual_correlations]
)
def test_without_any_truth_nothing_is_drawn(draw, prediction, truth):
    with pytest.raises(DataError, match="no predicted target has a known truth"):
        draw(prediction, truth * np.nan)


def test_a_posterior_needs_a_target_and_joint_errors(prediction):
    with pytest.raises(DataError, match="no target 'x'"):
        draw_parameter_posterior(prediction, "x")
    with pytest.raises(DataError, match="neither samples nor a covariance"):
        draw_parameter_posterior(prediction.drop_vars("covariance"), "t0")


def test_figures_of_scores_have_room_for_several_parameters(prediction, truth):
    """Thirty-nine numbers of three parameters would make a figure of a metre and a half."""
    found = evaluate_scores([Regression()], prediction, truth)
    axes = draw_classes("star", {"a": found, "b": found}).axes
    names = [ax.get_title(loc="left") for ax in axes]
    assert 12 <= len(names) <= 24
    assert "coverage-68-teff" in names
    dotted = [
        line.get_ydata()[0] for line in axes[names.index("coverage-68-teff")].lines if line.get_linestyle() == ":"
    ]
    assert dotted == [0.68]
    paired = compare_predictions({"a": (prediction, truth), "b": (prediction, truth)}, [Regression()], draws=20)
    titles = [ax.get_title(loc="left") for ax in draw_paired_scores(paired).axes]
    assert "rmse-teff [K]" in titles
    assert "r2-teff" in titles
