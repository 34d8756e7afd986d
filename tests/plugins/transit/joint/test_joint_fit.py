"""The solver against a dense least-squares solution that knows nothing of its structure."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_transit.drift import polynomial_drift, scaled_legendre
from specframe_transit.joint.joint_fit import JointModel
from specframe_transit.joint.limb_darkening import correction_basis, limb_darkening_law
from specframe_transit.joint.noise import common_noise, common_response, leverage, red_noise_beta
from specframe_transit.joint.normal_equations import Curves

_IMPACT, _DURATION = (0.2, 0.4), (0.127, 0.127)


def _model(injected, root_weights=None):
    """A model of two nodes in one visit, fluxes of order 1, every channel shaped by its own depth."""
    nodes, start = [], 0
    for instrument, path in enumerate(("FGS1/0", "AIRS-CH0/0")):
        data = injected.observation[path].to_dataset()
        level = np.median(data["flux"].values, axis=1, keepdims=True)
        wavelength, time = data["wavelength"].values, data["time"].values
        nodes.append(
            Curves(
                time=time,
                exposure=float(time[1] - time[0]),
                flux=data["flux"].values / level,
                root_weight=level / data["flux_error"].values,
                channel=start + np.arange(len(wavelength)),
                visit=0,
                instrument=instrument,
                limb_darkening=limb_darkening_law(wavelength),
                limb_basis=correction_basis(wavelength, 1),
                drift=polynomial_drift(time, 2),
                drift_wavelength=scaled_legendre(wavelength, min(1, len(wavelength) - 1)),
            )
        )
        start += len(wavelength)
    return JointModel(nodes, "limb-darkened", 0.06, 0.1, _IMPACT, _DURATION)


@pytest.fixture(scope="module")
def fitted(inject):
    injected = inject(1, n_channel=4, n_time=94, noise=1e-3, drift=3e-4)
    model = _model(injected)
    model.shape_depth = model.shape_at = injected.depth
    state, lin = model.fit(model.start(injected.depth, [0.1545], 0.126, 0.15), tolerance=1e-10)
    return model, state, lin


@pytest.fixture(scope="module")
def jacobian(fitted, batman_transit):
    """Derivatives of all weighted samples by depths, theta and star levels, and of the priors: dense, from batman."""
    model, state, lin = fitted
    n = model.n_depth

    def transit(depth, theta):
        parts = []
        for number, c in enumerate(model.curves):
            u1, u2 = model.limb_darkening(theta, number)
            parts.append(
                batman_transit(
                    c.time,
                    depth[c.channel],
                    u1,
                    u2,
                    mid_transit=theta[0],
                    duration=theta[1],
                    impact=np.sqrt(theta[2]),
                    radius=model.radius,
                    exposure=c.exposure,
                    points=200,
                )
            )
        return parts

    def predicted(parameters):
        theta, level, at, parts = parameters[n : n + model.n_theta], parameters[n + model.n_theta :], 0, []
        for number, (c, factor) in enumerate(zip(model.curves, transit(parameters[:n], theta), strict=True)):
            drift = 1 + c.drift_wavelength @ (c.drift.columns @ model.drift_coefficients(theta, number)).T
            parts.append((level[at : at + len(factor), None] * factor * drift * c.root_weight).ravel())
            at += len(factor)
        return np.concatenate([*parts, theta / model.prior_std])

    centre = np.concatenate([state.depth, state.theta, *[node.star for node in lin.nodes]])
    steps = np.full(len(centre), 1e-4)
    steps[:n], steps[n : n + 3] = 2e-5, (2e-5, 2e-5, 1e-3)
    columns = [
        (predicted(centre + step * unit) - predicted(centre - step * unit)) / (2 * step)
        for step, unit in zip(steps, np.eye(len(centre)), strict=True)
    ]
    return np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def everything(jacobian):
    """The inverse of the whole normal matrix."""
    scale = np.sqrt(np.sum(jacobian**2, axis=0))
    return np.linalg.inv((jacobian / scale).T @ (jacobian / scale)) / np.outer(scale, scale)


def test_optimum_is_one(fitted, jacobian, everything):
    """A Gauss-Newton step with the dense Jacobian moves nothing by a twentieth of its error."""
    model, state, lin = fitted
    residual = [node.columns[:, -1].ravel() for node in lin.nodes]
    step = everything @ jacobian.T @ np.concatenate([*residual, (model.prior_mean - state.theta) / model.prior_std])
    error = np.sqrt(np.diag(everything))
    assert np.abs(step / error).max() < 0.05


def test_covariance_is_that_of_the_dense_normal_matrix(fitted, everything):
    """Schur complements give the same inverse as inverting everything at once.

    To 2 %: the derivatives from batman are finite differences of curves that are not smooth at contacts.
    """
    model, _, lin = fitted
    n = model.n_depth
    expected = everything[:n, :n]
    unit = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(lin.depth_covariance() / unit, expected / unit, atol=0.02)
    theta = everything[n : n + model.n_theta, n : n + model.n_theta]
    np.testing.assert_allclose(np.diag(lin.theta_covariance), np.diag(theta), rtol=0.04)


def test_leverage_counts_the_parameters(fitted, jacobian, everything):
    """The trace of the hat matrix."""
    model, _, lin = fitted
    total = sum(float(own.sum()) for own in leverage(lin, model))
    data = jacobian[: -model.n_theta]
    assert total == pytest.approx(np.trace(everything @ (data.T @ data)), rel=0.01)


def test_response_to_common_noise_is_that_of_the_dense_solution(fitted, jacobian, everything):
    """All channels of AIRS-CH0 brighten at one time; the response of every depth follows from the dense inverse."""
    model, _, lin = fitted
    response = common_response(lin, model, 1)
    first, (n_channel, n_time) = len(model.curves[0].time), model.curves[1].flux.shape
    brighter = lin.nodes[1].model * model.curves[1].root_weight
    for at in (10, 30, 47, 60):
        perturbed = np.zeros(len(jacobian))
        perturbed[first + n_time * np.arange(n_channel) + at] = brighter[:, at]
        expected = (everything @ jacobian.T @ perturbed)[: model.n_depth]
        np.testing.assert_allclose(response[:, at], expected, atol=0.02 * np.abs(response[1:]).max())


def test_common_noise_is_measured(inject):
    """Injected standard deviation 3e-4 per sample; 187 samples know it to 5 %."""
    injected = inject(2, n_channel=30, common=3e-4, noise=1e-3)
    model = _model(injected)
    model.shape_depth = model.shape_at = injected.depth
    _, lin = model.fit(model.start(injected.depth, [0.155], 0.127, 0.09))
    noise = common_noise(lin, 1, 7.0, 1.0)
    assert np.sqrt(noise.variance) == pytest.approx(3e-4, rel=0.2)
    assert noise.chi2_reduced > 2
    assert not noise.red


def test_beta_is_one_for_white_noise_and_that_of_a_random_walk_is_large():
    rng = np.random.default_rng(0)
    white = [red_noise_beta(rng.standard_normal(187))[0] for _ in range(50)]
    assert np.mean(white) < 1.1
    beta, error = red_noise_beta(np.cumsum(rng.standard_normal(187)) + rng.standard_normal(187))
    assert beta > 1 + 5 * error
