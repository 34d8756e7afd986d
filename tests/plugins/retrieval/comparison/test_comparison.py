from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels, make_observation, make_prediction
from specframe.errors import DataError
from specframe_retrieval import (
    FluxUnits,
    Normalise,
    SpectralGrid,
    compare_with_grid,
    interpolate_grid,
    physical_spectrum,
)


@pytest.fixture
def models(grid) -> SpectralGrid:
    return SpectralGrid.of(grid.spectra(), grid.labels)


@pytest.fixture
def compare(models):
    def run(observation, prediction=None, **settings):
        return compare_with_grid(physical_spectrum(observation), models, prediction, **settings)

    return run


def test_at_the_true_parameters_the_model_agrees_and_tells_the_radius(compare, observed, predicted):
    found = compare(observed(), predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1)))
    assert float(found["chi2_reduced"]) == pytest.approx(1.0, abs=5 * np.sqrt(2 / 59))
    assert float(found["radius_best"]) == pytest.approx(0.9, abs=4 * 0.9 * 0.005 / np.sqrt(60))
    assert found["radius_lower"] < found["radius_best"] < found["radius_upper"]
    assert found.attrs["radius_from"] == "distance 10 pc"
    assert int(found["degrees_of_freedom"]) == 59
    assert bool(found["inside"])
    assert found.attrs["notes"] == ""


def test_the_model_is_that_of_the_interpolated_labels(compare, observed, predicted, surface_flux):
    found = compare(observed(), predicted(teff=(1030.0, 20.0), logg=(4.3, 0.1)))
    np.testing.assert_allclose(found["model"], float(found["scale"]) * surface_flux(1030.0, 4.3), rtol=1e-9)
    np.testing.assert_allclose(found["residual"], found["observed"] - found["model"])


def test_the_nearest_spectra_have_their_labels_and_rise_in_chi2(compare, observed, predicted):
    found = compare(observed(teff=1100.0, logg=5.0), predicted(teff=(1090.0, 20.0), logg=(4.9, 0.1)), neighbours=3)
    assert str(found["neighbour"].values[0]) == "teff1100-logg5"
    np.testing.assert_array_equal(found["neighbour_label"].values[0], [1100.0, 5.0])
    assert (np.diff(found["neighbour_chi2"]) > 0).all()
    assert float(found["neighbour_radius"][0]) == pytest.approx(0.9, rel=0.01)


@pytest.mark.parametrize(
    ("by", "log"),
    [
        ("mean", False),
        ("standardise", False),
        ("min-max", False),
        ("continuum", False),
        ("mean", True),
        ("median", True),
    ],
)
def test_normalised_spectra_are_compared_as_they_were(grid, observed, predicted, by, log):
    """Both the grid and the observation are restored, so that nothing changes, the radius included."""
    prediction = predicted(teff=(1030.0, 20.0), logg=(4.3, 0.1))
    plain = compare_with_grid(physical_spectrum(observed()), SpectralGrid.of(grid.spectra(), grid.labels), prediction)
    shape = Normalise(by=by, log=log)
    restored = SpectralGrid.of([shape.apply(one) for one in grid.spectra()], grid.labels)
    found = compare_with_grid(physical_spectrum(shape.apply(observed())), restored, prediction)
    assert found["observed"].attrs["units"] == "W m-2 um-1"
    for name in ("observed", "error", "model", "chi2", "radius_best", "neighbour_chi2"):
        np.testing.assert_allclose(found[name], plain[name], rtol=1e-9, err_msg=name)


def test_units_are_converted(models, observed, predicted, make_spectrum):
    """The same observation in erg s-1 cm-2 AA-1 and in Jy: 1 W m-2 um-1 is 0.1 of the first."""
    prediction = predicted(teff=(1030.0, 20.0), logg=(4.3, 0.1))
    one = physical_spectrum(observed())
    expected = compare_with_grid(one, models, prediction)
    janskys = 1e26 * 1e-6 * one.wavelength**2 / 299792458.0
    for factor, units in ((0.1, "erg s-1 cm-2 AA-1"), (janskys, "Jy")):
        other = make_spectrum("T 8", factor * one.flux, factor * one.error, units, distance=10.0)
        found = compare_with_grid(physical_spectrum(other), models, prediction)
        assert float(found["chi2"]) == pytest.approx(float(expected["chi2"]))
        assert float(found["radius_best"]) == pytest.approx(float(expected["radius_best"]))


