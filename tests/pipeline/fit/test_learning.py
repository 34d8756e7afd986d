"""Fitted steps never see the targets that they judge, and residual models add up with what they build on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import Model, Uncertainty, design_matrix, make_labels, make_prediction
from specframe.errors import ContainerError
from specframe.pipeline.fit.fitting import fit_chain
from specframe.pipeline.fit.learning import LearningData, LearningStep


class _Mean(Model):
    """Predicts the mean label of the targets it was fitted on; refuses to predict any of their groups."""

    name = "mean"

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> _Mean:
        self.seen = {str(t).partition("-")[0] for t in y["target"].values}
        self.like, self.mean = y[:0], y.mean("target").values
        return self

    def predict(self, X: Any) -> xr.Dataset:
        names = design_matrix(X)[1]
        overlap = self.seen & {name.partition("-")[0] for name in names}
        assert not overlap, f"predicts groups that it was fitted on: {overlap}"
        return self._predict(names)

    def _predict(self, names: list[str]) -> xr.Dataset:
        like = self.like.reindex(target=names)
        return make_prediction(like, np.broadcast_to(self.mean, like.shape))

    def get_state(self) -> Any:
        return {}, {}

    def set_state(self, arrays: Any, values: Any) -> None: ...


class _Slope(_Mean):
    """Predicts the label as the single feature times the slope it learned."""

    name = "slope"

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> _Slope:
        super().fit(X, y)
        x = design_matrix(X)[0][:, 0]
        self.slope = float(x @ y.values[:, 0] / (x @ x))
        return self

    def predict(self, X: Any) -> xr.Dataset:
        super().predict(X)
        matrix, names = design_matrix(X)
        return make_prediction(self.like.reindex(target=names), self.slope * matrix[:, :1])


class _Spread(Uncertainty):
    """Takes the rms of the errors it was shown."""

    name = "spread"

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> _Spread:
        assert list(prediction["target"].values) == list(truth["target"].values)
        self.errors = (prediction["mean"] - truth).values
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        return prediction.assign(std=xr.full_like(prediction["mean"], np.sqrt(np.mean(self.errors**2))))

    def get_state(self) -> Any:
        return {}, {}

    def set_state(self, arrays: Any, values: Any) -> None: ...


def _problem(x: Any, y: Any, groups: list[str] | None = None) -> tuple[LearningData, xr.DataArray]:
    x = np.asarray(x, float)
    names = [f"{group}-{i}" for i, group in enumerate(groups or [f"g{i}" for i in range(len(x))])]
    tree = xr.DataTree.from_dict(
        {"/": xr.Dataset(coords={"target": names}), "/a": xr.Dataset({"x": (("target", "feature"), x[:, None])})}
    )
    labels = make_labels(np.asarray(y, float)[:, None], names, ["depth"])
    data = LearningData({"first": tree, "second": tree}, tuple(names), np.array([n.partition("-")[0] for n in names]))
    return data, labels


def test_an_uncertainty_estimator_sees_only_errors_on_targets_left_out_of_the_fit() -> None:
    data, labels = _problem(np.zeros(10), np.r_[np.zeros(9), 10.0])
    steps = (LearningStep("first", "model", _Mean()), LearningStep("sigma", "uncertainty", _Spread()))
    chain = fit_chain(steps, data, labels, seed=1)
    errors = chain.fitted["sigma"].errors  # type: ignore[union-attr]
    # of 10 targets in 5 folds, whoever is left out together with the outlier is predicted by a mean of zeros, and so
    # is the outlier itself; the other 8 are predicted by the mean of 8 targets of which one is 10
    assert sorted(np.round(errors.ravel(), 6)) == [-10.0, 0.0, *[1.25] * 8]


def test_targets_of_one_group_stay_together_within_the_training_set_too() -> None:
    groups = [g for g in "abcdef" for _ in range(3)]
    data, labels = _problem(np.arange(18), np.arange(18), groups)
    steps = (LearningStep("first", "model", _Mean()), LearningStep("sigma", "uncertainty", _Spread()))
    fit_chain(steps, data, labels, seed=3)  # _Mean refuses to predict a group it has seen


def test_a_residual_model_learns_what_the_first_leaves_of_held_out_targets() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=200)
    data, labels = _problem(x, 4.0 + 3.0 * x)
    steps = (
        LearningStep("first", "model", _Mean()),
        LearningStep("second", "model", _Slope(), sources=("first",), learns="residual"),
    )
    chain = fit_chain(steps, data, labels, seed=1)
    new, truth = _problem([-1.0, 2.0], [1.0, 10.0], ["new", "other"])
    prediction = chain.predict(new)
    # the mean of 200 draws of x leaves 3 * 0.07 of uncertainty in the constant
    np.testing.assert_allclose(prediction["mean"], truth, atol=0.5)
    assert chain.fitted["second"].slope == pytest.approx(3.0, abs=0.05)  # type: ignore[union-attr]


def test_a_model_may_learn_what_the_measured_depths_leave() -> None:
    data, labels = _problem([1.0, 2.0, 3.0, 4.0], [0.11, 0.22, 0.33, 0.44])
    depths = xr.DataArray(
        [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]],
        dims=("target", "wavelength"),
        coords={"target": list(data.targets), "wavelength": [1.0, 2.0]},
    )
    data = LearningData(data.collections, data.targets, data.groups, depths)
    steps = (LearningStep("first", "model", _Slope(), sources=("transit",), learns="residual"),)
    chain = fit_chain(steps, data, labels, seed=0)
    assert chain.fitted["first"].slope == pytest.approx(0.01)  # type: ignore[union-attr]


def test_depths_at_other_wavelengths_than_the_labels_are_refused() -> None:
    data, _ = _problem([1.0, 2.0], [0.0, 0.0])
    labels = make_labels(np.zeros((2, 3)), data.targets, ["a", "b", "c"], wavelength=[1.0, 2.0, 3.0])
    depths = xr.DataArray(
        np.zeros((2, 2)),
        dims=("target", "wavelength"),
        coords={"target": list(data.targets), "wavelength": [1.0, 2.0]},
    )
    data = LearningData(data.collections, data.targets, data.groups, depths)
    with pytest.raises(ContainerError, match=r"output c is at 3 um, but the nearest depth .* is at 2 um"):
        fit_chain(
            (LearningStep("first", "model", _Mean(), sources=("transit",), learns="residual"),), data, labels, seed=0
        )
