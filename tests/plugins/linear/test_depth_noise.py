"""What measured depths differ from true ones: injected biases and wrong errors are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from specframe.api import DepthSpectra
from specframe_linear.depth_noise import DepthNoise, Reported

N, M = 150, 30


def _measured(bias, shared, factor=1.0, seed=0, covariance=None):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.002, 0.02, (N, 1)) + rng.normal(0, 1e-4, (N, M))
    error = rng.uniform(5e-5, 2e-4, (N, M))
    noise = factor * error * rng.normal(size=(N, M))
    if covariance is not None:
        noise += np.einsum("nmr,nr->nm", covariance, rng.normal(size=(N, covariance.shape[2])))
    white = truth.mean(axis=1, keepdims=True)
    depth = truth + white * (bias + rng.normal(size=(N, shared.shape[1])) @ shared.T) + noise
    return truth, depth, error


def _reported(depth, error, covariance=None):
    names = tuple(map(str, range(len(depth))))
    return Reported.of(DepthSpectra(names, depth, error, covariance).cleaned(), np.ones(depth.shape[1]))


def test_bias_shared_mode_and_wrong_errors_are_found():
    """Limb darkening that is ignored looks like this: some percent, falling with wavelength. Errors are too small."""
    wavelength = np.linspace(0.7, 4, M)
    bias, shared = 0.08 / wavelength, 0.03 / wavelength[:, None]
    truth, depth, error = _measured(bias, shared, factor=2.0)
    noise = DepthNoise.fit(_reported(depth, error), truth, np.ones(N), 1)
    # The mean of 150 amplitudes is known to 0.08 of their standard deviation.
    np.testing.assert_allclose(noise.bias, bias, atol=3 * 0.03 / np.sqrt(N) + 0.003)
    product = noise.shared @ noise.shared.T
    np.testing.assert_allclose(np.diag(product), np.square(shared[:, 0]), rtol=0.5, atol=1e-4)
    assert np.trace(product) == pytest.approx(np.sum(np.square(shared)), rel=0.25)
    # 4,500 residuals: 2 % for the variance's root, with what the modes take away
    assert np.sqrt(noise.inflation) == pytest.approx(2.0, rel=0.04)


def test_errors_that_hold_are_left_alone():
    truth, depth, error = _measured(np.zeros(M), np.zeros((M, 0)))
    for count in (0, 1, 3):
        noise = DepthNoise.fit(_reported(depth, error), truth, np.ones(N), count)
        assert np.sqrt(noise.inflation) == pytest.approx(1.0, rel=0.04)
        np.testing.assert_allclose(noise.bias, 0.0, atol=0.01)


def test_what_a_covariance_tells_is_not_taken_for_a_bias():
    """A common error of the white depth, as a free orbit leaves, reported with each target."""
    rng = np.random.default_rng(5)
    modes = 2e-4 * rng.uniform(0.5, 1.5, (N, 1, 1)) * np.ones((1, M, 1))
    truth, depth, error = _measured(np.zeros(M), np.zeros((M, 0)), covariance=modes)
    full = np.einsum("nmr,nkr->nmk", modes, modes) + np.einsum("nm,mk->nmk", np.square(error), np.eye(M))
    noise = DepthNoise.fit(_reported(depth, np.sqrt(np.diagonal(full, axis1=1, axis2=2)), full), truth, np.ones(N), 0)
    assert np.sqrt(noise.inflation) == pytest.approx(1.0, rel=0.05)
    blind = DepthNoise.fit(_reported(depth, error), truth, np.ones(N), 0)
    assert blind.inflation > 2.0


def test_likelihood_is_that_of_the_normal_distribution():
    wavelength = np.linspace(0.7, 4, M)
    truth, depth, error = _measured(0.1 / wavelength, 0.02 / wavelength[:, None])
    depth[3, [1, 4]] = np.nan
    data = _reported(depth, error)
    noise = DepthNoise.fit(data, truth, np.ones(N), 1)
    got = noise.log_likelihood(data, truth)
    for i in (0, 3):
        known = np.isfinite(depth[i])
        shared = data.white[i] * noise.shared
        covariance = noise.inflation * np.diag(np.where(known, error[i] ** 2, 1.0)) + shared @ shared.T
        centred = np.where(known, depth[i] - truth[i], 0.0) - data.white[i] * noise.bias
        expected = multivariate_normal(cov=covariance[np.ix_(known, known)]).logpdf(centred[known])
        assert got[i] == pytest.approx(expected, rel=1e-9)


def test_weights_count_as_repeats():
    truth, depth, error = _measured(np.full(M, 0.05), np.full((M, 1), 0.02))
    weight = np.where(np.arange(N) < 50, 2.0, 1.0)
    index = np.concatenate([np.arange(50), np.arange(N)])
    data = _reported(depth, error)
    weighted = DepthNoise.fit(data, truth, weight, 1)
    repeated = DepthNoise.fit(data.take(index), truth[index], np.ones(len(index)), 1)
    np.testing.assert_allclose(weighted.bias, repeated.bias, rtol=1e-4)
    # only the degrees of freedom differ: 150 targets are not 200
    assert weighted.inflation == pytest.approx(repeated.inflation, rel=0.02)
