"""Files of Eureka!, against a reading with h5py and numpy alone."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import Eureka
from specframe_io.examples import eureka_light_curves
from specframe_transit import TransitPolynomial

#: Channels, times, and the time system of each mode's light curves.
MODES = {
    "miri_spectroscopy": (1, 4, "JD 2400000.5"),
    "nircam_photometry": (1, 4, "JD 2400000.5"),
    "nircam_spectroscopy": (1, 7, "JD 2400000.5"),
    "niriss_spectroscopy": (4, 3, "JD 2400000.5"),
    "nirspec_spectroscopy": (2, 24, "JD 2400000.5"),
    "wfc3_spectroscopy": (1, 2, "JD 0"),
}


def _node(loader, target):
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    return next(iter(nodes(observation)))


@pytest.fixture
def written(tmp_path):
    """Return the path of a file of three channels and 60 times."""
    eureka_light_curves(tmp_path)
    return tmp_path / "a_LCData.h5"


def _change(path, name, values=None, **attributes):
    """Write a dataset anew with the attributes it has, or remove it."""
    with h5py.File(path, "a") as file:
        kept = dict(file[name].attrs) if name in file else {}
        if name in file:
            del file[name]
        if values is not None:
            file[name] = values
            for key, value in (kept | attributes).items():
                if value is not None:
                    file[name].attrs[key] = value


@pytest.mark.parametrize("mode", MODES)
def test_real_light_curves(data_dir, mode):
    loader = Eureka(path=data_dir / "eureka_h5", pattern="**/*LCData.h5", target="{folder}")
    assert loader.targets() == list(MODES)
    path, data = _node(loader, mode)
    n_channel, n_time, reference = MODES[mode]
    assert path == "eureka/0"
    assert data.flux.shape == (n_channel, n_time)
    with h5py.File(data_dir / "eureka_h5" / mode / "LCData.h5") as file:
        raw = {name: file[name][()] for name in file}
    np.testing.assert_array_equal(data.flux, raw["data"])
    np.testing.assert_array_equal(data.flux_error, raw["err"])
    np.testing.assert_array_equal(data.mask, raw["mask"] != 0)
    np.testing.assert_array_equal(data.time, raw["time"])
    np.testing.assert_array_equal(data.wavelength, raw["wave_mid"])
    np.testing.assert_array_equal(data.wavelength_lower, raw["wave_low"])
    np.testing.assert_array_equal(data.wavelength_upper, raw["wave_hi"])
    assert data.time.dtype == np.dtype("float64")
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": reference}
    assert data.flux.units == data.flux_error.units == "electron"


@pytest.mark.parametrize(("mode", "instrument"), [("miri", "MIRI-LRS"), ("nirspec", "NIRSPEC-PRISM")])
def test_real_spectra(data_dir, mode, instrument):
    file = data_dir / "eureka_h5" / f"{mode}_spectroscopy" / "SpecData.h5"
    path, data = _node(Eureka(path=file), "SpecData")
    assert path == f"{instrument}/0"
    with h5py.File(file) as opened:
        raw = {name: opened[name][()] for name in ("optspec", "opterr", "optmask", "wave_1d", "time")}
    order = np.argsort(raw["wave_1d"])
    np.testing.assert_array_equal(data.wavelength, raw["wave_1d"][order])
    np.testing.assert_array_equal(data.flux, raw["optspec"].T[order])
    np.testing.assert_array_equal(data.flux_error, raw["opterr"].T[order])
    np.testing.assert_array_equal(data.time, raw["time"])
    assert (data.wavelength_lower if "wavelength_lower" in data else None) is None
    # what Eureka! marks 1 are the few per cent of outliers and the columns without flux, not the good pixels
    assert 0.0 < float(data.mask.mean()) < 0.03
    assert data.mask.values[raw["optmask"].T[order] == 1].all()
    assert data.mask.values[np.isnan(raw["optspec"].T[order])].all()
    assert not data.mask.values[(raw["optmask"].T[order] == 0) & np.isfinite(raw["optspec"].T[order])].any()


#: Regressors of each mode, and the dataset that each is in the file.
REGRESSORS = {
    "miri_spectroscopy": {"y": "centroid_y", "width_y": "centroid_sy", "background": "skylev"},
    "nircam_photometry": {
        "x": "centroid_x",
        "y": "centroid_y",
        "width_x": "centroid_sx",
        "width_y": "centroid_sy",
        "background": "skylev",
    },
    "nircam_spectroscopy": {
        "x": "centroid_x",
        "y": "centroid_y",
        "width_x": "centroid_sx",
        "width_y": "centroid_sy",
    },
    "niriss_spectroscopy": {"background": "skylev"},
    "nirspec_spectroscopy": {"y": "centroid_y", "width_y": "centroid_sy", "background": "skylev"},
    "wfc3_spectroscopy": {"x": "centroid_x", "y": "centroid_y", "width_x": "centroid_sx", "scan_direction": "scandir"},
}


@pytest.mark.parametrize("mode", MODES)
def test_real_centroids_and_sky_level_are_regressors(data_dir, mode):
    _, data = _node(Eureka(path=data_dir / "eureka_h5" / mode / "LCData.h5"), "LCData")
    assert {name for name in data.data_vars if data[name].attrs.get("role") == "regressor"} == set(REGRESSORS[mode])
    with h5py.File(data_dir / "eureka_h5" / mode / "LCData.h5") as file:
        for name, dataset in REGRESSORS[mode].items():
            np.testing.assert_array_equal(data[name], file[dataset][()])
            assert data[name].dims == (("wavelength", "time") if file[dataset].ndim == 2 else ("time",))
            units = {"background": "electron", "scan_direction": ""}.get(name, "pix")
            assert data[name].attrs["units"] == units


def test_the_sky_level_of_stage_3_is_sorted_as_the_flux(data_dir):
    path = data_dir / "eureka_h5" / "miri_spectroscopy" / "SpecData.h5"
    _, data = _node(Eureka(path=path), "SpecData")
    with h5py.File(path) as file:
        order = np.argsort(file["wave_1d"][()])
        np.testing.assert_array_equal(data.background, file["skylev"][()].T[order])


def test_drifts_of_older_versions_are_centroids(written):
    with h5py.File(written, "a") as file:
        file["driftypos"] = np.arange(60.0)
        file["driftywidth"] = np.arange(60.0) * 2
    _, data = _node(Eureka(path=written), "a_LCData")
    assert data.y.values.tolist() == list(range(60))
    assert data.width_y.attrs == {"units": "pix", "role": "regressor"}


def test_a_regressor_of_another_length_is_refused(written):
    with h5py.File(written, "a") as file:
        file["centroid_x"] = np.zeros(59)
    with pytest.raises(InputFileError, match="centroid_x: expected 60 numbers, one per time"):
        Eureka(path=written).load("a_LCData")


def test_real_files_of_one_name_need_a_rule(data_dir):
    with pytest.raises(InputFileError, match="would both be target 'LCData'; the parameter target"):
        Eureka(path=data_dir / "eureka_h5", pattern="**/*LCData.h5").targets()


def test_masks_and_what_is_not_a_number_are_masked(written):
    with h5py.File(written, "a") as file:
        file["mask"][0, 5] = 1
        file["data"][1, 6] = np.nan
        file["err"][2, 7] = 0.0
        file["err"][2, 8] = np.inf
    _, data = _node(Eureka(path=written), "a_LCData")
    assert np.argwhere(data.mask.values).tolist() == [[0, 5], [1, 6], [2, 7], [2, 8]]


def test_channels_are_sorted_by_wavelength(written):
    with h5py.File(written) as file:
        flux = file["data"][()]
    _change(written, "wavelength", [3e4, 2e4, 1e4], wave_units="Angstrom")
    for name in ("wave_low", "wave_hi"):
        _change(written, name)
    _change(written, "wave_err", np.full(3, 0.25), wave_units="microns")
    _, data = _node(Eureka(path=written), "a_LCData")
    np.testing.assert_allclose(data.wavelength, [1.0, 2.0, 3.0], rtol=1e-12)
    np.testing.assert_allclose(data.wavelength_lower, [0.75, 1.75, 2.75], rtol=1e-12)
    np.testing.assert_allclose(data.wavelength_upper, [1.25, 2.25, 3.25], rtol=1e-12)
    np.testing.assert_array_equal(data.flux, flux[::-1])


def test_columns_without_a_wavelength_are_left_out(tmp_path):
    path = tmp_path / "x_SpecData.h5"
    with h5py.File(path, "w") as file:
        file["time"] = 59000.0 + np.arange(3.0)
        file["time"].attrs["time_units"] = "MJD_UTC"
        file["wave_1d"] = np.array([2.0, np.nan, 1.0], dtype=">f4")
        file["optspec"] = np.arange(9.0).reshape(3, 3)
        file["optspec"].attrs["flux_units"] = "DN/s"
        file["opterr"] = np.ones((3, 3))
    _, data = _node(Eureka(path=path), "x_SpecData")
    assert data.flux.values.tolist() == [[2.0, 5.0, 8.0], [0.0, 3.0, 6.0]]
    assert data.flux.units == "adu / s"
    assert data.time.attrs["time_system"] == "UTC"


@pytest.mark.parametrize(
    ("units", "loaded"), [("ELECTRONS", "electron"), ("mJy", "mJy"), ("MJy/sr", "MJy / sr"), ("DN", "adu")]
)
def test_units_of_flux(written, units, loaded):
    with h5py.File(written, "a") as file:
        file["data"].attrs["flux_units"] = units
    assert _node(Eureka(path=written), "a_LCData")[1].flux.units == loaded


def test_what_the_file_does_not_say_is_given(written):
    with h5py.File(written, "a") as file:
        del file["data"].attrs["flux_units"], file["time"].attrs["time_units"]
    with pytest.raises(InputFileError, match="time: has no time_units"):
        Eureka(path=written).load("a_LCData")
    with pytest.raises(InputFileError, match="data: has no flux_units"):
        Eureka(path=written, time_units="BJD_TDB").load("a_LCData")
    loader = Eureka(path=written, time_units="BJD_TDB", units="", instrument="SOSS", target="WASP-39b")
    path, data = _node(loader, "WASP-39b")
    assert (path, data.flux.units, data.time.attrs["time_reference"]) == ("SOSS/0", "", "JD 0")


@pytest.mark.parametrize(
    ("name", "values", "attributes", "message"),
    [
        ("data", None, {}, "expected data .stage 4. or optspec .stage 3."),
        ("err", None, {}, "err: expected a dataset, as Eureka! writes it; it is missing"),
        ("time", None, {}, "time: expected a dataset"),
        ("err", np.ones((3, 59)), {}, r"err: expected numbers of shape \(3, 60\)"),
        ("data", np.ones((3, 60, 2)), {}, r"data: expected numbers of shape \(3, 60\)"),
        ("mask", np.full((3, 60), 2), {}, "mask: expected 0 .good. and 1 .masked. alone"),
        ("data", np.full((3, 60), b"x"), {}, "data: expected numbers"),
        ("data", np.ones((3, 60)), {"flux_units": "parsec"}, "data: flux_units: expected a unit convertible"),
        ("time", 59000.0 - np.arange(60), {}, "time: must ascend, but index 0"),
        ("time", np.full(60, np.nan), {}, "time: 60 of 60 times are not finite"),
        ("time", np.arange(60, dtype="f4"), {}, "time: expected times .time,. in float64"),
        ("time", 59000.0 + np.arange(60), {"time_units": "days"}, "time: expected time_units such as BMJD_TDB"),
        ("wavelength", [1.0, 1.0, 2.0], {}, "wavelength: two channels are at 1 um"),
        ("wavelength", [1.0, np.nan, 2.0], {}, "wavelength: expected finite wavelengths"),
        ("wavelength", [1.0, 2.0, 3.0], {"wave_units": "s"}, "wavelength: expected wave_units convertible to um"),
        ("wave_low", [1.0, 2.0], {}, "wave_low: expected 3 channels"),
        ("wave_hi", [0.1, 0.1, 0.1], {}, "wave_hi: expected each channel to end above"),
    ],
)
def test_what_is_wrong_is_named(written, name, values, attributes, message):
    _change(written, name, values, **attributes)
    with pytest.raises(InputFileError, match=message) as error:
        Eureka(path=written).load("a_LCData")
    assert str(written) in str(error.value)


def test_damaged_and_missing_files(written):
    written.write_bytes(written.read_bytes()[: written.stat().st_size // 2])
    with pytest.raises(InputFileError, match="a_LCData"):
        Eureka(path=written).load("a_LCData")
    with pytest.raises(InputFileError, match="no such file or folder"):
        Eureka(path=written.parent / "none").targets()
    with pytest.raises(InputFileError, match="see the parameter pattern"):
        Eureka(path=written.parent, pattern="*SpecData.h5").targets()
    with pytest.raises(InputFileError, match="has no target 'c'"):
        Eureka(path=written.parent, targets=["c"]).targets()
    with pytest.raises(ParameterError, match="target"):
        Eureka(path=written.parent, target="{planet}")


def test_files_and_relocated(written, tmp_path):
    loader = Eureka(path=tmp_path, targets=["b_LCData"])
    assert loader.targets() == ["b_LCData"]
    assert loader.files("b_LCData") == [tmp_path / "b_LCData.h5"]
    assert loader.relocated(written).targets() == ["a_LCData"]


def test_a_transit_is_found_in_them(written):
    """A box of depth 0.010 is in the file; a detrender reads it from time, flux and errors."""
    depths = TransitPolynomial().apply(Eureka(path=written).load("a_LCData"))["eureka/0"]
    assert np.all(np.abs(depths["depth"] - 0.010) < 4.0 * depths["depth_error"])
    assert np.all(depths["depth_error"] < 2e-4)
