"""The covariance of few draws: positive definite, and nearer to the truth than what the draws say by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_uncertainty.draw_covariance import shrunk_correlation


def centred(rng, covariance, n):
    draws = rng.multivariate_normal(np.zeros(len(covariance)), covariance, n)
    return draws - draws.mean(axis=0)


@pytest.mark.parametrize("draws", [2, 5, 30])
@pytest.mark.parametrize("common", [0.0, 0.95, 1.0])
def test_it_is_a_correlation_matrix_and_positive_definite(draws, common):
    rng = np.random.default_rng(draws)
    found = shrunk_correlation(centred(rng, common + (1 - common) * np.eye(100), draws))
    np.testing.assert_allclose(np.diagonal(found), 1.0, rtol=1e-12)
    np.testing.assert_allclose(found, found.T, rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > 1e-5


@pytest.mark.parametrize(("common", "most"), [(0.0, 0.2), (0.3, 1.0), (0.9, 1.15)])
def test_it_is_nearer_to_the_truth_than_the_sample_correlation(common, most):
    """Where outputs move together there is nothing to gain, and little may be lost."""
    truth = common + (1 - common) * np.eye(60)
    rng = np.random.default_rng(1)
    ours, plain = 0.0, 0.0
    for _ in range(20):
        draws = centred(rng, truth, 15)
        ours += np.square(shrunk_correlation(draws) - truth).sum()
        plain += np.square(np.corrcoef(draws.T) - truth).sum()
    assert ours < most * plain


def test_outputs_that_move_together_keep_their_correlation():
    """Spectra shift as a whole: with 30 draws and a true correlation of 0.95 it must not be shrunk away."""
    draws = centred(np.random.default_rng(2), 0.95 + 0.05 * np.eye(80), 30)
    found = shrunk_correlation(draws)[np.triu_indices(80, 1)]
    assert found.mean() == pytest.approx(0.95, abs=0.04)


def test_an_output_whose_draws_are_equal_is_correlated_with_none():
    draws = centred(np.random.default_rng(3), np.eye(4), 20)
    draws[:, 2] = 0.0
    np.testing.assert_array_equal(shrunk_correlation(draws)[2], [0, 0, 1, 0])
