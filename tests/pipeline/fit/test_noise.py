"""Inputs that hold no noise: what is observed of them is held out, and what is learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels
from specframe.errors import DataError
from specframe.pipeline.fit.learning import LearningData, LearningStep
from specframe.pipeline.fit.members import TrainingSet
from specframe.pipeline.fit.noise import drawn_inputs, noise_ratio, noisy_copies, with_observations

N, PIXELS, SIGMA = 40, 200, 0.3


def collection(noise: str = "absent") -> xr.DataTree:
    flux = np.repeat(np.arange(float(N))[:, None], PIXELS, axis=1)
    node = xr.Dataset(
        {
            "flux": (("target", "wavelength"), flux, {"units": "", "noise": noise}),
            "flux_error": (("target", "wavelength"), np.full((N, PIXELS), SIGMA), {"units": ""}),
        },
        coords={"target": [f"s{i}" for i in range(N)], "wavelength": np.arange(PIXELS) / 100 + 1.0},
    )
    return xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": node["target"]}), "/spectrum": node})


def learning_data(X: xr.DataTree) -> LearningData:
    targets = tuple(X.coords["target"].values)
    return LearningData({"fit": X}, targets, np.array(targets))


def step() -> LearningStep:
    return LearningStep("fit", "model", component=None)  # type: ignore[arg-type]


def residuals(seen: xr.DataTree, X: xr.DataTree) -> Any:
    return seen["spectrum/flux"].values - X["spectrum/flux"].values


def test_what_is_held_out_is_observed_with_noise_of_the_stated_size() -> None:
    X = collection()
    data = with_observations(learning_data(X), seed=1)
    assert data.collections["fit"].identical(X)  # what is learned from holds none
    seen = data.as_observed()
    noise = residuals(seen.collections["fit"], X)
    assert noise.std() == pytest.approx(SIGMA, rel=0.02)
    assert abs(np.corrcoef(noise)[np.triu_indices(N, 1)]).max() < 0.4
    assert "noise" not in seen.collections["fit"]["spectrum/flux"].attrs
    assert seen.as_observed() is seen


def test_an_observation_depends_on_seed_and_name_only() -> None:
    X = collection()
    whole = with_observations(learning_data(X), seed=1).as_observed().collections["fit"]
    part = with_observations(learning_data(X.isel(target=[7, 3])), seed=1).as_observed().collections["fit"]
    assert part["spectrum"].dataset.identical(whole["spectrum"].dataset.isel(target=[7, 3]))
    other = with_observations(learning_data(X), seed=2).as_observed().collections["fit"]
    assert not np.allclose(residuals(other, X), residuals(whole, X))


def test_taking_targets_takes_their_observations() -> None:
    data = with_observations(learning_data(collection()), seed=1)
    taken = data.take(np.array([5, 0])).as_observed().collections["fit"]
    whole = data.as_observed().collections["fit"]
    assert taken["spectrum"].dataset.identical(whole["spectrum"].dataset.isel(target=[5, 0]))


def test_measured_inputs_are_seen_as_they_are() -> None:
    data = learning_data(collection("included"))
    assert with_observations(data, seed=1) is data
    assert data.as_observed() is data


def training_set(X: xr.DataTree) -> TrainingSet:
    targets = X.coords["target"].values.astype(str)
    y = make_labels(np.arange(float(N))[:, None], targets, ["level"], units=["K"])
    weight = np.linspace(0.5, 1.5, N)
    return TrainingSet(X, y, np.array([f"g{i // 2}" for i in range(N)]), weight)


def test_copies_keep_label_group_and_weight_and_differ_in_noise() -> None:
    X = collection()
    copies = noisy_copies(training_set(X), 3, seed=4, step=step())
    flux = copies.X["spectrum/flux"].values
    assert flux.shape == (3 * N, PIXELS)
    assert len(set(copies.y["target"].values)) == 3 * N
    assert list(copies.X.coords["target"].values) == list(copies.y["target"].values)
    np.testing.assert_array_equal(copies.y.values[:, 0], np.repeat(np.arange(float(N)), 3))
    assert copies.y["unit"].values.tolist() == ["K"]
    np.testing.assert_array_equal(copies.groups, np.repeat(training_set(X).groups, 3))
    np.testing.assert_array_equal(copies.weight, np.repeat(np.linspace(0.5, 1.5, N), 3))
    noise = flux - copies.y.values
    assert noise.std() == pytest.approx(SIGMA, rel=0.02)
    assert abs(np.corrcoef(noise)[np.triu_indices(3 * N, 1)]).max() < 0.4


def test_copies_of_what_was_measured_are_refused() -> None:
    with pytest.raises(DataError, match=r"step 'fit' asks for noisy copies, .* observation-noise"):
        noisy_copies(training_set(collection("included")), 3, seed=4, step=step())


def test_pixels_without_a_known_error_stay() -> None:
    X = collection()
    X["spectrum"]["flux_error"][:, 0] = np.nan
    noise = residuals(with_observations(learning_data(X), seed=1).as_observed().collections["fit"], X)
    assert not noise[:, 0].any()
    assert noise[:, 1:].all()


def test_measured_inputs_too_are_drawn_within_their_errors_for_estimators() -> None:
    X = collection("included")
    drawn = list(drawn_inputs(X, 3, seed=5, step=replace(step(), id="sigma")))
    noise = np.stack([residuals(one, X) for one in drawn])
    assert noise.std() == pytest.approx(SIGMA, rel=0.02)
    assert not np.allclose(noise[0], noise[1])


def test_inputs_without_noise_of_which_nobody_says_how_noisy_they_are_observed_are_told(caplog) -> None:
    with_observations(learning_data(collection()), seed=1)
    with_observations(learning_data(collection("included")), seed=1)
    assert not caplog.records
    X = collection()
    X["spectrum"]["flux_error"][:] = 0.0
    with_observations(learning_data(X), seed=1)
    assert "step 'fit': flux holds no noise, and nothing says how noisy observations are" in caplog.text


def observed(level: float, error: Any) -> xr.DataTree:
    """One target of constant flux."""
    X = collection("included").isel(target=[1])
    X["spectrum"]["flux"][:] = level
    X["spectrum"]["flux_error"][:] = error
    return X


def test_noise_of_new_targets_is_told_in_units_of_that_of_training() -> None:
    like = collection().isel(target=[2])  # a flux of 2 with errors of 0.3
    assert noise_ratio(observed(2.0, 0.9), like) == pytest.approx([3.0])
    assert noise_ratio(observed(20.0, 3.0), like) == pytest.approx([1.0])  # as noisy a spectrum on another scale
    some = np.full(PIXELS, 0.6)
    some[::3] = np.nan
    some[1::10] = 50.0  # a few bad pixels are not what decides
    assert noise_ratio(observed(2.0, some), like) == pytest.approx([2.0])
    assert np.isnan(noise_ratio(observed(2.0, np.nan), like)).all()
    assert np.isnan(noise_ratio(observed(2.0, 0.9), collection("included").isel(target=[2]))).all()


def test_noise_of_depths_is_compared_as_it_is() -> None:
    def of(tree: xr.DataTree) -> xr.DataTree:
        node = tree["spectrum"].to_dataset().rename(flux="depth", flux_error="depth_error")
        return xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": node["target"]}), "/spectrum": node})

    assert noise_ratio(of(observed(0.02, 0.6)), of(collection().isel(target=[2]))) == pytest.approx([2.0])
