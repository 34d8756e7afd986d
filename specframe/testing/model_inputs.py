"""Checks of what models make of inputs of any shape, type and layout, and with any of them missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api.prediction import validate_prediction
from specframe.testing.case import Check, answered, expect, unchanged
from specframe.testing.fitted import closeness
from specframe.testing.model import SEED, ModelCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from specframe.testing.problems import RegressionProblem

__all__ = ["MODEL_INPUT_CHECKS"]

#: Targets of a fit with more outputs than targets, and its outputs at least.
_FEW_TARGETS, _MANY_OUTPUTS = 15, 16


def missing_inputs(case: ModelCase) -> None:
    """Require that it copes with missing (NaN) inputs, at fit and at predict: the prediction is valid, never NaN."""
    rng = np.random.default_rng(11)

    def holed(values: NDArray[Any]) -> NDArray[Any]:
        return np.where(rng.random(values.shape) >= 1 / 30, values, np.nan)

    _valid(case, _changed(case.examples()[0], holed))


def masked_input(case: ModelCase) -> None:
    """Require that it copes with an input that no target of the training set has, and with one that no new one has."""
    example = case.arrays()
    _valid(case, replace(example, X=_mapped(example.X, _without_first), X_new=_mapped(example.X_new, _without_first)))
    _valid(case, replace(example, X_new=_mapped(example.X_new, _without_first)))


def target_without_inputs(case: ModelCase) -> None:
    """Require that targets without any input are predicted all the same, and not as if they were well known.

    One is in the training set, one among the new targets; where ``extrapolating`` is stated, it is set for that one.
    """

    def empty(values: NDArray[Any]) -> NDArray[Any]:
        values[2] = np.nan
        return values

    prediction = _valid(case, _changed(case.examples()[0], empty))
    depends_on_inputs = np.ptp(prediction["mean"].values, axis=0).max() > 0
    if "extrapolating" in prediction and depends_on_inputs:
        expect(bool(prediction["extrapolating"][2]), "a target without any input is not said to be extrapolated to")


def constant_input(case: ModelCase) -> None:
    """Require that an input that is the same for all targets does no harm."""

    def constant(values: NDArray[Any]) -> NDArray[Any]:
        values[:, 0] = 0.01
        return values

    _valid(case, _changed(case.arrays(), constant))


def one_input(case: ModelCase) -> None:
    """Require that from a single input it learns, or refuses it with an error of specframe's."""
    example = case.arrays()
    dim = example.X.dims[1]
    narrow = replace(example, X=example.X.isel({dim: [1]}), X_new=example.X_new.isel({dim: [1]}))
    got = answered(lambda: case.exercise(case.make(), narrow))
    if got is not None:
        validate_prediction(got, case.cls.name)


def few_targets_many_outputs(case: ModelCase) -> None:
    """Require that it learns more outputs than there are targets."""
    example = case.examples()[0]
    repeats = -(-_MANY_OUTPUTS // example.y.sizes["output"])
    few = replace(
        example,
        X=example.X.isel(target=slice(0, _FEW_TARGETS)),
        y=_repeated(example.y, repeats).isel(target=slice(0, _FEW_TARGETS)),
        y_new=_repeated(example.y_new, repeats),
    )
    prediction = _valid(case, few)
    got, wanted = prediction.sizes["output"], few.y.sizes["output"]
    expect(got == wanted, f"{wanted} outputs were learned, {got} are predicted")


def layout_irrelevant(case: ModelCase) -> None:
    """Require that arrays in Fortran's order, every other row of larger ones, and read-only ones give the same."""
    example = case.arrays()
    expected = case.alone()[0]

    def strided(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, 2, axis=0)[::2]

    def locked(values: NDArray[Any]) -> NDArray[Any]:
        values.flags.writeable = False
        return values

    for name, change in (("Fortran order", np.asfortranarray), ("a view", strided), ("read-only arrays", locked)):
        given = _changed(example, change)
        labels = given.y.copy(data=change(given.y.values.copy()))
        got = case.exercise(case.make(), replace(given, y=labels))
        unchanged(expected["mean"].values, got["mean"].values, f"{name}: other numbers", closeness(expected))


def integers_accepted(case: ModelCase) -> None:
    """Require that whole numbers are taken as they are, whatever their type."""
    example = case.arrays()

    def whole(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.rint(values * (1e6 / np.abs(values).max())))

    as_floats = _changed(example, whole)
    expected = case.exercise(case.make(), as_floats)
    got = case.exercise(case.make(), _changed(as_floats, lambda values: values.astype(np.int64)))
    validate_prediction(got, case.cls.name)
    unchanged(expected["mean"].values, got["mean"].values, "integers give other numbers", closeness(expected))


def _valid(case: ModelCase, example: RegressionProblem) -> xr.Dataset:
    """Fit and predict; the Prediction must be valid, with a row for each new target."""
    component = case.make()
    component.fit(example.X, example.y, seed=SEED)
    prediction: xr.Dataset = component.predict(example.X_new)
    validate_prediction(prediction, case.cls.name)
    new, got = example.y_new.sizes["target"], prediction.sizes["target"]
    expect(got == new, f"{new} targets were asked about, {got} are predicted")
    return prediction


def _changed(example: RegressionProblem, change: Callable[[NDArray[Any]], NDArray[Any]]) -> RegressionProblem:
    """Return the problem with the inputs of all targets changed."""
    return replace(example, X=_mapped(example.X, change), X_new=_mapped(example.X_new, change))


def _mapped(data: Any, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:
    """Return ``data`` with a change made to a copy of each array of floating-point numbers."""
    if isinstance(data, xr.DataTree):
        return data.map_over_datasets(lambda part: _mapped(part, change))
    if isinstance(data, xr.Dataset):
        return data.map(lambda a: _mapped(a, change) if a.dtype.kind == "f" else a, keep_attrs=True)
    return data.copy(data=change(data.values.copy()))


def _without_first(values: NDArray[Any]) -> NDArray[Any]:
    values[:, 0] = np.nan
    return values


def _repeated(labels: xr.DataArray, repeats: int) -> xr.DataArray:
    """Return labels with each output so many times, under names of their own."""
    if repeats == 1:
        return labels
    again = labels.isel(output=np.tile(np.arange(labels.sizes["output"]), repeats))
    names = [f"{name}-{k}" for k, name in enumerate(again["output"].values)]
    return again.assign_coords(output=names)


#: For models, besides the other checks of models.
MODEL_INPUT_CHECKS: tuple[Check, ...] = (
    missing_inputs,
    masked_input,
    target_without_inputs,
    constant_input,
    one_input,
    few_targets_many_outputs,
    layout_irrelevant,
    integers_accepted,
)
