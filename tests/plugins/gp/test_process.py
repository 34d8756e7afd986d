"""The algebra of the processes, against scikit-learn's with the same hyper-parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    WhiteKernel,
)

from specframe_gp import GaussianProcess
from specframe_gp.arithmetic import cholesky, torch
from specframe_gp.process import Process, Training
from specframe_gp.training import _Objective, train

LN = np.log


def kernel_params(kernel):
    return GaussianProcess(kernel=kernel).params.kernel


def problem(n_input: int, seed: int = 0, n: int = 30) -> Training:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_input))
    y = np.sin(2.0 * x[:, 0]) + 0.3 * x.sum(axis=1) + rng.normal(0.0, 0.1, n)
    return Training(x, np.stack([y, y[::-1]]), rng.uniform(0.5, 2.0, n), rng.uniform(0.1, 3.0, (n, 1)))


NEW = np.random.default_rng(5).normal(size=(7, 3))
#: Ours, the logarithms of its hyper-parameters in order, number of inputs, and the same kernel of scikit-learn.
KERNELS = {
    "rbf": ("rbf", [LN(1.7), LN([0.6, 1.3, 2.0])], 3, 1.7 * RBF([0.6, 1.3, 2.0])),
    "matern-1/2": ("matern-1/2", [LN(1.7), LN([0.6, 1.3, 2.0])], 3, 1.7 * Matern([0.6, 1.3, 2.0], nu=0.5)),
    "matern-3/2": ("matern-3/2", [LN(1.7), LN([0.6, 1.3, 2.0])], 3, 1.7 * Matern([0.6, 1.3, 2.0], nu=1.5)),
    "matern-5/2": ("matern-5/2", [LN(1.7), LN([0.6, 1.3, 2.0])], 3, 1.7 * Matern([0.6, 1.3, 2.0], nu=2.5)),
    "one scale": ({"kernel": "rbf", "ard": False}, [LN(1.7), LN(0.8)], 3, 1.7 * RBF(0.8)),
    "linear": ({"kernel": "linear", "ard": False}, [LN(0.4)], 3, 0.4 * DotProduct(0.0, "fixed")),
    # GPyTorch divides by the length scale, scikit-learn by its square
    "periodic": ("periodic", [LN(1.7), LN(0.9**2), LN(1.4)], 1, 1.7 * ExpSineSquared(0.9, 1.4)),
    "sum": (
        {"sum": ["linear", "matern-3/2"]},
        [LN(0.4), LN(1.7), LN(0.6)],
        1,
        0.4 * DotProduct(0.0, "fixed") + 1.7 * Matern(0.6, nu=1.5),
    ),
    "product": (
        {"product": ["rbf", "periodic"]},
        [LN(1.7), LN(2.0), LN(0.9**2), LN(1.4)],
        1,
        1.7 * RBF(2.0) * ExpSineSquared(0.9, 1.4),
    ),
    "sum of products": (
        {"sum": [{"product": ["linear", "rbf"]}, "rbf"]},
        [LN(0.4), LN(2.0), LN(1.7), LN(0.6)],
        1,
        0.4 * DotProduct(0.0, "fixed") * RBF(2.0) + 1.7 * RBF(0.6),
    ),
}


def set_to(process: Process, values) -> None:
    """Set the same hyper-parameters for both processes: the kernel's in order, noise 0.02, factor of errors 0.03."""
    kernel = [name for name in process.parameters() if name.startswith("kernel.")]
    assert len(kernel) == len(values)
    hyper = {
        name: np.broadcast_to(np.reshape(value, (1, -1)), (2, np.size(value)))
        for name, value in zip(kernel, values, strict=True)
    }
    process.set_hyper_parameters({**hyper, "log_noise": np.full(2, LN(0.02)), "log_error_factor": np.full(2, LN(0.03))})


def oracle(kernel, training: Training, component: int) -> GaussianProcessRegressor:
    # 1e-8 is the least noise that there is
    alpha = (0.02 + 1e-8 + 0.03 * training.squared_error[:, 0]) / training.weight
    return GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None).fit(training.x, training.y[component])


@pytest.mark.parametrize("name", KERNELS)
def test_posterior_and_likelihood_are_scikit_learns(name: str) -> None:
    ours, values, n_input, theirs = KERNELS[name]
    training = problem(n_input)
    process = Process(kernel_params(ours), "zero", training)
    set_to(process, values)
    likelihood = process.negative_log_likelihood().detach()
    posterior = process.posterior(NEW[:, :n_input], np.full((7, 1), 0.5))
    for k in range(2):
        expected = oracle(theirs, training, k)
        mean, std = expected.predict(NEW[:, :n_input], return_std=True)
        # GPyTorch keeps distances above 1e-15 squared, and expands squares: rounding of some 1e-9
        assert float(likelihood[k]) == pytest.approx(-expected.log_marginal_likelihood_value_, rel=1e-6)
        assert posterior.mean[k] == pytest.approx(mean, rel=1e-5, abs=1e-6)
        assert posterior.variance[k] == pytest.approx(std**2, rel=1e-5)
        assert posterior.noise[k] == pytest.approx(np.full(7, 0.02 + 0.03 * 0.5))


