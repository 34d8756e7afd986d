"""The scores on numbers that were worked out elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import scoringrules
from scipy import stats
from sklearn.metrics import r2_score

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, ParameterError
from specframe.evaluate.plugin import specframe_components
from specframe.evaluate.regression import Regression
from specframe.evaluate.scores import R2, BiasPpm, Coverage, Crps, MedianAbsPpm, Pit, PitFlat, Pull, RmsePpm


@pytest.fixture
def labels():
    values = 0.01 + 1e-3 * np.random.default_rng(5).normal(size=(60, 4))
    return make_labels(values, [f"planet {i}" for i in range(60)], list("abcd"))


@pytest.fixture
def prediction(labels):
    rng = np.random.default_rng(6)
    std = rng.uniform(2e-5, 9e-5, labels.shape)
    return make_prediction(labels, labels.values + rng.normal(0, std), std)


def in_units(values, units):
    labels = make_labels(values, ["A", "B"], ["depth"], units)
    return make_prediction(labels, [[3.0], [1.0]]), labels


def test_errors_in_ppm_of_worked_numbers():
    labels = make_labels([[0.01], [0.02], [0.03]], list("ABC"), ["depth"])
    prediction = make_prediction(labels, [[0.01003], [0.02004], [0.02988]])
    assert RmsePpm().score(prediction, labels) == pytest.approx(np.sqrt((30**2 + 40**2 + 120**2) / 3), rel=1e-9)
    assert MedianAbsPpm().score(prediction, labels) == pytest.approx(40, rel=1e-9)
    assert BiasPpm().score(prediction, labels) == pytest.approx(-50 / 3, rel=1e-9)


def test_labels_in_percent_are_converted():
    prediction, labels = in_units([[1.0], [1.0]], "%")
    assert BiasPpm().score(prediction, labels) == pytest.approx(10000.0)


@pytest.mark.parametrize("score", [RmsePpm, MedianAbsPpm, BiasPpm])
def test_ppm_of_temperatures_is_refused(score):
    prediction, labels = in_units([[1.0], [1.0]], "K")
    with pytest.raises(DataError, match=f"{score.name}: parts per million need dimensionless labels.*'K'"):
        score().score(prediction, labels)


def test_unknown_truths_are_left_out():
    labels = make_labels([[0.01, np.nan], [0.02, 0.5]], list("AB"), ["a", "b"])
    prediction = make_prediction(labels, [[0.01 + 3e-6, 0.3], [0.02, 0.5 - 4e-6]])
    assert RmsePpm().score(prediction, labels) == pytest.approx(5 / np.sqrt(3), rel=1e-6)


def test_r2_is_scikit_learns_uniform_average(prediction, labels):
    assert R2().score(prediction, labels) == pytest.approx(
        r2_score(labels.values, prediction["mean"].values), rel=1e-12
    )


def test_r2_of_perfect_flat_spectra_on_the_real_labels(data_dir):
    """The data's README says 0.9975 for all 673 planets; the 538 that are public give 0.9972 by any average."""
    values = np.loadtxt(data_dir / "adc24" / "train_labels.csv", delimiter=",", skiprows=1)[:, 1:]
    labels = make_labels(values, map(str, range(len(values))), map(str, range(283)))
    flat = make_prediction(labels, np.repeat(values.mean(axis=1, keepdims=True), 283, axis=1))
    assert R2().score(flat, labels) == pytest.approx(0.99724, abs=1e-5)


def test_r2_without_variation_names_the_output():
    labels = make_labels([[0.1, 0.5], [0.2, 0.5]], list("AB"), ["a", "b"])
    with pytest.raises(DataError, match="output b do not vary over the 2 targets"):
        R2().score(make_prediction(labels, labels.values), labels)


def test_crps_prefers_samples(prediction, labels):
    mean, std, truth = prediction["mean"].values, prediction["std"].values, labels.values
    assert Crps().score(prediction, labels) == pytest.approx(
        scoringrules.crps_normal(truth, mean, std).mean(), rel=1e-12
    )

    samples = np.random.default_rng(0).normal(mean, std, (25, *mean.shape))
    with_samples = prediction.assign(samples=(("sample", "target", "output"), samples))
    expected = scoringrules.crps_ensemble(truth, np.moveaxis(samples, 0, -1), estimator="nrg").mean()
    assert Crps().score(with_samples, labels) == pytest.approx(expected, rel=1e-12)


