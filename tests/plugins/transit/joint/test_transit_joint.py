"""The joint fit on injected transits, on real curves, and on input that is wrong or poor."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, nodes, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_transit import TransitJoint, TransitPolynomial

_START, _STOP = 0.0, 0.3125


def _joint(injected, **params):
    observation = injected if isinstance(injected, xr.DataTree) else injected.observation
    return TransitJoint(**params).apply(observation)["spectrum/joint"].to_dataset()


def _white_pull(joint, depth):
    return float((joint["white_weight"].values @ depth - joint["white_depth"]) / joint["white_depth_error"])


@pytest.fixture(scope="module")
def ensemble(inject):
    """Forty targets of four kinds and their joint spectra: easy, shallow, limb darkening off the law, two visits."""
    kinds = [
        {"radius": 0.06, "impact": 0.3},
        {"radius": 0.03, "impact": 0.5, "noise": 2e-3},
        {"radius": 0.08, "impact": 0.1, "limb_offset": (0.1, -0.1)},
        {"radius": 0.05, "impact": 0.6, "visits": (0.155, 0.15)},
    ]
    injections = [inject(seed, n_channel=24, **kinds[seed % 4]) for seed in range(40)]
    return [(injected, _joint(injected)) for injected in injections]


def test_white_depths_scatter_by_their_errors_and_have_no_bias(ensemble):
    """40 pulls: their mean is known to 0.16, their standard deviation to 0.11; both within 3 of these."""
    pulls = np.array([_white_pull(joint, injected.depth) for injected, joint in ensemble])
    assert abs(pulls.mean()) < 0.48
    assert pulls.std() == pytest.approx(1, abs=0.33)


def test_channel_depths_scatter_by_their_errors_at_every_wavelength(ensemble):
    """1000 pulls, which are correlated by what channels share: 0.9 to 1.1, no trend with wavelength."""
    pulls = np.array([(joint["depth"].values - inj.depth) / joint["depth_error"].values for inj, joint in ensemble])
    assert 0.9 < pulls.std() < 1.1
    trend = np.polynomial.polynomial.polyfit(np.linspace(-1, 1, 24), pulls[:, 1:].T, 1)[1]
    assert abs(trend.mean()) < 3 * trend.std() / np.sqrt(len(trend))


def test_covariance_whitens_the_errors(ensemble):
    """Error' C^-1 error over 25 channels is chi-square distributed: 25 +- 7.1 / sqrt(40)."""
    distance = []
    for injected, joint in ensemble:
        error = joint["depth"].values - injected.depth
        distance.append(error @ np.linalg.solve(joint["depth_covariance"].values, error))
    assert np.mean(distance) == pytest.approx(25, abs=4 * 7.1 / np.sqrt(40))


def test_orbit_is_found(ensemble):
    for _, joint in ensemble[::4]:
        assert float(joint["duration"]) == pytest.approx(0.127, abs=5 * float(joint["duration_error"]) + 2e-4)
        assert joint["mid_transit"].values == pytest.approx([0.155], abs=5 * float(joint["mid_transit_error"][0]))
        assert float(joint["impact_parameter"]) == pytest.approx(0.3, abs=0.3)
        assert joint.attrs["flags"] == ""


def test_limb_darkening_off_the_law_is_measured(inject):
    """Bright star: u1 + u2 of the white light, which a transit shows best, is found where the law is 0.15 off."""
    injected = inject(3, noise=2e-4, n_channel=12, radius=0.1, limb_offset=(0.15, 0.0))
    joint = _joint(injected, limb_darkening_std=0.3)
    found, true = joint["limb_darkening"].values.sum(axis=0), injected.limb_darkening.sum(axis=0)
    assert np.abs(found - true).mean() < 0.03
    fixed = _joint(injected, limb_darkening_std=0.0)
    assert abs(_white_pull(joint, injected.depth)) < 4
    assert abs(_white_pull(fixed, injected.depth)) > 6


