"""Predictions compared on common targets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import ContainerError, DataError
from specframe.evaluate import compare_predictions, evaluate_scores
from specframe.evaluate.paired import Sharpness
from specframe.evaluate.scores import BiasPpm, Coverage, RmsePpm


@pytest.fixture
def labels():
    values = 0.01 + 1e-3 * np.random.default_rng(5).normal(size=(50, 3))
    return make_labels(values, [f"p{i:02d}" for i in range(50)], list("abc"))


def predicted(labels, seed=0, size=1e-4, shift=0.0):
    error = size * np.random.default_rng(seed).normal(size=labels.shape)
    return make_prediction(labels, labels.values + error + shift, np.full(labels.shape, size)), labels


def test_difference_of_means_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(1)
    labels = make_labels(np.zeros((400, 1)), [f"p{i:03d}" for i in range(400)], ["depth"])
    hard = 1e-4 * rng.normal(size=(400, 1))  # what both of them get wrong
    first, second = hard + 1e-5 * rng.normal(size=(400, 1)), hard + 1e-5 * rng.normal(size=(400, 1)) + 1.2e-6
    pairs = {name: (make_prediction(labels, mean), labels) for name, mean in {"one": first, "two": second}.items()}
    found = compare_predictions(pairs, [BiasPpm()], draws=5000).differences["two"]["bias-ppm"]
    theirs = stats.ttest_rel(second[:, 0], first[:, 0])
    interval = theirs.confidence_interval(0.95)
    assert found.value == pytest.approx(1e6 * (second - first).mean(), rel=1e-9)
    # ends of 5000 draws scatter by 3 % of the width, and the normal mean of 400 values is not exactly normal
    assert found.interval == pytest.approx((1e6 * interval.low, 1e6 * interval.high), abs=0.1)
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)
    alone = compare_predictions(pairs, [BiasPpm()], draws=500).evaluations["one"].intervals.bounds["bias-ppm"]
    assert np.diff(alone) > 5 * np.diff(found.interval)


def test_only_common_targets_with_the_same_truth_are_compared(labels):
    first, second = predicted(labels, 1), predicted(labels, 2)
    other = labels.copy(deep=True)
    other[20] += 1e-3
    second = second[0].isel(target=slice(10, None)), other
    found = compare_predictions({"one": first, "two": second}, [RmsePpm()], draws=50)
    assert found.targets == tuple(f"p{i}" for i in range(10, 50) if i != 20)
    assert found.other_truth == ("p20",)
    assert found.left_out == {"one": 11, "two": 1}
    kept = first[0].sel(target=list(found.targets))
    assert found.evaluations["one"].values == evaluate_scores([RmsePpm()], kept, labels).values


def test_order_of_targets_and_outputs_does_not_matter(labels):
    first, (second, _) = predicted(labels, 1), predicted(labels, 2)
    shuffled = second.isel(target=np.random.default_rng(0).permutation(50), output=[2, 0, 1])
    scores = [RmsePpm(), Coverage(), Sharpness()]
    straight = compare_predictions({"one": first, "two": (second, labels)}, scores, draws=100)
    mixed = compare_predictions({"one": first, "two": (shuffled, labels)}, scores, draws=100)
    for name, difference in straight.differences["two"].items():
        assert mixed.differences["two"][name].value == pytest.approx(difference.value, rel=1e-9, abs=1e-15)
        if difference.interval is not None:
            assert mixed.differences["two"][name].interval == pytest.approx(difference.interval, rel=1e-9, abs=1e-15)
    assert "coverage-68-error" not in straight.scores


def test_a_prediction_does_not_differ_from_itself(labels):
    pair = predicted(labels)
    found = compare_predictions({"one": pair, "two": pair}, [RmsePpm()], draws=100).differences["two"]["rmse-ppm"]
    assert (found.value, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)


def test_targets_that_share_a_group_in_any_run_are_drawn_together(labels):
    first, second = predicted(labels, 1), predicted(labels, 2)
    pairs = [f"pair {i // 2}" for i in range(50)]
    fives = [f"five {i // 5}" for i in range(50)]
    first = first[0].assign(group=("target", pairs)), labels
    assert compare_predictions({"one": first, "two": second}, [RmsePpm()], draws=20).n_group == 25
    # pair 2 (targets 4 and 5) joins fives 0 and 1, and so on: tens are left
    second = second[0].assign(group=("target", fives)), labels
    found = compare_predictions({"one": first, "two": second}, [RmsePpm()], draws=20)
    assert found.n_group == 5
    assert found.differences["two"]["rmse-ppm"].interval is None
    assert "there are 5" in found.reason


def test_intervals_are_those_of_the_run_itself(labels):
    pairs = {"one": predicted(labels, 1), "two": predicted(labels, 2)}
    found = compare_predictions(pairs, [RmsePpm()], draws=100, seed=9)
    alone = evaluate_scores([RmsePpm()], *pairs["one"], bootstrap=100, seed=9)
    assert found.evaluations["one"].intervals.bounds == alone.intervals.bounds


def test_sharpness_is_the_mean_error(labels):
    pairs = {"one": predicted(labels, 1), "two": predicted(labels, 2, size=3e-4)}
    found = compare_predictions(pairs, [Sharpness()], draws=100).differences["two"]["sharpness"]
    assert found.value == pytest.approx(2e-4)
    assert found.p == pytest.approx(2 / 101)


def test_what_cannot_be_compared_is_told(labels):
    one = predicted(labels, 1)
    with pytest.raises(DataError, match="at least two predictions, got 1"):
        compare_predictions({"one": one}, [RmsePpm()])
    renamed = labels.assign_coords(output=list("abd"))
    with pytest.raises(ContainerError, match=r"one and two predict different outputs .*: c, d in one of them only"):
        compare_predictions({"one": one, "two": predicted(renamed)}, [RmsePpm()])
    with pytest.raises(ContainerError, match="one is in '', two in '%'"):
        compare_predictions({"one": one, "two": predicted(labels.assign_attrs(units="%"))}, [RmsePpm()])
    others = labels.assign_coords(target=[f"q{i}" for i in range(50)])
    with pytest.raises(DataError, match=r"no target is predicted and labelled in all of them: one has p00, .*two has"):
        compare_predictions({"one": one, "two": predicted(others)}, [RmsePpm()])
    with pytest.raises(DataError, match="true values of all 50 common targets differ, p00 among them"):
        compare_predictions({"one": one, "two": predicted((labels + 1e-3).assign_attrs(labels.attrs))}, [RmsePpm()])
    unknown = labels.copy(data=np.full(labels.shape, np.nan))
    with pytest.raises(DataError, match="two: no target has both a prediction in every output and a known truth"):
        compare_predictions({"one": one, "two": (one[0], unknown)}, [RmsePpm()])
