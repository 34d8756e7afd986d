"""The model ols: against numpy, scikit-learn, the textbook's standard errors and injected truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from specframe.errors import DataError
from specframe_linear import Ols


def _problem(n=60, p=5, q=2, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(rng.uniform(-5, 5, p), rng.uniform(0.1, 10, p), (n, p))
    coefficients = rng.normal(0, 1, (p, q))
    return features, features @ coefficients + 3.0 + rng.normal(0, noise, (n, q)), coefficients


def test_fit_is_that_of_scikit_learn_with_weights_too():
    features, labels, _ = _problem()
    new = _problem(seed=9)[0]
    weight = np.random.default_rng(1).uniform(0.2, 3.0, 60)
    theirs = LinearRegression().fit(features, labels, sample_weight=weight).predict(new)
    ours = Ols().fit(features, labels, sample_weight=weight).predict(new)["mean"].values
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_errors_are_the_textbooks():
    """s^2 (1 + x0' (X'X)^-1 x0) with a column of ones in X and n - p - 1 degrees of freedom."""
    features, labels, _ = _problem()
    new = _problem(seed=9)[0]
    X, X0 = (np.column_stack([np.ones(60), part]) for part in (features, new))
    beta, rss, _, _ = np.linalg.lstsq(X, labels, rcond=None)
    leverage = np.sum(X0 @ np.linalg.inv(X.T @ X) * X0, axis=1)
    expected = np.sqrt(rss / (60 - 6) * (1.0 + leverage)[:, None])
    prediction = Ols().fit(features, labels).predict(new)
    np.testing.assert_allclose(prediction["mean"].values, X0 @ beta, rtol=1e-10)
    np.testing.assert_allclose(prediction["std"].values, expected, rtol=1e-9)


def test_errors_of_new_targets_follow_students_distribution():
    """Also of few targets with many inputs, where errors without the leverage would be 40 % too small."""
    pulls = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(45, 10))
        beta = rng.normal(size=10)
        model = Ols().fit(features[:25], features[:25] @ beta + rng.normal(0, 0.3, 25))
        prediction = model.predict(features[25:])
        truth = features[25:] @ beta + rng.normal(0, 0.3, 20)
        pulls.append((truth - prediction["mean"].values[:, 0]) / prediction["std"].values[:, 0])
    inside = np.abs(np.concatenate(pulls)) < stats.t(25 - 11).ppf(0.84)
    assert inside.mean() == pytest.approx(0.68, abs=0.025)


def test_weights_are_inverse_variances():
    """Targets with four times the error and a sixteenth of the weight: the std is that of a target of mean weight."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(4000, 3))
    sigma = np.where(np.arange(4000) % 2, 0.1, 0.4)
    weight = 1.0 / np.square(sigma)
    labels = features @ [1.0, -2.0, 0.5] + sigma * rng.normal(size=4000)
    std = Ols().fit(features, labels, sample_weight=weight).predict(np.zeros((1, 3)))["std"].item()
    assert std == pytest.approx(1.0 / np.sqrt(weight.mean()), rel=0.05)


def test_injected_coefficients_are_recovered():
    features, labels, coefficients = _problem(n=300, noise=1e-6)
    model = Ols().fit(features, labels)
    steps = np.vstack([np.zeros(5), np.eye(5)])
    mean = model.predict(steps)["mean"].values
    np.testing.assert_allclose(mean[1:] - mean[0], coefficients, atol=1e-5)


def test_a_missing_input_widens_the_error_by_what_it_would_have_told():
    rng = np.random.default_rng(6)
    common = rng.normal(size=(3000, 1))
    features = np.column_stack([common + 0.5 * rng.normal(size=(3000, 2)), rng.normal(size=3000)])
    labels = features @ [1.0, 1.0, 0.0] + 0.1 * rng.normal(size=3000)
    model = Ols().fit(features[:2000], labels[:2000])
    holes = features[2000:].copy()
    holes[:, :2] = np.nan
    prediction = model.predict(holes)
    error = labels[2000:] - prediction["mean"].values[:, 0]
    assert prediction["std"].values.mean() == pytest.approx(error.std(), rel=0.05)
    assert model.predict(features[2000:])["std"].values.mean() == pytest.approx(0.1, rel=0.05)


def test_inputs_that_depend_on_each_other_are_one():
    features, labels, _ = _problem()
    twice = np.column_stack([features, features[:, :2] * 3.0 - 1.0, features.sum(axis=1)])
    expected = Ols().fit(features, labels).predict(features)
    got = Ols().fit(twice, labels).predict(twice)
    np.testing.assert_allclose(got["mean"].values, expected["mean"].values, rtol=1e-8)
    np.testing.assert_allclose(got["std"].values, expected["std"].values, rtol=1e-8)


def test_as_many_inputs_as_targets_are_refused():
    features, labels, _ = _problem(n=20, p=19)
    with pytest.raises(DataError, match=r"19 independent inputs fit 20 targets exactly.*or use ridge"):
        Ols().fit(features, labels)
    Ols().fit(features[:, :18], labels)
