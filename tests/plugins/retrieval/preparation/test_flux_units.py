"""Units of flux, against TelescopeML's own steps on HD 3651B and against the definitions."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from specframe.api import make_observation, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_retrieval import FluxUnits

C = 299_792_458.0  # m / s, exact in SI
H = 6.626_070_15e-34  # J s, exact in SI


def spectrum(wavelength, flux, units, *, error=0.05, mask=None, noise=None, **attrs):
    flux = np.asarray(flux, float)
    data = xr.Dataset(
        {
            "flux": ("wavelength", flux, {"units": units, **({"noise": noise} if noise else {})}),
            "flux_error": ("wavelength", error * np.abs(flux), {"units": units}),
            "mask": ("wavelength", np.zeros(flux.size, bool) if mask is None else mask),
        },
        coords={"wavelength": ("wavelength", np.asarray(wavelength, float), {"units": "um"})},
    )
    return make_observation("a", {"spectrum/0": data}, **attrs)


@pytest.fixture(scope="module")
def hd3651b(data_dir):
    with np.load(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz") as archive:
        return {name: archive[name] for name in archive.files}


def node(observation):
    return observation["spectrum/0"].to_dataset()


def test_flux_per_frequency_of_hd_3651b_is_that_of_telescopeml(hd3651b) -> None:
    observed = spectrum(hd3651b["wl_obs"], hd3651b["flam_obs"], "erg s-1 cm-2 AA-1")
    found = node(FluxUnits(units="erg s-1 cm-2 Hz-1").apply(observed))
    assert found["flux"].attrs["units"] == "erg s-1 cm-2 Hz-1"
    assert float(found["flux"][0]) == pytest.approx(1.216085e-27, rel=1e-6)


def test_flux_at_the_top_of_the_atmosphere_of_hd_3651b_is_that_of_telescopeml(hd3651b) -> None:
    observed = spectrum(hd3651b["wl_obs"], hd3651b["flam_obs"], "erg s-1 cm-2 AA-1", distance=11.134, radius=0.75)
    found = node(FluxUnits(units="erg s-1 cm-2 Hz-1", at="surface").apply(observed))["flux"]
    assert float(found[0]) == pytest.approx(4.992636e-08, rel=1e-6)
    # all of its 564 pixels; what is left is the digits of astropy's constants
    np.testing.assert_allclose(found, hd3651b["fnu_toa_obs"], rtol=1e-5)
    assert found.attrs["at"] == "surface"


def test_a_jansky_is_1e_26_w_m_2_per_hz_and_photons_have_the_energy_h_nu() -> None:
    wavelength, flam = np.array([0.8, 1.6, 5.0]), np.array([2e-15, 1e-15, 3e-16])  # W m-2 um-1
    observed = spectrum(wavelength, flam, "W m-2 um-1")
    jansky = node(FluxUnits(units="Jy").apply(observed))["flux"]
    np.testing.assert_allclose(jansky, flam * 1e6 * (wavelength * 1e-6) ** 2 / C * 1e26, rtol=1e-12)
    photons = node(FluxUnits(units="ph s-1 m-2 um-1").apply(observed))["flux"]
    np.testing.assert_allclose(photons, flam * (wavelength * 1e-6) / (H * C), rtol=1e-12)


@given(
    units=st.sampled_from(["Jy", "mJy", "erg s-1 cm-2 Hz-1", "W m-2 um-1", "erg / (s cm2 AA)", "ph s-1 m-2 um-1"]),
    flux=st.lists(st.floats(1e-20, 1e5), min_size=2, max_size=6),
)
def test_there_and_back_again_is_the_same(units, flux) -> None:
    observed = spectrum(np.linspace(0.7, 12.0, len(flux)), flux, "W m-2 um-1", distance=7.3, radius=0.9)
    there = FluxUnits(units=units, at="surface").apply(observed)
    back = node(FluxUnits(units="W m-2 um-1", at="observer").apply(there))
    np.testing.assert_allclose(back["flux"], flux, rtol=1e-12)
    np.testing.assert_allclose(back["flux_error"], 0.05 * np.asarray(flux), rtol=1e-12)


def test_a_capital_a_means_angstrom() -> None:
    observed = spectrum([1.0, 2.0], [1.0, 1.0], "W m-2 um-1")
    found = FluxUnits(units="erg/s/cm2/A").apply(observed)
    # 1 W m-2 um-1 = 1e3 erg s-1 cm-2 um-1 = 0.1 erg s-1 cm-2 AA-1
    np.testing.assert_allclose(node(found)["flux"], 0.1, rtol=1e-12)
    validate_observation(found, "units", ("spectrum",))  # whose units astropy must read


def test_models_at_the_surface_and_observations_meet_in_one_step() -> None:
    step = FluxUnits(units="W m-2 um-1", at="surface", distance=10.0, radius=1.0)
    model = node(step.apply(spectrum([1.0, 2.0], [3e4, 2e4], "W m-2 um-1", noise="absent")))
    np.testing.assert_array_equal(model["flux"], [3e4, 2e4])
    observed = step.apply(spectrum([1.0, 2.0], [1e-15, 1e-15], "W m-2 um-1"))
    # 10 pc is 3.0857e17 m, the radius 7.1492e7 m
    np.testing.assert_allclose(node(observed)["flux"], 1e-15 * (3.0856775815e17 / 7.1492e7) ** 2, rtol=1e-9)
    assert (observed.attrs["distance"], observed.attrs["radius"]) == (10.0, 1.0)
    assert "distance" not in step.apply(spectrum([1.0, 2.0], [3e4, 2e4], "W m-2 um-1", noise="absent")).attrs
    again = node(step.apply(observed))
    np.testing.assert_array_equal(again["flux"], node(observed)["flux"])


def test_errors_of_distance_and_radius_are_one_number_for_all_pixels() -> None:
    step = FluxUnits(units="W m-2 um-1", at="surface", radius="1 jupiterRad", radius_error=0.1)
    found = node(step.apply(spectrum([1.0, 2.0], [1.0, 2.0], "W m-2 um-1", distance=10.0, distance_error=0.5)))
    assert float(found["scale_error"]) == pytest.approx(2.0 * np.hypot(0.1, 0.05))
    np.testing.assert_allclose(found["flux_error"] / found["flux"], 0.05)


def test_scale_error_is_that_of_simulated_distances_and_radii() -> None:
    rng = np.random.default_rng(5)
    distance, radius = rng.normal(10.0, 0.2, 200_000), rng.normal(1.0, 0.01, 200_000)
    simulated = np.std((distance / radius) ** 2) / (10.0 / 1.0) ** 2
    step = FluxUnits(at="surface", distance=10.0, distance_error=0.2, radius=1.0, radius_error=0.01)
    found = node(step.apply(spectrum([1.0, 2.0], [1.0, 2.0], "W m-2 um-1")))
    assert float(found["scale_error"]) == pytest.approx(simulated, rel=0.01)  # second order at 2 %


@pytest.mark.parametrize("units", ["", "electron", "MJy / sr", "K"])
def test_a_flux_of_another_kind_sets_the_target_aside(units) -> None:
    with pytest.raises(DataError, match=r"target a, node /spectrum/0: .*energy per wavelength"):
        FluxUnits(units="Jy").apply(spectrum([1.0, 2.0], [1.0, 1.0], units))


@pytest.mark.parametrize(
    ("units", "message"), [("furlong", "cannot read"), ("W m-2", "expected energy per wavelength")]
)
def test_units_that_are_none_of_a_flux_are_an_error_of_the_pipeline(units, message) -> None:
    with pytest.raises(ParameterError, match=message):
        FluxUnits(units=units).apply(spectrum([1.0, 2.0], [1.0, 1.0], "Jy"))


def test_a_distance_or_radius_that_nobody_knows_is_named() -> None:
    with pytest.raises(DataError, match=r"needs the radius of the object.*give radius in Jupiter radii"):
        FluxUnits(at="surface", distance=10.0).apply(spectrum([1.0, 2.0], [1.0, 1.0], "Jy"))
    with pytest.raises(DataError, match="expected a distance above 0 pc, got 0"):
        FluxUnits(at="surface", radius=1.0).apply(spectrum([1.0, 2.0], [1.0, 1.0], "Jy", distance=0.0))


def test_mask_flags_noise_and_other_variables_stay() -> None:
    observation = spectrum([1.0, 2.0], [1.0, np.nan], "Jy", mask=[False, True], noise="absent")
    data = node(observation).assign(snr=("wavelength", [3.0, 4.0])).assign_attrs(flags="faint")
    found = node(FluxUnits().apply(make_observation("a", {"spectrum/0": data})))
    np.testing.assert_array_equal(found["mask"], [False, True])
    np.testing.assert_array_equal(found["snr"], [3.0, 4.0])
    assert (found["flux"].attrs["noise"], found.attrs["flags"]) == ("absent", "faint")
