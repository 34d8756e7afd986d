"""The reference problems are what they say: valid, seeded, with the truth that was put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.api import Draws, validate_labels, validate_observation, validate_prediction
from specframe.testing import (
    frames_observation,
    light_curve_observation,
    prediction_problem,
    regression_problem,
    spectrum_observation,
)
from specframe.testing.compare import difference
from specframe.testing.problems import transit_depths

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

OBSERVATIONS = {"frames": frames_observation, "light-curves": light_curve_observation, "spectrum": spectrum_observation}


@pytest.mark.parametrize("level", OBSERVATIONS)
def test_observations_are_valid_and_seeded(level: str) -> None:
    make: Callable[..., xr.DataTree] = OBSERVATIONS[level]
    validate_observation(make(), "test", (level,))  # type: ignore[arg-type]
    assert difference(make(seed=4), make(seed=4)) == ""
    assert difference(make(seed=4), make(seed=5)) != ""


def test_light_curves_hold_their_transit_to_the_noise() -> None:
    data = light_curve_observation(seed=3)["SPEC/0"].to_dataset()
    flux = data["flux"].where(~data["mask"])
    time = data["time"].values
    baseline = [
        np.polynomial.Polynomial.fit(time[use], row[use], 2)(time)
        for row in flux.values
        for use in [((time < 0.085) | (time > 0.215)) & np.isfinite(row)]
    ]
    depth = 1.0 - np.nanmean((flux.values / baseline)[:, (time > 0.105) & (time < 0.195)], axis=1)
    # 60 samples inside and a baseline from 110 outside, each of 200 ppm
    assert np.std(depth - transit_depths(24, 3)) < 2 * 2e-4 * np.sqrt(1 / 60 + 2 / 110)


def test_frames_hold_the_light_of_their_transit() -> None:
    data = frames_observation(seed=2)["SPEC/0"].to_dataset()
    assert data["frames"].dtype == np.uint16
    assert 0 < data["frames"].values[:, ~data["dead"].values].max() < 65535
    electrons = data["frames"].values / data.attrs["gain"]
    white = (electrons[1::2] - electrons[::2])[:, ~data["dead"].values].sum(axis=1)
    time = data["time"].values[1::2]
    inside, outside = (time > 0.1) & (time < 0.2), (time < 0.09) | (time > 0.21)
    dip = 1 - white[inside].mean() / white[outside].mean()
    # photons and read noise of 1000 pixels make 620 ppm of a sample
    tolerance = 4 * 6.2e-4 * np.sqrt(1 / inside.sum() + 1 / outside.sum())
    assert abs(dip - transit_depths(32, 2).mean()) < tolerance


def test_labels_follow_from_the_inputs_linearly() -> None:
    problem = regression_problem(seed=2)
    validate_labels(problem.y, "test")
    design = np.column_stack([problem.X.values, np.ones(problem.X.sizes["target"])])
    weights, *_ = np.linalg.lstsq(design, problem.y.values, rcond=None)
    predicted = problem.X_new.values @ weights[:-1] + weights[-1]
    error = np.std(predicted - problem.y_new.values, axis=0) / np.std(problem.y_new.values, axis=0)
    assert np.all(error < 0.2)  # noise of a tenth, and 13 coefficients from 80 targets
    assert set(problem.X["target"].values).isdisjoint(problem.X_new["target"].values)


@pytest.mark.parametrize("heteroscedastic", [False, True])
def test_predictions_are_as_wrong_as_they_say(heteroscedastic: bool) -> None:
    problem = prediction_problem(seed=8, heteroscedastic=heteroscedastic)
    validate_prediction(problem.new, "test")
    error = problem.new["mean"] - problem.new_truth
    assert ("std" in problem.new) == heteroscedastic
    sigma = problem.new["std"].values if heteroscedastic else np.array([5e-5, 1e-4, 1.5e-4])
    # 2000 targets: the standard error of a standard deviation is 1/sqrt(4000) = 1.6 %
    np.testing.assert_allclose(np.std(error.values / sigma, axis=0), 1.0, atol=4 * 0.016)


def test_draws_spread_as_much_as_predictions_are_wrong() -> None:
    alone = prediction_problem(seed=8, draws=Draws("seeds", 40)).new
    error = (alone["mean"] - prediction_problem(seed=8).new_truth).std("target")
    spread = np.sqrt(alone["samples"].var("sample", ddof=1).mean("target"))
    np.testing.assert_allclose(spread, error, rtol=0.06)  # 1.6 % from 2000 targets, times four
    both = prediction_problem(seed=8, heteroscedastic=True, draws=Draws("seeds", 40)).new
    ratio = both["samples"].var("sample", ddof=1).mean("target") / (both["std"] ** 2).mean("target")
    np.testing.assert_allclose(ratio, 1.0, rtol=0.06)


def test_out_of_fold_draws_are_of_new_targets_only() -> None:
    problem = prediction_problem(draws=Draws("out-of-fold"))
    assert "samples" not in problem.prediction
    assert set(problem.prediction["fold"].values) == set(problem.new["sample"].values)
