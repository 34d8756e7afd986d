"""Likelihoods of spectra, against dense normal distributions and numerical integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import null_space
from scipy.stats import multivariate_normal, norm
from sklearn.gaussian_process.kernels import Matern

from specframe_gp import SpectrumGp
from specframe_gp.bins import Binned
from specframe_gp.spectra import Axis, Spectra
from specframe_gp.spectrum_likelihoods import Difference, KnownSpectra, MeasuredSpectra

N_CHANNEL = 12
X = np.linspace(0.0, 50.0, N_CHANNEL)
AXIS = Axis(X, np.eye(N_CHANNEL))
KERNEL = SpectrumGp(kernel="matern-5/2").params.kernel
#: Of the process: variance 1.7, length 9, and 0.02 in every channel.
COVARIANCE = 1.7 * Matern(9.0, nu=2.5)(X[:, None]) + 0.02 * np.eye(N_CHANNEL)
HYPER = {
    "kernel.raw_outputscale": np.log([1.7]),
    "kernel.base_kernel.raw_lengthscale": np.log([9.0]),
    # 1e-8 is the least there is
    "log_rest": np.log([0.02 - 1e-8]),
}
MEAN = np.sin(X / 9.0)


def drawn(seed: int = 0, n: int = 5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, N_CHANNEL)), rng.uniform(0.5, 2.0, n), rng.normal(0.0, 0.3, n)


def restricted(y, mean, covariance) -> float:
    """Return the logarithm of the density of what is orthogonal to a level of which nothing is known."""
    contrasts = null_space(np.ones((1, len(y)))).T
    log = multivariate_normal(contrasts @ mean, contrasts @ covariance @ contrasts.T).logpdf(contrasts @ y)
    # the density of the contrasts, and of all but a flat level, differ by the norm of the level
    return log - 0.5 * np.log(len(y))


@pytest.mark.parametrize("amplitude", ["common", "depth"])
def test_known_spectra_have_the_density_of_their_contrasts(amplitude: str) -> None:
    y, weight, log_white = drawn()
    likelihood = KnownSpectra(KERNEL, AXIS, y, MEAN, weight, log_white, amplitude, blur=0.0).set_hyper_parameters(HYPER)
    size = np.exp(log_white) if amplitude == "depth" else np.ones(5)
    expected = [restricted(one, a * MEAN, a**2 * COVARIANCE) for one, a in zip(y, size, strict=True)]
    assert likelihood.log_likelihoods().detach().numpy() == pytest.approx(expected, rel=1e-6)
    total = float(likelihood.negative_log_likelihood()[0].detach())
    assert total == pytest.approx(-np.sum(weight * expected), rel=1e-6)


def integrated(y, mean, covariance, centre, spread) -> float:
    def density(log: float) -> float:
        a = np.exp(log)
        return np.exp(restricted(y, a * mean, covariance(a))) * norm.pdf(log, centre, spread)

    return np.log(quad(density, centre - 6 * spread, centre + 6 * spread, limit=200)[0])


def test_amplitudes_of_known_spectra_are_integrated_out() -> None:
    _, weight, log_white = drawn()
    rng = np.random.default_rng(1)
    y = rng.multivariate_normal(np.zeros(N_CHANNEL), COVARIANCE, 5) + MEAN
    likelihood = KnownSpectra(KERNEL, AXIS, y, MEAN, weight, log_white, "each", blur=0.0)
    likelihood.set_hyper_parameters({**HYPER, "log_spread": np.log([0.6]), "exponent": np.array([0.4])})
    expected = [
        integrated(one, MEAN, lambda a: a**2 * COVARIANCE, 0.4 * log, 0.6)
        for one, log in zip(y, log_white, strict=True)
    ]
    assert likelihood.log_likelihoods().detach().numpy() == pytest.approx(expected, abs=1e-3)


def test_blur_is_noise_of_the_spectra() -> None:
    y, weight, log_white = drawn(n=1)
    given = (weight, log_white, "common")
    blurred = KnownSpectra(KERNEL, AXIS, y, MEAN, *given, blur=0.01).set_hyper_parameters(HYPER)
    noise = np.random.default_rng(0).normal(0.0, 0.1 * y.std(), (4000, N_CHANNEL))
    noisy = KnownSpectra(KERNEL, AXIS, y + noise, MEAN, np.ones(4000), np.zeros(4000), "common", blur=0.0)
    each = noisy.set_hyper_parameters(HYPER).log_likelihoods().detach().numpy()
    error = each.std() / np.sqrt(len(each))
    assert float(blurred.log_likelihoods()[0].detach()) == pytest.approx(each.mean(), abs=4 * error)


def measured(seed: int = 0, n: int = 5) -> Spectra:
    rng = np.random.default_rng(seed)
    depth = rng.normal(size=(n, N_CHANNEL))
    depth[0, 3] = np.nan
    root = rng.normal(0.0, 0.2, (n, N_CHANNEL, 3))
    covariance = root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(N_CHANNEL)
    error = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return Spectra(tuple("abcde"), depth, np.where(np.isfinite(depth), error, np.nan), covariance)


def test_measured_spectra_are_those_with_noise_and_gaps() -> None:
    spectra = measured()
    binned = Binned.of(spectra, spectra.depth, AXIS, 1.0)
    log_white = np.array([0.1, -0.3, 0.0, 0.2, 0.5])
    likelihood = MeasuredSpectra(KERNEL, binned, np.ones(5), log_white, "depth", True)
    likelihood.set_hyper_parameters({**HYPER, "log_inflation": np.log([1.3]), "log_jitter": np.log([0.05])})
    found = likelihood.log_likelihoods().detach().numpy()
    for target in range(5):
        known = spectra.known[target]
        covariance = np.exp(2 * log_white[target]) * COVARIANCE + 1.3 * spectra.covariance[target]
        covariance = (covariance + 0.05 * np.eye(N_CHANNEL))[np.ix_(known, known)]
        expected = restricted(spectra.depth[target, known], np.zeros(known.sum()), covariance)
        # a channel that was not measured has a variance of 1e8, which is a constant and no more
        gap = 0.5 * np.log(2 * np.pi * 1.3e8) * (~known).sum()
        assert found[target] + gap == pytest.approx(expected, abs=1e-3)


def test_bins_are_weighted_means_with_their_covariance() -> None:
    rng = np.random.default_rng(2)
    n = 100
    axis = Axis(np.linspace(0.0, 50.0, n), np.eye(n))
    error = rng.uniform(0.5, 2.0, (1, n))
    spectra = Spectra(("a",), rng.normal(size=(1, n)), error)
    binned = Binned.of(spectra, spectra.depth, axis, 2.0)
    assert binned.depth.shape == (1, 40)
    first = slice(0, 3)  # 100 channels in 40 bins: three, two, three ...
    precision = 1.0 / error[0, first] ** 2
    assert binned.depth[0, 0] == pytest.approx(0.5 * np.average(spectra.depth[0, first], weights=precision))
    assert binned.noise[0, 0, 0] == pytest.approx(0.25 / precision.sum())
    assert binned.average[0] @ binned.points == pytest.approx(axis.points[first].mean())


def test_differences_are_normal_with_level_and_smooth_errors() -> None:
    spectra = measured(3)
    binned = Binned.of(spectra, spectra.depth, AXIS, 1.0)
    white = np.array([0.5, 1.0, 1.5, 2.0, 0.8])
    likelihood = Difference(binned, np.ones(5), white, True, True)
    values = {"log_inflation": 1.3, "log_jitter": 0.05, "log_level": 0.4, "log_smooth": 0.2, "log_smooth_length": 8.0}
    likelihood.set_hyper_parameters({name: np.log([value]) for name, value in values.items()})
    found = likelihood.log_likelihoods().detach().numpy()
    smooth = np.exp(-0.5 * ((X[:, None] - X) / 8.0) ** 2)
    for target in range(1, 5):
        covariance = 1.3 * spectra.covariance[target] + 0.05 * np.eye(N_CHANNEL)
        covariance += white[target] ** 2 * (0.4 + 0.2 * smooth)
        expected = multivariate_normal(np.zeros(N_CHANNEL), covariance).logpdf(spectra.depth[target])
        assert found[target] == pytest.approx(expected, rel=1e-9)