def test_at_the_top_of_the_atmosphere_the_radius_is_relative(compare, observed, predicted, make_spectrum, surface_flux):
    flux = surface_flux(1050.0, 4.6) * 1.44
    found = compare(
        make_spectrum("T 8", flux, 0.01 * flux, at="surface", distance=10.0, radius=0.75),
        predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1)),
    )
    assert float(found["radius_best"]) == pytest.approx(1.2 * 0.75)
    assert found.attrs["radius_from"] == "radius 0.75 R_jup"


def test_brought_to_the_surface_by_flux_units_the_radius_is_the_same(compare, observed, predicted):
    """Whatever radius is assumed on the way, it cancels."""
    prediction = predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1))
    plain = compare(observed(), prediction)
    for radius in (0.5, 1.5):
        moved = FluxUnits(units="Jy", at="surface", radius=radius).apply(observed())
        found = compare(moved, prediction)
        assert found.attrs["radius_from"] == f"radius {radius:g} R_jup"
        assert float(found["radius_best"]) == pytest.approx(float(plain["radius_best"]))
        assert float(found["chi2"]) == pytest.approx(float(plain["chi2"]))


def test_the_error_of_the_distance_is_in_that_of_the_radius(compare, observed, predicted):
    prediction = predicted(teff=(1050.0, 1e-6), logg=(4.6, 1e-8))
    found = compare(observed(distance_error=0.5), prediction)
    assert float(found["radius_std"]) == pytest.approx(0.05 * float(found["radius_best"]), rel=1e-3)


def test_of_observed_spectra_only_the_shapes_are_averaged(grid, observed, predicted, make_spectrum, surface_flux):
    """A library of objects at distances of their own, their fluxes apart by ten orders of magnitude."""
    factors = 10.0 ** np.random.default_rng(0).uniform(-18, -8, len(grid.names))
    library = [
        make_spectrum(name, factor * one["spectrum/0"]["flux"].values)
        for name, factor, one in zip(grid.names, factors, grid.spectra(), strict=True)
    ]
    prediction = predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1))
    found = compare_with_grid(physical_spectrum(observed()), SpectralGrid.of(library, grid.labels), prediction)
    assert float(found["chi2_reduced"]) < 2
    assert np.isnan(found["radius_best"])
    assert found.attrs["notes"] == ""


def test_without_a_distance_there_is_no_radius_and_it_is_said(compare, predicted, make_spectrum, surface_flux):
    flux = 1e-18 * surface_flux(1050.0, 4.6)
    found = compare(make_spectrum("T 8", flux, 0.01 * flux), predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1)))
    assert np.isnan(found["radius_best"])
    assert "chi2_of_radius" not in found
    assert found.attrs["notes"] == "no radius: the distance is not known"


def test_a_prediction_below_the_grid_is_told_and_shown_at_the_edge(compare, observed, predicted, surface_flux):
    found = compare(observed(), predicted(teff=(818.0, 20.0), logg=(4.95, 0.1)))
    assert not bool(found["inside"])
    assert found["at_edge"].values.tolist() == [-1, 1]
    np.testing.assert_array_equal(found["shown"], [900.0, 4.95])
    np.testing.assert_allclose(found["model"], float(found["scale"]) * surface_flux(900.0, 4.95), rtol=1e-9)
    notes = found.attrs["notes"].splitlines()
    assert notes[:3] == [
        "beyond the lower edge of the grid: teff (900 K)",
        "at the upper edge of the grid: logg (5)",
        "the prediction is outside of the grid; the model shown is that of teff = 900 K, logg = 4.95",
    ]
    assert notes[3].startswith("all of the posterior's draws are outside")


def test_a_prediction_that_the_grid_itself_belies_is_told(compare, observed, predicted):
    wrong = compare(observed(teff=1000.0, logg=5.0), predicted(teff=(1150.0, 20.0), logg=(4.1, 0.1)))
    assert "the nearest of the grid agrees better: reduced chi2" in wrong.attrs["notes"]
    right = compare(observed(teff=1000.0, logg=5.0), predicted(teff=(1000.0, 20.0), logg=(5.0, 0.01)))
    assert "agrees better" not in right.attrs["notes"]


def test_edges_that_the_pipeline_told_are_taken(compare, observed, predicted):
    prediction = predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1))
    prediction["at_edge"] = (("target", "output"), np.array([[1, 0]], np.int8))
    prediction["extrapolating"] = ("target", [True])
    prediction["distance"] = ("target", [1.7])
    found = compare(observed(), prediction)
    assert "at the upper edge of the grid: teff (1200 K)" in found.attrs["notes"]
    assert "unlike those that the model learned from (1.7 times as far" in found.attrs["notes"]
    assert bool(found["extrapolating"])


