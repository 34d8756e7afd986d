"""Drift functions, and the Gaussian process against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

from specframe_transit.drift import (
    Kernel,
    fit_kernel,
    gp_drift,
    kernel_matrix,
    log_marginal_likelihood,
    polynomial_drift,
    scaled_legendre,
)

_TIME = np.linspace(0.0, 0.3, 120)
_NOISE = np.full(120, 1e-4)
_NONE = np.zeros((120, 0))
_KERNELS = [
    (Kernel("squared-exponential", 8e-4, 0.06), RBF(0.06)),
    (Kernel("matern-3/2", 8e-4, 0.1), Matern(0.1, nu=1.5)),
]


def _regressor(sklearn_kernel):
    kernel = ConstantKernel(8e-4**2) * sklearn_kernel
    return GaussianProcessRegressor(kernel, alpha=1e-8, optimizer=None)


def _draw(kernel, seed=0):
    rng = np.random.default_rng(seed)
    covariance = kernel_matrix(kernel, _TIME, _TIME) + 1e-14 * np.eye(120)
    return rng.multivariate_normal(np.zeros(120), covariance, method="eigh") + _NOISE * rng.standard_normal(120)


@pytest.mark.parametrize(("kernel", "reference"), _KERNELS)
def test_marginal_likelihood_is_that_of_scikit_learn(kernel, reference):
    y = _draw(kernel)
    regressor = _regressor(reference).fit(_TIME[:, None], y)
    expected = regressor.log_marginal_likelihood_value_
    assert log_marginal_likelihood(kernel, _TIME, y, _NOISE, _NONE) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("kernel", "reference"), _KERNELS)
def test_columns_with_their_prior_give_the_posterior_of_scikit_learn(kernel, reference):
    """To 10 % of the noise of a sample: the eigenvectors left out have 1e-3 of the noise's variance each."""
    y = _draw(kernel, seed=1)
    mean, std = _regressor(reference).fit(_TIME[:, None], y).predict(_TIME[:, None], return_std=True)
    basis = gp_drift(_TIME, kernel, 1e-4)
    assert basis.columns.shape[1] < 100
    weighted = basis.columns / _NOISE[:, None]
    covariance = np.linalg.inv(weighted.T @ weighted + np.diag(basis.prior_std**-2))
    np.testing.assert_allclose(basis.columns @ covariance @ weighted.T @ (y / _NOISE), mean, atol=0.1 * 1e-4)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", basis.columns, covariance, basis.columns))
    np.testing.assert_allclose(spread, std, atol=0.1 * 1e-4)


def test_free_columns_are_marginalised():
    """The likelihood does not change when a free column is added to the data, and falls to that of its complement."""
    kernel = _KERNELS[0][0]
    y = _draw(kernel)
    free = np.linalg.qr(np.column_stack([np.ones(120), _TIME]))[0]
    value = log_marginal_likelihood(kernel, _TIME, y, _NOISE, free)
    assert log_marginal_likelihood(kernel, _TIME, y + 5 * free[:, 1], _NOISE, free) == pytest.approx(value, abs=1e-4)
    complement = np.linalg.svd(free, full_matrices=True)[0][:, 2:]
    covariance = complement.T @ (kernel_matrix(kernel, _TIME, _TIME) + np.diag(_NOISE**2)) @ complement
    left = complement.T @ y
    expected = -0.5 * (
        left @ np.linalg.solve(covariance, left) + np.linalg.slogdet(covariance)[1] + 118 * np.log(2 * np.pi)
    )
    assert value == pytest.approx(expected, rel=1e-6)


def test_kernel_is_found_again():
    """Amplitude and length of twelve draws, in the median: a visit holds few lengths."""
    kernel = _KERNELS[0][0]
    found = [fit_kernel(kernel.name, _TIME, _draw(kernel, seed), _NOISE, _NONE) for seed in range(12)]
    assert np.median([k.length for k in found]) == pytest.approx(0.06, rel=0.25)
    assert np.median([k.amplitude for k in found]) == pytest.approx(8e-4, rel=0.4)


def test_kernel_is_the_most_likely_one_above_the_shortest_length():
    kernel = _KERNELS[0][0]
    y = _draw(kernel, seed=3)
    found = fit_kernel(kernel.name, _TIME, y, _NOISE, _NONE)
    best = max(
        log_marginal_likelihood(Kernel(kernel.name, a, length), _TIME, y, _NOISE, _NONE)
        for a in np.geomspace(1e-4, 5e-3, 25)
        for length in np.geomspace(0.03, 0.15, 25)
    )
    assert log_marginal_likelihood(found, _TIME, y, _NOISE, _NONE) > best - 0.05
    limited = fit_kernel(kernel.name, _TIME, y, _NOISE, _NONE, shortest=0.1)
    assert limited.length >= 0.1 * (1 - 1e-12)


def test_polynomials_are_legendre_on_the_visit():
    basis = polynomial_drift(_TIME, 3)
    assert basis.columns.shape == (120, 3)
    np.testing.assert_allclose(basis.columns[[0, -1], 1], 1.0)
    np.testing.assert_allclose(basis.columns[[0, -1], 0], [-1.0, 1.0])
    assert np.isinf(basis.prior_std).all()
    np.testing.assert_array_equal(scaled_legendre(np.array([2.0]), 2)[0, 0], 1.0)
