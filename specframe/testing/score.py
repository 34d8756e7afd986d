"""Checks of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from specframe.api.prediction import make_prediction
from specframe.errors import DataError
from specframe.testing.case import Case, Check, Skip, answered, expect, unchanged
from specframe.testing.problems import prediction_problem

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SCORE_CHECKS", "ScoreCase", "ScoredPrediction"]

#: Size of the errors, in units of the ``std`` that predictions state.
ERRORS = (0.0, 1.0, 2.0, 4.0)


class ScoredPrediction(NamedTuple):
    """A Prediction with ``std``, and the truth."""

    prediction: xr.Dataset
    truth: xr.DataArray

    def with_errors(self, size: float) -> xr.Dataset:
        """Return predictions that are ``size`` times as wrong as these, with the same ``std``."""
        mean = self.truth.values + size * (self.prediction["mean"].values - self.truth.values)
        return make_prediction(self.truth, mean, self.prediction["std"].values)


class ScoreCase(Case[ScoredPrediction]):
    """A score, run on predictions of transit depths with errors of 50 ppm and more."""

    example_type = "pairs of Prediction and truth"

    def examples(self) -> list[ScoredPrediction]:
        """Return fresh copies; plain pairs are fine."""
        return [ScoredPrediction(*pair) for pair in super().examples()]

    def reference(self) -> Sequence[ScoredPrediction]:
        """Return honest predictions of 100 targets and three outputs."""
        problems = [prediction_problem(seed, n_target=1, n_new=100, heteroscedastic=True) for seed in (0, 1)]
        return [ScoredPrediction(problem.new, problem.new_truth) for problem in problems]

    def exercise(self, component: Any, example: ScoredPrediction) -> Any:
        """Score."""
        return component.score(example.prediction, example.truth)


def numbers_returned(case: ScoreCase) -> None:
    """Require that it returns a finite float, or several by name, also for a perfect prediction."""
    for example in case.examples():
        for prediction in (example.prediction, example.with_errors(0.0)):
            _finite(case.make().score(prediction, example.truth))


def perfect_is_best(case: ScoreCase) -> None:
    """Require that the worse predictions get, the further their score is from that of perfect ones."""
    for example in case.examples():
        scores = [case.make().score(example.with_errors(size), example.truth) for size in ERRORS]
        if any(isinstance(score, Mapping) for score in scores):
            raise Skip("it returns several numbers, of which none need be best for a perfect prediction")
        steps = np.diff(scores)
        listed = ", ".join(f"{score:.6g}" for score in scores)
        expect(np.all(steps >= 0) or np.all(steps <= 0), f"errors of {ERRORS} sigma score {listed}: up and down")
        expect(scores[0] != scores[-1], f"errors of {ERRORS} sigma score {listed}: no difference")


def order_free(case: ScoreCase) -> None:
    """Require that the order of the targets does not matter."""
    example = case.examples()[0]
    order = np.random.default_rng(9).permutation(example.truth.sizes["target"])
    first = case.make().score(example.prediction, example.truth)
    second = case.make().score(example.prediction.isel(target=order), example.truth.isel(target=order))
    size = 1e-9 * max(abs(number) for number in _finite(first).values())
    unchanged(_finite(first), _finite(second), "targets in another order score otherwise", size)


def order_of_outputs(case: ScoreCase) -> None:
    """Require that the order of the outputs, the same in prediction and truth, does not matter."""
    example, back = case.examples()[0], slice(None, None, -1)
    first = _finite(case.make().score(example.prediction, example.truth))
    second = _finite(case.make().score(example.prediction.isel(output=back), example.truth.isel(output=back)))
    size = 1e-9 * max(abs(number) for number in first.values())
    expect(set(first) == set(second), f"names {sorted(first)} became {sorted(second)}")
    unchanged(first, {name: second[name] for name in first}, "outputs in another order score otherwise", size)


def missing_std(case: ScoreCase) -> None:
    """Require that without ``std`` it works or refuses with a DataError; one that ``needs_std`` refuses."""
    example = case.examples()[0]
    try:
        got = case.make().score(example.prediction.drop_vars("std"), example.truth)
    except DataError as error:
        expect(str(error).strip(), "refuses without a message")
        return
    expect(not case.cls.needs_std, f"it says needs_std, but without std it returns {got!r}")
    _finite(got)


def one_output(case: ScoreCase) -> None:
    """Require that it scores a single output, or refuses it with an error of specframe's."""
    example = case.examples()[0]
    prediction, truth = example.prediction.isel(output=[0]), example.truth.isel(output=[0])
    got = answered(lambda: case.make().score(prediction, truth))
    if got is not None:
        _finite(got)


def unknown_truth(case: ScoreCase) -> None:
    """Require that with a true value that is not known (NaN) the score is finite, or refused with specframe's error."""
    example = case.examples()[0]
    holed = example.truth.copy(deep=True)
    holed[3, 0] = np.nan
    got = answered(lambda: case.make().score(example.prediction, holed))
    if got is not None:
        _finite(got)


def _finite(score: Any) -> dict[str, float]:
    """Return a score as named numbers; fail where it is none."""
    named = dict(score) if isinstance(score, Mapping) else {"score": score}
    expect(named, "returns no number")
    for name, number in named.items():
        expect(isinstance(name, str) and isinstance(number, float), f"{name} must be a float, got {number!r}")
        expect(np.isfinite(number), f"{name} is {number}")
    return named


#: For scores.
SCORE_CHECKS: tuple[Check, ...] = (
    numbers_returned,
    perfect_is_best,
    order_free,
    order_of_outputs,
    missing_std,
    one_output,
    unknown_truth,
)
