"""Scores of each output by itself, against scipy, scikit-learn and scoringrules."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from scipy import stats
from sklearn import metrics

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, ParameterError
from specframe.evaluate import evaluate_scores, make_resamples, resample_score
from specframe.evaluate.regression import Regression, score_unit
from specframe.evaluate.scores import R2, BiasPpm, Coverage, Crps, Pit, Pull, RmsePpm

NAMES, UNITS = ["teff", "logg", "[M/H]"], ["K", "", ""]
SIZES = np.array([40.0, 0.1, 0.2])


@pytest.fixture
def truth():
    rng = np.random.default_rng(1)
    values = np.stack([rng.uniform(900, 2400, 300), rng.uniform(3.5, 5.5, 300), rng.normal(0, 0.5, 300)], axis=1)
    return make_labels(values, [f"t{i}" for i in range(300)], NAMES, UNITS)


@pytest.fixture
def prediction(truth):
    """Skew errors, of the size that is stated."""
    error = SIZES * (np.random.default_rng(2).gamma(4.0, 0.5, truth.shape) - 2.0)
    return make_prediction(truth, truth.values + error, np.broadcast_to(SIZES, truth.shape))


def test_errors_are_those_of_scikit_learn_output_by_output(prediction, truth):
    found = Regression().score(prediction, truth)
    for j, name in enumerate(NAMES):
        y, m = truth.values[:, j], prediction["mean"].values[:, j]
        expected = {
            "r2": metrics.r2_score(y, m),
            "rmse": metrics.root_mean_squared_error(y, m),
            "mae": metrics.mean_absolute_error(y, m),
            "median-abs": metrics.median_absolute_error(y, m),
        }
        for statistic, value in expected.items():
            assert found[f"{statistic}-{name}"] == pytest.approx(value, rel=1e-10)


def test_skew_is_scipys_and_that_of_the_distribution(prediction, truth):
    found = Regression().score(prediction, truth)
    for j, name in enumerate(NAMES):
        error = prediction["mean"].values[:, j] - truth.values[:, j]
        assert found[f"skew-{name}"] == pytest.approx(stats.skew(error), rel=1e-8)
        # a gamma distribution of shape 4 has skew 2 / sqrt(4); the standard error of 300 values is 0.14 sqrt(2)
        assert found[f"skew-{name}"] == pytest.approx(1.0, abs=0.6)
        assert found[f"bias-{name}"] == pytest.approx(error.mean(), rel=1e-9)


def test_stated_errors_are_judged_output_by_output(prediction, truth):
    found = Regression(levels=(0.68, 0.9)).score(prediction, truth)
    for j, name in enumerate(NAMES):
        y, m, s = truth.values[:, j], prediction["mean"].values[:, j], prediction["std"].values[:, j]
        low, high = stats.norm.interval(0.9, m, s)
        assert found[f"coverage-90-{name}"] == pytest.approx(np.mean((low <= y) & (y <= high)))
        assert found[f"width-90-{name}"] == pytest.approx(np.mean(high - low))
        assert found[f"crps-{name}"] == pytest.approx(scoringrules.crps_normal(y, m, s).mean())
        assert found[f"pull-{name}"] == pytest.approx(np.std((m - y) / s))
        assert found[f"std-{name}"] == pytest.approx(SIZES[j])
    assert "coverage-95-teff" not in found


def test_stated_intervals_and_samples_go_before_the_std(prediction, truth):
    samples = prediction["mean"].values + SIZES * np.random.default_rng(3).normal(size=(60, *truth.shape))
    drawn = prediction.assign(samples=(("sample", "target", "output"), samples))
    found = Regression().score(drawn, truth)
    expected = scoringrules.crps_ensemble(truth.values[:, 0], samples[:, :, 0].T).mean()
    assert found["crps-teff"] == pytest.approx(expected, rel=1e-9)
    edges = ("target", "output", "level")
    all_in = drawn.assign(lower=(edges, truth.values[..., None] - 1), upper=(edges, truth.values[..., None] + 2))
    all_in = all_in.assign_coords(level=[0.68])
    assert Regression().score(all_in, truth)["coverage-68-logg"] == 1.0
    assert Regression().score(all_in, truth)["width-68-logg"] == pytest.approx(3.0)


def test_unknown_truths_are_left_out_of_their_output_only(prediction, truth):
    some = truth.copy(deep=True)
    some.values[:100, 1] = np.nan
    some.values[:, 2] = np.nan
    full, found = Regression().score(prediction, truth), Regression().score(prediction, some)
    assert {name: found[name] for name in found if name.endswith("teff")} == {
        name: full[name] for name in full if name.endswith("teff")
    }
    error = (prediction["mean"].values - truth.values)[100:, 1]
    assert found["skew-logg"] == pytest.approx(stats.skew(error), rel=1e-8)
    assert found["std-logg"] == pytest.approx(0.1)
    assert all(np.isnan(found[name]) for name in found if name.endswith("[M/H]"))
    judged = evaluate_scores([Regression()], prediction, some)
    assert judged.values["r2-[M/H]"] is None
    assert "not known" in judged.reasons["r2-[M/H]"]
    assert judged.values["r2-teff"] == pytest.approx(full["r2-teff"])


def test_without_errors_there_is_nothing_of_them(prediction, truth):
    found = Regression().score(prediction.drop_vars("std"), truth)
    assert {name.removesuffix("-teff") for name in found if name.endswith("-teff")} == {
        "r2", "rmse", "mae", "bias", "median-abs", "skew",
    }  # fmt: skip


def test_errors_that_are_all_the_same_are_not_skew(truth):
    found = Regression().score(make_prediction(truth, truth.values + 0.1), truth)
    assert found["skew-teff"] == 0.0
    assert found["bias-teff"] == pytest.approx(0.1)


@pytest.mark.parametrize("unknown", [0, 200])
def test_resampled_statistics_are_those_of_repeated_targets(prediction, truth, unknown):
    some = truth.copy(deep=True)
    some.values.flat[np.random.default_rng(0).choice(some.size, unknown, replace=False)] = np.nan
    counts = make_resamples(truth["target"].values, 6, 3).counts
    found = resample_score(Regression(), prediction, some, counts)
    for i, count in enumerate(counts):
        rows = np.repeat(np.arange(count.size), count.astype(int))
        expected = Regression().score(prediction.isel(target=rows), some.isel(target=rows))
        assert set(found) == set(expected)
        for name, values in found.items():
            assert values[i] == pytest.approx(expected[name], rel=1e-8, abs=1e-12), name


def test_every_statistic_has_an_interval_that_holds_it(prediction, truth):
    judged = evaluate_scores([Regression()], prediction, truth, bootstrap=200, seed=1)
    assert judged.intervals is not None
    assert set(judged.intervals.bounds) == set(judged.values)
    low, high = judged.intervals.bounds["rmse-teff"]
    # the standard error of a root mean square of 300 gamma errors (kurtosis 4.5) is 5 %
    assert low < judged.values["rmse-teff"] < high
    assert (high - low) / judged.values["rmse-teff"] == pytest.approx(4 * 0.054, rel=0.4)


def test_some_statistics_only(prediction, truth):
    found = Regression(statistics=("r2", "coverage")).score(prediction, truth)
    assert [name for name in found if name.endswith("teff")] == ["r2-teff", "coverage-68-teff", "coverage-95-teff"]
    with pytest.raises(ParameterError, match="statistics"):
        Regression(statistics=("rsme",))


def test_channels_are_too_many():
    labels = make_labels(np.zeros((2, 283)), ["a", "b"], [f"wl_{i}" for i in range(283)])
    with pytest.raises(DataError, match="regression: 283 outputs are too many"):
        Regression().score(make_prediction(labels, labels.values), labels)


@pytest.mark.parametrize("score", [RmsePpm, BiasPpm, Crps])
def test_errors_of_different_units_have_no_mean(score, prediction, truth):
    with pytest.raises(DataError, match=rf"{score.name}: .*teff in K, logg without unit.*'regression'"):
        score().score(prediction, truth)


@pytest.mark.parametrize("score", [R2(), Coverage(), Pit(), Pull()])
def test_scores_without_unit_do_not_depend_on_the_units(score, prediction, truth):
    """Kelvin to kilokelvin, dex to millidex: all of them are of ratios or ranks."""
    factor = np.array([1e-3, 1e3, 1.0])
    other = make_prediction(truth, prediction["mean"].values * factor, prediction["std"].values * factor)
    assert evaluate_scores([score], other, truth * factor).values == pytest.approx(
        evaluate_scores([score], prediction, truth).values
    )


def test_units_of_scores():
    units = {"teff": "K", "log teff": "", "C/O": ""}
    assert score_unit("rmse-teff", units) == "K"
    assert score_unit("width-68-teff", units) == "K"
    assert score_unit("r2-teff", units) == ""
    assert score_unit("coverage-68-teff", units) == ""
    assert score_unit("rmse-log teff", units) == ""
    assert score_unit("rmse-ppm", units) == ""
