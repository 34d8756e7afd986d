"""Channels with injected depths: values, errors, limb darkening, noise and what is masked."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.errors import DataError
from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "inclination": 87.7}
FIXED = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}


def _ratios(n_channel, seed=0):
    return 0.1 + 0.002 * np.random.default_rng([seed, 9]).standard_normal(n_channel)


def _fit(observe, node, **params):
    params = {"orbit": ORBIT, "limb_darkening": FIXED, **params}
    return TransitFit(**params).apply(observe({"A/0": node}))["A/0"].to_dataset()


def _pulls(data, ratios):
    return (data["depth"].values - ratios**2) / data["depth_error"].values


@pytest.mark.parametrize(
    "limb_darkening",
    [FIXED, {"coefficients": [0.33, 0.15]}, {"white": "free", "channels": "free"}],
    ids=["fixed", "prior", "free"],
)
def test_pulls_are_standard_normal(transit_node, observe, limb_darkening):
    """300 channels: mean within 3 / sqrt(300), standard deviation within 3 / sqrt(600) of 1, 68 % within 1."""
    ratios = _ratios(300)
    node = transit_node(ratios, n_time=120)
    pulls = _pulls(_fit(observe, node, limb_darkening=limb_darkening, errors={"red_noise": False}), ratios)
    assert abs(pulls.mean()) < 0.18
    assert abs(pulls.std() - 1) < 0.13
    assert abs(np.mean(np.abs(pulls) < 1) - 0.683) < 0.08


@pytest.mark.parametrize("factor", [0.2, 20.0])
def test_errors_of_any_scale_give_the_same_depths(transit_node, observe, factor):
    """Limb darkening has a Gaussian prior, which wrong errors would outweigh."""
    ratios = _ratios(20)
    limb_darkening = {"coefficients": [0.35, 0.1], "white": {"std": 0.05}, "channels": {"std": 0.05}}
    honest = _fit(observe, transit_node(ratios), limb_darkening=limb_darkening)
    wrong = _fit(observe, transit_node(ratios, error=5e-4 * factor), limb_darkening=limb_darkening)
    np.testing.assert_allclose(wrong["depth"], honest["depth"], atol=2e-7)
    np.testing.assert_allclose(wrong["depth_error"], honest["depth_error"], rtol=1e-3)
    np.testing.assert_allclose(wrong["chi2_reduced"] * factor**2, honest["chi2_reduced"], rtol=1e-3)
    word = "errors-overestimated" if factor > 1 else "errors-underestimated"
    assert word in wrong.attrs["flags"]
    assert "errors" not in honest.attrs["flags"]


def test_shallow_transits_may_come_out_negative(transit_node, observe):
    """Depths of 0.3 sigma: half of the measured ones would be cut off if a depth had to be positive."""
    ratios = np.full(200, 0.005)
    orbit = {**ORBIT, "mid_transit": 2459000.503}
    data = _fit(observe, transit_node(ratios, noise=5e-4), orbit=orbit, radius_ratio=0.005, errors={"red_noise": False})
    pulls = _pulls(data, ratios)
    assert (data["depth"].values < 0).mean() > 0.2
    assert abs(pulls.mean()) < 0.25
    assert abs(pulls.std() - 1) < 0.15


def test_masked_channels_are_nan_and_the_fit_goes_on(transit_node, observe):
    ratios = _ratios(6)
    node = transit_node(ratios)
    mask = node["mask"].values.copy()
    mask[2] = True
    data = _fit(observe, node.assign(mask=(node["mask"].dims, mask)))
    assert np.flatnonzero(~np.isfinite(data["depth"].values)).tolist() == [2]
    assert data["channel_flags"].values.tolist() == ["", "", "masked", "", "", ""]
    assert "channels-lost" in data.attrs["flags"]
    assert np.abs(_pulls(data, ratios)[[0, 1, 3, 4, 5]]).max() < 4


def test_a_common_mode_takes_out_what_all_channels_share(transit_node, observe):
    ratios = _ratios(20)
    wiggle = 1.0 + 3e-3 * np.sin(np.linspace(0.0, 40.0, 150)) * np.linspace(1, 2, 150)
    node = transit_node(ratios, drift=wiggle)
    plain = _fit(observe, node)
    terms = [{"term": "polynomial", "order": 1}, {"term": "common-mode"}]
    divided = _fit(observe, node, channels={"systematics": terms}, errors={"red_noise": False})
    assert np.median(plain["chi2_reduced"]) > 5
    assert abs(np.median(divided["chi2_reduced"]) - 1) < 0.15
    difference = divided["depth"].values - ratios**2
    pulls = (difference - difference.mean()) / divided["depth_error"].values
    assert 0.7 < pulls.std() < 1.35


def test_the_orbits_error_becomes_a_covariance_common_to_all_channels(transit_node, observe):
    """With an orbit that is hardly known, depths of the channels are wrong together: the covariance says so."""
    ratios = _ratios(15)
    orbit = {**ORBIT, "semi_major_axis": {"normal": [11.4, 0.3]}, "inclination": {"normal": [87.7, 0.4]}}
    node = transit_node(ratios, noise=2e-4)
    fixed = _fit(observe, node, orbit=orbit)
    prior = _fit(observe, node, orbit=orbit, channels={"orbit": "prior"})
    covariance = prior["depth_covariance"].values
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), prior["depth_error"], rtol=1e-12)
    np.testing.assert_allclose(prior["depth"], fixed["depth"], rtol=1e-12)
    off = covariance[~np.eye(15, dtype=bool)]
    assert (off > 0).all()
    shared = prior["depth_error"].values ** 2 - fixed["depth_error"].values ** 2
    np.testing.assert_allclose(off.mean(), shared.mean(), rtol=0.1)


def test_principal_components_take_out_what_channels_share_in_parts(transit_node, observe):
    """What a component hides along the transit is in the errors: one number, common to all channels."""
    ratios = _ratios(25)
    shape = np.cos(np.linspace(0.0, 25.0, 150))
    part = np.random.default_rng(3).normal(0.0, 2e-3, (25, 1))
    node = transit_node(ratios, drift=1.0 + part * shape)
    terms = [{"term": "polynomial", "order": 1}, {"term": "pca", "n_components": 1}]
    data = _fit(observe, node, channels={"systematics": terms}, errors={"red_noise": False})
    assert abs(np.median(data["chi2_reduced"]) - 1) < 0.15
    pulls = _pulls(data, ratios)
    assert 0.1 < np.sqrt(np.mean(pulls**2)) < 2.5


def test_averages_prefer_the_model_that_is_right(transit_node, observe):
    ratios = _ratios(10)
    curved = 1.0 + 4e-3 * np.linspace(-1, 1, 150) ** 2
    models = {"line": [{"term": "polynomial", "order": 1}], "parabola": [{"term": "polynomial", "order": 2}]}
    data = _fit(observe, transit_node(ratios, drift=curved), average={"models": models})
    assert data["systematics_model"].values.tolist() == ["line", "parabola"]
    np.testing.assert_allclose(data["model_weight"].sum("systematics_model"), 1.0)
    assert (data["model_weight"].sel(systematics_model="parabola") > 0.99).all()
    alone = _fit(observe, transit_node(ratios, drift=curved), systematics=models["parabola"])
    np.testing.assert_allclose(data["depth"], alone["depth"], atol=0.1 * float(alone["depth_error"].min()))


def test_chains_agree_with_the_laplace_approximation(transit_node, observe):
    ratios = _ratios(2)
    node = transit_node(ratios)
    method = {"method": "emcee", "n_effective": 400}
    laplace = _fit(observe, node, limb_darkening={"coefficients": [0.3, 0.2]})
    chains = _fit(observe, node, limb_darkening={"coefficients": [0.3, 0.2]}, channels={"method": method})
    error = laplace["depth_error"].values
    assert (np.abs(chains["depth"].values - laplace["depth"].values) < 0.3 * error).all()
    for name in ("depth_error_lower", "depth_error_upper"):
        np.testing.assert_allclose(chains[name], error, rtol=0.2)


def test_common_mode_of_a_single_channel_is_refused(transit_node, observe):
    with pytest.raises(DataError, match="several channels"):
        _fit(observe, transit_node(), channels={"systematics": [{"term": "common-mode"}]})
