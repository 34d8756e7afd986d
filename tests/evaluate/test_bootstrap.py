"""Confidence intervals of scores, against scipy, analytic intervals and scores of targets that are really repeated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import Score, make_labels, make_prediction
from specframe.errors import DataError
from specframe.evaluate import (
    bca_interval,
    evaluate_scores,
    make_resamples,
    resample_score,
    score_intervals,
    two_sided_p,
)
from specframe.evaluate.scores import R2, BiasPpm, Coverage, Crps, MedianAbsPpm, Pit, RmsePpm

BUNDLED = [RmsePpm(), MedianAbsPpm(), BiasPpm(), R2(), Crps(), Coverage(), Pit()]


def problem(n_target=40, n_output=5, seed=0, unknown=0):
    """Errors that differ in size between targets and are correlated within one."""
    rng = np.random.default_rng(seed)
    truth = 0.01 + 1e-3 * rng.normal(size=(n_target, n_output))
    std = rng.uniform(2e-5, 2e-4, (n_target, 1)) * np.ones(n_output)
    error = std * (rng.normal(size=(n_target, 1)) + 0.5 * rng.normal(size=truth.shape))
    mean = truth + error
    truth.flat[rng.choice(truth.size, unknown, replace=False)] = np.nan
    labels = make_labels(truth, [f"planet {i}" for i in range(n_target)], [f"o{i}" for i in range(n_output)])
    return make_prediction(labels, mean, std), labels


def repeated(prediction, labels, count):
    rows = np.repeat(np.arange(count.size), count.astype(int))
    names = [f"copy {i}" for i in range(rows.size)]
    return prediction.isel(target=rows).assign_coords(target=names), labels.isel(target=rows).assign_coords(
        target=names
    )


class LargestError(Score):
    """Says nothing of resamples: it is called for each."""

    name = "largest-error"

    def score(self, prediction, truth):
        assert len(set(prediction["target"].values)) == prediction.sizes["target"]
        return float(np.abs(prediction["mean"].values - truth.values).max())


class FromCovariance(Score):
    name = "from-covariance"

    def score(self, prediction, truth):
        return float(np.trace(prediction["covariance"].values.mean(axis=0)))


class Refuses(Score):
    name = "refuses"

    def score(self, prediction, truth):
        return 1.0

    def resampled(self, prediction, truth, counts):
        return {}


class Wrong(Refuses):
    name = "wrong"

    def resampled(self, prediction, truth, counts):
        return {"wrong": np.full(len(counts), 2.0)}


@pytest.mark.parametrize("score", BUNDLED, ids=lambda score: score.name)
@pytest.mark.parametrize("unknown", [0, 30])
def test_resampled_scores_are_those_of_repeated_targets(score, unknown):
    prediction, labels = problem(unknown=unknown)
    counts = make_resamples(labels["target"].values, 20, 3).counts
    found = resample_score(score, prediction, labels, counts)
    assert found
    for i, count in enumerate(counts):
        expected = score.score(*repeated(prediction, labels, count))
        expected = expected if isinstance(expected, dict) else {score.name: expected}
        for name, values in found.items():
            assert values[i] == pytest.approx(expected[name], rel=1e-9, abs=1e-12), name


def test_samples_and_stated_intervals_are_resampled():
    prediction, labels = problem(12, 3)
    samples = prediction["mean"].values + 1e-4 * np.random.default_rng(1).normal(size=(50, 12, 3))
    prediction = prediction.assign(samples=(("sample", "target", "output"), samples))
    counts = make_resamples(labels["target"].values, 5, 3).counts
    for score in (Crps(), Coverage(), Pit()):
        found = resample_score(score, prediction, labels, counts)
        for i, count in enumerate(counts):
            expected = score.score(*repeated(prediction, labels, count))
            expected = expected if isinstance(expected, dict) else {score.name: expected}
            for name, values in found.items():
                assert values[i] == pytest.approx(expected[name], rel=1e-9), name


@pytest.mark.parametrize("size", [1, 2, 7, 30])
def test_medians_of_few_values(size):
    labels = make_labels(np.zeros((size, 1)), [f"p{i}" for i in range(size)], ["depth"])
    prediction = make_prediction(labels, np.random.default_rng(size).normal(size=(size, 1)) * 1e-6)
    counts = np.random.default_rng(2).multinomial(size, np.full(size, 1 / size), size=50).astype(float)
    found = MedianAbsPpm().resampled(prediction, labels, counts)["median-abs-ppm"]
    errors = 1e6 * np.abs(prediction["mean"].values[:, 0])
    expected = [np.median(np.repeat(errors, count.astype(int))) for count in counts]
    assert found == pytest.approx(expected, rel=1e-9)


def test_interval_is_scipys_of_the_same_draws():
    values = np.random.default_rng(4).lognormal(size=30)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=999, method="BCa", rng=np.random.default_rng(1))
    jackknife = [np.delete(values, i).mean() for i in range(30)]
    found = bca_interval(values.mean(), theirs.bootstrap_distribution, jackknife)
    assert found == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)


def test_interval_of_the_rms_agrees_with_scipys_own_resampling():
    prediction, labels = problem(200, 1)
    errors = 1e6 * (prediction["mean"] - labels).values[:, 0]
    theirs = stats.bootstrap(
        (errors,), lambda x: np.sqrt(np.mean(x**2)), n_resamples=4000, method="BCa", rng=np.random.default_rng(1),
        vectorized=False,
    ).confidence_interval  # fmt: skip
    found = evaluate_scores([RmsePpm()], prediction, labels, bootstrap=4000).intervals.bounds["rmse-ppm"]
    # two independent sets of 4000 draws: their ends scatter by 0.03 of the width (standard error of a 2.5 % quantile)
    assert found == pytest.approx(tuple(theirs), abs=0.1 * (theirs.high - theirs.low))


def test_intervals_hold_the_expected_score_as_often_as_they_say():
    held = []
    for seed in range(300):
        error = 1e-4 * np.random.default_rng(seed).normal(size=(60, 1))
        labels = make_labels(np.zeros((60, 1)), [f"p{i}" for i in range(60)], ["depth"])
        found = evaluate_scores([RmsePpm()], make_prediction(labels, error), labels, bootstrap=400, seed=seed)
        low, high = found.intervals.bounds["rmse-ppm"]
        held.append(low <= 100.0 <= high)
    # binomial error of 300 trials is 1.3 %, and the bootstrap of 60 values lacks a percent or two
    assert 0.90 <= np.mean(held) <= 0.98


def test_targets_of_a_group_stay_together():
    """Ten copies of each error: as many targets as one likes tell no more than the groups."""
    rng = np.random.default_rng(3)
    error = np.repeat(1e-4 * rng.normal(size=20), 10)[:, None]
    labels = make_labels(np.zeros((200, 1)), [f"p{i:03d}" for i in range(200)], ["depth"])
    alone = make_prediction(labels, error)
    grouped = alone.assign(group=("target", np.repeat([f"star {i}" for i in range(20)], 10)))
    widths = [
        np.diff(evaluate_scores([BiasPpm()], prediction, labels, bootstrap=2000).intervals.bounds["bias-ppm"])[0]
        for prediction in (alone, grouped)
    ]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(10), rel=0.1)
    counts = make_resamples(grouped["group"].values, 5, 0).counts
    assert np.all(counts.reshape(5, 20, 10).std(axis=2) == 0)


def test_draws_depend_on_names_and_seed_only():
    prediction, labels = problem()
    order = np.random.default_rng(8).permutation(40)
    first = evaluate_scores(BUNDLED, prediction, labels, bootstrap=100, seed=5).intervals
    again = evaluate_scores(BUNDLED, prediction.isel(target=order), labels, bootstrap=100, seed=5).intervals
    other = evaluate_scores(BUNDLED, prediction, labels, bootstrap=100, seed=6).intervals
    for name, bounds in first.bounds.items():
        assert bounds == pytest.approx(again.bounds[name], rel=1e-9)
    assert first.bounds["rmse-ppm"] != other.bounds["rmse-ppm"]


def test_which_scores_have_an_interval_and_why_others_do_not():
    prediction, labels = problem()
    found = evaluate_scores([*BUNDLED, Refuses()], prediction, labels, bootstrap=200)
    assert set(found.intervals.bounds) == {
        "rmse-ppm", "median-abs-ppm", "bias-ppm", "r2", "crps", "coverage-68", "coverage-95", "pit-mean", "pit-std",
    }  # fmt: skip
    assert set(found.intervals.reasons) == {"pit-ks", "refuses"}
    for name, (low, high) in found.intervals.bounds.items():
        assert low < found.values[name] < high, name


def test_any_score_is_called_for_each_resample():
    prediction, labels = problem()
    n_output = prediction.sizes["output"]
    covariance = np.eye(n_output) * np.arange(1, 41)[:, None, None]
    prediction = prediction.assign(covariance=(("target", "output", "output_other"), covariance))
    found = evaluate_scores([LargestError(), FromCovariance()], prediction, labels, bootstrap=50).intervals.bounds
    largest = np.abs(prediction["mean"] - labels).max(dim="output").values
    assert found["largest-error"][1] == pytest.approx(largest.max())
    assert found["largest-error"][0] in largest
    assert found["from-covariance"][0] < n_output * 20.5 < found["from-covariance"][1]


def test_a_score_that_is_called_gets_no_more_than_250_resamples():
    calls = []

    class Counting(Score):
        name = "counting"

        def score(self, prediction, truth):
            calls.append(1)
            return RmsePpm().score(prediction, truth)

    prediction, labels = problem()
    found = evaluate_scores([Counting(), RmsePpm()], prediction, labels, bootstrap=1000, seed=2)
    # 250 resamples, 40 targets left out, and the value itself, here and in a look at what it uses
    assert len(calls) == 250 + 40 + 2
    called, summed = (found.intervals.bounds[name] for name in ("counting", "rmse-ppm"))
    assert called == pytest.approx(summed, abs=0.15 * (summed[1] - summed[0]))
    prediction, labels = problem(300, 1)
    assert "counting" in evaluate_scores([Counting()], prediction, labels, bootstrap=60).intervals.bounds


def test_a_score_that_contradicts_itself_has_no_interval():
    prediction, labels = problem()
    found = evaluate_scores([Wrong()], prediction, labels, bootstrap=10)
    assert found.values == {"wrong": 1.0}
    assert "resampled() gives wrong = 2 for all targets once, score() 1" in found.intervals.reasons["wrong"]


def test_few_targets_have_no_intervals_and_are_told_so():
    prediction, labels = problem(7)
    found = evaluate_scores([RmsePpm()], prediction, labels, bootstrap=100)
    assert found.values["rmse-ppm"] is not None
    assert found.intervals.bounds == {}
    assert found.intervals.reasons["rmse-ppm"] == (
        "an interval needs at least 8 independent targets or groups, there are 7"
    )


def test_scores_that_most_resamples_do_not_have():
    labels = make_labels([[0.01]] * 9 + [[0.02]], [f"p{i}" for i in range(10)], ["depth"])
    prediction = make_prediction(labels, labels.values + 1e-6)
    found = evaluate_scores([R2()], prediction, labels, bootstrap=500).intervals
    # (9/10)^10 = 35 % of the resamples lack the one planet that differs
    assert found.reasons["r2"].startswith("the score is not finite for 3")


def test_interval_where_all_draws_are_the_same():
    assert bca_interval(0.0, np.zeros(100), np.zeros(10)) == (0.0, 0.0)


def test_percentiles_where_the_correction_is_not_defined():
    drawn = np.arange(101.0)
    assert bca_interval(-1.0, drawn, np.arange(10.0)) == pytest.approx((2.5, 97.5))


def test_probability_of_a_difference():
    assert two_sided_p(np.linspace(-1, 1, 1001)) == 1.0
    assert two_sided_p(np.r_[np.full(20, -1.0), np.ones(979)]) == pytest.approx(2 * 21 / 1000)
    assert two_sided_p(-np.ones(999)) == pytest.approx(2 / 1000)


def test_p_is_that_of_a_normal_mean():
    """The p-value of a mean of 400 values that is two standard errors away from zero is 0.046."""
    values = np.random.default_rng(0).normal(size=400)
    values = (values - values.mean()) / values.std() + 2 / np.sqrt(400)
    counts = make_resamples(np.arange(400), 20000, 1).counts
    # 20000 draws know 0.046 to 0.0015 (one standard error), and the third moment of 400 values moves it by as much
    assert two_sided_p(counts @ values) == pytest.approx(2 * stats.norm.sf(2), abs=0.008)


def test_too_few_groups_are_an_error():
    with pytest.raises(DataError, match="at least 8 independent targets or groups, there are 2"):
        make_resamples(["A", "B"] * 20, 10, 0)


def test_scores_without_a_value_get_no_interval():
    prediction, labels = problem()
    found = score_intervals([RmsePpm()], prediction, labels, {"rmse-ppm": None}, 10)
    assert found.bounds == {}
    assert found.reasons == {}


def test_of_many_groups_blocks_are_left_out_each_target_once() -> None:
    resamples = make_resamples(np.arange(2500), 5, 1)
    assert resamples.kept.shape == (1000, 2500)  # not 2500 x 2500
    assert resamples.n_group == 2500
    np.testing.assert_array_equal((~resamples.kept).sum(axis=0), 1)
    assert set((~resamples.kept).sum(axis=1)) == {2, 3}


def test_leaving_out_blocks_finds_the_acceleration_of_leaving_out_single_groups() -> None:
    values = np.random.default_rng(5).exponential(size=3000)  # of skewness 2: a = 2 / (6 sqrt(3000)) = 0.0061
    total, n = values.sum(), values.size
    drawn = np.random.default_rng(6).normal(values.mean(), values.std() / np.sqrt(n), 100_000)
    one_by_one = (total - values) / (n - 1)
    kept = make_resamples(np.arange(n), 1, 0).kept
    blocks = (kept @ values) / kept.sum(axis=1)
    exact, approximate = bca_interval(values.mean(), drawn, one_by_one), bca_interval(values.mean(), drawn, blocks)
    plain = bca_interval(values.mean(), drawn, [])
    shift = exact[1] - plain[1]
    assert shift > 0
    # 1000 blocks of 3: the skewness of their means is known to sqrt(6 / 1000) = 0.08 of its 2 / sqrt(3) = 1.15
    assert approximate[1] - plain[1] == pytest.approx(shift, rel=0.3)
