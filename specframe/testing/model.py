"""Checks of models."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api.prediction import validate_prediction
from specframe.errors import SpecframeError
from specframe.testing.case import Check, Skip, answered, expect, refused, unchanged
from specframe.testing.compare import difference
from specframe.testing.fitted import FITTED_CHECKS, FittedCase, closeness
from specframe.testing.problems import RegressionProblem, regression_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MODEL_CHECKS", "ModelCase"]

#: Given to ``fit``; any would do.
SEED = 3


class ModelCase(FittedCase[RegressionProblem]):
    """A model, run on labels that follow linearly from transit depths."""

    example_type = "RegressionProblem"

    def reference(self) -> Sequence[RegressionProblem]:
        """Return two regression problems of the same shape."""
        return [regression_problem(seed=0), regression_problem(seed=1)]

    def fit(self, component: Any, example: RegressionProblem, seed: int = SEED) -> Any:
        """Fit on the known targets."""
        return component.fit(example.X, example.y, seed=seed)

    def new(self, example: RegressionProblem) -> Any:
        """Return the inputs of the new targets."""
        return example.X_new

    def answer(self, component: Any, new: Any) -> Any:
        """Predict."""
        return component.predict(new)

    def arrays(self) -> RegressionProblem:
        """Return the first example if its inputs are a plain DataArray."""
        example = self.examples()[0]
        if not isinstance(example.X, xr.DataArray):
            raise Skip(f"the example's inputs are a {type(example.X).__name__}, not a DataArray")
        return example


def no_worse_than_the_mean(case: ModelCase) -> None:
    """Require that on a linear problem it predicts at least as well as the labels' mean does (within 10 %)."""
    for example, prediction in zip(case.examples(), case.alone(), strict=True):
        error = np.sqrt(np.mean((prediction["mean"].values - example.y_new.values) ** 2))
        naive = np.sqrt(np.mean((example.y.values.mean(axis=0) - example.y_new.values) ** 2))
        expect(error <= 1.1 * naive, f"rms error {error:.3g}, that of the labels' mean is {naive:.3g}")


def numpy_and_xarray_agree(case: ModelCase) -> None:
    """Require that plain numpy arrays give the same numbers as xarray objects."""
    example = case.arrays()
    expected = case.alone()[0]
    component = case.make()
    component.fit(example.X.values, example.y.values, seed=SEED)
    got = component.predict(example.X_new.values)
    validate_prediction(got, case.cls.name)
    expect(got["mean"].shape == expected["mean"].shape, f"shape {expected['mean'].shape} became {got['mean'].shape}")
    unchanged(expected["mean"].values, got["mean"].values, "numpy input gives other numbers", closeness(expected))


def collection_agrees(case: ModelCase) -> None:
    """Require that a collection, as the pipeline makes it, gives the same numbers as the array it holds."""
    example = case.arrays()
    if case.make().inputs():
        raise Skip(f"it reads {', '.join(case.make().inputs())}, pass an example that holds these")
    expected = case.alone()[0]
    collected = replace(example, X=_collection(example.X), X_new=_collection(example.X_new))
    got = case.exercise(case.make(), collected)
    unchanged(expected["mean"].values, got["mean"].values, "a collection gives other numbers", closeness(expected))


def one_output(case: ModelCase) -> None:
    """Require that it learns a single output, given as a column or as a plain vector."""
    example = case.examples()[0]
    column = case.exercise(case.make(), replace(example, y=example.y.isel(output=[0])))
    validate_prediction(column, case.cls.name)
    expect(column.sizes["output"] == 1, f"one output was learned, {column.sizes['output']} are predicted")
    component = case.make()
    component.fit(example.X, example.y.isel(output=0).values, seed=SEED)
    vector = component.predict(example.X_new)
    validate_prediction(vector, case.cls.name)
    unchanged(column["mean"].values, vector["mean"].values, "a vector of labels gives other numbers", closeness(column))


def weights_are_relative(case: ModelCase) -> None:
    """Require that ``sample_weight`` is relative: ten times as much for every target changes nothing."""
    example = case.examples()[0]
    weight = np.random.default_rng(12).uniform(0.5, 2.0, example.y.sizes["target"])
    before = copy.deepcopy(weight)
    predicted = []
    for factor in (1, 10):
        component = case.make()
        component.fit(example.X, example.y, sample_weight=factor * weight, seed=SEED)
        predicted.append(component.predict(example.X_new))
    unchanged(before, weight, "changes sample_weight")
    unchanged(predicted[0]["mean"].values, predicted[1]["mean"].values, "weights are absolute", closeness(predicted[0]))


def other_width_refused(case: ModelCase) -> None:
    """Require that inputs of another width than it was fitted on are refused, unless it does not look at inputs."""
    example = case.arrays()
    component = case.fitted(example)
    narrow = example.X_new.isel({example.X_new.dims[1]: slice(1, None)})
    if not difference(component.predict(example.X_new), component.predict(2.0 * example.X_new)):
        raise Skip("its predictions do not depend on the inputs")
    refused(lambda: component.predict(narrow), SpecframeError, "predicting on inputs of another width")


def wavelength_order(case: ModelCase) -> None:
    """Require that inputs with their wavelengths in another order are told apart by those, or refused.

    Taken by their place alone, the columns of a spectrum that descends would give a wrong prediction without a word.
    """
    example = case.arrays()
    dim = example.X.dims[1]
    if dim != "wavelength" or "wavelength" not in example.X.coords:
        raise Skip("the example's inputs have no wavelengths")
    component = case.fitted(example)
    expected = component.predict(example.X_new)
    got = answered(lambda: component.predict(example.X_new.isel(wavelength=slice(None, None, -1))))
    if got is not None:
        unchanged(
            expected["mean"].values, got["mean"].values, "wavelengths in reverse order change it", closeness(expected)
        )


def unknown_labels(case: ModelCase) -> None:
    """Require that a label that is not known (NaN) is left out, or refused with an error of specframe's."""
    example = case.examples()[0]
    labels = example.y.copy(deep=True)
    labels[3, 0] = np.nan
    got = answered(lambda: case.exercise(case.make(), replace(example, y=labels)))
    if got is not None:
        validate_prediction(got, case.cls.name)


def _collection(depths: xr.DataArray) -> xr.DataTree:
    """Return depths as the collection that ``collate`` makes of them."""
    data = depths.rename("depth").to_dataset()
    data["depth_error"] = xr.full_like(depths, 1e-5)
    return xr.DataTree.from_dict({"/": data[["target"]], "/spectrum": data.drop_vars("target")})


#: For models, after those of everything that learns.
MODEL_CHECKS: tuple[Check, ...] = (
    *FITTED_CHECKS,
    no_worse_than_the_mean,
    numpy_and_xarray_agree,
    collection_agrees,
    one_output,
    weights_are_relative,
    other_width_refused,
    wavelength_order,
    unknown_labels,
)
