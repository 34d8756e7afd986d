"""Spectra brought to a scale of their own, and back."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import minmax_scale, scale

from specframe.api import collate, make_observation, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_retrieval import Normalise

WAYS = ["mean", "median", "maximum", "min-max", "standardise", "anchor", "continuum", "area"]
WAVELENGTH = np.concatenate([np.linspace(0.8, 1.3, 60), np.linspace(1.35, 2.5, 41)])


def observation(flux, *, mask=None, error=None, wavelength=WAVELENGTH, units="W m-2 um-1", name="flux", **variables):
    flux = np.asarray(flux, float)
    data = xr.Dataset(
        {
            name: ("wavelength", flux, {"units": units, "noise": "absent"}),
            f"{name}_error": ("wavelength", 0.02 * np.abs(flux) if error is None else error, {"units": units}),
            "mask": ("wavelength", np.zeros(flux.size, bool) if mask is None else mask),
            **variables,
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        attrs={"resolving_power": 100.0, "flags": "faint"},
    )
    return make_observation("a", {"spectrum/0": data})


def normalised(observed, **params):
    if params.get("by") == "anchor":
        params = {"anchor": 1.6, "anchor_width": 0.2, **params}
    result = Normalise(**params).apply(observed)
    validate_observation(result, "normalise", ("spectrum", "depths"))
    return result["spectrum/0"].to_dataset()


def restored(found):
    """Return the flux as the names beside it say."""
    flux = np.exp(found["flux"]) if found["flux"].attrs.get("transform") == "log" else found["flux"]
    return flux * found.get("continuum", 1.0) * found["flux_scale"] + found["flux_offset"]


SPECTRUM = 1e-14 * (2.0 + np.sin(4.0 * WAVELENGTH))


@pytest.mark.parametrize("by", WAYS)
def test_the_spectrum_can_be_restored(by) -> None:
    found = normalised(observation(SPECTRUM), by=by)
    np.testing.assert_allclose(restored(found), SPECTRUM, rtol=1e-12)
    assert found["flux"].attrs == {"units": "", "noise": "absent"}
    assert found["flux_scale"].attrs["units"] == "W m-2 um-1"
    assert found.attrs == {"resolving_power": 100.0, "flags": "faint"}


@pytest.mark.parametrize("by", ["mean", "median", "maximum", "anchor", "continuum", "area"])
def test_so_can_its_logarithm_whose_errors_are_relative(by) -> None:
    found = normalised(observation(SPECTRUM), by=by, log=True)
    np.testing.assert_allclose(restored(found), SPECTRUM, rtol=1e-12)
    np.testing.assert_allclose(found["flux_error"], 0.02, rtol=1e-12)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=20),
    st.floats(-1e-18, 1e18),
    st.sampled_from(["min-max", "standardise"]),
)
def test_scale_and_level_of_the_flux_play_no_part(flux, offset, by) -> None:
    flux = np.asarray(flux)
    if np.std(flux) < 1e-3:
        return
    factor = 1.0 + abs(offset)
    one, two = (
        normalised(observation(f, wavelength=np.linspace(1.0, 2.0, flux.size)), by=by)["flux"]
        for f in (flux, factor * flux)
    )
    np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-7)


def test_row_wise_scaling_is_that_of_scikit_learn() -> None:
    rows = np.random.default_rng(0).lognormal(size=(5, WAVELENGTH.size))
    for row, standard, ranged in zip(rows, scale(rows, axis=1), minmax_scale(rows, axis=1), strict=True):
        np.testing.assert_allclose(normalised(observation(row), by="standardise")["flux"], standard, rtol=1e-9)
        np.testing.assert_allclose(normalised(observation(row), by="min-max")["flux"], ranged, rtol=1e-9, atol=1e-12)


def test_what_is_asked_for_becomes_1() -> None:
    found = {by: normalised(observation(SPECTRUM), by=by)["flux"].values for by in WAYS}
    assert found["mean"].mean() == pytest.approx(1.0)
    assert np.median(found["median"]) == pytest.approx(1.0)
    assert found["maximum"].max() == pytest.approx(1.0)
    assert found["anchor"][(WAVELENGTH >= 1.5) & (WAVELENGTH <= 1.7)].mean() == pytest.approx(1.0)


def test_the_area_becomes_the_width_that_is_covered() -> None:
    lower = np.array([1.0, 2.0, 2.5])
    edges = {"wavelength_lower": ("wavelength", lower, {"units": "um"})}
    edges["wavelength_upper"] = ("wavelength", np.array([2.0, 2.5, 3.0]), {"units": "um"})
    found = normalised(observation([1.0, 4.0, 7.0], wavelength=np.array([1.5, 2.25, 2.75]), **edges), by="area")
    assert found["flux"].values @ [1.0, 0.5, 0.5] == pytest.approx(2.0)
    assert float(found["flux_scale"]) == pytest.approx((1.0 + 2.0 + 3.5) / 2.0)


@pytest.mark.parametrize("by", WAYS)
def test_masked_pixels_do_not_count(by) -> None:
    mask = np.zeros(WAVELENGTH.size, bool)
    mask[[3, 40, 70]] = True
    plain, wild = (normalised(observation(np.where(mask, bad, SPECTRUM), mask=mask), by=by) for bad in (1e-14, np.nan))
    huge = normalised(observation(np.where(mask, 1e9, SPECTRUM), mask=mask), by=by)
    for other in (wild, huge):
        np.testing.assert_array_equal(other["flux"].values[~mask], plain["flux"].values[~mask])
        assert float(other["flux_maximum"]) == SPECTRUM[~mask].max()


def test_the_features_of_telescopeml_are_inputs_of_a_collection() -> None:
    targets = [observation(factor * SPECTRUM) for factor in (1.0, 3.0)]
    for number, target in enumerate(targets):
        target.attrs["target"] = f"t{number}"
    inputs = ["flux", "spectrum/flux_minimum", "spectrum/flux_maximum", "spectrum/flux_scale"]
    collection = collate([Normalise(by="standardise").apply(target) for target in targets], inputs)
    for name, expected in (("minimum", SPECTRUM.min()), ("maximum", SPECTRUM.max()), ("scale", SPECTRUM.std())):
        np.testing.assert_allclose(collection[f"spectrum/flux_{name}"], [expected, 3.0 * expected])
    np.testing.assert_allclose(collection["spectrum/flux"][0], collection["spectrum/flux"][1])


def test_normalising_twice_restores_the_first_spectrum() -> None:
    once = Normalise(by="standardise").apply(observation(SPECTRUM))
    twice = normalised(once, by="min-max")
    np.testing.assert_allclose(restored(twice), SPECTRUM, rtol=1e-12)
    assert float(twice["flux_maximum"]) == SPECTRUM.max()
    assert twice["flux_scale"].attrs["units"] == "W m-2 um-1"
    curved = normalised(Normalise(by="continuum").apply(observation(SPECTRUM)), by="continuum", continuum="polynomial")
    np.testing.assert_allclose(restored(curved), SPECTRUM, rtol=1e-12)


@pytest.mark.parametrize("params", [{"continuum": "quantile"}, {"continuum": "polynomial"}])
def test_a_continuum_follows_what_is_smooth_and_leaves_narrow_bands(params) -> None:
    wavelength = np.linspace(0.8, 2.5, 500)
    smooth = np.exp(-((wavelength - 1.2) ** 2))
    band = 1.0 - 0.5 * np.exp(-0.5 * ((wavelength - 1.4) / 0.01) ** 2)
    found = normalised(observation(smooth * band, wavelength=wavelength), by="continuum", window=0.1, **params)
    shape = found["flux"].values / np.median(found["flux"].values)
    # the quantile sees 0.1 um of a slope, the cubic bends with the band: some per cent, more at the ends
    np.testing.assert_allclose(shape[20:-20], band[20:-20], atol=0.06)
    assert shape.min() == pytest.approx(0.5, abs=0.05)


def test_a_polynomial_in_log_is_found_exactly() -> None:
    flux = np.exp(1.0 - 2.0 * WAVELENGTH + 0.3 * WAVELENGTH**3)
    found = normalised(observation(flux), by="continuum", continuum="polynomial", degree=3)
    np.testing.assert_allclose(found["flux"], 1.0, rtol=1e-9)


def test_transit_depths_have_names_of_their_own() -> None:
    covariance = ("wavelength", "wavelength_other"), np.diag([1e-8, 4e-8]), {"units": ""}
    given_depths = observation(
        [0.01, 0.02], wavelength=np.array([1.0, 2.0]), units="", name="depth", depth_covariance=covariance
    )
    found = normalised(given_depths, by="mean")
    np.testing.assert_allclose(found["depth"], [2 / 3, 4 / 3])
    np.testing.assert_allclose(np.diag(found["depth_covariance"]), np.array([1e-8, 4e-8]) / 0.015**2)
    assert float(found["depth_scale"]) == pytest.approx(0.015)


@pytest.mark.parametrize(
    ("flux", "params", "message"),
    [
        (-SPECTRUM, {"by": "mean"}, "divided by is -1.687.*, not above 0"),
        (np.ones(WAVELENGTH.size), {"by": "standardise"}, "divided by is 0, not above 0"),
        (
            SPECTRUM - 1.5e-14,
            {"by": "maximum", "log": True},
            r"\d+ of 101 pixels of the flux are not above 0 \(first at",
        ),
        (
            SPECTRUM,
            {"by": "anchor", "anchor": 1.325, "anchor_width": 0.01},
            "within 0.005 um of the anchor at 1.325 um",
        ),
        (SPECTRUM, {"by": "continuum", "window": 0.001}, "make it wider than the pixels"),
        (np.full(WAVELENGTH.size, np.nan), {"by": "mean"}, "all 101 pixels of the flux are masked or not finite"),
        (-SPECTRUM, {"by": "continuum", "continuum": "polynomial"}, "0 pixels have flux above 0"),
        (-SPECTRUM, {"by": "continuum"}, "the continuum is not above 0"),
    ],
)
def test_what_cannot_be_normalised_sets_the_target_aside(flux, params, message) -> None:
    with pytest.raises(DataError, match=f"target a, node /spectrum/0: .*{message}"):
        Normalise(**params).apply(observation(flux))


@pytest.mark.parametrize(
    "params", [{"by": "anchor"}, {"anchor": 1.2}, {"by": "standardise", "log": True}, {"by": "min-max", "log": True}]
)
def test_parameters_that_do_not_go_together_are_an_error_of_the_pipeline(params) -> None:
    with pytest.raises(ParameterError):
        Normalise(**params)


def test_pixels_without_a_logarithm_can_be_masked() -> None:
    flux = np.where(np.arange(WAVELENGTH.size) % 7 == 0, -1e-15, SPECTRUM)
    found = normalised(observation(flux), by="median", log=True, not_positive="mask")
    np.testing.assert_array_equal(found["mask"], flux < 0.0)
    np.testing.assert_allclose(restored(found)[flux > 0.0], SPECTRUM[flux > 0.0], rtol=1e-12)


def test_a_logarithm_is_not_normalised_again() -> None:
    with pytest.raises(DataError, match="is a logarithm already"):
        Normalise().apply(Normalise(log=True).apply(observation(SPECTRUM)))
