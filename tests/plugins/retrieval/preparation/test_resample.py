"""Spectra brought onto other pixels: what is covered, what is blurred, what stays, on models and on HD 3651B."""

from __future__ import annotations

import time

import numpy as np
import pytest
import xarray as xr
from spectres import spectres

from specframe.api import make_observation, validate_observation
from specframe.errors import DataError, InputFileError, ParameterError
from specframe_retrieval import FluxUnits, Resample
from specframe_retrieval.preparation.like_file import observed_like


def observation(wavelength, flux, error=None, *, mask=None, noise=None, units="W m-2 um-1", name="flux", **attrs):
    flux = np.asarray(flux)
    data = xr.Dataset(
        {
            name: ("wavelength", flux, {"units": units, **({"noise": noise} if noise else {})}),
            f"{name}_error": ("wavelength", np.zeros(flux.shape) if error is None else error, {"units": units}),
            "mask": ("wavelength", np.zeros(flux.size, bool) if mask is None else mask),
        },
        coords={"wavelength": ("wavelength", np.asarray(wavelength, float), {"units": "um"})},
        attrs=attrs,
    )
    return make_observation("a", {"spectrum/0": data})


def resampled(given, **params):
    result = Resample(**params).apply(given)
    validate_observation(result, "resample", ("spectrum", "depths"))
    return result["spectrum/0"].to_dataset()