def test_the_spread_of_models_follows_the_covariance(compare, observed, predicted):
    """Of two posteriors with the same std, the one along which models are alike has the narrower band."""
    prediction = predicted(teff=(1050.0, 30.0), logg=(4.5, 0.2))
    wide = compare(observed(logg=4.5), prediction, draws=400)
    covariance = np.array([[[900.0, 0.0], [0.0, 1e-8]]])
    narrow = compare(
        observed(logg=4.5),
        prediction.assign(covariance=(("target", "output", "output_other"), covariance)),
        draws=400,
    )
    width = [float((one["model_upper"] - one["model_lower"]).mean()) for one in (wide, narrow)]
    assert width[1] < 0.7 * width[0]
    assert (wide["model_lower"] <= wide["model_upper"]).all()
    assert float(wide["radius_std"]) > 0


def test_samples_come_before_covariance(compare, observed, predicted):
    prediction = predicted(teff=(1050.0, 30.0), logg=(4.5, 0.2))
    samples = np.broadcast_to([1050.0, 4.5], (80, 1, 2))
    prediction = prediction.assign(samples=(("sample", "target", "output"), samples))
    found = compare(observed(), prediction)
    np.testing.assert_allclose(found["model_lower"], found["model_upper"])


def test_labels_that_are_not_predicted_are_those_that_agree_best(compare, observed, predicted):
    found = compare(observed(teff=1100.0, logg=5.0), predicted(teff=(1095.0, 20.0)))
    np.testing.assert_array_equal(found["shown"], [1095.0, 5.0])
    assert np.isnan(found["mean"].values[1])
    assert "not predicted, taken where the model agrees best: logg" in found.attrs["notes"]


def test_outputs_that_are_no_labels_of_the_grid_are_left_out(compare, observed, predicted):
    found = compare(observed(), predicted(age=(3.0, 1.0), logg=(4.6, 0.1), teff=(1050.0, 20.0), units=("Gyr", "", "K")))
    np.testing.assert_array_equal(found["mean"], [1050.0, 4.6])
    assert found.attrs["parameters"] == "teff = 1050 ± 20 K\nlogg = 4.60 ± 0.10"
    assert float(found["chi2_reduced"]) < 2


def test_nothing_in_common_leaves_the_nearest_spectra(compare, observed, predicted):
    found = compare(observed(), predicted(age=(3.0, 1.0), units=("Gyr",)))
    assert "model" not in found
    assert found.sizes["neighbour"] == 5
    assert "nothing is interpolated" in found.attrs["notes"]


def test_a_grid_of_one_label_and_one_value_of_another(observed, predicted, grid):
    one = [spectrum for spectrum, name in zip(grid.spectra(), grid.names, strict=True) if name.endswith("logg5")]
    labels = grid.labels.sel(target=[spectrum.attrs["target"] for spectrum in one])
    prediction = predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1))
    observation = physical_spectrum(observed(logg=5.0))
    two = compare_with_grid(observation, SpectralGrid.of(one, labels), prediction)
    assert "one value in the grid: logg" in two.attrs["notes"]
    single = compare_with_grid(observation, SpectralGrid.of(one, labels.sel(output=["teff"])), prediction)
    for found in (two, single):
        assert float(found["chi2_reduced"]) < 2
        assert bool(found["inside"])


def test_a_target_of_the_grid_is_not_its_own_neighbour(compare, grid, predicted):
    one = grid.spectra()[3]
    found = compare(one, predicted(one.attrs["target"], teff=(1000.0, 20.0), logg=(5.0, 0.1)), neighbours=7)
    assert one.attrs["target"] not in found["neighbour"].values
    assert found.sizes["neighbour"] == 7
    assert "holds no noise" in found.attrs["notes"]