@pytest.mark.parametrize(
    ("mean", "added"),
    [("constant", ConstantKernel(100.0)), ("linear", ConstantKernel(100.0) + 100.0 * DotProduct(0.0, "fixed"))],
)
def test_mean_is_a_wide_prior_of_its_coefficients(mean: str, added) -> None:
    ours, values, n_input, theirs = KERNELS["matern-5/2"]
    training = problem(n_input)
    process = Process(kernel_params(ours), mean, training)
    set_to(process, values)
    posterior = process.posterior(NEW, np.full((7, 1), 0.5))
    expected = oracle(theirs + added, training, 0)
    predicted, std = expected.predict(NEW, return_std=True)
    likelihood = float(process.negative_log_likelihood()[0].detach())
    assert likelihood == pytest.approx(-expected.log_marginal_likelihood_value_, rel=1e-6)
    assert posterior.mean[0] == pytest.approx(predicted, rel=1e-5, abs=1e-6)
    assert posterior.variance[0] == pytest.approx(std**2, rel=1e-5)


@pytest.mark.parametrize("with_prior", [True, False])
def test_gradient_is_that_of_differences(with_prior: bool) -> None:
    kernel = {"sum": [{"product": ["linear", "periodic"]}, "matern-5/2"]}
    process = Process(kernel_params(kernel), "constant", problem(2))
    priors = process.priors()
    centre = np.concatenate([mean.numpy().ravel() for mean, _ in priors.values()])
    objective = _Objective(process, centre, np.full(len(centre), 2.0) if with_prior else None)
    at = centre + np.random.default_rng(1).normal(0.0, 0.3, len(centre))
    numeric = approx_fprime(at, lambda v: objective(v)[0], 1e-6)
    assert objective(at)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("optimizer", ["l-bfgs", "adam"])
def test_maximum_is_that_of_scikit_learn(optimizer: str) -> None:
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(-3.0, 3.0, (40, 1)), axis=0)
    y = np.sin(2.0 * x[:, 0]) + rng.normal(0.0, 0.1, 40)
    process = Process(kernel_params("rbf"), "zero", Training(x, y[None], np.ones(40), np.zeros((40, 0))))
    train(process, optimizer=optimizer, restarts=3, max_iterations=500, with_prior=False, seed=0)
    kernel = ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.1)
    expected = GaussianProcessRegressor(kernel, alpha=0.0, n_restarts_optimizer=2, random_state=0).fit(x, y)
    assert float(process.negative_log_likelihood()[0].detach()) == pytest.approx(
        -expected.log_marginal_likelihood_value_, abs=1e-2
    )
    hyper = process.hyper_parameters()
    scale = float(hyper["kernel.base_kernel.raw_lengthscale"][0, 0, 0])
    assert scale == pytest.approx(expected.kernel_.theta[1], abs=0.05)
    assert float(hyper["log_noise"][0]) == pytest.approx(expected.kernel_.theta[2], abs=0.05)


def test_processes_of_a_batch_do_not_know_of_each_other() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-3.0, 3.0, (40, 1))
    y = np.stack([np.sin(2.0 * x[:, 0]), np.cos(0.7 * x[:, 0])]) + rng.normal(0.0, 0.1, (2, 40))
    new = np.linspace(-3.0, 3.0, 9)[:, None]

    def trained(labels):
        process = Process(kernel_params("rbf"), "constant", Training(x, labels, np.ones(40), np.zeros((40, 0))))
        train(process, optimizer="l-bfgs", restarts=3, max_iterations=500, with_prior=True, seed=0)
        return process.posterior(new, np.zeros((9, 0))).mean

    both = trained(y)
    for k in range(2):
        # the maximisation ends where the gain is small, for both together or for one; the noise is 0.1
        assert both[k] == pytest.approx(trained(y[[k]])[0], abs=5e-3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_singular_covariance_gets_the_least_jitter_that_will_do(dtype) -> None:
    ones = torch.ones(2, 6, 6, dtype=dtype)
    ones[1] = torch.eye(6, dtype=dtype)
    factor = cholesky(ones)
    assert factor is not None
    # the sound one of the batch stays as it is
    assert torch.equal(factor[1], torch.eye(6, dtype=dtype))
    rebuilt = factor[0] @ factor[0].T
    assert float((rebuilt - 1.0).abs().max()) <= {torch.float64: 1e-9, torch.float32: 1e-5}[dtype]


def test_what_is_no_covariance_is_told() -> None:
    assert cholesky(-torch.eye(3, dtype=torch.float64)[None]) is None
    assert cholesky(torch.full((1, 3, 3), torch.nan, dtype=torch.float64)) is None
