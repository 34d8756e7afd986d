"""Separable least squares against numpy's and the joint problem."""

from __future__ import annotations

import numpy as np

from specframe_transit.fit.linear import solve_linear


def _problem(seed=0, n_curve=3, n_column=4, n_own=2, n_time=60):
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((n_curve, n_column, n_time))
    jacobian = rng.standard_normal((n_curve, n_own, n_time))
    return columns, jacobian, rng.standard_normal((n_curve, n_time))


def test_coefficients_and_residuals_are_those_of_lstsq():
    columns, _, flux = _problem()
    solution = solve_linear(columns, flux)
    for row in range(3):
        expected, chi2, *_ = np.linalg.lstsq(columns[row].T, flux[row], rcond=None)
        np.testing.assert_allclose(solution.coefficients[row], expected, atol=1e-10)
        np.testing.assert_allclose(solution.chi2[row], chi2[0], rtol=1e-10)


def test_projected_information_inverts_to_the_block_of_the_joint_covariance():
    columns, jacobian, flux = _problem()
    information, gradient = solve_linear(columns, flux).project(jacobian)
    for row in range(3):
        joint = np.concatenate([jacobian[row], columns[row]])
        expected = np.linalg.inv(joint @ joint.T)[:2, :2]
        np.testing.assert_allclose(np.linalg.inv(information[row]), expected, rtol=1e-8)
        residual = flux[row] - columns[row].T @ np.linalg.lstsq(columns[row].T, flux[row], rcond=None)[0]
        np.testing.assert_allclose(gradient[row], jacobian[row] @ residual, atol=1e-9)


def test_log_determinant_is_that_of_the_normal_matrix():
    columns, _, flux = _problem()
    expected = [np.linalg.slogdet(own @ own.T)[1] for own in columns]
    np.testing.assert_allclose(solve_linear(columns, flux).log_determinant, expected, rtol=1e-10)


def test_nearly_collinear_columns_of_very_different_size_keep_their_digits():
    time = np.linspace(0.0, 1.0, 500)
    columns = np.stack([np.ones(500), 1e-3 * time, 1e3 * time**2, np.exp(-time)])[None]
    truth = np.array([[1.0, 2.0, 1e-6, 0.01]])
    flux = np.einsum("kc,kct->kt", truth, columns)
    residual = solve_linear(columns, flux).residual
    assert np.abs(residual).max() < 1e-9


def test_a_column_without_samples_gets_a_coefficient_of_zero():
    columns, _, flux = _problem()
    columns[1, 2] = 0.0
    solution = solve_linear(columns, flux)
    assert solution.coefficients[1, 2] == 0.0
    assert np.isfinite(solution.coefficients).all()