def test_limb_darkening_of_the_data_is_used(inject):
    injected = inject(4, noise=2e-4, n_channel=12, radius=0.1, limb_offset=(0.15, 0.1))
    channels = {"FGS1": slice(0, 1), "AIRS-CH0": slice(1, None)}
    known = {
        path: data.assign(
            limb_darkening=(("coefficient", "wavelength"), injected.limb_darkening[:, channels[path[:-2]]])
        )
        for path, data in nodes(injected.observation)
    }
    observation = make_observation("1", known)
    joint = _joint(observation, limb_darkening_std=0.0)
    np.testing.assert_array_equal(joint["limb_darkening"].values, injected.limb_darkening)
    assert abs(_white_pull(joint, injected.depth)) < 4
    assert abs(_white_pull(_joint(observation, limb_darkening_std=0.0, limb_darkening="law"), injected.depth)) > 4


def test_model_is_the_noise_free_light_curve(inject):
    injected = inject(5, noise=3e-4, n_channel=12)
    result = TransitJoint().apply(injected.observation)
    validate_observation(result, "transit", TransitJoint.produces)
    for path, clean in injected.clean.items():
        data = result[path].to_dataset()
        assert "depth" not in data
        # 187 samples fix about 8 numbers per channel to a fraction of the noise
        assert np.std(data["model"].values / clean - 1) < 1e-4
        transit = clean / injected.drift[path]
        level = transit[:, :1]
        assert np.std(data["detrended_flux"].values - transit / level) == pytest.approx(
            3e-4 * (0.1 if path.startswith("FGS1") else 1.0), rel=0.2
        )


def test_light_curves_stay_as_they_were(inject):
    observation = inject(6, n_channel=6).observation
    before = observation.copy(deep=True)
    result = TransitJoint().apply(observation)
    xr.testing.assert_identical(before, observation)
    for path, data in nodes(before):
        for name in ("flux", "flux_error", "mask"):
            xr.testing.assert_identical(result[path][name].drop_vars("visit", errors="ignore"), data[name])
    again = TransitJoint().apply(result)
    xr.testing.assert_allclose(again["spectrum/joint"].to_dataset(), result["spectrum/joint"].to_dataset())


def test_two_visits_are_better_than_one(inject):
    two = inject(7, n_channel=12, visits=(0.15, 0.16))
    one = make_observation("1", {p: d for p, d in nodes(two.observation) if p.endswith("/0")})
    both, single = _joint(two), _joint(one)
    assert both["visit"].values.tolist() == ["0", "1"]
    assert both["mid_transit"].values == pytest.approx([0.15, 40.16], abs=1e-3)
    ratio = single["depth_error"].values / both["depth_error"].values
    assert np.median(ratio) == pytest.approx(np.sqrt(2), rel=0.1)


def test_visits_may_differ_in_length_and_lack_an_instrument(inject):
    injected = inject(8, n_channel=12, visits=(0.15, 0.16))
    parts = dict(nodes(injected.observation))
    del parts["FGS1/1"]
    parts["AIRS-CH0/1"] = parts["AIRS-CH0/1"].isel(time=slice(10, 170))
    joint = _joint(make_observation("1", parts))
    assert joint.sizes["wavelength"] == 13
    assert np.abs((joint["depth"].values - injected.depth) / joint["depth_error"].values).max() < 4.5


def test_noise_that_all_channels_share_is_seen_and_counted(inject):
    """Common noise as large as the white light's own: errors that ignore it are too small by about 1.4."""
    pulls, plain = [], []
    for seed in range(12):
        injected = inject(100 + seed, n_channel=24, common=4e-4)
        joint = _joint(injected)
        pulls.append(_white_pull(joint, injected.depth))
        plain.append(_white_pull(_joint(injected, common_noise=False), injected.depth))
        assert float(joint["chi2_reduced_white"]) > 1.3
    assert np.std(pulls) == pytest.approx(1, abs=0.5)
    assert np.std(plain) > 1.2 * np.std(pulls)


def test_errors_that_are_wrong_are_scaled(inject):
    injected = inject(9, n_channel=12)
    wrong = make_observation(
        "1", {path: data.assign(flux_error=5 * data["flux_error"]) for path, data in nodes(injected.observation)}
    )
    right, scaled, formal = _joint(injected), _joint(wrong), _joint(wrong, error_scale="formal")
    # degrees of freedom are counted with the weights as given, against which the priors differ
    np.testing.assert_allclose(scaled["depth_error"], right["depth_error"], rtol=0.02)
    assert float((formal["depth_error"] / right["depth_error"]).median()) == pytest.approx(5, rel=0.2)
    assert float(scaled["chi2_reduced"].median()) == pytest.approx(1 / 25, rel=0.2)


