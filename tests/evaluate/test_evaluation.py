"""Scores of a prediction as the pipeline gets them."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import Score, make_labels, make_prediction
from specframe.errors import ContainerError
from specframe.evaluate import align, evaluate_scores
from specframe.evaluate.scores import R2, BiasPpm, Coverage, Crps, RmsePpm


@pytest.fixture
def labels():
    return make_labels([[0.01, 0.1], [0.02, 0.2], [0.03, 0.3]], list("ABC"), ["a", "b"])


@pytest.fixture
def prediction(labels):
    return make_prediction(labels, labels.values + np.array([1e-6, 2e-6]))


class Broken(Score):
    name = "broken"

    def score(self, prediction, truth):
        return 1 / 0


class Undefined(Score):
    name = "undefined"

    def score(self, prediction, truth):
        return {"undefined-1": 1.5, "undefined-2": float("nan")}


class NeedsStd(Score):
    name = "needs-std"
    needs_std = True

    def score(self, prediction, truth):
        return float(prediction["std"].mean())


def test_targets_and_outputs_are_matched_by_name(prediction, labels):
    shuffled = labels.isel(target=[2, 0, 1], output=[1, 0])
    assert evaluate_scores([RmsePpm()], prediction, shuffled).values == pytest.approx(
        {"rmse-ppm": np.sqrt(2.5)}, rel=1e-6
    )


def test_targets_without_labels_are_left_out_and_named(prediction, labels):
    labels = labels.copy()
    labels[1] = np.nan
    found = evaluate_scores([BiasPpm()], prediction, labels.sel(target=["B", "C"]))
    assert found.unlabelled == ("A", "B")
    assert found.n_target == 1
    assert found.values["bias-ppm"] == pytest.approx(1.5, rel=1e-6)


def test_one_unknown_label_does_not_remove_its_target(prediction, labels):
    labels = labels.copy()
    labels[0, 0] = np.nan
    found = evaluate_scores([BiasPpm()], prediction, labels)
    assert (found.n_target, found.unlabelled) == (3, ())
    assert found.values["bias-ppm"] == pytest.approx(8 / 5, rel=1e-6)


def test_a_score_that_fails_gives_its_reason_and_does_not_stop_the_others(prediction, labels):
    found = evaluate_scores([Broken(), Crps(), Undefined(), NeedsStd(), RmsePpm()], prediction, labels)
    assert found.values == {
        "broken": None,
        "crps": None,
        "undefined-1": 1.5,
        "undefined-2": None,
        "needs-std": None,
        "rmse-ppm": pytest.approx(np.sqrt(2.5), rel=1e-6),
    }
    assert found.reasons["broken"] == "ZeroDivisionError: division by zero"
    assert "add an uncertainty step" in found.reasons["crps"]
    assert found.reasons["undefined-2"] == "it is nan"
    assert "has no std" in found.reasons["needs-std"]
    assert set(found.reasons) == {"broken", "crps", "undefined-2", "needs-std"}


def test_scores_of_several_numbers_are_flattened(prediction, labels):
    prediction = make_prediction(labels, prediction["mean"].values, np.full((3, 2), 1e-5))
    values = evaluate_scores([Coverage()], prediction, labels).values
    assert (values["coverage-68"], values["coverage-95"]) == (1.0, 1.0)


def test_nothing_to_judge_is_said(prediction, labels):
    found = evaluate_scores([R2()], prediction, labels * np.nan)
    assert found.values == {"r2": None}
    assert found.reasons == {"r2": "no predicted target has a label"}


def test_other_outputs_are_an_error(prediction, labels):
    with pytest.raises(ContainerError, match=r"outputs of prediction \(2\) and truth \(2\) differ: b, c"):
        align(prediction, labels.assign_coords(output=["a", "c"]))


def test_other_units_are_an_error(prediction, labels):
    with pytest.raises(ContainerError, match="prediction is in '', the truth in 'K'"):
        align(prediction, labels.assign_attrs(units="K"))


def test_an_output_that_stands_twice_is_an_error(prediction, labels):
    with pytest.raises(ContainerError, match="output a stands twice in the prediction"):
        align(prediction.isel(output=[0, 0, 1]), labels)
    with pytest.raises(ContainerError, match="output b stands twice in the truth"):
        align(prediction, labels.isel(output=[0, 1, 1]))


def test_a_target_that_stands_twice_is_an_error(prediction, labels):
    with pytest.raises(ContainerError, match="target A stands twice in the truth"):
        align(prediction, labels.assign_coords(target=["A", "A", "C"]))


def test_inputs_are_not_changed(prediction, labels):
    before = prediction.copy(deep=True), labels.copy(deep=True)
    evaluate_scores([RmsePpm(), R2()], prediction, labels)
    assert prediction.identical(before[0])
    assert labels.identical(before[1])
