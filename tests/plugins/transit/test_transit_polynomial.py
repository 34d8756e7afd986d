"""The detrender on real and simulated observations."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from specframe.api import make_observation, nodes, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_transit import TransitPolynomial
from specframe_transit.contacts import trapezoid

_TIME = np.linspace(0.0, 7.5, 187)
_CONTACTS = np.array([2.1, 2.4, 4.9, 5.2])


def _flux(depth, time=_TIME, noise=1e-4, level=1e5, seed=0):
    depth = np.atleast_1d(depth)[:, None]
    rng = np.random.default_rng(seed)
    clean = level * (1 + 1e-3 * (time - 3.75)) * (1 - depth * trapezoid(time, _CONTACTS))
    return clean + level * rng.normal(0, noise, clean.shape)


def _errors(found, white_curves):
    return 1e6 * (found - white_curves.depth)


def test_real_white_curves_with_given_contacts(white_curves, light_curves):
    """Independent fits (lstsq per planet, alternating) of order 4 gave 39.5 ppm rms and 21.3 ppm median error."""
    time = np.arange(187.0)
    found = []
    detrender = TransitPolynomial(order=4, contacts="given", clip_sigma=None)
    for name, flux, contacts in zip(white_curves.names, white_curves.flux, white_curves.contacts, strict=True):
        node = light_curves(time, flux, contacts=contacts)
        result = detrender.apply(make_observation(name, {"AIRS-CH0/0": node}))
        found.append(float(result["AIRS-CH0/0"]["depth"][0]))
    error = _errors(np.array(found), white_curves)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(39.5, abs=0.1)
    assert np.median(np.abs(error)) == pytest.approx(21.3, abs=0.1)


def test_real_white_curves_with_contacts_found_are_no_worse(white_curves, detrended):
    found = np.array([float(detrended[name]["AIRS-CH0/0"]["depth"][0]) for name in white_curves.names])
    error = _errors(found, white_curves)
    assert np.sqrt(np.mean(error**2)) < 39.5
    assert np.median(np.abs(error)) < 20.0
    assert abs(np.mean(error)) < 3.0


def test_ingress_as_a_slope_biases_real_depths(white_curves, detrended, light_curves):
    """Why ingress and egress are left out: on the first 100 planets a slope biases the depth by over 10 ppm."""
    detrender = TransitPolynomial(order=4, ingress="trapezoid")
    sloped, excluded = [], []
    for name, flux in list(zip(white_curves.names, white_curves.flux, strict=True))[:100]:
        node = light_curves(np.arange(187.0), flux)
        result = detrender.apply(make_observation(name, {"AIRS-CH0/0": node}))
        sloped.append(float(result["AIRS-CH0/0"]["depth"][0]))
        excluded.append(float(detrended[name]["AIRS-CH0/0"]["depth"][0]))
    truth = white_curves.depth[:100]
    assert np.mean(np.array(sloped) - truth) > 1e-5
    assert abs(np.mean(np.array(excluded) - truth)) < 5e-6


def test_a_real_jwst_transit_with_wrong_errors(data_dir, light_curves):
    """HAT-P-18b, NIRISS order 2: T14 is 2.71 h (Hartman et al. 2011); the errors are about 20 times too large."""
    with fits.open(data_dir / "jwst_hatp18b" / "hat-p-18b-2022-06-niriss-o2.fits") as hdus:
        time, wavelength = (np.asarray(hdus[i].data, float) for i in (1, 2))
        data = np.asarray(hdus[3].data, float)
    flux, error = np.moveaxis(data, int(np.argmin(data.shape)), 0)
    if flux.shape[0] == len(time):
        flux, error = flux.T, error.T
    order = np.argsort(wavelength)
    flux, error = flux[order], error[order]
    node = light_curves(time, flux, error, mask=~np.isfinite(flux), wavelength=wavelength[order], units="d")
    observation = make_observation("HAT-P-18b", {"NIRISS-O2/0": node})

    scatter = TransitPolynomial(order=1).apply(observation)["NIRISS-O2/0"].to_dataset()
    formal = TransitPolynomial(order=1, error_scale="formal").apply(observation)["NIRISS-O2/0"].to_dataset()

    contacts = 24 * scatter["contact_time"].values
    assert contacts[3] - contacts[0] == pytest.approx(2.71, abs=0.1)
    assert 15 < float((formal["depth_error"] / scatter["depth_error"]).median()) < 30
    # Neighbouring channels differ by their errors (and a spectrum that hardly changes from one to the next).
    depth = scatter["depth"].values
    steps = np.diff(depth) / np.hypot(scatter["depth_error"].values[1:], scatter["depth_error"].values[:-1])
    assert 0.7 < 1.4826 * np.median(np.abs(steps)) < 1.5


def test_two_instruments_of_a_visit_share_contacts_and_each_visit_has_its_own(light_curves):
    depth = np.linspace(2e-3, 3e-3, 20)
    second = _TIME / 24 + 30.0  # days
    observation = make_observation(
        "42",
        {
            "AIRS-CH0/0": light_curves(_TIME, _flux(depth)),
            "FGS1/0": light_curves(np.linspace(0, 7.5, 800), _flux(2e-3, np.linspace(0, 7.5, 800)), wavelength=[0.7]),
            "AIRS-CH0/1": light_curves(second, _flux(depth, seed=1), units="d"),
        },
        origin="simulated",
    )
    before = observation.copy(deep=True)
    result = TransitPolynomial(order=2).apply(observation)

    validate_observation(result, "transit", TransitPolynomial.produces)
    xr.testing.assert_identical(before, observation)
    assert result.attrs == {"target": "42", "origin": "simulated"}
    found = dict(nodes(result))
    np.testing.assert_allclose(found["AIRS-CH0/0"]["contact_time"], found["FGS1/0"]["contact_time"])
    np.testing.assert_allclose(found["FGS1/0"]["contact_time"], _CONTACTS, atol=0.08)
    np.testing.assert_allclose(found["AIRS-CH0/1"]["contact_time"], _CONTACTS / 24 + 30.0, atol=0.08 / 24)
    for path, truth in (("AIRS-CH0/0", depth), ("FGS1/0", [2e-3]), ("AIRS-CH0/1", depth)):
        pulls = (found[path]["depth"].values - truth) / found[path]["depth_error"].values
        assert np.max(np.abs(pulls)) < 4
        assert found[path]["contact_time"].attrs["units"] == found[path]["time"].attrs["units"]


def test_model_and_detrended_flux_describe_the_data(light_curves):
    node = light_curves(_TIME, _flux([0.0, 5e-3, 8e-3]))
    result = TransitPolynomial(order=1).apply(make_observation("1", {"A/0": node}))["A/0"].to_dataset()
    time = result["time"].values
    inside = (time > _CONTACTS[1] + 0.1) & (time < _CONTACTS[2] - 0.1)
    outside = (time < _CONTACTS[0] - 0.1) | (time > _CONTACTS[3] + 0.1)
    for channel, depth in enumerate((0.0, 5e-3, 8e-3)):
        # 1e-4 of noise over about 60 samples
        assert result["detrended_flux"].values[channel, inside].mean() == pytest.approx(1 - depth, abs=8e-5)
        assert result["detrended_flux"].values[channel, outside].mean() == pytest.approx(1, abs=8e-5)
    residual = (result["flux"] - result["model"]).values[:, inside | outside]
    assert residual.std() == pytest.approx(10.0, rel=0.1)  # 1e-4 of 1e5 electrons
    # flux = 1e5 (1 + 1e-3 (t - 3.75)): in Legendre terms the slope is 3.75e-3 of the constant; noise adds about 2e-5.
    np.testing.assert_allclose(result["trend"].values[:, 0], 3.75e-3, atol=1e-4)


def test_masked_samples_take_no_part_and_stay_masked(light_curves):
    flux = _flux([5e-3, 6e-3])
    mask = np.zeros(flux.shape, bool)
    mask[0, ::7] = True
    mask[1] = True
    spoiled = flux.copy()
    spoiled[mask] = np.nan
    spoiled[0, 7::14] = 1e9
    node = light_curves(_TIME, spoiled, 10.0, mask=mask)
    result = TransitPolynomial(order=1).apply(make_observation("1", {"A/0": node}))
    validate_observation(result, "transit", ("depths",))
    data = result["A/0"].to_dataset()
    assert data["depth"].values[0] == pytest.approx(5e-3, abs=1e-4)
    assert np.isnan(data["depth"].values[1])
    assert np.isnan(data["depth_error"].values[1])
    np.testing.assert_array_equal(data["mask"].values, mask)
    assert not (data["clipped"].values & mask).any()


@pytest.mark.parametrize("error_scale", ["scatter", "formal"])
def test_channels_without_light_get_no_depth(light_curves, error_scale):
    """Zero flux, flux below zero, and a baseline that falls below zero: NaN, and the others stay as they were."""
    good = _flux([5e-3, 6e-3])
    noise = np.random.default_rng(1).normal(0, 10, (3, len(_TIME)))
    dark = np.array([0.0, -1e4, 0.0])[:, None] + noise
    dark[2] += np.linspace(1e4, -2e3, len(_TIME))
    flux = np.vstack([good, dark, np.zeros((1, len(_TIME)))])
    detrender = TransitPolynomial(order=1, contacts="given", error_scale=error_scale)
    node = light_curves(_TIME, flux, 10.0, contacts=_CONTACTS)
    data = detrender.apply(make_observation("1", {"A/0": node}))["A/0"].to_dataset()
    alone = detrender.apply(make_observation("1", {"A/0": light_curves(_TIME, good, 10.0, contacts=_CONTACTS)}))
    for name in ("depth", "depth_error", "trend", "detrended_flux"):
        assert np.isnan(data[name].values[2:]).all()
        np.testing.assert_allclose(data[name].values[:2], alone["A/0"][name].values, rtol=1e-9)

    for wrong in (flux[3:4], flux[5:], flux[2:]):
        node = light_curves(_TIME, wrong, 10.0, contacts=_CONTACTS)
        with pytest.raises(DataError, match="node /A/0: no channel has a positive baseline"):
            detrender.apply(make_observation("1", {"A/0": node}))


def test_an_error_of_zero_is_never_reported(light_curves):
    """A constant channel scatters by nothing: its depth would count for everything in a weighted mean."""
    flux = np.vstack([_flux(5e-3), np.full((1, len(_TIME)), 4096.0)])
    detrender = TransitPolynomial(order=0, contacts="given")
    node = light_curves(_TIME, flux, 10.0, contacts=_CONTACTS)
    error = detrender.apply(make_observation("1", {"A/0": node}))["A/0"]["depth_error"].values
    assert error[0] > 0
    assert np.isnan(error[1])


def test_contacts_given_in_other_units_of_time(light_curves):
    node = light_curves(_TIME, _flux(5e-3), contacts=_CONTACTS)
    node["contact_time"] = ("contact", _CONTACTS / 24, {"units": "d"})
    result = TransitPolynomial(contacts="given", order=1).apply(make_observation("1", {"A/0": node}))
    np.testing.assert_allclose(result["A/0"]["contact_time"], _CONTACTS)
    assert float(result["A/0"]["depth"][0]) == pytest.approx(5e-3, abs=1e-4)


def test_refusals_say_what_is_wrong(light_curves):
    node = light_curves(_TIME, _flux(5e-3))
    given = TransitPolynomial(contacts="given")
    with pytest.raises(DataError, match=r"node /A/0: contacts is 'given', but the data have no contact_time"):
        given.apply(make_observation("1", {"A/0": node}))
    late = light_curves(_TIME, _flux(5e-3), contacts=[5.0, 5.3, 7.6, 7.9])
    with pytest.raises(DataError, match=r"does not cover the transit .* 0 after it"):
        given.apply(make_observation("1", {"A/0": late}))
    turned = light_curves(_TIME, _flux(5e-3), contacts=_CONTACTS[::-1])
    with pytest.raises(DataError, match="four ascending times"):
        given.apply(make_observation("1", {"A/0": turned}))
    dark = light_curves(_TIME, _flux(5e-3), mask=np.ones((1, 187), bool))
    with pytest.raises(DataError, match=r"too few usable samples .* has 12 or more .* use shorter samples"):
        TransitPolynomial().apply(make_observation("1", {"A/0": dark}))
    spectrum = node.isel(time=0, drop=True)
    with pytest.raises(DataError, match="needs light curves"):
        TransitPolynomial().apply(make_observation("1", {"A/0": spectrum}))
    with pytest.raises(ParameterError, match="order"):
        TransitPolynomial(order=11)


def test_detrending_twice_changes_nothing(light_curves):
    once = TransitPolynomial(order=3).apply(make_observation("1", {"A/0": light_curves(_TIME, _flux([4e-3, 5e-3]))}))
    twice = TransitPolynomial(order=3).apply(once)
    xr.testing.assert_identical(once, twice)
