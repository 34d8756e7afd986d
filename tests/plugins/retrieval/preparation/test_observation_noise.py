"""The noise that an observation of a noise-free spectrum would have."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, validate_observation
from specframe.errors import DataError, InputFileError, ParameterError
from specframe_retrieval import FluxUnits, Normalise, ObservationNoise

WAVELENGTH = np.linspace(1.0, 2.0, 101)


def model(flux, wavelength=WAVELENGTH, *, target="a", noise="absent", name="flux", units="W m-2 um-1", mask=None):
    data = xr.Dataset(
        {
            name: ("wavelength", np.asarray(flux, float), {"units": units, "noise": noise}),
            f"{name}_error": ("wavelength", np.zeros(len(flux)), {"units": units}),
            "mask": ("wavelength", np.zeros(len(flux), bool) if mask is None else mask),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
    )
    return make_observation(target, {"spectrum/0": data})


def noisy(given, **params):
    result = ObservationNoise(**params).apply(given)
    validate_observation(result, "noise", ("spectrum", "depths"))
    return result["spectrum/0"].to_dataset()


@pytest.fixture
def observed(tmp_path):
    """A file whose error grows with wavelength, and with one pixel in ten missing."""
    path = tmp_path / "observed.csv"
    error = np.where(np.arange(101) % 10 == 3, np.nan, 0.01 * WAVELENGTH)
    rows = np.column_stack([WAVELENGTH, 2.0 + np.sin(9.0 * WAVELENGTH), error])
    header = "wavelength (um),flux (W m-2 um-1),flux_error"
    np.savetxt(path, rows, delimiter=",", header=header, comments="")
    return path, rows


def test_relative_noise_is_a_fraction_of_each_pixel() -> None:
    found = noisy(model([1.0, -2.0, 4.0], [1.0, 1.5, 2.0]), relative=0.02)
    np.testing.assert_allclose(found["flux_error"], [0.02, 0.04, 0.08])
    np.testing.assert_array_equal(found["flux"], [1.0, -2.0, 4.0])
    assert found["flux"].attrs["noise"] == "absent"  # the pipeline draws


def test_no_noise_is_a_level_too() -> None:
    assert not noisy(model([1.0, -2.0, 4.0], [1.0, 1.5, 2.0]), relative=0.0)["flux_error"].any()


def test_the_floor_keeps_dark_bands_from_being_exact() -> None:
    found = noisy(model([0.0, 1.0, 2.0], [1.0, 1.5, 2.0]), relative=0.02, floor=0.015)
    np.testing.assert_allclose(found["flux_error"], [0.015, 0.02, 0.04])


def test_signal_to_noise_holds_at_the_median_or_at_a_wavelength() -> None:
    flux = 1.0 + WAVELENGTH
    np.testing.assert_allclose(noisy(model(flux), snr=50)["flux_error"], 2.5 / 50)
    np.testing.assert_allclose(noisy(model(flux), snr=50, reference="1200 nm")["flux_error"], 2.2 / 50, rtol=1e-9)
    with pytest.raises(DataError, match="no pixel that can be used is at reference 3 um"):
        noisy(model(flux), snr=50, reference=3.0)


def test_absolute_noise_suits_transit_depths() -> None:
    found = noisy(model([0.01, 0.011, 0.012], [1.0, 1.5, 2.0], name="depth", units=""), absolute=30e-6)
    np.testing.assert_allclose(found["depth_error"], 30e-6)


def test_absolute_noise_in_other_units_is_told() -> None:
    depths = model([0.01, 0.011, 0.012], [1.0, 1.5, 2.0], name="depth", units="")
    with pytest.raises(DataError, match=r"absolute noise 30 is 2.5e\+03 times the largest depth.*30 ppm are 30.0e-6"):
        noisy(depths, absolute=30.0)
    assert (noisy(depths, absolute=0.5)["depth_error"] == 0.5).all()  # hopeless, but a level


def test_a_deeper_transit_is_not_a_noisier_one(tmp_path) -> None:
    path = tmp_path / "planet.csv"
    rows = np.column_stack([[1.0, 1.5, 2.0], [10000.0, 10100.0, 10050.0], [30.0, 40.0, 50.0]])
    np.savetxt(path, rows, delimiter=",", header="wavelength (um),depth (ppm),depth_error (ppm)", comments="")
    deep = model([0.04, 0.041, 0.042], [1.0, 1.5, 2.0], name="depth", units="")
    np.testing.assert_allclose(noisy(deep, like=path)["depth_error"], [30e-6, 40e-6, 50e-6])
    scaled = noisy(deep, like=path, like_by="mean")["depth_error"]
    np.testing.assert_allclose(scaled, np.array([30e-6, 40e-6, 50e-6]) * 0.041 / 0.01005)


def test_errors_of_an_observation_of_the_same_object_are_taken_as_they_are(observed) -> None:
    path, rows = observed
    good = np.isfinite(rows[:, 2])
    found = noisy(model(np.linspace(5.0, 9.0, 101)), like=path, like_by="absolute")
    np.testing.assert_allclose(found["flux_error"][good], rows[good, 2], rtol=1e-12)
    np.testing.assert_array_equal(found["mask"], ~good)


def test_noise_like_an_observation_is_its_own_after_normalising(observed) -> None:
    """A model in any scale, then divided by its mean, has the errors of the observation divided by its mean."""
    path, rows = observed
    good = np.isfinite(rows[:, 2])
    found = noisy(model(1e5 * (3.0 + np.cos(5.0 * WAVELENGTH))), like=path)
    mean = found["flux"].values[good].mean()
    np.testing.assert_allclose(found["flux_error"][good] / mean, rows[good, 2] / rows[good, 1].mean(), rtol=1e-9)
    np.testing.assert_array_equal(found["mask"], ~good)  # how noisy a pixel without data would be is not known
    assert np.isnan(found["flux_error"].values[~good]).all()


def test_noise_by_pixel_is_the_same_fraction_as_in_the_observation(observed) -> None:
    path, rows = observed
    good = np.isfinite(rows[:, 2])
    found = noisy(model(np.linspace(5.0, 9.0, 101)), like=path, like_by="pixel")
    np.testing.assert_allclose((found["flux_error"] / found["flux"])[good], (rows[:, 2] / rows[:, 1])[good], rtol=1e-9)


def test_an_observation_in_other_units_is_converted_first(observed) -> None:
    path, _ = observed
    flux = 3.0 + np.cos(5.0 * WAVELENGTH)
    found = noisy(model(flux), like=path, like_by="pixel")
    jansky = FluxUnits(units="Jy").apply(model(flux))
    theirs = noisy(jansky, like=path)
    assert theirs["flux_error"].attrs["units"] == "Jy"
    # lambda^2 is in the flux and in the errors: relative to the pixel nothing changes
    again = noisy(jansky, like=path, like_by="pixel")
    np.testing.assert_allclose(again["flux_error"] / again["flux"], found["flux_error"] / found["flux"], rtol=1e-9)


def test_an_observation_on_other_pixels_is_resampled_with_its_errors(tmp_path) -> None:
    path = tmp_path / "fine.txt"
    fine = np.linspace(0.9, 2.1, 1201)  # ten pixels for each of the model's
    np.savetxt(path, np.column_stack([fine, np.ones(1201), np.full(1201, 0.1)]))
    found = noisy(model(np.full(101, 7.0)), like=path)
    # a mean of 10 pixels, the outermost of them by half
    expected = 0.7 * np.sqrt(9 + 2 * 0.25) / 10
    np.testing.assert_allclose(found["flux_error"][1:-1], expected, rtol=1e-6)


def test_a_file_elsewhere_in_wavelength_or_without_errors_is_told(tmp_path) -> None:
    far, bare = tmp_path / "far.txt", tmp_path / "bare.txt"
    np.savetxt(far, np.column_stack([WAVELENGTH + 5.0, np.ones(101), np.ones(101)]))
    np.savetxt(bare, np.column_stack([WAVELENGTH, np.ones(101)]))
    with pytest.raises(DataError, match="has no good pixels between 1 and 2 um"):
        noisy(model(np.ones(101)), like=far)
    with pytest.raises(DataError, match="has no errors above 0"):
        noisy(model(np.ones(101)), like=bare)
    np.testing.assert_allclose(noisy(model(np.ones(101)), like=bare, like_with={"snr": 20.0})["flux_error"], 0.05)
    with pytest.raises(InputFileError, match="cannot be read"):
        noisy(model(np.ones(101)), like=tmp_path / "none.txt")


def test_observed_spectra_pass_as_they_are() -> None:
    given = model(np.linspace(1.0, 2.0, 101), noise="included")
    xr.testing.assert_identical(noisy(given, relative=0.5, realise=True), given["spectrum/0"].to_dataset())


def test_one_draw_is_added_where_asked_for_and_depends_on_seed_and_target_only() -> None:
    flux = np.full(20_000, 5.0)
    wavelength = np.linspace(1.0, 2.0, 20_000)
    one, same, other, seeded = (
        noisy(model(flux, wavelength, target=target), relative=0.02, realise=True, seed=seed)
        for target, seed in (("a", 0), ("a", 0), ("b", 0), ("a", 1))
    )
    pull = (one["flux"] - 5.0) / one["flux_error"]
    assert float(pull.std()) == pytest.approx(1.0, abs=0.02)  # 1 / sqrt(2 n) is 0.005
    assert float(pull.mean()) == pytest.approx(0.0, abs=0.03)
    assert one["flux"].attrs["noise"] == "included"
    np.testing.assert_array_equal(one["flux"], same["flux"])
    for another in (other, seeded):
        assert abs(np.corrcoef(one["flux"], another["flux"])[0, 1]) < 0.03


@pytest.mark.parametrize("by", ["mean", "standardise", "continuum"])
def test_fractions_are_those_of_the_flux_before_normalising(by) -> None:
    flux = 3.0 + np.cos(5.0 * WAVELENGTH)
    first = Normalise(by=by).apply(ObservationNoise(relative=0.02).apply(model(flux)))
    last = ObservationNoise(relative=0.02).apply(Normalise(by=by).apply(model(flux)))
    np.testing.assert_allclose(last["spectrum/0/flux_error"], first["spectrum/0/flux_error"], rtol=1e-12)


def test_a_logarithm_comes_afterwards() -> None:
    with pytest.raises(DataError, match="put observation-noise before"):
        noisy(Normalise(log=True).apply(model(np.ones(101))), relative=0.02)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "give one of relative, absolute, snr, like, got none"),
        ({"relative": 0.02, "snr": 50}, "got relative and snr"),
        ({"relative": 0.02, "reference": 1.2}, "give snr too"),
        ({"relative": -0.02}, "greater than or equal to 0"),
    ],
)
def test_a_level_that_is_none_is_an_error_of_the_pipeline(params, message) -> None:
    with pytest.raises(ParameterError, match=message):
        ObservationNoise(**params)
