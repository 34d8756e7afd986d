"""The scores that come with the core, offered as any other plugin offers its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, Params, hookimpl
from specframe.evaluate.params import CoverageParams, RegressionParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


def _score(
    name: str, target: str, summary: str, *tags: str, params: type[Params] = Params, module: str = "scores"
) -> Component:
    return Component(
        kind="score",
        name=name,
        target=f"specframe.evaluate.{module}:{target}",
        params=params,
        summary=summary,
        tags=tags,
    )


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the scores of the core."""
    yield _score("rmse-ppm", "RmsePpm", "Root of the mean squared error, in parts per million", "error")
    yield _score("median-abs-ppm", "MedianAbsPpm", "Median absolute error, in parts per million", "error", "robust")
    yield _score("bias-ppm", "BiasPpm", "Mean of prediction minus truth, in parts per million", "error")
    yield _score("r2", "R2", "Coefficient of determination, averaged over outputs", "error")
    yield _score("crps", "Crps", "Continuous ranked probability score, in the labels' units", "probabilistic")
    yield _score(
        "coverage",
        "Coverage",
        "Fraction of true values inside the predicted intervals, at 68 and 95 % by default",
        "calibration",
        params=CoverageParams,
    )
    yield _score("pit", "Pit", "Probability integral transform: distance from uniform, mean and std", "calibration")
    yield _score("pit-flat", "PitFlat", "p-value of a flat PIT histogram, outputs correlated", "calibration")
    yield _score("pull", "Pull", "Mean and standard deviation of errors in units of the predicted std", "calibration")
    yield _score(
        "regression",
        "Regression",
        "Each output by itself: R2, errors, bias, skew, coverage, width of intervals",
        "error",
        "calibration",
        params=RegressionParams,
        module="regression",
    )
