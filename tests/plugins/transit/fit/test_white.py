"""White fits against scipy's least squares on the whole problem, and against injected truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from specframe.errors import DataError
from specframe_transit.curves import curves_of
from specframe_transit.fit.params import TransitFitParams
from specframe_transit.fit.white import fit_white
from specframe_transit.planet.orbit import Orbit
from specframe_transit.planet.transit import transit_flux

ORBIT = {
    "period": 4.0,
    "mid_transit": {"uniform": [2459000.45, 2459000.55]},
    "semi_major_axis": {"free": 11.0},
    "inclination": {"uniform": [85.0, 90.0]},
}
FIXED = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}


def _fit(nodes, **params):
    params = {"orbit": ORBIT, "limb_darkening": FIXED, **params}
    curves = [curves_of(path, node) for path, node in nodes.items()]
    return fit_white(curves, TransitFitParams.validate_data(params))


def _named(white):
    return {
        p.name: (v, e)
        for p, v, e in zip(white.parameters, white.values, np.sqrt(np.diag(white.covariance)), strict=True)
    }


def test_optimum_and_covariance_are_those_of_the_full_nonlinear_problem(transit_node):
    """The linear coefficients are projected out here and fitted like all others there."""
    node = transit_node(seed=4)
    white = _fit({"A/0": node}, errors={"scale": "file"}, clip_sigma=None)
    curves = white.curves[0]
    start = np.array([0.003, 11.4, 87.7, 0.1, 1.0, 0.0])

    def residual(p):
        orbit = Orbit(4.0, p[0], p[1], p[2])
        model = transit_flux(orbit, curves.time, p[3:4], np.array([[0.3], [0.2]]), exposure=curves.exposure)[0]
        return (curves.flux[0] - model * (p[4] + p[5] * curves.time)) / curves.flux_error[0]

    full = least_squares(
        residual, start, x_scale=[1e-3, 0.1, 0.1, 1e-3, 1e-4, 1e-3], jac="3-point", xtol=1e-15, ftol=1e-15
    )
    # the flat prior of the inclination counts as a Gaussian of its variance
    information = full.jac.T @ full.jac
    information[2, 2] += 12.0 / 5.0**2
    information[0, 0] += 12.0 / 0.1**2
    information[3, 3] += 0.0
    error = np.sqrt(np.diag(np.linalg.inv(information)))[:4]
    names = ("semi_major_axis", "inclination", "radius_ratio")
    found = _named(white)
    orbit = white.orbit(0)
    np.testing.assert_allclose(orbit.mid_transit, full.x[0], atol=0.005 * error[0])
    np.testing.assert_allclose(found["mid_transit"][1], error[0], rtol=1e-3)
    for name, value, own in zip(names, full.x[1:4], error[1:], strict=True):
        np.testing.assert_allclose(found[name][0], value, atol=0.02 * own)
        np.testing.assert_allclose(found[name][1], own, rtol=5e-3)
    np.testing.assert_allclose(white.result.minimum.chi2[0], 2 * full.cost, rtol=1e-6)


def test_a_transit_anywhere_in_a_wide_prior_is_found(transit_node):
    wide = {**ORBIT, "mid_transit": {"uniform": [2459000.3, 2459000.7]}}
    for mid_transit in (2459000.44, 2459000.503, 2459000.55):
        white = _fit({"A/0": transit_node(mid_transit=mid_transit)}, orbit=wide)
        where = white.orbit(0).mid_transit + white.curves[0].reference
        assert abs(where - mid_transit) < 5 * np.sqrt(white.covariance[0, 0])


def test_visits_share_the_orbit_whatever_their_clocks(transit_node):
    nodes = {"A/0": transit_node(seed=1), "A/1": transit_node(seed=2, epoch=7, clock="JD 2400000.5")}
    white, alone = _fit(nodes), _fit({"A/0": nodes["A/0"]})
    both, one = _named(white), _named(alone)
    assert abs(white.orbit(1).mid_transit + white.curves[1].reference - (59000.003 + 28.0)) < 5 * both["mid_transit"][1]
    np.testing.assert_allclose(both["mid_transit"][1] / one["mid_transit"][1], np.sqrt(0.5), rtol=0.2)


def test_each_visit_may_have_a_time_of_its_own(transit_node):
    late = 2459000.503 + 0.004
    nodes = {"A/0": transit_node(seed=1), "A/1": transit_node(seed=2, epoch=7, mid_transit=late)}
    white = _fit(nodes, timing="visit")
    found = _named(white)
    first, second = (white.orbit(i).mid_transit + white.curves[i].reference for i in (0, 1))
    assert abs((second - first) - 28.004) < 4 * np.hypot(found["mid_transit[0]"][1], found["mid_transit[1]"][1])


def test_a_free_period_is_measured_by_two_visits(transit_node):
    nodes = {"A/0": transit_node(seed=1), "A/1": transit_node(seed=2, epoch=10)}
    white = _fit(nodes, orbit={**ORBIT, "period": {"normal": [4.0002, 0.001]}})
    value, error = _named(white)["period"]
    single = _named(_fit({"A/0": nodes["A/0"]}))["mid_transit"][1]
    assert abs(value - 4.0) < 4 * error
    np.testing.assert_allclose(error, np.sqrt(2) * single / 10, rtol=0.2)


def test_instruments_have_radii_of_their_own(transit_node):
    nodes = {"A/0": transit_node(0.1, seed=1), "B/0": transit_node(0.12, seed=2)}
    found = _named(_fit(nodes))
    for name, truth in (("radius_ratio[A]", 0.1), ("radius_ratio[B]", 0.12)):
        assert abs(found[name][0] - truth) < 4 * found[name][1]


def test_a_prior_narrower_than_the_data_wins(transit_node):
    narrow = {**ORBIT, "semi_major_axis": {"normal": [11.9, 0.001]}}
    value, error = _named(_fit({"A/0": transit_node()}, orbit=narrow))["semi_major_axis"]
    assert abs(value - 11.9) < 0.003
    assert abs(error - 0.001) < 1e-5


def test_excluded_times_do_not_count(transit_node):
    node = transit_node()
    spot = (node["time"].values > 2459000.49) & (node["time"].values < 2459000.51)
    spoiled = node.assign(
        flux=node["flux"] * (1 + 0.01 * spot), orbit=("time", spot.astype(float), {"role": "regressor", "units": ""})
    )
    for exclude in ({"regressor": "orbit", "values": [1]}, {"time": [2459000.49, 2459000.51]}):
        value, error = _named(_fit({"A/0": spoiled}, white={"exclude": [exclude]}))["radius_ratio"]
        assert abs(value - 0.1) < 4 * error


def test_a_step_is_searched_and_fitted(transit_node):
    tilt = 1.0 - 1e-3 * (np.arange(150) > 110)
    node = transit_node(drift=tilt, noise=2e-4)
    white = _fit({"A/0": node}, systematics=[{"term": "polynomial", "order": 1}, {"term": "step", "n": 1}])
    assert abs(white.steps[0][0] - white.curves[0].time[110:112].mean()) < 2 * 0.24 / 149
    value, error = _named(white)["radius_ratio"]
    assert abs(value - 0.1) < 4 * error


def test_a_ramp_with_a_free_timescale_is_fitted(transit_node):
    drift = 1.0 + 4e-3 * np.exp(-np.linspace(0.0, 0.24, 150) / 0.02)
    white = _fit({"A/0": transit_node(drift=drift)}, systematics=[{"term": "polynomial"}, {"term": "exponential"}])
    found = _named(white)
    name = next(name for name in found if "timescale" in name)
    assert abs(found[name][0] - 0.02) < 4 * found[name][1]
    assert abs(found["radius_ratio"][0] - 0.1) < 4 * found["radius_ratio"][1]


def test_outliers_are_clipped(transit_node):
    node = transit_node()
    flux = node["flux"].values.copy()
    flux[:, [20, 70, 100]] *= 1.02
    white = _fit({"A/0": node.assign(flux=(node["flux"].dims, flux, node["flux"].attrs))})
    assert np.flatnonzero(white.result.batches[0].clipped[0]).tolist() == [20, 70, 100]


@pytest.mark.parametrize("scale", ["scatter", "jitter"])
def test_errors_that_are_too_small_grow_to_the_scatter(transit_node, scale):
    node = transit_node(error=2e-4)
    fitted = _named(_fit({"A/0": node}, errors={"scale": scale}))["radius_ratio"][1]
    honest = _named(_fit({"A/0": transit_node()}, errors={"scale": "file"}))["radius_ratio"][1]
    np.testing.assert_allclose(fitted, honest, rtol=0.15)


def test_marginal_likelihood_is_the_integral_over_the_coefficients(transit_node):
    """For one linear coefficient: int exp(-chi2(c)/2) dc / norm by the trapezoidal rule."""
    white = _fit({"A/0": transit_node(slope=0.0)}, errors={"scale": "file"}, clip_sigma=None, systematics=[])
    posterior = white.posterior()
    curves = white.curves[0]
    signal = white.signal(0)
    level = np.linspace(0.99, 1.02, 30001)
    chi2 = (((curves.flux - level[:, None] * signal) / curves.flux_error) ** 2).sum(axis=1)
    log_norm = -0.5 * np.log(2 * np.pi * curves.flux_error[0] ** 2).sum()
    expected = np.log(np.trapezoid(np.exp(-0.5 * (chi2 - chi2.min())), level)) - 0.5 * chi2.min() + log_norm
    np.testing.assert_allclose(posterior.log_likelihood(white.values[None])[0], expected, atol=1e-6)


def test_a_transit_outside_the_data_is_refused_with_times(transit_node):
    with pytest.raises(DataError, match=r"outside the window: the data cover 2459000\.3800 to 2459000\.6200") as caught:
        _fit({"A/0": transit_node()}, orbit={**ORBIT, "mid_transit": 2459001.5})
    assert "2459001.5000" in str(caught.value)


def test_a_planet_that_misses_its_star_is_refused(transit_node):
    with pytest.raises(DataError, match="misses its star"):
        _fit({"A/0": transit_node()}, orbit={**ORBIT, "inclination": 80.0})


@pytest.mark.parametrize("radius_ratio", [0.03, 0.1, 0.25])
@pytest.mark.parametrize(
    "shape",
    [
        {"semi_major_axis": {"uniform": [5.0, 30.0]}, "inclination": {"uniform": [80.0, 90.0]}},
        {"duration": {"uniform": [0.03, 0.2]}, "impact_parameter": {"uniform": [0.0, 1.0]}},
        {"semi_major_axis": {"free": 8.0}, "inclination": {"free": 86.0}},
    ],
    ids=["flat", "duration", "free"],
)
def test_wide_priors_lead_to_the_same_fit(transit_node, radius_ratio, shape):
    """Their middle is a planet that misses its star, or is much larger, elsewhere: what a newcomer writes."""
    orbit = {"period": 4.0, "mid_transit": {"uniform": [2459000.3, 2459000.7]}, **shape}
    white = _fit({"A/0": transit_node(radius_ratio, noise=2e-4)}, orbit=orbit, radius_ratio={"uniform": [0.01, 0.4]})
    known = _fit({"A/0": transit_node(radius_ratio, noise=2e-4)})
    np.testing.assert_allclose(white.result.minimum.chi2, known.result.minimum.chi2, rtol=1e-4)
    value, error = _named(white)["radius_ratio"]
    assert abs(value - radius_ratio) < 4 * error


def test_every_free_number_of_the_posterior_has_a_name_of_its_own(transit_node):
    nodes = {"A/0": transit_node(seed=1), "A/1": transit_node(seed=2, epoch=7), "B/0": transit_node(seed=3)}
    white = _fit(nodes, systematics=[{"term": "exponential"}, {"term": "gp"}], limb_darkening={})
    posterior = white.posterior()
    names = [parameter.name for parameter in posterior.parameters]
    assert len(set(names)) == len(names) == len(posterior.optimum)
    assert np.isfinite(posterior.log_likelihood(posterior.optimum[None])).all()


def test_the_posterior_is_as_wide_in_hyper_parameters_as_the_likelihood_says(transit_node):
    """Against the curvature of what samplers evaluate, in steps of a third of the error."""
    node = transit_node(seed=5)
    time = node["time"].values
    lag = np.sqrt(3.0) * np.abs(time[:, None] - time) / 0.02
    root = np.linalg.cholesky(1e-6 * (1 + lag) * np.exp(-lag) + 1e-14 * np.eye(time.size))
    red = 1 + root @ np.random.default_rng(9).standard_normal(time.size)
    posterior = _fit({"A/0": node.assign(flux=node["flux"] * red)}, systematics=[{"term": "gp"}]).posterior()
    own = [i for i, parameter in enumerate(posterior.parameters) if parameter.name.startswith("gp_")]
    assert len(own) == 2
    stated = np.linalg.inv(posterior.covariance[np.ix_(own, own)])
    step = np.sqrt(np.diag(posterior.covariance)[own]) / 3

    def value(*shifts):
        point = posterior.optimum.copy()
        point[own] += np.array(shifts) * step
        return float(posterior.log_likelihood(point[None])[0])

    for at, shift in enumerate(np.eye(2)):
        curvature = (2 * value(0, 0) - value(*shift) - value(*-shift)) / step[at] ** 2
        assert curvature == pytest.approx(stated[at, at], rel=0.3)
