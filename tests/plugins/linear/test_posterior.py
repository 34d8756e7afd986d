"""The posterior of spectra: against dense linear algebra and scipy's densities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from specframe_linear.depth_noise import DepthNoise, Reported
from specframe_linear.posterior import posterior
from specframe_linear.spectrum_prior import SpectrumPrior

M = 14
LEVEL = 0.02


def _case(amplitudes=(2e-4,), probabilities=(1.0,), seed=0):
    rng = np.random.default_rng(seed)
    prior = SpectrumPrior(
        rng.normal(size=M), rng.normal(size=(M, 3)), 0.04, np.array(amplitudes), np.array(probabilities)
    )
    noise = DepthNoise(rng.normal(0, 0.01, M), rng.normal(0, 0.01, (M, 2)), 1.7)
    depth = 0.01 + rng.normal(0, 3e-4, (4, M))
    variance = rng.uniform(1e-4, 4e-4, (4, M)) ** 2
    variance[1, [2, 5]] = np.inf
    depth[1, [2, 5]] = 0.0
    data = Reported(depth, variance, rng.normal(0, 1e-4, (4, M, 1)), np.full(4, 0.01))
    return data, prior, noise


def _dense(data, prior, noise, i, amplitude):
    """Return prior mean and covariance of the truth, and of the known channels' measurement, with the latter's."""
    known = np.isfinite(data.variance[i])
    mean = data.white[i] + amplitude * prior.mean
    truth = LEVEL**2 * np.ones((M, M)) + amplitude**2 * (
        prior.components @ prior.components.T + prior.rest_variance * np.eye(M)
    )
    errors = np.diag(np.where(known, data.variance[i], 0.0)) + data.modes[i] @ data.modes[i].T
    shared = data.white[i] * noise.shared
    measured = truth + noise.inflation * errors + shared @ shared.T
    offset = data.depth[i] - mean - data.white[i] * noise.bias
    return known, mean, truth, measured[np.ix_(known, known)], offset[known]


def test_one_amplitude_is_the_conditional_normal():
    """Channels that were not measured are left out of the dense algebra altogether."""
    data, prior, noise = _case()
    got = posterior(data, prior, noise, LEVEL, with_covariance=True)
    for i in range(4):
        known, mean, truth, measured, offset = _dense(data, prior, noise, i, prior.amplitudes[0])
        gain = np.linalg.solve(measured, truth[known]).T
        np.testing.assert_allclose(got.mean[i], mean + gain @ offset, rtol=1e-9)
        covariance = truth - gain @ truth[known]
        np.testing.assert_allclose(got.covariance[i], covariance, atol=1e-7 * covariance.max())
        np.testing.assert_allclose(got.variance[i], np.diag(covariance), rtol=1e-5)
        distance = offset @ np.linalg.solve(measured, offset) / known.sum()
        assert got.misfit[i] == pytest.approx(distance, rel=1e-6)


def test_misfits_of_blocks_are_what_free_levels_would_gain():
    """Generalised least squares with dense matrices: chi^2 without blocks less chi^2 with their fitted levels.

    14 channels are three blocks of four or five; a band is one of them or two neighbours.
    """
    data, prior, noise = _case()
    got = posterior(data, prior, noise, LEVEL)
    blocks = np.zeros((M, 3))
    for first, last, block in ((0, 5, 0), (5, 10, 1), (10, M, 2)):
        blocks[first:last, block] = 1.0
    for i in range(4):
        known, _, _, measured, offset = _dense(data, prior, noise, i, prior.amplitudes[0])
        inverse = np.linalg.inv(measured)

        def gain(design, inverse=inverse, offset=offset, known=known):
            design = design[known]
            level = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ offset)
            rest = offset - design @ level
            return offset @ inverse @ offset - rest @ inverse @ rest

        assert got.broad_misfit[i] == pytest.approx(gain(blocks) / 3, rel=1e-5)
        bands = [blocks[:, [0]], blocks[:, [1]], blocks[:, [2]], blocks[:, :2].sum(axis=1, keepdims=True)]
        bands.append(blocks[:, 1:].sum(axis=1, keepdims=True))
        assert got.band_misfit[i] == pytest.approx(max(gain(band) for band in bands), rel=1e-5)


def test_amplitudes_are_averaged_by_their_evidence():
    data, prior, noise = _case(amplitudes=(5e-5, 2e-4, 4e-4), probabilities=(0.5, 0.3, 0.2))
    got = posterior(data, prior, noise, LEVEL)
    for i in range(4):
        means, evidence = [], []
        for amplitude, probability in zip(prior.amplitudes, prior.probabilities, strict=True):
            known, mean, truth, measured, offset = _dense(data, prior, noise, i, amplitude)
            means.append(mean + np.linalg.solve(measured, truth[known]).T @ offset)
            evidence.append(np.log(probability) + multivariate_normal(cov=measured).logpdf(offset))
        weight = np.exp(np.array(evidence) - np.max(evidence))
        np.testing.assert_allclose(got.mean[i], weight / weight.sum() @ np.array(means), rtol=1e-7)


def test_unknown_features_count_by_their_evidence():
    """Dense matrices, with and without the further columns; misfits are those without them."""
    data, prior, noise = _case()
    columns = np.random.default_rng(5).normal(size=(M, 2))
    got = posterior(data, prior.with_unknown(columns, 0.2), noise, LEVEL, with_covariance=True)
    wider = replace(prior, components=np.concatenate([prior.components, columns], axis=1))
    for i in range(4):
        means, covariances, evidence = [], [], []
        for one, probability in ((prior, 0.8), (wider, 0.2)):
            known, mean, truth, measured, offset = _dense(data, one, noise, i, prior.amplitudes[0])
            gain = np.linalg.solve(measured, truth[known]).T
            means.append(mean + gain @ offset)
            covariances.append(truth - gain @ truth[known])
            evidence.append(np.log(probability) + multivariate_normal(cov=measured).logpdf(offset))
        weight = np.exp(np.array(evidence) - np.max(evidence))
        weight /= weight.sum()
        mean = weight @ np.array(means)
        np.testing.assert_allclose(got.mean[i], mean, rtol=1e-7)
        apart = np.array(means) - mean
        covariance = np.einsum("a,amk->mk", weight, covariances) + np.einsum("a,am,ak->mk", weight, apart, apart)
        np.testing.assert_allclose(got.covariance[i], covariance, atol=1e-7 * covariance.max())
    np.testing.assert_allclose(got.misfit, posterior(data, prior, noise, LEVEL).misfit, rtol=1e-12)


def test_without_anything_known_of_spectra_the_measurement_stays():
    data, prior, _ = _case(amplitudes=(100.0,))
    clean = DepthNoise(np.zeros(M), np.zeros((M, 0)), 1.0)
    wide = posterior(data, prior, clean, LEVEL)
    np.testing.assert_allclose(wide.mean[0], data.depth[0], atol=1e-7)  # rounding of 100 - 100