def test_coverage_from_std_counts_truths_within_normal_quantiles(prediction, labels):
    z = np.abs(prediction["mean"].values - labels.values) / prediction["std"].values
    found = Coverage().score(prediction, labels)
    assert list(found) == ["coverage-68", "coverage-68-error", "coverage-95", "coverage-95-error"]
    assert found["coverage-68"] == np.mean(z <= 0.9944578832097532)  # normal quantile of 0.84, from tables
    assert found["coverage-95"] == np.mean(z <= 1.959963984540054)


def test_coverage_prefers_the_predictions_own_bounds(labels):
    bounds = (("target", "output", "level"), np.repeat(labels.values[..., None], 2, axis=2))
    prediction = make_prediction(labels, labels.values, np.full(labels.shape, 1e-4)).assign(
        lower=(bounds[0], bounds[1] + [0.0, 1e-5]), upper=(bounds[0], bounds[1] + 2e-5)
    )
    prediction = prediction.assign_coords(level=[0.68, 0.9])
    found = Coverage(levels=[0.68, 0.9, 0.95]).score(prediction, labels)
    assert (found["coverage-68"], found["coverage-90"], found["coverage-95"]) == (1.0, 0.0, 1.0)


def test_coverage_of_samples_alone_uses_their_quantiles():
    """99 samples 1 ... 99 reach from rank 5 to 95 at level 0.9: truths 5 and 95 are inside, 4.9 and 95.1 are not."""
    labels = make_labels([[4.9], [5.0], [50.0], [95.0], [95.1]], list("ABCDE"), ["x"])
    samples = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))[:, None, None] * np.ones((1, 5, 1))
    prediction = make_prediction(labels, np.full((5, 1), 50.0)).assign(
        samples=(("sample", "target", "output"), samples)
    )
    assert Coverage(levels=[0.9]).score(prediction, labels)["coverage-90"] == 0.6
    # beyond the outermost sample there is nothing to know
    assert Coverage(levels=[0.999]).score(prediction, labels)["coverage-99.9"] == 1.0


def test_coverage_of_few_samples_holds_its_level():
    """19 normal samples at level 0.9: the rank of the truth is uniform, so 18 of 20; four standard errors."""
    rng = np.random.default_rng(1)
    labels = make_labels(rng.normal(size=(20_000, 1)), map(str, range(20_000)), ["x"])
    prediction = make_prediction(labels, np.zeros((20_000, 1))).assign(
        samples=(("sample", "target", "output"), rng.normal(size=(19, 20_000, 1)))
    )
    found = Coverage(levels=[0.9]).score(prediction, labels)["coverage-90"]
    assert found == pytest.approx(0.9, abs=4 * np.sqrt(0.9 * 0.1 / 20_000))


def test_coverage_level_in_name_keeps_its_decimals(prediction, labels):
    assert "coverage-68.27" in Coverage(levels=[0.6827]).score(prediction, labels)


@pytest.mark.parametrize("levels", [[0.0], [1.0], [68], [0.5, 0.5], []])
def test_coverage_levels_out_of_bounds_are_refused(levels):
    with pytest.raises(ParameterError, match="levels"):
        Coverage(levels=levels)


def test_pit_of_calibrated_predictions():
    rng = np.random.default_rng(2)
    labels = make_labels(rng.normal(size=(3000, 1)), map(str, range(3000)), ["x"])
    found = Pit().score(make_prediction(labels, np.zeros((3000, 1)), np.ones((3000, 1))), labels)
    expected = stats.kstest(labels.values.ravel(), "norm").statistic
    assert found["pit-ks"] == pytest.approx(expected, rel=1e-9)
    # standard errors of 3,000 uniform values: 0.0053 of the mean, 0.0024 of the std; four of each
    assert found["pit-mean"] == pytest.approx(0.5, abs=0.021)
    assert found["pit-std"] == pytest.approx(12**-0.5, abs=0.01)


def test_pit_shows_errors_that_are_too_large():
    rng = np.random.default_rng(2)
    labels = make_labels(rng.normal(size=(500, 1)), map(str, range(500)), ["x"])
    found = Pit().score(make_prediction(labels, np.zeros((500, 1)), np.full((500, 1), 5.0)), labels)
    assert found["pit-std"] < 0.1


@pytest.mark.parametrize("score", [Crps, Coverage, Pit])
def test_scores_of_errors_ask_for_an_uncertainty_step(score, labels):
    with pytest.raises(DataError, match="add an uncertainty step"):
        score().score(make_prediction(labels, labels.values), labels)


