"""Gaussian processes in the fit: hyper-parameters, and errors that hold in correlated noise."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "inclination": 87.7}
FIXED = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}
AMPLITUDE, TIMESCALE = 1e-3, 0.03


def _red_node(transit_node, n_channel=40, n_time=160):
    """Add Matern-3/2 noise of its own to each channel, drawn through its covariance matrix."""
    node = transit_node(np.full(n_channel, 0.1), n_time=n_time)
    time = node["time"].values
    lag = np.sqrt(3.0) * np.abs(time[:, None] - time) / TIMESCALE
    root = np.linalg.cholesky(AMPLITUDE**2 * (1 + lag) * np.exp(-lag) + 1e-14 * np.eye(n_time))
    noise = (root @ np.random.default_rng(8).standard_normal((n_time, n_channel))).T
    return node.assign(flux=(node["flux"].dims, node["flux"].values * (1 + noise), node["flux"].attrs))


def _pulls(observe, node, systematics):
    fit = TransitFit(orbit=ORBIT, limb_darkening=FIXED, systematics=systematics, errors={"red_noise": False})
    data = fit.apply(observe({"A/0": node}))["A/0"]
    return (data["depth"].values - 0.01) / data["depth_error"].values


def test_a_process_makes_the_errors_hold_in_red_noise(transit_node, observe):
    """40 channels: a standard deviation is known to 11 %. Hyper-parameters are not known, so it may be above 1."""
    node = _red_node(transit_node)
    line = {"term": "polynomial", "order": 1}
    known = {"term": "gp", "kernels": [{"kernel": "matern-3/2", "amplitude": AMPLITUDE, "timescale": TIMESCALE}]}
    assert _pulls(observe, node, [line]).std() > 4
    assert abs(_pulls(observe, node, [line, known]).std() - 1) < 0.35
    assert 0.7 < _pulls(observe, node, [line, {"term": "gp"}]).std() < 1.6


def test_white_noise_is_not_taken_for_red(transit_node, observe):
    node = transit_node(np.full(40, 0.1))
    line = {"term": "polynomial", "order": 1}
    pulls = _pulls(observe, node, [line, {"term": "gp"}])
    plain = _pulls(observe, node, [line])
    assert 0.6 < pulls.std() / plain.std() < 1.1
    assert abs(plain.std() - 1) < 0.35


def test_a_process_over_a_regressor_takes_out_a_dependence_of_unknown_form(transit_node, observe):
    pytest.importorskip("gpytorch")
    x = np.sin(np.linspace(0.0, 17.0, 80)) + 0.3 * np.random.default_rng(2).standard_normal(80)
    node = transit_node(0.1, n_time=80, noise=2e-4, drift=1.0 + 2e-3 * np.tanh(2.0 * x))
    node = node.assign(x=("time", x, {"role": "regressor", "units": "pix"}))
    line = {"term": "polynomial", "order": 1}
    process = {"term": "gp-regressors", "names": ["x"]}
    fit = TransitFit(orbit=ORBIT, limb_darkening=FIXED, systematics=[line, process], errors={"red_noise": False})
    data = fit.apply(observe({"A/0": node}))["A/0"]
    assert abs(float(data["depth"][0]) - 0.01) < 4 * float(data["depth_error"][0])
    assert float(data["depth_error"][0]) < 1.5e-4
    assert np.std(data["flux"].values / data["model"].values) < 3e-4