@pytest.fixture(scope="module")
def hd3651b(data_dir):
    with np.load(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def diamondback(data_dir):
    with np.load(data_dir / "browndwarf" / "dback24.npz") as archive:
        return archive["wave_um"], archive["flux"].astype(float)


def test_hd_3651b_goes_onto_104_pixels_as_telescopeml_takes_it_there(hd3651b) -> None:
    """Its own call is spectres(wl104, wavelength, F_nu): means over wavelength, also of flux per frequency."""
    observed = observation(hd3651b["wl_obs"], hd3651b["flam_obs"], units="erg s-1 cm-2 AA-1")
    top = FluxUnits(units="erg s-1 cm-2 Hz-1", at="surface", distance=11.134, radius=0.75).apply(observed)
    found = resampled(top, wavelengths=hd3651b["wl104"], conserve="wavelength")
    theirs = spectres(hd3651b["wl104"], hd3651b["wl_obs"], hd3651b["fnu_toa_obs"])
    np.testing.assert_allclose(found["flux"], theirs, rtol=1e-5)  # astropy's constants, as for the units


def test_the_published_draws_of_hd_3651b_scatter_around_its_resampled_spectrum(hd3651b) -> None:
    """The 100 published spectra are the observation with noise drawn, cut off at 0, and resampled.

    Where the cut plays no part (S/N above 8) their mean is the resampled spectrum, within the error of a mean of 100.
    """
    draws = hd3651b["random_regridded_fnu_toa"]
    found = resampled(
        observation(hd3651b["wl_obs"], hd3651b["fnu_toa_obs"], units="erg s-1 cm-2 Hz-1"),
        wavelengths=hd3651b["wl104"],
        conserve="wavelength",
    )["flux"].values
    scatter = draws.std(axis=0, ddof=1)
    bright = found > 8.0 * scatter
    pull = (draws.mean(axis=0) - found)[bright] / (scatter[bright] / 10.0)
    assert bright.sum() > 50
    assert 0.7 < np.sqrt(np.mean(pull**2)) < 1.3  # 1 within 1 / sqrt(2 n), n > 50, and room for neighbours
    assert np.abs(pull).max() < 4.0


def test_flux_per_frequency_is_averaged_over_frequency(hd3651b) -> None:
    """So the same spectrum, resampled in either unit, has the same energy in each pixel."""
    flam = observation(hd3651b["wl_obs"], hd3651b["flam_obs"], units="erg s-1 cm-2 AA-1")
    fnu = FluxUnits(units="Jy").apply(flam)
    one, two = (resampled(given, wavelengths=hd3651b["wl104"]) for given in (flam, fnu))
    lower, upper = one["wavelength_lower"].values, one["wavelength_upper"].values
    energy = 1e7 * one["flux"] * 1e-6 * (upper - lower)  # erg s-1 cm-2 AA-1 is 1e7 W m-2 m-1
    frequency = 299_792_458.0 * (1e6 / lower - 1e6 / upper)
    # flux within one of the 564 pixels is constant in one unit or in the other, which differ by their width
    np.testing.assert_allclose(two["flux"] * 1e-26 * frequency, energy, rtol=5e-3)


def test_the_same_pixels_give_the_same_bits(diamondback, tmp_path) -> None:
    wavelength, flux = diamondback
    rng = np.random.default_rng(0)
    mask = rng.random(wavelength.size) < 0.1
    given = observation(wavelength, flux[5].astype(np.float32), 0.01 * flux[5], mask=mask)
    found = resampled(given, wavelengths=wavelength)
    before = given["spectrum/0"].to_dataset()
    for name in ("flux", "flux_error", "mask", "wavelength"):
        np.testing.assert_array_equal(found[name], before[name])
        assert found[name].dtype == before[name].dtype
    table = tmp_path / "like.csv"  # its pixels lack those that are masked in it
    kept = wavelength[~mask].size
    rows = np.column_stack([wavelength, flux[5], np.where(mask, np.nan, 1.0)])
    np.savetxt(table, rows, delimiter=",", header="wavelength,flux,flux_error", comments="")
    onto = resampled(given, like=table)
    assert onto.sizes["wavelength"] == kept
    np.testing.assert_array_equal(onto["flux"], before["flux"].values[~mask])
    assert not onto["mask"].any()


def test_nothing_is_extrapolated_and_no_gap_is_filled() -> None:
    wavelength = np.arange(1.0, 2.0, 0.01)
    bad = np.zeros(100, bool)
    bad[40:43] = True
    given = observation(wavelength, np.ones(100), 0.1 * np.ones(100), mask=bad)
    found = resampled(given, range=[0.9, 2.2], step=0.05)
    left, right = found["wavelength_lower"].values, found["wavelength_upper"].values
    outside = (left < 0.995 - 1e-9) | (right > 1.995 + 1e-9) | ((right > 1.395 + 1e-9) & (left < 1.425 - 1e-9))
    np.testing.assert_array_equal(found["mask"], outside)
    assert np.isnan(found["flux"].values[outside]).all()
    np.testing.assert_allclose(found["flux"].values[~outside], 1.0, rtol=1e-12)
    assert found.attrs["flags"] == "partly-covered"


def test_rows_that_a_table_lacks_are_not_filled_either() -> None:
    wavelength = np.delete(np.arange(1.0, 2.0, 0.01), [40, 41, 42])
    found = resampled(observation(wavelength, np.ones(97), np.ones(97)), range=[1.0, 1.95], step=0.05)
    np.testing.assert_allclose(found["wavelength"].values[found["mask"]], [1.375, 1.425])


def test_edges_that_do_not_ascend_are_told() -> None:
    edges = {"wavelength_lower": ("wavelength", [0.9, 1.9, 1.8], {"units": "um"})}
    edges["wavelength_upper"] = ("wavelength", [1.9, 2.1, 3.0], {"units": "um"})
    data = observation([1.0, 2.0, 2.5], np.ones(3))["spectrum/0"].to_dataset().assign_coords(edges)
    with pytest.raises(DataError, match="wavelength_lower and wavelength_upper must ascend"):
        Resample(range=[1.0, 2.0], step=0.2).apply(make_observation("a", {"spectrum/0": data}))


def test_coverage_says_how_much_of_a_pixel_must_be_there() -> None:
    given = observation([1.0, 2.0, 3.0, 4.0], [1.0, 5.0, 3.0, 7.0], [1.0, 1.0, 1.0, 1.0], mask=[0, 1, 0, 0])
    # pixels [0.5, 2.5] and [2.5, 4.5]: the first half covered, and its mean is that of its good half
    strict, half = (resampled(given, range=[0.5, 4.5], step=2.0, coverage=c) for c in (1.0, 0.5))
    np.testing.assert_array_equal(strict["mask"], [True, False])
    np.testing.assert_array_equal(half["mask"], [False, False])
    np.testing.assert_allclose(half["flux"], [1.0, 5.0])
    np.testing.assert_allclose(half["flux_error"], [1.0, np.sqrt(0.5)])


def test_a_spectrum_that_does_not_meet_the_pixels_is_set_aside() -> None:
    given = observation(np.linspace(0.8, 2.5, 50), np.ones(50))
    with pytest.raises(DataError, match=r"target a, node /spectrum/0: none of the \d+ pixels from 5 to .* from 0.78"):
        Resample(range=[5.0, 12.0], step=0.1).apply(given)
    masked = observation(np.linspace(0.8, 2.5, 50), np.ones(50), mask=np.ones(50, bool))
    with pytest.raises(DataError, match="all 50 pixels of the flux are masked"):
        Resample(range=[1.0, 2.0], step=0.1).apply(masked)


def line_width(found):
    """Return the FWHM of an absorption line from its second moment."""
    wavelength, depth = found["wavelength"].values, 1.0 - found["flux"].values
    used = ~found["mask"].values & (depth > 1e-6)
    mean = np.average(wavelength[used], weights=depth[used])
    variance = np.average((wavelength[used] - mean) ** 2, weights=depth[used])
    return np.sqrt(8.0 * np.log(2.0) * variance)


def lines(power, noise="absent", **attrs):
    """Return a finely sampled spectrum with one line of the width that a resolving power gives it."""
    wavelength = np.arange(1.4, 1.6, 2e-5)
    sigma = 1.5 / power / np.sqrt(8.0 * np.log(2.0))
    return observation(wavelength, 1.0 - 0.5 * np.exp(-0.5 * ((wavelength - 1.5) / sigma) ** 2), noise=noise, **attrs)


@pytest.mark.parametrize(
    ("given", "params", "expected"),
    [
        (lines(2000, resolving_power=2000.0), {"resolving_power": 300}, 1.5 / 300),  # the line's own width counts
        (lines(2000), {"resolving_power": 300, "given_resolving_power": 2000}, 1.5 / 300),
        (lines(2000), {"resolving_power": 300}, np.hypot(1.5 / 300, 1.5 / 2000)),  # sharp, as far as is known
        (lines(300, noise=None), {"resolving_power": 300}, 1.5 / 300),  # observed: it has this resolution
        (lines(200, resolving_power=200.0), {"resolving_power": 300}, 1.5 / 200),
        (lines(2000, resolving_power=2000.0), {"fwhm_pixels": 4}, 4e-3),
    ],
)
def test_lines_get_the_width_of_the_resolving_power_asked_for(given, params, expected) -> None:
    found = resampled(given, wavelengths=np.arange(1.45, 1.55, 1e-3), **params)
    assert line_width(found) == pytest.approx(expected, rel=0.015)  # pixels of 1e-3 um, and the cut at 4 sigma
    assert ("resolution-too-low" in found.attrs.get("flags", "")) == (
        given["spectrum/0"].attrs == {"resolving_power": 200}
    )


def test_the_result_says_its_resolving_power() -> None:
    pixels = {"range": [1.45, 1.55], "step": 0.001}
    assert resampled(lines(2000), **pixels, resolving_power=300).attrs["resolving_power"] == pytest.approx(300)
    assert resampled(lines(200, resolving_power=200.0), **pixels, resolving_power=300).attrs["resolving_power"] == 200
    assert "resolving_power" not in resampled(lines(200), **pixels).attrs


def test_without_a_grid_only_the_resolution_becomes_lower() -> None:
    wavelength = np.linspace(1.0, 2.0, 200)
    given = observation(wavelength, np.where(np.arange(200) == 100, 1.0, 0.0), noise="absent")
    found = resampled(given, resolving_power=50)
    np.testing.assert_array_equal(found["wavelength"], wavelength)
    used = ~found["mask"].values
    assert not found["mask"].values[20:-20].any()  # the Gaussian reaches 0.05 um, ten pixels
    assert 0.1 < found["flux"].values[used].max() < 0.2


def test_a_grid_of_constant_resolving_power_has_two_pixels_per_element() -> None:
    found = resampled(lines(2000), range=[1.41, 1.59], resolving_power=100)
    width = found["wavelength_upper"].values - found["wavelength_lower"].values
    np.testing.assert_allclose(found["wavelength"] / width, 200.0, rtol=1e-5)
    assert found["wavelength_lower"][0] == pytest.approx(1.41)
    assert found["wavelength_upper"][-1] <= 1.59


def test_pixels_may_have_gaps_between_them() -> None:
    given = observation(np.arange(1.05, 2.0, 0.1), np.arange(10.0), np.ones(10))
    found = resampled(given, pixels=[["1000 nm", 1.2], [1.5, 1.9]])
    np.testing.assert_allclose(found["flux"], [0.5, 6.5])
    np.testing.assert_allclose(found["wavelength_upper"], [1.2, 1.9])
    np.testing.assert_allclose(found["flux_error"], [np.sqrt(2) / 2, 0.5])


def test_a_matrix_too_large_for_memory_is_refused() -> None:
    wavelength = np.linspace(1.0, 2.0, 50_000)
    given = observation(wavelength, np.ones(50_000), noise="absent")
    with pytest.raises(DataError, match="more than fit into memory; ask for fewer pixels"):
        Resample(resolving_power=100).apply(given)


def test_like_gives_pixels_and_resolving_power(tmp_path) -> None:
    path = tmp_path / "observed.txt"
    wavelength = np.linspace(1.45, 1.55, 40)
    np.savetxt(path, np.column_stack([1000.0 * wavelength, np.ones(40), np.full(40, 0.1)]))
    told = {"wavelength_units": "nm", "resolving_power": 300.0}
    found = resampled(lines(2000, resolving_power=2000.0), like=path, like_with=told, range=[1.47, 1.53])
    inside = (wavelength > 1.47) & (wavelength < 1.53)
    np.testing.assert_allclose(found["wavelength"], wavelength[inside], rtol=1e-9)
    assert line_width(found) == pytest.approx(1.5 / 300, rel=0.06)  # pixels half as wide as the line
    with pytest.raises(InputFileError, match="no-such-file"):
        Resample(like=tmp_path / "no-such-file.txt").apply(lines(2000))


def test_transit_depths_keep_their_covariance() -> None:
    rng = np.random.default_rng(3)
    wavelength, factor = np.linspace(1.0, 2.0, 12), rng.normal(size=(12, 12))
    covariance = factor @ factor.T
    given = observation(wavelength, rng.uniform(0.01, 0.02, 12), np.sqrt(np.diag(covariance)), name="depth", units="")
    data = (
        given["spectrum/0"]
        .to_dataset()
        .assign(
            depth_covariance=(("wavelength", "wavelength_other"), covariance, {"units": ""}),
            snr=("wavelength", np.ones(12)),
            white_depth=((), 0.015),
        )
    )
    found = resampled(make_observation("a", {"spectrum/0": data}), range=[1.0, 1.9], step=0.3)
    # resampling is linear: what becomes of one pixel alone is a column of its matrix
    units = [observation(wavelength, one) for one in np.eye(12)]
    matrix = np.transpose([resampled(one, range=[1.0, 1.9], step=0.3)["flux"].values for one in units])
    np.testing.assert_allclose(found["depth_covariance"], matrix @ covariance @ matrix.T, rtol=1e-12)
    assert found.attrs["not_resampled"] == "snr"
    assert float(found["white_depth"]) == 0.015


def test_errors_that_nobody_knows_stay_unknown() -> None:
    given = observation(np.linspace(1.0, 2.0, 50), np.ones(50), np.full(50, np.nan))
    found = resampled(given, range=[1.1, 1.9], step=0.1)
    np.testing.assert_allclose(found["flux"], 1.0)
    assert np.isnan(found["flux_error"]).all()
    assert not found["mask"].any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "give a grid"),
        ({"wavelengths": [1.0, 1.0]}, "ascend"),
        ({"wavelengths": [1.0, 2.0], "step": 0.1, "range": [1, 2]}, "one grid only, got wavelengths and step"),
        ({"step": 0.1}, "step needs range"),
        ({"range": [2.0, 1.0], "step": 0.1}, "lowest, highest"),
        ({"range": [1.0, 2.0]}, "range alone is no grid"),
        ({"resolving_power": 100, "fwhm_pixels": 2}, "not both"),
        ({"pixels": [[1.0, 2.0], [0.5, 1.0]]}, "pixels must ascend"),
        ({"pixels": [[1.0, 2.0]], "like_with": {"snr": 3.0}}, "give like too"),
    ],
)
def test_a_grid_that_is_none_is_an_error_of_the_pipeline(params, message) -> None:
    with pytest.raises(ParameterError, match=message):
        Resample(**params)


def test_a_spectrum_of_the_grid_takes_about_a_millisecond(diamondback, data_dir) -> None:
    """810 pixels onto the 564 of an observation, at R = 100; most of it is xarray's."""
    wavelength, flux = diamondback
    with np.load(data_dir / "browndwarf" / "btsettl08.npz") as archive:
        step = Resample(wavelengths=archive["wave_um"], resolving_power=100)
    given = [observation(wavelength, one, noise="absent") for one in flux[:50]]
    step.apply(given[0])
    begin = time.perf_counter()
    for one in given:
        step.apply(one)
    assert (time.perf_counter() - begin) / len(given) < 0.01  # ten times what it takes on an idle machine


def test_a_file_whose_columns_are_not_told_says_where_to_tell_them(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("quality,Fl,lam\n0,1.0,1.1\n0,1.1,1.2\n0,1.2,1.3\n")
    with pytest.raises(InputFileError, match=r"write columns: \{flux: \.\.\.\}, in like_with"):
        observed_like(path)