def test_outliers_are_clipped_in_samples_and_in_times(inject):
    injected = inject(10, n_channel=24)
    clean = _joint(injected)
    spoiled = injected.observation.copy(deep=True)
    airs = spoiled["AIRS-CH0/0"].to_dataset().copy(deep=True)
    airs["flux"].values[3, 40] *= 1.2
    airs["flux"].values[:, 90] *= 1.004  # below 3 sigma in each channel, far above in all of them
    result = TransitJoint().apply(make_observation("1", {"FGS1/0": spoiled["FGS1/0"].to_dataset(), "AIRS-CH0/0": airs}))
    clipped = result["AIRS-CH0/0"]["clipped"].values
    assert clipped[3, 40]
    assert clipped[:, 90].all()
    assert clipped.sum() < 24 + 5
    joint = result["spectrum/joint"].to_dataset()
    shift = (joint["depth"].values - clean["depth"].values) / clean["depth_error"].values
    assert np.abs(shift).max() < 0.5


@pytest.mark.parametrize("drift", ["polynomial", "gp"])
def test_channels_without_data_are_masked_and_leave_the_others_alone(inject, drift):
    injected = inject(11, n_channel=12)
    parts = {path: data.copy(deep=True) for path, data in nodes(injected.observation)}
    parts["AIRS-CH0/0"]["flux"].values[4] = np.nan
    parts["AIRS-CH0/0"]["mask"].values[7] = True
    result = TransitJoint(drift=drift).apply(make_observation("1", parts))
    validate_observation(result, "transit", TransitJoint.produces)
    joint = result["spectrum/joint"].to_dataset()
    lost = np.flatnonzero(joint["mask"].values).tolist()
    assert lost == [5, 8]
    assert np.isnan(joint["depth"].values[lost]).all()
    assert np.isnan(joint["depth_covariance"].values[lost]).all()
    assert joint["white_weight"].values[lost].tolist() == [0, 0]
    assert "channels-lost" in joint.attrs["flags"].split()
    kept = ~joint["mask"].values
    assert np.abs((joint["depth"].values - injected.depth)[kept] / joint["depth_error"].values[kept]).max() < 4.5


def test_a_transit_at_the_edge_gets_a_flag_and_an_honest_error(inject):
    whole = _joint(inject(12, n_channel=12))
    for mid_transit in (0.04, 0.29):
        injected = inject(12, n_channel=12, visits=(mid_transit,))
        joint = _joint(injected, order=1)
        assert "transit-at-edge" in joint.attrs["flags"].split()
        assert float(joint["white_depth_error"]) > 0
        assert abs(_white_pull(joint, injected.depth)) < 5
    assert whole.attrs["flags"] == ""


def test_a_visit_without_a_transit_is_left_out_with_a_flag(inject):
    injected = inject(13, n_channel=12, visits=(0.15, 2.0))
    joint = _joint(injected)
    assert joint["visit"].values.tolist() == ["0"]
    assert "visits-lost" in joint.attrs["flags"].split()
    assert abs(_white_pull(joint, injected.depth)) < 4


def test_contacts_may_be_given(inject):
    """Where a search at 50 sigma finds nothing, given contacts do; and they need to be there."""
    injected = inject(14, n_channel=12)
    found = TransitJoint().apply(injected.observation)
    parts = {path: data.drop_vars("contact_time", errors="ignore") for path, data in nodes(injected.observation)}
    rough = np.array([0.09, 0.10, 0.21, 0.22])
    given = {p: d.assign(contact_time=("contact", rough, {"units": "d"})) for p, d in parts.items()}
    joint = _joint(make_observation("1", given), contacts="given", min_significance=1e9)
    expected = found["spectrum/joint"].to_dataset()
    shift = (joint["depth"] - expected["depth"]) / expected["depth_error"]
    assert float(np.abs(shift).max()) < 0.1
    with pytest.raises(DataError, match="no contact_time; use contacts: auto"):
        TransitJoint(contacts="given").apply(make_observation("1", parts))


def test_without_any_transit_the_target_is_set_aside(inject):
    with pytest.raises(DataError, match="no transit found"):
        TransitJoint().apply(inject(14, n_channel=6, visits=(2.0,)).observation)


