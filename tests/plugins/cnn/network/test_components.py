"""Principal components as the first layer, against scikit-learn and injected truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from specframe_cnn.network.components import Components, principal_components


def _spectra(n, length, noise, seed=0, components=4):
    """Return spectra of a few smooth shapes with noise, without their mean."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0, 3, length)
    shapes = np.array([np.sin((k + 1) * phase + k) for k in range(components)])
    values = rng.normal(size=(n, components)) * np.geomspace(1.0, 0.1, components) @ shapes
    values += noise * rng.normal(size=values.shape)
    return values - values.mean(axis=0)


@pytest.mark.parametrize(("n", "length"), [(300, 40), (60, 200)])
def test_without_noise_scores_are_whitened_principal_components(n, length):
    values = _spectra(n, length, noise=0.0)
    loadings, weights, _ = principal_components(values, 10)
    expected = PCA(4, whiten=True).fit_transform(values) * np.sqrt(n / (n - 1))
    assert weights.shape == (length, 4)  # the shapes that there are
    found = values @ weights
    signs = np.sign(np.sum(found * expected, axis=0))
    np.testing.assert_allclose(found * signs, expected, atol=1e-6)
    np.testing.assert_allclose(found @ loadings, values, atol=1e-6)


def test_components_of_noise_count_for_less():
    """The expectation of probabilistic components, whose noise scikit-learn estimates alike."""
    values = _spectra(2000, 30, noise=0.3)
    _, weights, _ = principal_components(values, 8)
    oracle = PCA(8).fit(values)
    spread = (values @ weights).std(axis=0)
    expected = np.sqrt(np.maximum(oracle.explained_variance_ - oracle.noise_variance_, 0) / oracle.explained_variance_)
    np.testing.assert_allclose(spread, expected, rtol=5e-3)
    assert (spread[:3] > 0.8).all()
    assert (spread[4:] < 0.5).all()


@pytest.mark.parametrize(("whitening", "power"), [(0.0, 1.0), (0.6, 0.4), (1.0, 0.0)])
def test_sizes_of_scores_go_with_a_power_of_those_of_components(whitening, power):
    values = _spectra(400, 40, noise=0.0)
    found = principal_components(values, 4, whitening)
    series = torch.from_numpy(np.stack([values, np.zeros_like(values)], axis=1).astype(np.float32))
    spread = Components(*found, told=False)(series).std(dim=0).numpy()
    expected = PCA(4).fit(values).explained_variance_ ** (0.5 * power)
    np.testing.assert_allclose(spread / spread[0], expected / expected[0], rtol=1e-4)
    assert np.mean(np.square(spread)) == pytest.approx(1.0, rel=1e-2)  # n - 1 of n


def test_missing_values_are_filled_with_what_the_others_say():
    values = _spectra(500, 60, noise=0.01).astype(np.float32)
    layer = Components(*principal_components(values[:400], 4), told=True)
    new = torch.from_numpy(values[400:])[:, None]
    marks = torch.zeros_like(new)
    whole = layer(torch.cat([new, marks], 1))
    marks[:, :, 25:33] = 1.0
    gap = layer(torch.cat([new * (marks == 0), marks], 1))
    zeros = (new * (marks == 0))[:, 0] @ layer.weights
    assert whole.shape == (100, 8)
    assert bool((whole[:, 4:] == 0).all())
    assert bool((gap[:, 4:] > 0).all())
    left = (gap[:, :4] - whole[:, :4]).square().mean().sqrt()
    assert left < 0.25 * (zeros - whole[:, :4]).square().mean().sqrt()


def test_gaps_are_filled_but_not_told_where_training_had_none():
    values = _spectra(300, 60, noise=0.01).astype(np.float32)
    found = principal_components(values, 4)
    series = torch.from_numpy(np.stack([values, np.zeros_like(values)], axis=1))
    series[:, 0, 25:33], series[:, 1, 25:33] = 0.0, 1.0
    scores = Components(*found, told=False)(series)
    assert scores.shape == (300, 4)
    assert torch.equal(scores, Components(*found, told=True)(series)[:, :4])


def test_a_target_without_gaps_is_the_same_beside_one_with_them():
    values = _spectra(100, 20, noise=0.01).astype(np.float32)
    layer = Components(*principal_components(values, 4), told=True)
    series = torch.from_numpy(np.stack([values[:2], np.zeros_like(values[:2])], axis=1))
    alone = layer(series)
    series[1, 0, :5], series[1, 1, :5] = 0.0, 1.0
    torch.testing.assert_close(layer(series)[0], alone[0], rtol=0, atol=0)
