"""Checks of uncertainty estimators."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.prediction import validate_prediction
from specframe.testing.case import Check, answered, expect, unchanged
from specframe.testing.fitted import FITTED_CHECKS, FittedCase
from specframe.testing.problems import PredictionProblem, prediction_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["UNCERTAINTY_CHECKS", "UncertaintyCase"]

#: Half widths of central intervals of the normal distribution, in standard deviations.
NORMAL_HALF_WIDTH = {0.6827: 1.0, 0.95: 1.959964}


class UncertaintyCase(FittedCase[PredictionProblem]):
    """An uncertainty estimator, run on predictions whose errors are Gaussian and known."""

    example_type = "PredictionProblem"

    def reference(self) -> Sequence[PredictionProblem]:
        """Return predictions without and with errors of their own, and with the draws that the estimator asks for."""
        draws = self.make().draws()
        return [
            prediction_problem(seed=0, draws=draws),
            prediction_problem(seed=1, heteroscedastic=True, draws=draws),
        ]

    def fit(self, component: Any, example: PredictionProblem, seed: int = 3) -> Any:
        """Fit on the known targets."""
        return component.fit(example.prediction, example.truth, seed=seed)

    def new(self, example: PredictionProblem) -> Any:
        """Return the predictions of the new targets."""
        return example.new

    def answer(self, component: Any, new: Any) -> Any:
        """Apply."""
        return component.apply(new)


def std_given(case: UncertaintyCase) -> None:
    """Require that it adds ``std``, and leaves ``mean`` as it was."""
    for example, got in zip(case.examples(), case.alone(), strict=True):
        expect("std" in got, f"the result has no std (there: {', '.join(map(str, got.data_vars))})")
        unchanged(example.new["mean"], got["mean"], "changes mean")


def coverage(case: UncertaintyCase) -> str:
    """Require that its intervals hold what they say on every output, within four binomial standard errors.

    Also where errors differ between targets by up to a factor of four, and the predictions know it.
    """
    held: dict[float, list[float]] = {}
    for example, got in zip(case.examples(), case.alone(), strict=True):
        n = 1.0 / (1.0 / example.truth.sizes["target"] + 1.0 / example.new_truth.sizes["target"])
        for level, inside in _inside(got, example.new_truth):
            tolerance = 4.0 * np.sqrt(level * (1.0 - level) / n)
            for output, fraction in zip(got["output"].values, inside.mean(axis=0), strict=True):
                held.setdefault(level, []).append(float(fraction))
                expect(
                    abs(fraction - level) <= tolerance,
                    f"the {level:.0%} interval of output {output} holds {fraction:.1%} of the true values "
                    f"(tolerance {tolerance:.1%})",
                )
    return "; ".join(f"{level:.0%} intervals hold {min(of):.1%} to {max(of):.1%}" for level, of in held.items())


def one_output(case: UncertaintyCase) -> None:
    """Require that it works on predictions of a single output."""
    example = case.examples()[0]
    narrow = {name: value.isel(output=[0]) for name, value in vars(example).items()}
    validate_prediction(case.exercise(case.make(), replace(example, **narrow)), case.cls.name)


def units_free(case: UncertaintyCase) -> None:
    """Require that labels a thousand times as large get errors a thousand times as large."""
    for example, once in zip(case.examples(), case.alone(), strict=True):
        scaled = replace(example, **{name: _scaled(value) for name, value in vars(example).items()})
        thousand = case.exercise(case.make(), scaled)
        tolerance = 1e-6 * float(thousand["std"].max())
        unchanged(1000.0 * once["std"].values, thousand["std"].values, "std does not scale with the labels", tolerance)


def few_targets(case: UncertaintyCase) -> None:
    """Require that from three targets it makes a valid result, or refuses with an error of specframe's."""
    example = case.examples()[0]
    few = replace(
        example, prediction=example.prediction.isel(target=slice(0, 3)), truth=example.truth.isel(target=slice(0, 3))
    )
    got = answered(lambda: case.exercise(case.make(), few))
    if got is not None:
        validate_prediction(got, case.cls.name)


def order_of_outputs(case: UncertaintyCase) -> None:
    """Require that outputs in another order are told apart by their names, or refused with an error of specframe's."""
    for example in case.examples():
        component, back = case.fitted(example), slice(None, None, -1)
        straight = case.answer(component, example.new)
        reverse = example.new.isel(output=back)
        got = answered(partial(case.answer, component, reverse))
        if got is not None:
            expected, tolerance = straight["std"].isel(output=back).values, 1e-6 * float(straight["std"].max())
            unchanged(expected, got["std"].values, "outputs in reverse order get errors of others", tolerance)


def unknown_truth(case: UncertaintyCase) -> None:
    """Require that a true value that is not known (NaN) is left out, or refused with an error of specframe's."""
    example = case.examples()[0]
    truth = example.truth.copy(deep=True)
    truth[3, 0] = np.nan
    got = answered(lambda: case.exercise(case.make(), replace(example, truth=truth)))
    if got is not None:
        validate_prediction(got, case.cls.name)


def _inside(got: xr.Dataset, truth: xr.DataArray) -> list[tuple[float, NDArray[np.bool_]]]:
    """Return ``(level, true value inside (target, output))`` of every interval that ``got`` states."""
    if "lower" in got:
        within = (got["lower"] <= truth) & (truth <= got["upper"])
        return [(float(level), within.sel(level=level).values) for level in got["level"].values]
    distance = np.abs(got["mean"].values - truth.values) / got["std"].values
    return [(level, distance <= width) for level, width in NORMAL_HALF_WIDTH.items()]


def _scaled(value: Any) -> Any:
    """Return predictions or labels times 1000, with their attributes; what is not in their units stays."""
    if hasattr(value, "data_vars"):
        return value.assign({name: _scaled(array) for name, array in value.data_vars.items() if "output" in array.dims})
    return (1000.0 * value).assign_attrs(value.attrs)


#: For uncertainty estimators, after those of everything that learns.
UNCERTAINTY_CHECKS: tuple[Check, ...] = (
    *FITTED_CHECKS,
    std_given,
    coverage,
    one_output,
    units_free,
    few_targets,
    order_of_outputs,
    unknown_truth,
)
