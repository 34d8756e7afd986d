"""Errors from residuals: of the right size, and holding their level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, NotFittedError
from specframe_uncertainty import Residual

SIGMA = np.array([2e-5, 5e-5, 1e-4])


def a_case(n, errors=None, seed=0, std=None):
    """Predictions of ``n`` targets whose three outputs have normal errors of size SIGMA, or the given ``errors``."""
    rng = np.random.default_rng(seed)
    labels = make_labels(rng.normal(0.01, 0.001, (n, 3)), map(str, range(n)), list("abc"))
    errors = SIGMA * rng.normal(size=(n, 3)) if errors is None else errors
    return make_prediction(labels, labels.values - errors, std), labels


@pytest.mark.parametrize("estimator", ["rms", "mad", "quantile68"])
def test_every_estimator_finds_the_sigma_of_normal_errors(estimator):
    """10,000 targets: relative standard errors 0.7 % (rms), 1.2 % (mad) and 1.0 % (quantile); four of the largest."""
    seen, truth = a_case(10_000)
    found = Residual(estimator=estimator).fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"].values[0], SIGMA, rtol=0.047)


def test_robust_estimators_are_blind_to_a_few_bad_targets():
    seen, truth = a_case(1000)
    bad = make_prediction(truth, seen["mean"].values + np.where(np.arange(1000) < 20, 0.01, 0.0)[:, None])
    rms, mad, quantile68 = (
        Residual(estimator=estimator).fit(bad, truth).apply(bad)["std"].values[0]
        for estimator in ("rms", "mad", "quantile68")
    )
    assert np.all(rms > 10 * SIGMA)
    np.testing.assert_allclose(mad, SIGMA, rtol=0.2)
    np.testing.assert_allclose(quantile68, SIGMA, rtol=0.2)


def test_a_bias_counts_as_error():
    seen, truth = a_case(500, errors=np.full((500, 3), 3e-4))
    found = Residual().fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"], 3e-4, rtol=1e-9)


def test_normal_bounds_are_normal_quantiles_of_std():
    seen, truth = a_case(50)
    found = Residual(interval="normal", levels=[0.5, 0.95]).fit(seen, truth).apply(seen)
    for level in (0.5, 0.95):
        lower, upper = stats.norm(seen["mean"].values, found["std"].values).interval(level)
        np.testing.assert_allclose(found["lower"].sel(level=level), lower, rtol=1e-12)
        np.testing.assert_allclose(found["upper"].sel(level=level), upper, rtol=1e-12)


@pytest.mark.parametrize("n", [24, 99])
def test_empirical_bounds_hold_their_level_for_skewed_errors(n):
    """Ranks p (n + 1) are whole for these levels, so coverage is exact; 20,000 outputs are as many repetitions."""
    rng = np.random.default_rng(n)
    m = 20_000
    names = list(map(str, range(m)))
    truth = make_labels(rng.exponential(size=(n, m)), map(str, range(n)), names)
    new_truth = rng.exponential(size=(1, m))
    new = make_prediction(make_labels(new_truth, ["new"], names), np.zeros((1, m)))
    found = Residual(levels=[0.68, 0.92]).fit(make_prediction(truth, np.zeros((n, m))), truth).apply(new)
    inside = (found["lower"].values <= new_truth[..., None]) & (new_truth[..., None] <= found["upper"].values)
    np.testing.assert_allclose(inside.mean(axis=(0, 1)), [0.68, 0.92], atol=4 * np.sqrt(0.68 * 0.32 / m))


def test_empirical_bounds_know_skewed_errors():
    """Exponential errors: 68 % lie between -ln(0.84) and -ln(0.16) times their mean."""
    errors = np.random.default_rng(0).exponential(1e-4, (20_000, 3))
    seen, truth = a_case(20_000, errors=errors)
    found = Residual().fit(seen, truth).apply(seen)
    lower, upper = (found[name].sel(level=0.68).values[0] - seen["mean"].values[0] for name in ("lower", "upper"))
    np.testing.assert_allclose(lower, -1e-4 * np.log(0.84), rtol=0.05)
    np.testing.assert_allclose(upper, -1e-4 * np.log(0.16), rtol=0.05)


def test_scale_with_std_calibrates_the_size_and_keeps_the_variation():
    """True errors are three times the stated ones; 20,000 values give the factor to 0.5 %, four times that."""
    rng = np.random.default_rng(3)
    stated = rng.uniform(1e-5, 9e-5, (20_000, 3))
    seen, truth = a_case(20_000, errors=3 * stated * rng.normal(size=stated.shape), std=stated)
    found = Residual(scale_with="std").fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"] / stated, 3.0, rtol=0.02)
    half = (found["upper"] - found["lower"]).sel(level=0.68).values / 2
    np.testing.assert_allclose(half / stated, 3.0 * stats.norm.ppf(0.84), rtol=0.04)


def test_one_tiny_std_does_not_decide_the_errors_of_all():
    """60 targets of errors 1 with the right std: the failed one may change std by sqrt(1 + 100 / 60)."""
    std = np.ones((60, 3))
    std[0] = 1e-12
    seen, truth = a_case(60, errors=np.ones((60, 3)), std=std)
    found = Residual(scale_with="std").fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"].values[1:], np.sqrt((59 + 100) / 60), rtol=1e-12)
    np.testing.assert_allclose(found["std"].values[0], 0.1 * np.sqrt((59 + 100) / 60), rtol=1e-12)


def test_scale_with_std_needs_one():
    seen, truth = a_case(50)
    with pytest.raises(DataError, match="scale_with is 'std', but the prediction has none"):
        Residual(scale_with="std").fit(seen, truth)


def test_unknown_truths_are_left_out_and_targets_counted():
    seen, truth = a_case(50)
    gaps = truth.copy()
    gaps[:10] = np.nan
    gaps[10:20, 1] = np.nan
    found = Residual().fit(seen, gaps).apply(seen)
    expected = Residual().fit(seen.isel(target=slice(20, None)), truth[20:]).apply(seen)
    for name in ("std", "lower", "upper"):
        np.testing.assert_allclose(found[name].sel(output="b"), expected[name].sel(output="b"), rtol=1e-12)
    assert found["std"].attrs["calibration_targets"] == 40
    assert found["std"].attrs["calibration_targets_left_out"] == 10


def test_too_few_targets_are_an_error():
    seen, truth = a_case(4)
    with pytest.raises(DataError, match=r"output 'a' cannot be estimated from 4 targets.*at least 5 are needed"):
        Residual().fit(seen, truth)


def test_units_are_those_of_the_labels():
    seen, truth = a_case(10)
    seen["mean"].attrs["units"] = "K"
    found = Residual().fit(seen, truth.assign_attrs(units="K")).apply(seen)
    assert {found[name].attrs["units"] for name in ("mean", "std", "lower", "upper")} == {"K"}


def test_what_was_learned_comes_back_from_disk(tmp_path):
    seen, truth = a_case(40)
    fitted = Residual(estimator="mad", levels=[0.5]).fit(seen, truth)
    fitted.save(tmp_path)
    assert Residual.load(tmp_path).apply(seen).identical(fitted.apply(seen))


def test_use_before_fit_is_an_error():
    seen, _ = a_case(5)
    with pytest.raises(NotFittedError, match="Residual: call fit first"):
        Residual().apply(seen)
