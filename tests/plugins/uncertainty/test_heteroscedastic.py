"""Errors that differ between targets: the model's own, or learned from residuals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, NotFittedError
from specframe_uncertainty import Heteroscedastic, Residual


def a_case(n, outputs=3, seed=0, slope=0.5, std=None):
    """Predictions whose errors grow exponentially with the value predicted; ``std`` is a multiple of the true ones."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, outputs))
    sigma = 1e-4 * (1.0 + np.arange(outputs)) * np.exp(slope * z)
    mean = 0.01 + 1e-3 * z
    truth = make_labels(mean + sigma * rng.normal(size=z.shape), map(str, range(n)), [f"o{i}" for i in range(outputs)])
    return make_prediction(truth, mean, None if std is None else std * sigma), truth, sigma


def new_case(seed=1, **more):
    return a_case(2000, seed=seed, **more)


@pytest.mark.parametrize("slopes", ["shared", "each"])
def test_errors_that_follow_the_prediction_are_found(slopes):
    """600 targets: the logarithm of a std is known to sqrt(terms / 2 n), 3 % for one term and 7 % for six."""
    seen, truth, _ = a_case(600)
    new, new_truth, sigma = new_case()
    found = Heteroscedastic(slopes=slopes).fit(seen, truth).apply(new)
    off = np.log(found["std"].values / sigma)
    assert np.sqrt(np.mean(np.square(off))) < 0.12
    assert np.mean(off) == pytest.approx(0.0, abs=0.04)
    inside = (found["lower"] <= new_truth) & (new_truth <= found["upper"])
    np.testing.assert_allclose(inside.mean(("target", "output")), [0.68, 0.95], atol=0.03)
    np.testing.assert_array_equal(found["aleatoric"], found["std"])


def test_where_there_is_nothing_to_learn_errors_are_those_of_residual():
    seen, truth, _ = a_case(400, slope=0.0)
    new, _, _ = new_case(slope=0.0)
    found = Heteroscedastic().fit(seen, truth).apply(new)
    np.testing.assert_allclose(found["std"], Residual().fit(seen, truth).apply(new)["std"], rtol=1e-6)


def test_a_large_shrinkage_leaves_one_error_for_all_targets():
    seen, truth, _ = a_case(400)
    found = Heteroscedastic(shrinkage=1e9).fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"], Residual().fit(seen, truth).apply(seen)["std"], rtol=1e-4)


def test_errors_that_follow_the_distance_from_the_training_set_are_found():
    rng = np.random.default_rng(4)
    far = rng.uniform(0.2, 2.0, 800)
    names = list(map(str, range(800)))
    mean = rng.normal(0.01, 1e-3, (800, 1))
    truth = make_labels(mean + 1e-4 * far[:, None] ** 1.5 * rng.normal(size=mean.shape), names, ["depth"])
    seen = make_prediction(truth, mean, distance=("target", far))
    found = Heteroscedastic().fit(seen, truth).apply(seen)["std"].values[:, 0]
    assert np.polyfit(np.log(far), np.log(found), 1)[0] == pytest.approx(1.5, abs=0.2)


def test_beyond_the_range_of_the_training_set_errors_stay_as_at_its_end():
    seen, truth, _ = a_case(400, outputs=1)
    fitted = Heteroscedastic().fit(seen, truth)
    ends = seen.isel(target=[int(np.argmax(seen["mean"].values))])
    beyond = ends.assign(mean=ends["mean"] + 1.0)
    np.testing.assert_array_equal(fitted.apply(beyond)["std"], fitted.apply(ends)["std"])


def test_what_the_model_states_is_handed_on():
    new, truth, sigma = new_case(std=1.0)
    for estimator in (Heteroscedastic(), Heteroscedastic(source="model")):
        found = estimator.fit(new, truth).apply(new)
        np.testing.assert_allclose(found["std"], sigma, rtol=1e-12)
        np.testing.assert_allclose(found["aleatoric"], sigma, rtol=1e-12)
        np.testing.assert_allclose(found["epistemic"], 0.0)
        half = (found["upper"] - found["mean"]).sel(level=0.95)
        np.testing.assert_allclose(half, sigma * stats.norm.ppf(0.975), rtol=1e-9)


