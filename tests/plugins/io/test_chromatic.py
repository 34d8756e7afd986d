"""Files in the layout of chromatic's xarray writers and of the ERS program, written with h5netcdf."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import xarray as xr

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import Chromatic

WAVELENGTH = np.array([3.0, 3.5, 4.1])
TIME = 59_787.0 + np.arange(8) / 100
GRID = ("wavelength", "time")
_RNG = np.random.default_rng(11)
FLUX, ERROR = _RNG.normal(1.0, 1e-3, (3, 8)), _RNG.uniform(1e-3, 2e-3, (3, 8))
GOOD = np.ones((3, 8), bool)
GOOD[1, 2] = False


def raw_light_curves():
    """Return the variables that chromatic 0.5 writes for to_xarray_raw_light_curves, attributes as JSON."""
    return xr.Dataset(
        {
            "raw_flux": (GRID, FLUX.copy(), {"units": ""}),
            "raw_flux_error": (GRID, ERROR, {"units": ""}),
            "quality_flag": (GRID, GOOD, {"units": ""}),
            "original_time_index": ("time", np.arange(8), {"units": ""}),
            "x": ("time", np.arange(8) * 0.1, {"units": "pix"}),
            "original_wave_index": ("wavelength", np.arange(3), {"units": ""}),
            "start_wavelength": ("wavelength", WAVELENGTH - 0.2, {"units": "micron"}),
            "end_wavelength": ("wavelength", WAVELENGTH + 0.2, {"units": "micron"}),
        },
        coords={"wavelength": ("wavelength", WAVELENGTH, {"units": "micron"}), "time": ("time", TIME, {"units": "d"})},
        attrs={
            "name": "null",
            "wscale": '"log"',
            "code": '"chromatic"',
            "author": '"A. N. Observer"',
            "data_origin": '"MAST"',
            "history": json.dumps(["Rainbow()"]),
        },
    )


def write(path, data, engine="h5netcdf"):
    data.to_netcdf(path, engine=engine)
    return path


def load(path, **params):
    loader = Chromatic(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    ((where, data),) = nodes(observation)
    return observation, where, data


def test_raw_light_curves(tmp_path):
    path = write(tmp_path / "w39-raw-light-curves.xc", raw_light_curves())
    observation, where, data = load(path, instrument="G395H", time_system="BMJD_TDB")
    assert (observation.attrs["target"], where) == ("w39-raw-light-curves", "G395H/0")
    assert observation.attrs["source"] == "chromatic, A. N. Observer, MAST, w39-raw-light-curves.xc"
    np.testing.assert_array_equal(data.flux, FLUX)
    np.testing.assert_array_equal(data.flux_error, ERROR)
    np.testing.assert_array_equal(data.mask, ~GOOD)
    np.testing.assert_array_equal(data.wavelength, WAVELENGTH)
    np.testing.assert_array_equal(data.wavelength_upper, WAVELENGTH + 0.2)
    np.testing.assert_array_equal(data.time, TIME)
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
    assert data.flux.units == ""
    assert data.x.attrs == {"units": "pix", "role": "regressor"}
    assert "original_time_index" not in data


def test_stellar_spectra_in_the_names_of_chromatic(tmp_path):
    renamed = {"raw_flux": "flux", "raw_flux_error": "uncertainty", "quality_flag": "ok"}
    renamed |= {"start_wavelength": "wavelength_lower", "end_wavelength": "wavelength_upper"}
    data = raw_light_curves().rename(renamed)
    data["flux"].attrs["units"] = data["uncertainty"].attrs["units"] = "electron"
    data.attrs |= {"time_format": '"mjd"', "time_scale": '"tdb"', "time_is_barycentric": "true"}
    _, _, node = load(write(tmp_path / "w39-stellar-spec.xc", data))
    np.testing.assert_array_equal(node.flux, FLUX)
    np.testing.assert_array_equal(node.flux_error, ERROR)
    np.testing.assert_array_equal(node.mask, ~GOOD)
    assert node.flux.units == "electron"
    assert node.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}


def test_axes_and_units_of_other_writers(tmp_path):
    """central_wavelength in nm descending, time_flux first and in hours, 0 for good samples, half widths."""
    data = xr.Dataset(
        {
            "raw_flux": (("time_flux", "central_wavelength"), FLUX.T[:, ::-1], {"units": "electrons"}),
            "raw_flux_error": (("time_flux", "central_wavelength"), 1e3 * ERROR.T[:, ::-1], {"units": "1e-3 electron"}),
            "quality_flag": (("time_flux", "central_wavelength"), (~GOOD).astype(int).T[:, ::-1]),
            "bin_half_width": ("central_wavelength", np.full(3, 100.0), {"units": "nm"}),
        },
        coords={
            "central_wavelength": ("central_wavelength", 1e3 * WAVELENGTH[::-1], {"units": "nm"}),
            "time_flux": ("time_flux", 24.0 * TIME, {"units": "h"}),
        },
    )
    _, _, node = load(write(tmp_path / "a.nc", data), time_system="TDB")
    np.testing.assert_array_equal(node.flux, FLUX)
    np.testing.assert_allclose(node.flux_error, ERROR, rtol=1e-12)
    np.testing.assert_array_equal(node.mask, ~GOOD)
    np.testing.assert_allclose(node.wavelength, WAVELENGTH, rtol=1e-12)
    np.testing.assert_allclose(node.wavelength_lower, WAVELENGTH - 0.1, rtol=1e-12)
    np.testing.assert_allclose(node.time, TIME, rtol=1e-14)
    assert node.flux.units == "electron"
    assert node.time.attrs["time_reference"] == "JD 2400000.5"


def test_netcdf_3_is_read_too(tmp_path):
    data = raw_light_curves()
    data["quality_flag"] = data["quality_flag"].astype("i4")
    path = write(tmp_path / "a.nc", data[["raw_flux", "raw_flux_error", "quality_flag"]], engine="scipy")
    np.testing.assert_array_equal(load(path)[2].mask, ~GOOD)


def test_corrected_flux_of_fitted_light_curves(tmp_path):
    data = raw_light_curves()
    data["corrected_flux"], data["corrected_flux_error"] = data["raw_flux"] * 2, data["raw_flux_error"] * 3
    path = write(tmp_path / "a-fitted-light-curves.xc", data)
    node = load(path, flux="corrected_flux")[2]
    np.testing.assert_array_equal(node.flux, 2 * FLUX)
    np.testing.assert_array_equal(node.flux_error, 3 * ERROR)
    np.testing.assert_array_equal(load(path)[2].flux, FLUX)


def test_without_errors_they_are_estimated(tmp_path):
    rng = np.random.default_rng(0)
    data = xr.Dataset(
        {"flux": (GRID, rng.normal(1.0, 2e-3, (3, 2000)))},
        coords={"wavelength": WAVELENGTH, "time": np.arange(2000.0)},
    )
    node = load(write(tmp_path / "a.nc", data))[2]
    # the relative error of a MAD of 2000 differences is about 1.17 / sqrt(2 * 1000)
    np.testing.assert_allclose(node.flux_error[:, 0], 2e-3, rtol=0.12)
    assert "estimated" in node.flux_error.attrs["comment"]
    assert node.time.attrs["time_reference"] == ""


def test_regressors_can_be_chosen_also_of_two_axes(tmp_path):
    data = raw_light_curves()
    data["background"] = (GRID, FLUX * 3, {"units": "electron"})
    path = write(tmp_path / "a.xc", data)
    assert "background" not in load(path)[2]
    node = load(path, regressors=["background"])[2]
    assert "x" not in node
    np.testing.assert_array_equal(node.background, FLUX * 3)
    assert load(path, regressors=[])[2].filter_by_attrs(role="regressor").data_vars == {}


def test_a_channel_without_samples_is_an_error_or_left_out(tmp_path):
    data = raw_light_curves()
    data["raw_flux"][1] = np.nan
    path = write(tmp_path / "a.xc", data)
    with pytest.raises(InputFileError, match=r"raw_flux: 1 of 3 channels have no usable sample, the first at 3\.5 um"):
        load(path)
    node = load(path, empty_channels="leave-out")[2]
    assert node.wavelength.values.tolist() == [3.0, 4.1]
    assert node.attrs["empty_channels"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("raw_flux"), "has no flux, expected the variable 'raw_flux' or 'flux'; there: "),
        (lambda d: d.drop_vars("time"), "has no times, expected the variable 'time'"),
        (lambda d: d.assign_coords(time=("time", TIME[::-1])), "time: times must ascend, but 59787.07 at index 0"),
        (lambda d: d.assign_coords(time=("time", np.repeat(TIME[:4], 2))), "time: .*at index 0 stands twice"),
        (lambda d: d.assign_coords(time=("time", TIME, {"units": "m"})), "time: expected units convertible to 'd'"),
        (lambda d: d.assign_coords(wavelength=("wavelength", [3, 3, 4.0])), "wavelength: two channels are at 3 um"),
        (lambda d: d.assign_coords(wavelength=("wavelength", WAVELENGTH, {"units": "s"})), "convertible to 'um'"),
        (lambda d: d.assign_coords(wavelength=("wavelength", 1e4 * WAVELENGTH)), "100 um, got 30000 to 41000 um; give"),
        (lambda d: d.assign(start_wavelength=("wavelength", WAVELENGTH + 0.1)), "channel 0 is at 3 um, which is not"),
        (lambda d: d.assign(raw_flux=(GRID, FLUX, {"units": "K"})), "raw_flux: expected a unit convertible"),
        (lambda d: d.assign(raw_flux_error=(GRID, ERROR, {"units": "Jy"})), "raw_flux_error: has units 'Jy', but"),
        (lambda d: d.assign(raw_flux=("time", FLUX[0])), "raw_flux: expected numbers on .'wavelength', 'time'."),
        (
            lambda d: d.assign(raw_flux_error=d.raw_flux_error * 0),
            "every sample is masked: 4% by quality_flag, 0% with",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, message):
    path = write(tmp_path / "a.xc", change(raw_light_curves()))
    with pytest.raises(InputFileError, match=message) as error:
        load(path)
    assert str(path) in str(error.value)


def test_pickles_other_formats_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "a.rainbow.npy"
    np.save(path, np.array([{"flux": 1.0}], dtype=object), allow_pickle=True)
    with pytest.raises(InputFileError, match="pickled Python objects, which are not read"):
        Chromatic(path=path).load("a.rainbow")
    (tmp_path / "b.xc").write_bytes(pickle.dumps({"flux": 1.0}))
    with pytest.raises(InputFileError, match="pickled Python objects"):
        Chromatic(path=tmp_path / "b.xc").load("b")
    (tmp_path / "c.xc").write_text("wavelength,flux\n")
    with pytest.raises(InputFileError, match="neither NetCDF nor HDF5"):
        Chromatic(path=tmp_path / "c.xc").load("c")
    whole = write(tmp_path / "d.xc", raw_light_curves())
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputFileError, match="cannot be read as NetCDF or HDF5"):
        Chromatic(path=whole).load("d")


def test_a_wrong_time_system_is_refused(tmp_path):
    path = write(tmp_path / "a.xc", raw_light_curves())
    with pytest.raises(InputFileError, match="parameter time_system: expected a time system such as BJD_TDB"):
        load(path, time_system="julian")
    with pytest.raises(ParameterError, match="good"):
        Chromatic(path=path, good="one")


def test_files_of_a_folder(tmp_path):
    for name in ("b", "a"):
        write(tmp_path / f"{name}.xc", raw_light_curves())
    loader = Chromatic(path=tmp_path, target="WASP-39b {stem}")
    assert loader.targets() == ["WASP-39b a", "WASP-39b b"]
    assert loader.files("WASP-39b a") == [tmp_path / "a.xc"]


def test_detectors_and_visits_of_a_planet_are_joined(tmp_path):
    late = raw_light_curves()
    late["time"] = late["time"] + 4.0
    folder = tmp_path / "WASP-39b"
    folder.mkdir()
    write(folder / "b_NRS1.xc", late)
    write(folder / "a_NRS1.xc", raw_light_curves())
    write(folder / "a_NRS2.xc", raw_light_curves())
    loader = Chromatic(path=folder, pattern="{visit}_{instrument}.xc", time_system="BMJD_TDB")
    assert loader.targets() == ["WASP-39b"]
    assert [path.name for path in loader.files("WASP-39b")] == ["a_NRS1.xc", "a_NRS2.xc", "b_NRS1.xc"]
    observation = loader.load("WASP-39b")
    validate_observation(observation, "test", ("light-curves",))
    found = dict(nodes(observation))
    assert list(found) == ["NRS1/0", "NRS1/1", "NRS2/0"]
    assert [data.attrs["visit"] for data in found.values()] == ["a", "b", "a"]
    assert found["NRS1/1"].time.values[0] == pytest.approx(TIME[0] + 4.0)


def test_a_target_in_the_names_of_files_stays_apart(tmp_path):
    for name in ("WASP-39b_NRS1.xc", "WASP-39b_NRS2.xc", "GJ-1214b_NRS1.xc"):
        write(tmp_path / name, raw_light_curves())
    loader = Chromatic(path=tmp_path, pattern="{target}_{instrument}.xc")
    assert loader.targets() == ["GJ-1214b", "WASP-39b"]
    assert len(loader.files("WASP-39b")) == 2
    assert loader.load("GJ-1214b").attrs["target"] == "GJ-1214b"


def test_files_that_nothing_tells_apart_are_refused_and_say_how_to_join_them(tmp_path):
    for name in ("a_NRS1.xc", "a_NRS2.xc"):
        write(tmp_path / name, raw_light_curves())
    with pytest.raises(
        InputFileError, match=r"would both be target 'WASP-39b'.*\{instrument\} or \{visit\} in pattern"
    ):
        Chromatic(path=tmp_path, target="WASP-39b").targets()
    with pytest.raises(InputFileError, match=r"no file has a name as pattern .* says; there: a_NRS1.xc, a_NRS2.xc"):
        Chromatic(path=tmp_path, pattern="{visit}_{visit}.xc").targets()
    with pytest.raises(ParameterError, match=r"\{night\} is not known; in braces are target, instrument and visit"):
        Chromatic(path=tmp_path, pattern="{night}.xc")


@pytest.mark.parametrize("pattern", ["/data/*.xc", "../*.xc"])
def test_a_pattern_stays_in_its_folder(tmp_path, pattern):
    write(tmp_path / "a.xc", raw_light_curves())
    with pytest.raises(InputFileError, match=r"pattern .* leads out of this folder; write .* path"):
        Chromatic(path=tmp_path, pattern=pattern).targets()


def test_a_flux_that_does_not_vary_has_no_scatter_for_errors(tmp_path):
    data = raw_light_curves().drop_vars(["raw_flux_error", "quality_flag"])
    data["raw_flux"] = data["raw_flux"] * 0.0 + 1.0
    with pytest.raises(InputFileError, match=r"no errors, and the scatter .* is zero, .*does not vary \(1 values\)"):
        load(write(tmp_path / "a.xc", data))