def test_depths_are_shifted_rather_than_scaled():
    """Transmission spectra: an offset of 200 ppm between instrument and model is found, and no radius told."""
    wavelength, rng = np.linspace(0.6, 5.0, 13), np.random.default_rng(0)

    def depths(target, values, error):
        data = xr.Dataset(
            {
                "depth": ("wavelength", values, {"units": ""}),
                "depth_error": ("wavelength", np.full(13, error), {"units": ""}),
            },
            coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        )
        return make_observation(target, {"spectrum/0": data})

    temperature, water = rng.uniform(500, 2000, 300), rng.uniform(-8, -2, 300)

    def of(t, w):
        return 0.012 + 1e-3 * (t / 1000) * (1 + 0.1 * (w + 8) * np.exp(-((wavelength - 2.7) ** 2)))

    names = [f"m{i}" for i in range(300)]
    labels = make_labels(np.c_[temperature, water], names, ["T", "log_h2o"], ["K", ""])
    grid = SpectralGrid.of(
        [depths(n, of(t, w), 0.0) for n, t, w in zip(names, temperature, water, strict=True)], labels
    )
    truth = make_labels([[1300.0, -5.0]], ["HJ"], ["T", "log_h2o"], ["K", ""])
    observation = physical_spectrum(depths("HJ", of(1300.0, -5.0) + 2e-4 + rng.normal(0, 2e-5, 13), 2e-5))
    found = compare_with_grid(observation, grid, make_prediction(truth, truth.values, [[50.0, 0.3]]))
    assert found.attrs["free"] == "offset"
    assert float(found["offset"]) == pytest.approx(2e-4, abs=5 * 2e-5 / np.sqrt(13))
    assert float(found["chi2_reduced"]) < 3
    assert np.isnan(found["radius_best"])
    assert compare_with_grid(observation, grid, free="none")["neighbour_offset"].values[0] == 0.0


def test_without_errors_all_samples_weigh_the_same_and_it_is_said(compare, observed, predicted):
    observation = observed()
    observation["spectrum/0"]["flux_error"][:] = np.nan
    found = compare(observation, predicted(teff=(1050.0, 20.0), logg=(4.6, 0.1)))
    assert np.isnan(found["chi2"])
    assert float(found["radius_best"]) == pytest.approx(0.9, rel=0.01)
    assert "observation without errors" in found.attrs["notes"]


def test_other_wavelengths_are_met_by_interpolation_and_it_is_said(models, make_spectrum, surface_flux, predicted):
    wavelength = np.linspace(1.3, 2.9, 70)
    flux = 1e-18 * np.interp(wavelength, models.wavelength, surface_flux(1050.0, 4.6))
    observation = make_spectrum("T 8", flux, 0.01 * flux, wavelength=wavelength)
    found = compare_with_grid(physical_spectrum(observation), models, predicted(teff=(1050.0, 5.0), logg=(4.6, 0.1)))
    assert int(found["samples"]) == int(np.sum(wavelength <= 2.4))
    assert float(found["chi2_reduced"]) < 1
    assert "interpolated to the observation's wavelengths" in found.attrs["notes"]


def test_what_cannot_be_compared_is_refused(models, make_spectrum, surface_flux, predicted, observed):
    flux = surface_flux(1000.0, 4.5)
    far = make_spectrum("far", flux, 0.01 * flux, wavelength=np.linspace(5.0, 12.0, 60))
    with pytest.raises(DataError, match="do their wavelengths overlap"):
        compare_with_grid(physical_spectrum(far), models)
    with pytest.raises(DataError, match=r"'W m-2 um-1' and the observation in 'no unit'"):
        compare_with_grid(physical_spectrum(make_spectrum("x", flux, 0.01 * flux, units="")), models)
    with pytest.raises(DataError, match="target T 8 is not among the 1 that are predicted"):
        compare_with_grid(physical_spectrum(observed()), models, predicted("another", teff=(1000.0, 1.0)))


def test_grids_that_do_not_hang_together_are_refused(grid, make_spectrum, surface_flux):
    flux = surface_flux(1000.0, 4.5)
    with pytest.raises(DataError, match="needs at least one spectrum"):
        SpectralGrid.of([])
    with pytest.raises(DataError, match="bring them to the same wavelengths"):
        SpectralGrid.of(
            [*grid.spectra(), make_spectrum("odd", flux[:50], wavelength=np.linspace(1, 2, 50), noise="absent")]
        )
    with pytest.raises(DataError, match="at the observer"):
        SpectralGrid.of([*grid.spectra(), make_spectrum("odd", flux, at="observer")])
    with pytest.raises(DataError, match=r"expected flux \(wavelength\) or depths, got /a/0 \(frames\)"):
        physical_spectrum(make_observation("x", {"a/0": xr.Dataset({"frames": ("x", [1.0])})}))


def test_interpolated_spectra_come_as_a_dataset(grid, surface_flux):
    found = interpolate_grid(grid.spectra(), grid.labels, [[1050.0, 4.6], [818.0, 4.6]])
    np.testing.assert_allclose(found["flux"][0], surface_flux(1050.0, 4.6))
    assert found["inside"].values.tolist() == [True, False]
    assert np.isnan(found["flux"][1]).all()
    assert found["flux"].attrs["units"] == "W m-2 um-1"
    clamped = interpolate_grid(grid.spectra(), grid.labels, [818.0, 4.6], outside="clamp")
    assert clamped["parameters"].values.tolist() == [[900.0, 4.6]]
