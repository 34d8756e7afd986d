"""The model bayesian-ridge: against the marginal likelihood itself, scikit-learn, and injected truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats
from sklearn.linear_model import BayesianRidge as TheirBayesianRidge

from specframe_linear import BayesianRidge, Ridge


def _problem(n=60, p=10, q=1, noise=0.5, prior=1.0, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (n, p))
    coefficients = rng.normal(0, prior, (p, q))
    return features, features @ coefficients + 3.0 + rng.normal(0, noise, (n, q)), coefficients


def _standard(features):
    return (features - features.mean(axis=0)) / features.std(axis=0)


@pytest.mark.parametrize(("n", "p"), [(40, 8), (25, 60)])
def test_penalty_and_noise_maximise_the_probability_of_the_labels(n, p):
    """Contrasts of the labels are normal with covariance noise^2 (1 + Z Z' / penalty): no other values do better."""
    features, labels, _ = _problem(n, p, noise=2.0)
    model = BayesianRidge().fit(features, labels)
    z = _standard(features)
    contrasts = linalg.null_space(np.ones((1, n)))

    def log_probability(alpha, noise):
        covariance = noise**2 * (np.eye(n) + z @ z.T / alpha)
        return stats.multivariate_normal(cov=contrasts.T @ covariance @ contrasts).logpdf(contrasts.T @ labels[:, 0])

    alpha, noise = model.alpha[0], model.noise[0]
    best = log_probability(alpha, noise)
    for a in (0.9, 1.0, 1.1):
        for b in (0.97, 1.0, 1.03):
            if (a, b) != (1.0, 1.0):
                assert log_probability(alpha * a, noise * b) < best
    assert max(log_probability(a, noise) for a in np.logspace(-6, 9, 50)) <= best + 1e-9


def test_it_is_ridge_with_that_penalty():
    features, labels, _ = _problem(q=3)
    ours = BayesianRidge().fit(features, labels)
    for output in range(3):
        ridge = Ridge(alpha=float(ours.alpha[output])).fit(features, labels[:, output])
        np.testing.assert_allclose(
            ours.predict(features)["mean"].values[:, output], ridge.predict(features)["mean"].values[:, 0], rtol=1e-9
        )


def test_it_agrees_with_scikit_learn():
    """Whose noise counts the mean as known: 1/n of the variance, and it leaves out the error of the mean."""
    features, labels, _ = _problem(n=400, noise=1.0)
    z = _standard(features)
    theirs = TheirBayesianRidge(alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, tol=1e-10, max_iter=5000)
    theirs.fit(z, labels[:, 0])
    new = _problem(n=400, seed=8)[0]
    mean, std = theirs.predict((new - features.mean(axis=0)) / features.std(axis=0), return_std=True)
    prediction = BayesianRidge().fit(features, labels).predict(new)
    np.testing.assert_allclose(prediction["mean"].values[:, 0], mean, atol=2e-4)
    np.testing.assert_allclose(prediction["std"].values[:, 0], std, rtol=3e-3)


@pytest.mark.parametrize(("n", "p"), [(200, 10), (40, 30), (30, 100)])
def test_errors_hold_where_the_model_does(n, p):
    """Coverage of 68 % over coefficients drawn from the prior, also with more inputs than targets.

    With hardly more targets than inputs, penalty and noise themselves are uncertain, which costs 5 % of coverage.
    """
    inside = []
    for seed in range(60):
        features, labels, _ = _problem(n + 50, p, noise=1.0, prior=0.5, seed=seed)
        prediction = BayesianRidge().fit(features[:n], labels[:n]).predict(features[n:])
        inside.append(np.abs(labels[n:] - prediction["mean"].values) < prediction["std"].values)
    assert np.mean(inside) == pytest.approx(0.683, abs=0.02 if n == 200 else 0.06)


def test_far_from_the_training_set_the_error_grows():
    features, labels, _ = _problem(n=30, p=60)
    model = BayesianRidge().fit(features, labels)
    std = model.predict(np.vstack([features[:1], 10.0 * features[:1], 10.0 * _problem(n=1, p=60, seed=4)[0]]))["std"]
    assert std.values[1] > 2 * std.values[0]
    assert std.values[2] > std.values[1]


def test_labels_without_relation_are_predicted_by_their_mean():
    rng = np.random.default_rng(3)
    labels = rng.normal(7.0, 2.0, 50)
    prediction = BayesianRidge().fit(rng.normal(size=(50, 5)), labels).predict(rng.normal(size=(20, 5)))
    np.testing.assert_allclose(prediction["mean"].values, labels.mean(), atol=0.6)
    np.testing.assert_allclose(prediction["std"].values, labels.std(ddof=1), rtol=0.15)


def test_integer_weights_change_the_fit_as_repeated_targets_do():
    """With a penalty that hardly counts, coefficients are those of weighted least squares."""
    features, labels, _ = _problem(n=60, p=4, noise=0.05)
    repeats = np.random.default_rng(2).integers(1, 5, 60)
    weighted = BayesianRidge().fit(features, labels, sample_weight=repeats).predict(features)
    repeated = BayesianRidge().fit(np.repeat(features, repeats, axis=0), np.repeat(labels, repeats, axis=0))
    plain = BayesianRidge().fit(features, labels).predict(features)
    difference = np.abs(weighted["mean"].values - repeated.predict(features)["mean"].values).max()
    assert difference < 0.05 * np.abs(weighted["mean"].values - plain["mean"].values).max()


def test_a_missing_input_widens_the_error_by_what_it_would_have_told():
    features, labels, _ = _problem(n=2000, p=4, noise=0.1)
    model = BayesianRidge().fit(features[:1000], labels[:1000])
    holes = features[1000:].copy()
    holes[:, 1] = np.nan
    prediction = model.predict(holes)
    error = labels[1000:] - prediction["mean"].values
    assert prediction["std"].values.mean() == pytest.approx(error.std(), rel=0.06)