def test_grazing_transits_are_fitted_and_flagged(inject):
    injected = inject(15, n_channel=12, radius=0.12, impact=0.97, duration=0.06, noise=5e-4)
    joint = _joint(injected)
    assert "grazing" in joint.attrs["flags"].split()
    assert abs(_white_pull(joint, injected.depth)) < 4


def test_single_curves_and_negative_depths_have_no_trouble(inject, light_curves):
    injected = inject(16, n_channel=12)
    joint = _joint(make_observation("1", {"FGS1/0": dict(nodes(injected.observation))["FGS1/0"]}))
    assert joint["depth"].shape == (1,)
    assert abs(float((joint["depth"][0] - injected.depth[0]) / joint["depth_error"][0])) < 4
    # channels in which a shallow transit drowns: some depths are negative, and their mean is right
    drowned = inject(17, n_channel=200, radius=0.02, noise=5e-3)
    joint = _joint(drowned)
    assert (joint["depth"].values < 0).any()
    assert abs(_white_pull(joint, drowned.depth)) < 4


def test_a_trapezoid_measures_the_flat_bottom(light_curves):
    """A trapezoid put in comes out, with its contacts."""
    time = np.linspace(0, 7.5, 187)
    contacts = np.array([2.1, 2.4, 4.9, 5.2])
    rng = np.random.default_rng(0)
    flux = (1 - 0.004 * np.interp(time, contacts, [0, 1, 1, 0])) * (1 + 1e-3 * (time - 3.75))
    node = light_curves(time, flux + rng.normal(0, 3e-5, time.size))
    result = TransitJoint(shape="trapezoid").apply(make_observation("1", {"A/0": node}))
    joint = result["spectrum/joint"].to_dataset()
    assert float(joint["depth"][0]) == pytest.approx(0.004, abs=4 * float(joint["depth_error"][0]))
    assert float(joint["depth_error"][0]) < 5e-5
    np.testing.assert_allclose(result["A/0"]["contact_time"], contacts, atol=0.03)
    assert "impact_parameter" not in joint


def test_a_gaussian_process_follows_a_drift_that_a_polynomial_cannot(inject):
    """A wave of two periods over the visit, half as large as the transit is deep."""
    injected = inject(18, n_channel=12, noise=5e-4)
    parts = {}
    for path, data in nodes(injected.observation):
        wave = 1 + 2e-3 * np.sin(2 * np.pi * data["time"].values / 0.15 + 0.5)
        parts[path] = data.assign(flux=(data["flux"].dims, data["flux"].values * wave, data["flux"].attrs))
    observation = make_observation("1", parts)
    gp, polynomial = _joint(observation, drift="gp"), _joint(observation)
    assert abs(_white_pull(gp, injected.depth)) < 4
    assert float(gp["chi2_reduced_white"]) < 1.5
    assert float(polynomial["chi2_reduced_white"]) > 2


def test_wrong_input_is_refused_with_what_to_do(inject, light_curves):
    observation = inject(19, n_channel=6, visits=(0.15, 0.16)).observation
    parts = dict(nodes(observation))
    with pytest.raises(DataError, match="bin both to the same wavelengths"):
        TransitJoint().apply(
            make_observation("1", {**parts, "AIRS-CH0/1": parts["AIRS-CH0/1"].isel(wavelength=slice(0, 3))})
        )
    with pytest.raises(DataError, match="in common"):
        TransitJoint().apply(make_observation("1", {"A/0": parts["FGS1/0"], "B/0": parts["FGS1/1"]}))
    dark = parts["AIRS-CH0/0"].copy(deep=True)
    dark["flux"].values[:] = np.nan
    with pytest.raises(DataError, match="no usable sample"):
        TransitJoint().apply(make_observation("1", {"AIRS-CH0/0": dark}))
    with pytest.raises(DataError, match="needs light curves"):
        TransitJoint().apply(make_observation("1", {"A/0": xr.Dataset({"depth": ("wavelength", [1.0])})}))
    with pytest.raises(ParameterError, match="standard deviation above 0"):
        TransitJoint(impact_prior=[0.2, 0.0])


