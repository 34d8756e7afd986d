"""The component as a user has it: what a node gains, eclipses, clocks, flags and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {
    "period": 4.0,
    "mid_transit": {"uniform": [2459000.45, 2459000.55]},
    "semi_major_axis": {"normal": [11.4, 0.3]},
    "inclination": {"normal": [87.7, 0.3]},
}


def _fit(observation, **params):
    return TransitFit(**{"orbit": ORBIT, **params}).apply(observation)


def test_a_node_gains_what_is_documented(transit_node, observe):
    observation = observe({"A/0": transit_node([0.1, 0.101])})
    result = _fit(observation)
    validate_observation(result, "test", ("depths",))
    data = result["A/0"].to_dataset()
    for name in ("depth", "depth_error", "depth_error_lower", "depth_error_upper", "chi2_reduced", "beta"):
        assert data[name].dims == ("wavelength",)
        assert np.isfinite(data[name]).all()
    white = data["white_model"].values
    assert np.std((data["white_flux"] - white).values[~data["white_mask"].values]) < 6e-4
    rest = data["flux"].values / data["model"].values - 1
    assert abs(rest.std() - 5e-4) < 5e-5
    flat = data["detrended_flux"].values[:, :20]
    assert abs(flat.mean() - 1) < 1e-4
    assert abs(float(data["radius_ratio"]) - 0.1005) < 4 * float(data["radius_ratio_error"])
    assert float(data["white_depth"]) == pytest.approx(float(data["radius_ratio"]) ** 2)
    names = data["white_parameter"].values.tolist()
    sample = data["white_sample"].values[:, names.index("mid_transit")]
    assert abs(sample.mean() - float(data["mid_transit"])) < 0.2 * float(data["mid_transit_error"])
    assert sample.std() == pytest.approx(float(data["mid_transit_error"]), rel=0.1)
    assert json.loads(data.attrs["fit"])["orbit"]["period"] == 4.0
    assert json.loads(data["white_sample"].attrs["units_of"])["mid_transit"] == "d"
    assert data.attrs["flags"] in ("", "shared-offset")  # orbit and limb darkening are free


def test_errors_of_derived_numbers_are_the_scatter_of_repeated_measurements(transit_node, observe):
    """40 noise draws: standard deviations are known to 11 %."""
    found, errors = [], []
    for seed in range(40):
        fixed = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}
        orbit = {**ORBIT, "semi_major_axis": {"free": 11.4}, "inclination": {"free": 87.7}}
        data = _fit(observe({"A/0": transit_node(seed=seed, noise=2e-4)}), orbit=orbit, limb_darkening=fixed)["A/0"]
        names = ("mid_transit", "duration", "impact_parameter", "white_depth")
        found.append([float(data[name]) for name in names])
        errors.append([float(data[f"{name}_error"]) for name in names])
    ratio = np.std(found, axis=0) / np.mean(errors, axis=0)
    assert np.all(np.abs(ratio - 1) < 0.35), ratio


@pytest.mark.parametrize("method", ["laplace", "emcee"])
def test_the_same_seed_gives_the_same_draws(transit_node, observe, method):
    observation = observe({"A/0": transit_node()})
    fixed = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}
    orbit = {**ORBIT, "semi_major_axis": 11.4, "inclination": 87.7}
    white = {"method": {"method": method, **({"n_effective": 100, "walkers": 8} if method == "emcee" else {})}}
    draws = [
        _fit(observation, orbit=orbit, limb_darkening=fixed, white=white, seed=seed)["A/0"]["white_sample"].values
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def _eclipse_node(depth, noise=1e-4, phase=True, masked=False):
    batman = pytest.importorskip("batman")
    time = np.linspace(0.4, 0.6, 300) * 0.8
    star = batman.TransitParams()
    star.t0, star.per, star.a, star.inc, star.ecc, star.w = 0.0, 0.8, 4.9, 82.1, 0.0, 90.0
    star.rp, star.limb_dark, star.u, star.t_secondary, star.fp = 0.16, "uniform", [], 0.4, 1e-3
    model = batman.TransitModel(star, time, transittype="secondary", supersample_factor=11, exp_time=time[1] - time[0])
    flux = np.empty((len(depth), len(time)))
    for channel, own in enumerate(depth):
        star.fp = own
        flux[channel] = model.light_curve(star)
    flux *= 5e4 * (1 + noise * np.random.default_rng(3).standard_normal(flux.shape))
    dims = ("wavelength", "time")
    clock = {
        "units": "d",
        "time_system": "phase" if phase else "TDB",
        "time_reference": "phase 0" if phase else "JD 2400000.5",
    }
    mask = np.zeros(flux.shape, bool)
    if masked:
        mask[:, 20:60] = True
        flux[mask] = np.nan
    return xr.Dataset(
        {
            "flux": (dims, flux, {"units": ""}),
            "flux_error": (dims, np.full(flux.shape, 5e4 * noise), {"units": ""}),
            "mask": (dims, mask),
        },
        coords={
            "wavelength": ("wavelength", np.linspace(1, 2, len(depth)), {"units": "um"}),
            "time": ("time", time if phase else time + 59000.0, clock),
        },
        attrs={"exposure_time": float((time[1] - time[0]) * 86400)},
    )


@pytest.mark.parametrize(("phase", "masked"), [(True, False), (True, True), (False, False)])
def test_eclipse_depths_are_those_injected(phase, masked):
    """In days and in orbital phase; 40 channels with depths from 0 to 2000 ppm."""
    depth = np.linspace(0.0, 2e-3, 40)
    orbit = {"period": 0.8, "semi_major_axis": 4.9, "inclination": 82.1}
    if not phase:
        orbit["mid_transit"] = 2459000.5 - 8.0
    observation = make_observation("b", {"A/0": _eclipse_node(depth, phase=phase, masked=masked)})
    data = TransitFit(signal="eclipse", orbit=orbit, radius_ratio=0.16, errors={"red_noise": False}).apply(observation)[
        "A/0"
    ]
    pulls = (data["depth"].values - depth) / data["depth_error"].values
    assert abs(pulls.mean()) < 0.5
    assert 0.7 < pulls.std() < 1.3
    assert data.attrs["quantity"] == "eclipse depth Fp/F*"
    assert abs(float(data["white_depth"]) - 1e-3) < 4 * float(data["white_depth_error"])
    middle = 0.4 if phase else 59000.4
    assert abs(float(data["mid_eclipse"]) - middle) < 1e-9


def test_a_transit_at_the_edge_is_flagged(transit_node, observe):
    node = transit_node(noise=2e-4).isel(time=slice(0, 85))
    assert "transit-at-edge" in _fit(observe({"A/0": node}))["A/0"].attrs["flags"].split()


def test_flags_that_are_there_stay(transit_node, observe):
    node = transit_node().assign_attrs(flags="saturated")
    assert _fit(observe({"A/0": node}))["A/0"].attrs["flags"] == "saturated"


def test_errors_that_the_file_does_not_have_come_from_the_scatter(transit_node, observe):
    node = transit_node()
    blind = node.assign(flux_error=node["flux_error"] * np.nan)
    known, unknown = (_fit(observe({"A/0": own}))["A/0"] for own in (node, blind))
    np.testing.assert_allclose(unknown["depth"], known["depth"], atol=0.05 * float(known["depth_error"][0]))
    np.testing.assert_allclose(unknown["depth_error"], known["depth_error"], rtol=0.01)
    assert np.isnan(unknown["error_ratio"]).all()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"orbit": {**ORBIT, "impact_parameter": 0.3}}, "exactly one of inclination, impact_parameter"),
        ({"orbit": {**ORBIT, "period": {"uniform": [5.0, 3.0]}}}, "below the highest"),
        ({"orbit": {**ORBIT, "perod": 3.0}}, "perod"),
        ({"radius_ratio": {"uniform": [-0.1, 0.2]}}, "radius_ratio"),
        ({"radius_ratio": {"uniform": [0.1, 5.0]}}, "radius_ratio"),
        ({"signal": "eclipse"}, "radius_ratio must be a number"),
        ({"limb_darkening": {"coefficients": [0.1, 0.2, 0.3]}}, "two coefficients"),
        ({"limb_darkening": {"white": {"std": -1}}}, "std"),
        ({"white": {"exclude": [{"regressor": "orbit"}]}}, "needs values"),
        ({"systematics": [{"term": "gp"}, {"term": "gp"}]}, "one Gaussian process"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(transit_node, observe, params, words):
    with pytest.raises(ParameterError, match=words):
        _fit(observe({"A/0": transit_node()}), **params)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"limb_darkening": {"white": "fixed"}}, "add the step limb-darkening"),
        ({"white": {"channels": [0, 9]}}, "white.channels ends at 9"),
        ({"white": {"exclude": [{"time": [1.0, 2.0]}]}}, r"no exposure lies in time .* /A/0 runs from 24590"),
        ({"white": {"exclude": [{"regressor": "orbit", "values": [3]}]}}, "no regressor 'orbit'"),
        ({"systematics": [{"term": "regressors", "names": ["airmass"]}]}, "airmass"),
        ({"channels": {"systematics": [{"term": "gp"}], "gp": "white"}}, "not have the same process"),
    ],
)
def test_data_that_lack_something_say_what(transit_node, observe, params, words):
    with pytest.raises(DataError, match=words):
        _fit(observe({"A/0": transit_node([0.1, 0.1])}), **params)
