"""Outputs that are mixtures of a few processes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import RBF

from specframe.errors import DataError
from specframe_gp import GaussianProcess
from specframe_gp.coregional import CoregionalProcess
from specframe_gp.process import Training

#: Three outputs of two processes, of lengths 0.8 and 2.
MIXTURE = np.array([[1.0, 0.3], [0.8, -0.5], [-0.6, 0.9]])
OWN = np.array([[0.02, 0.03], [0.05, 0.01], [0.01, 0.02]])
KERNELS = (1.7 * RBF(0.8), 0.6 * RBF(2.0))
NOISE = np.array([0.02, 0.05, 0.1])
HYPER = {
    "kernel.raw_outputscale": np.log([1.7, 0.6]),
    "kernel.base_kernel.raw_lengthscale": np.log([0.8, 0.8, 2.0, 2.0]),
    # 1e-8 is the least noise that there is
    "log_noise": np.log(NOISE - 1e-8),
    "mixture": MIXTURE,
    "log_own": np.log(OWN),
}


def covariance(x, other):
    """Return the covariance of all outputs, output by output, as it is defined."""
    shares = [np.outer(MIXTURE[:, q], MIXTURE[:, q]) + np.diag(OWN[:, q]) for q in range(2)]
    return sum(np.kron(b, kernel(x, other)) for b, kernel in zip(shares, KERNELS, strict=True))


def problem():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(14, 2)), rng.normal(size=(3, 14))
    return Training(x, y, rng.uniform(0.5, 2.0, 14), np.zeros((14, 0))), rng.normal(size=(5, 2))


@pytest.mark.parametrize("mean", ["zero", "constant"])
def test_likelihood_and_posterior_are_those_of_the_joint_normal(mean: str) -> None:
    training, new = problem()
    kernel = GaussianProcess(kernel="rbf").params.kernel
    process = CoregionalProcess(kernel, mean, training, n_latent=2).set_hyper_parameters(HYPER)
    level = 100.0 * np.kron(np.eye(3), np.ones((14, 1))) @ np.kron(np.eye(3), np.ones((1, 14)))
    noisy = covariance(training.x, training.x) + np.diag(np.kron(NOISE, 1.0 / training.weight))
    cross, prior = covariance(training.x, new), covariance(new, new)
    if mean == "constant":
        noisy = noisy + level
        ones = np.kron(np.eye(3), np.ones((14, 1))), np.kron(np.eye(3), np.ones((5, 1)))
        cross, prior = cross + 100.0 * ones[0] @ ones[1].T, prior + 100.0 * ones[1] @ ones[1].T
    y = training.y.ravel()
    expected = multivariate_normal(np.zeros(42), noisy).logpdf(y)
    assert float(process.negative_log_likelihood()[0].detach()) == pytest.approx(-expected, rel=1e-6)
    posterior = process.posterior(new, np.zeros((5, 0)))
    gain = np.linalg.solve(noisy, cross).T
    assert posterior.mean.ravel() == pytest.approx(gain @ y, rel=1e-5, abs=1e-5)
    joint = (prior - gain @ cross).reshape(3, 5, 3, 5)
    assert posterior.between == pytest.approx(np.einsum("bncn->nbc", joint), rel=1e-4, abs=1e-5)
    assert posterior.noise[:, 0] == pytest.approx(NOISE)


def mixed(seed: int, n: int, rng: np.random.Generator):
    """Return inputs, and five noisy outputs that are all mixtures of the same two functions."""
    x = np.random.default_rng(seed).uniform(-2.0, 2.0, (n, 1))
    functions = np.concatenate([np.sin(3.0 * x), np.cos(2.0 * x + 1.0) * x], axis=1)
    mixture = np.random.default_rng(7).normal(size=(2, 5))
    truth = functions @ mixture
    return x, truth, truth + rng.normal(0.0, 0.6, truth.shape)


def test_outputs_that_share_processes_help_each_other() -> None:
    rng = np.random.default_rng(3)
    x, _, y = mixed(0, 40, rng)
    new, truth, noisy = mixed(1, 300, rng)
    errors = {}
    for outputs in ("pca", "lmc"):
        # every output by itself: independent processes, or coregionalised
        model = GaussianProcess(
            outputs=outputs, latents=2, n_components=None, kernel="rbf", noise="normal", restarts=0, covariance=True
        )
        prediction = model.fit(x, y).predict(new)
        errors[outputs] = np.mean((prediction["mean"].values - truth) ** 2)
    # five outputs with the same noise tell of two functions: up to 2.5 times as much
    assert errors["lmc"] < 0.75 * errors["pca"]
    error = prediction["mean"].values - noisy
    assert np.std(error / prediction["std"].values) == pytest.approx(1.0, abs=0.1)
    matrix = prediction["covariance"].values
    assert np.sqrt(np.diagonal(matrix, axis1=1, axis2=2)) == pytest.approx(prediction["std"].values)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_saved_and_loaded_it_says_the_same(tmp_path) -> None:
    x, _, y = mixed(0, 20, np.random.default_rng(0))
    model = GaussianProcess(outputs="lmc", n_components=3, restarts=0).fit(x, y)
    model.save(tmp_path)
    assert GaussianProcess.load(tmp_path).predict(x).identical(model.predict(x))


def test_too_many_values_are_refused() -> None:
    x, y = np.random.default_rng(0).normal(size=(600, 2)), np.random.default_rng(1).normal(size=(600, 10))
    with pytest.raises(DataError, match="n_components to fewer"):
        GaussianProcess(outputs="lmc").fit(x, y)
