"""Laplace's approximation of the last layer, against the analytic posterior of Bayesian linear regression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from specframe_cnn.last_layer import LastLayer


def _linear(n=60, k=4, n_output=2, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (n, k))
    design = np.column_stack([features, np.ones(n)])
    truth = rng.normal(0, 1, (k + 1, n_output))
    labels = design @ truth + rng.normal(0, noise, (n, n_output))
    return features, design, labels


def _posterior(design, labels, alpha, noise):
    """Mean and covariance of Bayesian linear regression (Bishop 2006, eq. 3.53 and 3.54)."""
    precision = design.T @ design / noise**2 + alpha * np.eye(design.shape[1])
    return np.linalg.solve(precision, design.T @ labels) / noise**2, np.linalg.inv(precision)


@pytest.mark.parametrize("form", ["one-curvature", "curvature-of-each"])
def test_draws_are_the_analytic_posterior_of_a_linear_model(form):
    noise = 0.3
    features, design, labels = _linear(noise=noise)
    alpha = 1.0
    for _ in range(100):  # the weights that belong to the most likely prior
        weights = np.column_stack([_posterior(design, label, alpha, noise)[0] for label in labels.T])
        shape = (60, 1) if form == "one-curvature" else (60, 2)
        curvature = np.ones(shape) if form == "one-curvature" else np.full(shape, 1 / noise**2)
        precision = np.full(2, 1 / noise**2) if form == "one-curvature" else np.ones(2)
        layer = LastLayer.fit(features, curvature, precision, weights[:-1].T, weights[-1])
        alpha = layer.alpha[0]
    draws = layer.draw(40000, np.random.default_rng(1))
    mean, covariance = _posterior(design, labels[:, 0], layer.alpha[0], noise)
    # 40000 draws tell a mean to 0.5 % and a covariance to 0.7 % of the standard deviation
    sigma = np.sqrt(np.diag(covariance))
    assert np.abs((draws[:, 0].mean(axis=0) - mean) / sigma).max() < 0.03
    np.testing.assert_allclose(
        np.cov(draws[:, 0].T) / np.outer(sigma, sigma), covariance / np.outer(sigma, sigma), atol=0.03
    )


def test_the_prior_precision_maximises_the_evidence():
    """At the fixed point, weights and precision together are where the exact marginal likelihood is largest."""
    noise = 0.5
    features, design, labels = _linear(n=30, k=6, n_output=1, noise=noise, seed=3)
    y = labels[:, 0]

    def negative_evidence(log_alpha):
        covariance = noise**2 * np.eye(30) + design @ design.T / np.exp(log_alpha)
        return 0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1])

    best = minimize_scalar(negative_evidence, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}).x
    weights, _ = _posterior(design, y, np.exp(best), noise)
    layer = LastLayer.fit(features, np.ones((30, 1)), np.array([noise**-2]), weights[None, :-1], weights[-1:])
    assert np.log(layer.alpha[0]) == pytest.approx(best, abs=1e-4)


def test_weights_of_zero_have_no_spread():
    """Evidence then asks for an infinitely narrow prior."""
    features, _, _ = _linear()
    layer = LastLayer.fit(features, np.ones((60, 1)), np.ones(1), np.zeros((1, 4)), np.zeros(1))
    assert np.abs(layer.draw(100, np.random.default_rng(0))).max() < 1e-5


def test_targets_that_count_twice_are_as_two_targets():
    features, _, _ = _linear(n_output=1)
    weights, bias = np.array([[0.5, -1.0, 0.3, 0.1]]), np.array([0.2])
    twice = LastLayer.fit(features, np.full((60, 1), 2.0), np.ones(1), weights, bias)
    doubled = LastLayer.fit(np.vstack([features, features]), np.ones((120, 1)), np.ones(1), weights, bias)
    first, second = (layer.draw(20000, np.random.default_rng(0)).std(axis=0) for layer in (twice, doubled))
    np.testing.assert_allclose(first, second, rtol=0.03)  # 20000 draws tell a standard deviation to 0.5 %