def test_every_score_is_registered_under_its_own_name():
    registered = {component.name: component for component in specframe_components()}
    assert {c.target.partition(":")[2]: name for name, c in registered.items()} == {
        cls.__name__: cls.name
        for cls in (RmsePpm, MedianAbsPpm, BiasPpm, R2, Crps, Coverage, Pit, PitFlat, Pull, Regression)
    }
    assert registered["coverage"].params is Coverage.Params


def test_listing_the_scores_imports_nothing_heavy():
    code = (
        "import sys, json, specframe.evaluate.plugin as plugin; list(plugin.specframe_components()); "
        "print(json.dumps(list(sys.modules)))"
    )
    modules = json.loads(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )
    assert not {"numpy", "scipy", "xarray", "sklearn", "matplotlib", "astropy"} & set(modules)


def _correlated(rng, n, m, spread=1.0):
    """Normal labels of unit variance, whose outputs have a correlation of 0.8 within a target, times ``spread``."""
    values = np.sqrt(0.8) * rng.normal(size=(n, 1)) + np.sqrt(0.2) * rng.normal(size=(n, m))
    labels = make_labels(spread * values, map(str, range(n)), [f"x{k}" for k in range(m)])
    return labels, make_prediction(labels, np.zeros((n, m)), np.ones((n, m)))


def test_flatness_cries_wolf_once_in_twenty_times_although_outputs_are_correlated():
    """320 calibrated targets of 30 outputs, 300 times; Pearson's test on all values rejects nearly every time."""
    rng = np.random.default_rng(3)
    ours, pearson = [], []
    for _ in range(300):
        labels, prediction = _correlated(rng, 320, 30)
        ours.append(PitFlat().score(prediction, labels)["pit-flat"])
        pearson.append(stats.chisquare(np.histogram(stats.norm.cdf(labels.values), 10, (0, 1))[0]).pvalue)
    # standard error of a rate of 0.05 from 300 draws: 0.013; three of them, and the covariance is estimated
    assert np.mean(np.array(ours) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.array(pearson) < 0.05) > 0.8
    assert stats.kstest(ours, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("spread", [0.7, 1.5])
def test_flatness_finds_errors_of_the_wrong_size(spread):
    labels, prediction = _correlated(np.random.default_rng(4), 320, 30, spread)
    assert PitFlat().score(prediction, labels)["pit-flat"] < 1e-3


def test_flatness_of_a_single_output_is_close_to_pearsons_test():
    rng = np.random.default_rng(5)
    for spread in (1.0, 1.05):
        labels = make_labels(spread * rng.normal(size=(5000, 1)), map(str, range(5000)), ["x"])
        found = PitFlat().score(make_prediction(labels, np.zeros((5000, 1)), np.ones((5000, 1))), labels)["pit-flat"]
        counts = np.histogram(stats.norm.cdf(labels.values), 10, (0, 1))[0]
        assert found == pytest.approx(stats.chisquare(counts).pvalue, abs=0.02)


def test_flatness_of_a_few_targets_is_refused():
    labels, prediction = _correlated(np.random.default_rng(6), 12, 30)
    with pytest.raises(DataError, match="12 targets say nothing of ten classes; 20 targets or more"):
        PitFlat().score(prediction, labels)


def test_pull_is_mean_and_scatter_in_units_of_the_std():
    labels = make_labels([[1.0, 2.0], [3.0, np.nan]], ["a", "b"], ["x", "y"])
    prediction = make_prediction(labels, [[2.0, 2.0], [1.0, 5.0]], [[1.0, 1.0], [0.5, 1.0]])
    found = Pull().score(prediction, labels)  # pulls 1, 0 and -4
    assert found["pull-mean"] == pytest.approx(-1.0)
    assert found["pull-std"] == pytest.approx(np.std([1.0, 0.0, -4.0]))
    twice = Pull().resampled(prediction, labels, np.array([[1.0, 1.0], [2.0, 0.0]]))
    np.testing.assert_allclose(twice["pull-mean"], [-1.0, 0.5])
    np.testing.assert_allclose(twice["pull-std"], [np.std([1.0, 0.0, -4.0]), 0.5])


def test_pull_needs_a_std():
    labels = make_labels([[1.0], [2.0]], ["a", "b"], ["x"])
    with pytest.raises(DataError, match="pull: the prediction has no std; add an uncertainty step"):
        Pull().score(make_prediction(labels, [[1.0], [2.0]]), labels)
