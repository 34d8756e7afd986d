"""Sparse processes, against the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import RBF

from specframe_gp import GaussianProcess
from specframe_gp.process import Process, Training
from specframe_gp.sparse import SparseProcess

KERNEL = GaussianProcess(kernel="rbf").params.kernel
HYPER = {
    "kernel.raw_outputscale": np.log([1.5, 1.5]),
    "kernel.base_kernel.raw_lengthscale": np.log([0.9, 1.4, 0.9, 1.4]),
    "log_noise": np.log([0.05, 0.05]),
    "log_error_factor": np.log([0.02, 0.02]),
}


def training(n: int) -> Training:
    rng = np.random.default_rng(0)
    x = rng.uniform(-2.0, 2.0, (n, 2))
    y = np.sin(2.0 * x[:, 0]) + 0.3 * x[:, 1] + rng.normal(0.0, 0.2, n)
    return Training(x, np.stack([y, y**2]), rng.uniform(0.5, 2.0, n), rng.uniform(0.1, 3.0, (n, 1)))


def test_bound_is_that_of_titsias() -> None:
    data = training(40)
    sparse = SparseProcess(KERNEL, "zero", data, n_inducing=8).set_hyper_parameters(HYPER)
    bound = sparse.negative_log_likelihood().detach().numpy()
    kernel = 1.5 * RBF([0.9, 1.4])
    for k in range(2):
        z = data.x[sparse.inducing[k]]
        inner = kernel(z) + 1.5e-8 * np.eye(8)
        low_rank = kernel(data.x, z) @ np.linalg.solve(inner, kernel(z, data.x))
        noise = (0.05 + 1e-8 + 0.02 * data.squared_error[:, 0]) / data.weight
        log = multivariate_normal(np.zeros(40), low_rank + np.diag(noise)).logpdf(data.y[k])
        missed = np.sum((1.5 - np.diagonal(low_rank)) / noise)
        assert bound[k] == pytest.approx(-(log - 0.5 * missed), rel=1e-5)


@pytest.mark.parametrize("mean", ["zero", "constant", "linear"])
def test_with_every_input_inducing_it_is_exact(mean: str) -> None:
    data = training(40)
    exact = Process(KERNEL, mean, data).set_hyper_parameters(HYPER)
    sparse = SparseProcess(KERNEL, mean, data, n_inducing=40).set_hyper_parameters(HYPER)
    expected = exact.negative_log_likelihood().detach().numpy()
    assert sparse.negative_log_likelihood().detach().numpy() == pytest.approx(expected, abs=1e-3)
    new, error = np.random.default_rng(1).normal(size=(9, 2)), np.full((9, 1), 0.5)
    ours, theirs = sparse.posterior(new, error), exact.posterior(new, error)
    assert ours.mean == pytest.approx(theirs.mean, abs=1e-4)
    assert ours.variance == pytest.approx(theirs.variance, abs=1e-4)
    assert ours.noise == pytest.approx(theirs.noise)


def test_inducing_inputs_are_apart_and_each_once() -> None:
    data = training(200)
    chosen = SparseProcess(KERNEL, "zero", data, n_inducing=30).inducing
    assert chosen.shape == (2, 30)
    assert len(set(chosen[0])) == 30
    points = data.x[chosen[0][:10]]
    distance = np.linalg.norm(points[:, None] - points[None], axis=2) + 10.0 * np.eye(10)
    # of ten points drawn at random in this square, the closest two are some 0.15 apart
    assert distance.min() > 0.5


def curved(seed: int, n: int):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2.0, 2.0, (n, 4))
    truth = np.sin(2.0 * x[:, 0]) + 0.5 * x[:, 1]
    return x, truth, truth + rng.normal(0.0, 0.1, n)


def test_it_predicts_as_the_exact_process_does() -> None:
    x, _, y = curved(0, 300)
    new, truth, noisy = curved(1, 1000)
    options = {"kernel": "rbf", "noise": "normal", "restarts": 0, "max_iterations": 40}
    exact = GaussianProcess(**options, inducing=None).fit(x, y).predict(new)
    sparse = GaussianProcess(**options, inducing=60).fit(x, y).predict(new)
    rms = [np.sqrt(np.mean((p["mean"].values[:, 0] - truth) ** 2)) for p in (exact, sparse)]
    assert rms[1] < 1.1 * rms[0]
    pull = (sparse["mean"].values[:, 0] - noisy) / sparse["std"].values[:, 0]
    assert np.std(pull) == pytest.approx(1.0, abs=0.08)
    assert sparse["std"].values == pytest.approx(exact["std"].values, rel=0.1)


def test_many_targets_are_sparse_by_themselves(tmp_path) -> None:
    x, _, y = curved(2, 2100)
    model = GaussianProcess(kernel="rbf", restarts=0, max_iterations=8, noise="normal").fit(x, y)
    assert model.get_state()[0]["sparse.inducing"].shape == (1, 128)
    model.save(tmp_path)
    assert GaussianProcess.load(tmp_path).predict(x[:50]).identical(model.predict(x[:50]))