def test_what_the_loader_knows_of_the_orbit_makes_errors_smaller(inject):
    """Attributes of the right orbit narrow the depth, and they can be ignored."""
    injected = inject(21, n_channel=12, radius=0.04, impact=0.5)
    axis = 12.0
    inclination = float(np.degrees(np.arccos(0.5 / axis)))
    known = make_observation(
        "1",
        dict(nodes(injected.observation)),
        semi_major_axis=axis,
        inclination=inclination,
        period=3000.0,
        stellar_temperature=5500.0,
    )
    plain, better = _joint(injected), _joint(known)
    assert float(better["impact_parameter"]) == pytest.approx(0.5, abs=0.15)
    assert float(better["white_depth_error"]) < 0.98 * float(plain["white_depth_error"])
    assert abs(_white_pull(better, injected.depth)) < 4
    xr.testing.assert_allclose(_joint(known, system="ignore"), plain)
    with pytest.raises(DataError, match=r"stellar_temperature .* positive number"):
        TransitJoint().apply(make_observation("1", dict(nodes(known)), stellar_temperature=-1.0))


def test_real_white_curves(white_curves, light_curves):
    """Defaults on the first 80 planets: as good as the polynomial of breakpoints, 40 ppm rms and 20 ppm median."""
    time = np.arange(187.0) * 0.04
    errors = []
    for name, flux, depth in list(zip(white_curves.names, white_curves.flux, white_curves.depth, strict=True))[:80]:
        node = light_curves(time, flux, wavelength=[2.8])
        errors.append(float(_joint(make_observation(name, {"AIRS-CH0/0": node}))["white_depth"]) - depth)
    assert 1e6 * np.sqrt(np.mean(np.square(errors))) < 45
    assert 1e6 * np.median(np.abs(errors)) < 21
    assert abs(1e6 * np.mean(errors)) < 8


def test_agrees_with_the_polynomial_on_depths_where_limb_darkening_is_none(inject):
    """Uniform star: both measure (Rp/R*)^2, by different means."""
    injected = inject(20, n_channel=12, noise=3e-4, limb_offset=(0.0, 0.0))
    flat = inject(20, n_channel=12, noise=3e-4)
    assert np.array_equal(injected.depth, flat.depth)
    joint = _joint(flat)
    polynomial = TransitPolynomial().apply(flat.observation)["AIRS-CH0/0"].to_dataset()
    ratio = polynomial["depth"].values / joint["depth"].values[1:]
    # about 4 % too deep at 2 to 4 um for b = 0.3, as docs/explanation/transit-polynomial.md tabulates
    assert np.median(ratio) == pytest.approx(1.035, abs=0.02)


def test_a_model_that_does_not_fit_is_not_clipped_away(inject):
    """Hardly any noise and a trapezoid for a limb-darkened star: the transit is off by more than the baseline."""
    injected = inject(1, noise=1e-9, n_channel=12, limb_offset=(0.3, -0.2))
    joint = _joint(injected, shape="trapezoid")
    assert np.isfinite(joint["depth"].values).all()
    assert float(joint["clipped_fraction"]) < 0.5
    assert "misfit" in joint.attrs["flags"].split()
    assert "channels-lost" not in joint.attrs["flags"].split()
    # what the model misses is in the errors, not left out of them
    assert abs(_white_pull(joint, injected.depth)) < 10
    assert "misfit" not in _joint(inject(1, n_channel=12)).attrs["flags"]


def test_few_samples_are_flagged(inject):
    assert "few-samples" in _joint(inject(2, n_channel=6, n_time=20)).attrs["flags"].split()
    assert "few-samples" not in _joint(inject(2, n_channel=6, n_time=40)).attrs["flags"].split()


def test_a_drift_whose_colour_the_fit_cannot_follow_is_flagged(inject):
    """A drift whose colour is a parabola in wavelength; wavelength_order 1 lets channels err, 2 does not."""
    injected = inject(3, n_channel=24, noise=1e-3)
    parts = dict(nodes(injected.observation))
    airs = parts["AIRS-CH0/0"]
    time, w = np.linspace(-1, 1, airs.sizes["time"]), np.linspace(-1, 1, 24)[:, None]
    parts["AIRS-CH0/0"] = airs.assign(
        flux=(airs["flux"].dims, airs["flux"].values * (1 + 1.5e-3 * (1.5 * w**2 - 0.5) * time**2), airs["flux"].attrs)
    )
    observation = make_observation("1", parts)
    assert "drift-colour" in _joint(observation).attrs["flags"].split()
    assert "drift-colour" not in _joint(observation, wavelength_order=2).attrs["flags"].split()
