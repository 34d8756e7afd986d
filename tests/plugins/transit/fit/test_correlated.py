"""What a fit takes from residuals, against refits of disturbed data; and red noise that white noise must not show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from specframe_transit.curves import curves_of
from specframe_transit.fit.correlated import _taken, correlated_noise
from specframe_transit.fit.transit_fit import TransitFit
from specframe_transit.fit.white import fit_white

PARAMS = {
    "orbit": {
        "period": 4.0,
        "mid_transit": {"uniform": [2459000.45, 2459000.55]},
        "semi_major_axis": {"normal": [11.4, 0.3]},
        "inclination": {"normal": [87.7, 0.3]},
    },
    "radius_ratio": {"uniform": [0.05, 0.15]},
    "clip_sigma": None,
}


def _white(curves, scale):
    errors = {"scale": scale, "red_noise": False}
    return fit_white([curves], TransitFit(**PARAMS, errors=errors).params)


def test_what_a_fit_takes_is_how_its_model_follows_the_data(transit_node):
    curves = curves_of("A/0", transit_node(n_time=60, noise=2e-5))
    white = _white(curves, "file")
    problem, result = white.result.problem, white.result
    batch = problem.batches[0]
    n_column = batch.design.systematics.n_column
    weight = 1.0 / np.sqrt(batch.noise.variance(np.zeros(1, np.intp)))
    tangent = batch.tangent(result.minimum.values) * weight[:, None, :]
    basis = _taken(tangent, result.covariance, n_column)[0]
    hat = basis.T @ basis
    for at in (20, 32, 50):
        models = []
        for sign in (1.0, -1.0):
            flux = batch.flux.copy()
            flux[0, at] += sign * 1e-6
            other = dataclasses.replace(problem, batches=(dataclasses.replace(batch, flux=flux),))
            values = other.minimise(result.minimum.values).values
            models.append(np.prod(other.batches[0].model(values), axis=0)[0])
        follows = (models[0] - models[1]) / 2e-6
        assert np.abs(follows - hat[at]).max() < 0.05 * hat[at].max()
    assert n_column + 5 < np.trace(hat) < n_column + 6 + 1e-6


def test_white_noise_with_priors_and_gaps_is_white(transit_node):
    """Five orbits of HST: of the eight parameters some are known by their priors, which once made beta 1.14."""
    ratios, beta = [], []
    for seed in range(25):
        node = transit_node(n_time=240, noise=5e-4, seed=seed)
        seen = (np.arange(240) % 60) < 28
        curves = curves_of("A/0", node.isel(time=seen))
        white = _white(curves, "scatter")
        noise = correlated_noise(white.result, 0, curves)
        ratios.append(noise.ratio[0])
        beta.append(noise.beta[0])
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)
    assert np.mean(beta) < 1.06


def test_what_a_process_describes_is_not_red_noise(transit_node):
    """Matern-3/2 with the scatter of the white noise and a time scale of an eighth of the data."""
    time = np.linspace(-0.12, 0.12, 150)
    distance = np.sqrt(3.0) * np.abs(time[:, None] - time) / 0.03
    root = np.linalg.cholesky((1.0 + distance) * np.exp(-distance) + 1e-9 * np.eye(150))
    betas = []
    for seed in range(6):
        drift = 1.0 + 5e-4 * root @ np.random.default_rng(seed).standard_normal(150)
        curves = curves_of("A/0", transit_node(drift=drift, seed=50 + seed))
        params = {**PARAMS, "systematics": [{"term": "polynomial", "order": 1}, {"term": "gp"}]}
        white = fit_white([curves], TransitFit(**params).params)
        betas.append(white.red_noise[0].beta[0])
    assert np.median(betas) == 1.0