def test_the_models_errors_need_no_fit():
    new, _, sigma = new_case(std=1.0)
    estimator = Heteroscedastic(source="model")
    assert not estimator.learns
    np.testing.assert_allclose(estimator.apply(new)["std"], sigma, rtol=1e-12)
    assert Heteroscedastic().learns
    with pytest.raises(NotFittedError):
        Heteroscedastic().apply(new)


def test_a_model_that_states_no_errors_is_refused():
    seen, truth, _ = a_case(50)
    with pytest.raises(DataError, match=r"states no std .*; use a model that states them, or source: residuals"):
        Heteroscedastic(source="model").fit(seen, truth)
    calibrated = Residual().fit(seen, truth).apply(seen)
    with pytest.raises(DataError, match="the prediction's std is that of 'residual'"):
        Heteroscedastic(source="model").fit(calibrated, truth)


def test_residuals_correct_a_std_that_is_wrong_by_a_factor():
    seen, truth, _ = a_case(600, std=3.0)
    new, _, sigma = new_case(std=3.0)
    found = Heteroscedastic(source="residuals").fit(seen, truth).apply(new)
    assert np.sqrt(np.mean(np.square(np.log(found["std"].values / sigma)))) < 0.12


def test_what_is_epistemic_already_is_not_counted_twice():
    """Errors of 3 in all, of which an ensemble has found 2: sqrt(5) is left for the data."""
    rng = np.random.default_rng(5)
    mean = rng.normal(size=(2000, 2))
    truth = make_labels(mean + rng.normal(0.0, 3.0, mean.shape), map(str, range(2000)), ["a", "b"])
    grid = ("target", "output")
    known = {"aleatoric": (grid, np.zeros(mean.shape)), "epistemic": (grid, np.full(mean.shape, 2.0))}
    seen = make_prediction(truth, mean, np.full(mean.shape, 2.0), **known)
    seen["std"].attrs["method"] = "ensemble"
    found = Heteroscedastic().fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["aleatoric"], np.sqrt(5.0), rtol=0.06)
    np.testing.assert_allclose(found["epistemic"], 2.0)
    np.testing.assert_allclose(found["std"], 3.0, rtol=0.04)


def test_a_prediction_that_lacks_what_errors_follow_is_refused():
    seen, truth, _ = a_case(100)
    fitted = Heteroscedastic().fit(seen.assign(distance=("target", np.linspace(0.1, 1.0, 100))), truth)
    with pytest.raises(DataError, match="how errors follow distance"):
        fitted.apply(seen)


def test_few_targets_and_unknown_truths():
    seen, truth, _ = a_case(12)
    gaps = truth.copy()
    gaps[:4] = np.nan
    gaps[5, 1] = np.nan
    found = Heteroscedastic().fit(seen, gaps).apply(seen)
    assert np.isfinite(found["std"]).all()
    assert found["std"].attrs["calibration_targets"] == 8


def test_a_few_bad_targets_do_not_decide_how_errors_follow_the_prediction():
    """One residual in 25 is 20 times too large, whatever the prediction: the slope of ln sigma stays 0.5."""
    rng = np.random.default_rng(6)
    slopes = []
    for _ in range(10):
        z = rng.normal(size=(400, 1))
        error = 1e-4 * np.exp(0.5 * z) * rng.normal(size=z.shape) * np.where(rng.random(z.shape) < 0.04, 20.0, 1.0)
        truth = make_labels(0.01 + 1e-3 * z + error, map(str, range(400)), ["depth"])
        seen = make_prediction(truth, 0.01 + 1e-3 * z)
        found = Heteroscedastic(degree=1, shrinkage=1.0).fit(seen, truth).apply(seen)
        slopes.append(np.polyfit(z[:, 0], np.log(found["std"].values[:, 0]), 1)[0])
    assert np.sqrt(np.mean(np.square(np.array(slopes) - 0.5))) < 0.1
