"""The loader of ExoSim's files: what it finds, and that the detector calibration recovers the light."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from specframe.api.observation import validate_observation
from specframe.errors import DataError, InputFileError, ParameterError
from specframe_ariel import ArielDetector
from specframe_io import ExosimNdr

if TYPE_CHECKING:
    import xarray as xr

#: Without dark and sky, which the simple files do not have, and the plain sum, which can be computed otherwise.
CALIBRATION = {"dark": False, "extraction": "box", "background_rows": [], "pairs_per_bin": 1}


def loaded(path, channel="CH0", **params) -> xr.Dataset:
    loader = ExosimNdr(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "data", ("frames",))
    return observation[f"{channel}/0"].to_dataset(inherit=False)


def calibrated(path, channel="CH0", calibration=None, **params) -> xr.Dataset:
    loader = ExosimNdr(path=path, **params)
    curves = ArielDetector(**(CALIBRATION | (calibration or {}))).apply(loader.load(loader.targets()[0]))
    validate_observation(curves, "curves", ("light-curves",))
    return curves[f"{channel}/0"].to_dataset(inherit=False)


@pytest.mark.parametrize(("n_group", "n_read"), [(2, 1), (3, 2), (2, 4), (5, 1), (4, 3)])
@pytest.mark.parametrize("boxed", [True, False], ids=["value-unit", "bare"])
def test_light_collected_between_first_and_last_group_is_recovered(exosim_file, n_group, n_read, boxed):
    path, truth = exosim_file(n_group=n_group, n_read=n_read, adc=None, boxed=boxed)
    curves = calibrated(path)
    charge = truth.charge.reshape(5, n_group, 4, 6)
    expected = (charge[:, -1] - charge[:, 0]).sum(axis=1).T[::-1]  # wavelengths descend in the file
    np.testing.assert_allclose(curves["flux"], expected, rtol=1e-9)
    middle = truth.read_time.reshape(5, n_group)[:, [0, -1]].mean(axis=1)
    np.testing.assert_allclose(curves["time"] * 86400, middle, rtol=1e-9)


def test_adc_counts_become_electrons_to_within_its_steps(exosim_file):
    path, truth = exosim_file(adc=(0.5, -1000.0), n_group=3)
    frames = loaded(path)["frames"]
    assert (frames.attrs["units"], frames.dtype) == ("adu", np.uint16)
    charge = truth.charge.reshape(5, 3, 4, 6)
    expected = (charge[:, -1] - charge[:, 0]).sum(axis=1).T[::-1]
    off = calibrated(path)["flux"].values - expected
    assert np.abs(off).max() < 4 * 2.0  # four rows, each read cut off to a step of 2 electrons
    assert np.abs(off).max() > 0.01


def test_without_adc_frames_are_electrons_whatever_units_they_state(exosim_file):
    path, _ = exosim_file(adc=None)
    node = loaded(path)
    assert node["frames"].attrs["units"] == "electron"
    assert not {"gain", "offset"} & set(node.attrs)


def test_integration_time_is_that_since_the_reset_and_the_mean_over_the_reads_of_a_group(exosim_file):
    path, _ = exosim_file(n_group=3, n_read=2, seconds=(0.1, 0.1, 0.1, 0.8, 0.1))
    node = loaded(path, groups="all")
    np.testing.assert_allclose(node["integration_time"][:3], [0.15, 1.05, 1.95])
    np.testing.assert_allclose(node["time"][:4] * 86400, [0.25, 1.15, 2.05, 2.45])
    assert node["time"].attrs["units"] == "d"


@pytest.mark.parametrize(("groups", "kept"), [((0, -1), [0, 3]), ((0, 1), [0, 1]), ((-3, -2), [1, 2])])
def test_groups_are_chosen_in_each_ramp(exosim_file, groups, kept):
    path, truth = exosim_file(n_group=4, adc=None)
    expected = truth.charge.reshape(5, 4, 4, 6)[:, kept].reshape(-1, 4, 6)
    np.testing.assert_array_equal(np.asarray(loaded(path, groups=groups)["frames"]), expected)


def test_groups_may_differ_between_channels(exosim_file):
    path, truth = exosim_file({"name": "CH1", "n_group": 2}, n_group=4, adc=None)
    node = loaded(path, groups={"CH0": [1, 2]})
    np.testing.assert_array_equal(np.asarray(node["frames"])[:2], truth.charge[1:3])
    assert loaded(path, "CH1", groups={"CH0": "all"}).sizes["time"] == 10
    with pytest.raises(ParameterError, match="groups names CH2"):
        loaded(path, groups={"CH2": "all"})


@pytest.mark.parametrize("groups", [(1, 0), (0, 0), (0, 4), (-5, -1)])
def test_groups_that_a_ramp_does_not_have_are_refused(exosim_file, groups):
    path, _ = exosim_file(n_group=4)
    with pytest.raises(InputFileError, match=r"n_groups_per_ramp: a ramp has 4 group\(s\), but the parameter groups"):
        loaded(path, groups=groups)


def test_a_ramp_of_one_group_has_no_pair_and_is_calibrated_read_by_read(exosim_file):
    path, truth = exosim_file(n_group=1, n_read=2, adc=None)
    with pytest.raises(InputFileError, match="cds: false"):
        loaded(path)
    curves = calibrated(path, groups="all", calibration={"cds": False})
    np.testing.assert_allclose(curves["flux"], truth.charge.sum(axis=1).T[::-1], rtol=1e-9)


def test_an_odd_number_of_groups_is_never_paired_across_a_reset(exosim_file):
    path, _ = exosim_file(n_group=3, n_ramp=4)
    with pytest.raises(DataError, match="integration time to grow"):
        calibrated(path, groups="all")


def test_a_ramp_that_is_not_complete_is_left_out(exosim_file):
    path, truth = exosim_file(n_group=3, n_read=2, adc=None)
    with h5py.File(path, "r+") as file:
        ndrs = file["channels/CH0/NDRs"]
        data = ndrs["data"][:8]
        del ndrs["data"]
        ndrs["data"] = data  # times and integration times are still those of 15 frames
    node = loaded(path)
    assert (node.sizes["time"], node.attrs["unused_frames"]) == (4, 2)
    np.testing.assert_array_equal(np.asarray(node["frames"]), truth.charge[[0, 2, 3, 5]])


def test_a_wrong_number_of_groups_is_found_by_its_times(exosim_file):
    path, _ = exosim_file(n_group=3, n_ramp=4)
    with h5py.File(path, "r+") as file:
        file["channels/CH0/NDRs/metadata/n_groups_per_ramp/value"][()] = 4
    with pytest.raises(InputFileError, match="reset falls within a ramp"):
        loaded(path)


DEAD = np.zeros((4, 6), bool)
DEAD[[0, 3], [5, 2]] = True


def dead_table(kind: str) -> np.ndarray:
    coordinates = [(5, 0), (2, 3)]  # x, y
    if kind == "records":
        return np.array(coordinates, dtype=[("spectral_coords", "<i8"), ("spatial_coords", "<i8")])
    return np.array(coordinates)


@pytest.mark.parametrize("dead", [DEAD, DEAD.astype(np.uint8), dead_table("records"), dead_table("columns")])
def test_dead_pixels_as_image_or_table(exosim_file, dead):
    path, truth = exosim_file(dead=dead, adc=None)
    np.testing.assert_array_equal(loaded(path)["dead"], DEAD)
    total = (np.where(DEAD, 0.0, truth.rate) * 3.0).sum(axis=0)[::-1]
    np.testing.assert_allclose(calibrated(path)["flux"][:, 0], total, rtol=1e-9)


def test_dead_pixels_as_a_group_of_columns_as_a_dataset_and_not_at_all(exosim_file):
    path, _ = exosim_file(dead=DEAD)
    with h5py.File(path, "r+") as file:
        simulation = file["channels/CH0/simulation_data"]
        del simulation["dead_pixel_map"]
        simulation["dead_pixel_map/dead_pixel_map/spectral_coords/value"] = [5, 2]
        simulation["dead_pixel_map/dead_pixel_map/spatial_coords/value"] = [0, 3]
    np.testing.assert_array_equal(loaded(path)["dead"], DEAD)
    with h5py.File(path, "r+") as file:
        simulation = file["channels/CH0/simulation_data"]
        del simulation["dead_pixel_map"]
        simulation["dead_pixel_map"] = DEAD
    np.testing.assert_array_equal(loaded(path)["dead"], DEAD)
    with h5py.File(path, "r+") as file:
        del file["channels/CH0/simulation_data/dead_pixel_map"]
    assert not loaded(path)["dead"].any()


def test_flat_and_response_of_the_pixels_are_undone(exosim_file):
    rng = np.random.default_rng(3)
    flat = rng.normal(1.0, 0.02, (4, 6))
    bend = rng.uniform(0.9, 1.1, (4, 6))
    response = np.stack([np.ones((4, 6)), -5e-6 * bend, 3e-11 * bend])
    path, truth = exosim_file(n_group=3, adc=None, response=response, flat=flat, seconds=(0.1, 0.2, 0.1, 10.0, 0.4))
    expected = np.broadcast_to((truth.rate * 20.0).sum(axis=0)[::-1, None], (6, 5))
    # the offset that a reset leaves is bent, too, but not by the flat: 20 electrons of 2 %
    np.testing.assert_allclose(calibrated(path)["flux"], expected, rtol=1e-5)
    bent = calibrated(path, calibration={"linearity": False})["flux"].values
    assert np.all(bent < 0.99 * expected)


def test_what_is_not_simulated_changes_nothing_and_without_simulation_data_nothing_is_known(exosim_file):
    path, _ = exosim_file()
    node = loaded(path)
    assert not node["dead"].any()
    np.testing.assert_array_equal(node["flat"], 1.0)
    np.testing.assert_array_equal(node["linearity"][:, 0, 0], [0.0, 1.0])
    assert not {"dark", "read_noise"} & set(node.variables)
    with h5py.File(path, "r+") as file:
        del file["channels/CH0/simulation_data"]
    assert not {"dead", "flat", "linearity"} & set(loaded(path).variables)


def test_read_noise_is_that_of_the_mean_of_a_groups_reads_and_dark_is_taken_as_given(exosim_file):
    path, truth = exosim_file(n_read=4, adc=None)
    node = loaded(path, read_noise="12 electron", dark={"CH0": 2.0})
    np.testing.assert_allclose(node["read_noise"], 6.0)
    exposure = float(node["integration_time"][1] - node["integration_time"][0])
    curves = calibrated(path, read_noise=12.0, dark=2.0, calibration={"dark": True})
    np.testing.assert_allclose(curves["flux"][:, 0], ((truth.rate - 2.0) * exposure).sum(axis=0)[::-1], rtol=1e-9)
    variance = (truth.rate * exposure + 2 * 6.0**2).sum(axis=0)[::-1]
    np.testing.assert_allclose(curves["flux_error"][:, 0] ** 2, variance, rtol=1e-9)
    with pytest.raises(ParameterError, match="dark names CH1"):
        loaded(path, dark={"CH1": 1.0})


def test_a_photometer_has_one_channel_at_the_mean_of_its_efficiency(exosim_file):
    path, truth = exosim_file(photometer=True, shape=(7, 9), adc=None)
    curves = calibrated(path)
    edges = [curves[f"wavelength{which}"].item() for which in ("_lower", "", "_upper")]
    assert edges == pytest.approx([0.6, 0.7, 0.8])
    np.testing.assert_allclose(curves["flux"][0], 3.0 * truth.rate.sum(), rtol=1e-9)


def test_channels_of_any_size_and_way_of_reading_go_together(exosim_file):
    others = [
        {"name": "FGS1", "shape": (20, 12), "photometer": True, "n_group": 2, "n_ramp": 40, "adc": None},
        {"name": "NIRSpec", "shape": (64, 9), "n_group": 4, "boxed": False},
    ]
    path, truth = exosim_file(*others, name="AIRS-CH0", shape=(10, 40), n_group=3, n_read=2, adc=None)
    curves = ArielDetector(dark=False, extraction="box", pairs_per_bin=1).apply(ExosimNdr(path=path).load("target_ndr"))
    sizes = {name: dict(curves[f"{name}/0"].sizes) for name in curves.children}
    assert sizes == {
        "AIRS-CH0": {"wavelength": 40, "time": 5},
        "FGS1": {"wavelength": 1, "time": 40},
        "NIRSpec": {"wavelength": 9, "time": 5},
    }
    seconds = 3.1  # from the mean of the first two reads to that of the last two
    np.testing.assert_allclose(
        curves["AIRS-CH0/0"]["flux"][:, 0], (truth.rate * 2 * seconds).sum(axis=0)[::-1], rtol=1e-9
    )


def test_frames_are_read_in_blocks_and_travel_as_paths(exosim_file, monkeypatch):
    path, truth = exosim_file(n_ramp=23, n_group=3, adc=None)
    frames = loaded(path)["frames"].data
    whole = truth.charge.reshape(23, 3, 4, 6)[:, [0, 2]].reshape(-1, 4, 6)
    monkeypatch.setattr("specframe_io.exosim.frames._BLOCK", 1)  # a chunk of three frames at a time
    np.testing.assert_array_equal(frames.read(), whole)
    chosen = [13, 2, 22]
    series = pickle.loads(pickle.dumps(frames)).pixel_series(chosen)
    np.testing.assert_array_equal(series, whole.reshape(46, -1)[:, chosen].T)
    assert len(pickle.dumps(frames)) < 2000
    assert len(frames.time_series()) == 24
    assert list(frames.pixel_series([])) == []


def test_numbers_in_another_byte_order_are_numbers(exosim_file):
    path, truth = exosim_file(adc=None)
    with h5py.File(path, "r+") as file:
        ndrs = file["channels/CH0/NDRs"]
        data = ndrs["data"][()]
        del ndrs["data"]
        ndrs.create_dataset("data", data=data, dtype=">f8")
    np.testing.assert_allclose(calibrated(path)["flux"][:, 0], 3.0 * truth.rate.sum(axis=0)[::-1], rtol=1e-9)


def test_units_are_converted(exosim_file):
    path, _ = exosim_file(n_group=3, n_read=2)
    before = loaded(path)
    with h5py.File(path, "r+") as file:
        ndrs = file["channels/CH0/NDRs"]
        for name, factor, unit in (("time", 60.0, "min"), ("spectral", 1e3, "nm"), ("spatial", 1e3, "nm")):
            ndrs[name][...] = ndrs[name][()] * factor
            ndrs[f"{name}_units"][()] = unit
        lasts = ndrs["metadata/integration_times"]
        lasts["value"][...] = lasts["value"][()] * 1e3
        lasts["unit"][()] = "ms"
    after = loaded(path)
    for name in ("time", "wavelength", "integration_time"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-12)
        assert after[name].attrs == before[name].attrs


def removed(name):
    def change(file):
        del file[f"channels/CH0/{name}"]

    return change


def replaced(name, value):
    def change(file):
        if name in file["channels/CH0"]:
            del file[f"channels/CH0/{name}"]
        file[f"channels/CH0/{name}"] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (removed("NDRs"), "channels/CH0/NDRs: expected a group.*missing"),
        (removed("NDRs/data"), "NDRs/data: expected a dataset.*missing"),
        (removed("NDRs/time"), "NDRs/time: expected a dataset.*missing"),
        (removed("NDRs/time_units"), "NDRs/time: has no unit"),
        (removed("NDRs/spectral"), "NDRs/spectral.*missing"),
        (removed("NDRs/metadata/integration_times"), "metadata/integration_times.*missing"),
        (removed("NDRs/metadata/integration_times/value"), "integration_times/value.*missing"),
        (removed("NDRs/metadata/n_groups_per_ramp"), "n_groups_per_ramp.*missing"),
        (removed("NDRs/metadata/ADC"), "ADC: missing, but frames of type uint16"),
        (removed("NDRs/metadata/ADC/gain"), "ADC/gain.*missing"),
        (replaced("NDRs/metadata/ADC/gain", 0.0), "expected a gain above 0, got 0"),
        (replaced("NDRs/metadata/ADC/gain", np.nan), "expected a finite number, got nan"),
        (replaced("NDRs/metadata/ADC/offset", [1.0, 2.0]), "expected a finite number, got 2 values"),
        (replaced("NDRs/metadata/ADC/offset", "auto"), "offset: expected numbers"),
        (replaced("NDRs/metadata/ADC/gain/unit", "s"), "expected a unit convertible to 'adu / electron', got 's'"),
        (replaced("NDRs/metadata/n_groups_per_ramp", 2.5), "whole number of at least 1, got 2.5"),
        (replaced("NDRs/metadata/n_groups_per_ramp", 0), "whole number of at least 1, got 0"),
        (replaced("NDRs/metadata/n_groups_per_ramp", 99), "10 frames are fewer than one ramp of 99"),
        (replaced("NDRs/metadata/integration_times/value", [0.2, 3.0, 0.2]), "has 3 integration times for 10 frames"),
        (replaced("NDRs/metadata/integration_times/value", np.full(10, 0.7)), "do not belong together"),
        (replaced("NDRs/metadata/integration_times/value", np.full(10, np.nan)), "times must be finite"),
        (replaced("NDRs/metadata/integration_times/unit", "kg"), "unit convertible to 's', got 'kg'"),
        (replaced("NDRs/time", np.arange(4.0)), "has 4 times for 10 frames"),
        (replaced("NDRs/time", np.zeros(10)), "no sum of the first integration times"),
        (replaced("NDRs/time_units", "fortnights"), "unit convertible to 's', got 'fortnights'"),
        (replaced("NDRs/time_units", 3.0), "expected a text"),
        (replaced("NDRs/spectral", np.ones(5)), "expected 6 wavelengths, one per column, got 5"),
        (replaced("NDRs/spectral", np.array([1.0, 2, 3, 3, 4, 5])), "ascend or descend"),
        (replaced("NDRs/spectral", np.full(6, np.nan)), "expected finite wavelengths"),
        (replaced("NDRs/data", np.ones((10, 24))), r"expected frames \(time, y, x\), got an array of shape \(10, 24\)"),
        (replaced("NDRs/data", np.ones((0, 4, 6))), r"shape \(0, 4, 6\)"),
        (replaced("NDRs/data", np.ones((10, 4, 6), bool)), "expected frames of numbers, got bool"),
        (replaced("NDRs/data_units", "J"), "expected adu, ct or electron, got 'J'"),
        (replaced("simulation_data", 1.0), "simulation_data: expected a group"),
        (replaced("simulation_data/dead_pixel_map", np.ones((3, 6))), "image of 4 x 6 pixels, or a table"),
        (replaced("simulation_data/dead_pixel_map", np.full((4, 6), 2)), "image of true and false"),
        (replaced("simulation_data/dead_pixel_map", np.array([[6, 0]])), "not on the detector.*x 6, y 0"),
        (replaced("simulation_data/dead_pixel_map", np.array([[1.5, 0]])), "not on the detector"),
        (replaced("simulation_data/qe_variation_map/data", np.ones((1, 6, 4))), r"got shape \(1, 6, 4\)"),
        (replaced("simulation_data/pixel_non_linearity/map", np.ones((4, 6, 5))), r"got shape \(4, 6, 5\)"),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_file_and_dataset(exosim_file, change, message):
    path, _ = exosim_file()
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(InputFileError, match=f"(?s)target_ndr.h5.*{message}"):
        loaded(path)


def test_a_response_that_no_polynomial_inverts_is_refused_with_the_switch(exosim_file):
    response = np.zeros((9, 4, 6))
    response[0], response[8] = 1.0, -1e-30
    path, _ = exosim_file(adc=None, response=response)
    with pytest.raises(InputFileError, match=r"pixel_non_linearity/map: .*24 pixels.*linearity: false"):
        loaded(path)
    assert "linearity" not in loaded(path, linearity=False).variables


def test_damaged_files_are_told_as_damaged(exosim_file, tmp_path):
    path, _ = exosim_file(n_ramp=2000)
    whole = path.read_bytes()
    frames = loaded(path)["frames"].data
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputFileError, match="not a whole HDF5 file"):
        loaded(path)
    with pytest.raises(InputFileError, match=r"channels/CH0/NDRs/data cannot be read"):
        frames.read()
    path.write_text("time,flux\n")
    with pytest.raises(InputFileError, match="not a whole HDF5 file"):
        loaded(path)
    with h5py.File(path, "w") as file:
        file["results"] = 1.0
    with pytest.raises(InputFileError, match="channels: expected a group"):
        loaded(path)


def test_frames_of_a_file_that_has_changed_are_refused(exosim_file):
    path, _ = exosim_file()
    frames = loaded(path)["frames"].data
    exosim_file(n_ramp=6)
    with pytest.raises(InputFileError, match="has changed since it was opened"):
        frames.time_series()


def test_targets_are_the_files_of_a_folder(exosim_file, tmp_path):
    path, _ = exosim_file()
    for name in ("b_ndr.h5", "a_ndr.h5", "a_se.h5", "sub/c_ndr.h5"):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    path.unlink()
    assert ExosimNdr(path=tmp_path).targets() == ["a_ndr", "a_se", "b_ndr"]
    loader = ExosimNdr(path=tmp_path, pattern="**/*_ndr.h5")
    assert loader.targets() == ["a_ndr", "b_ndr", "c_ndr"]
    assert loader.files("c_ndr") == [tmp_path / "sub" / "c_ndr.h5"]
    assert loader.load("c_ndr").attrs == {"target": "c_ndr", "source": "ExoSim, c_ndr.h5"}
    chosen = ExosimNdr(path=tmp_path, targets=["b_ndr"])
    assert chosen.targets() == ["b_ndr"]
    assert chosen.relocated(tmp_path / "sub").targets() == ["c_ndr"]
    (tmp_path / "sub" / "b_ndr.h5").write_bytes(b"")
    with pytest.raises(InputFileError, match="would both be target 'b_ndr'"):
        ExosimNdr(path=tmp_path, pattern="**/*.h5").targets()
    with pytest.raises(InputFileError, match="has no target 'x'"):
        ExosimNdr(path=tmp_path, targets=["x"]).targets()
    with pytest.raises(InputFileError, match=r"holds no file '\*.hdf5'"):
        ExosimNdr(path=tmp_path, pattern="*.hdf5").targets()
    with pytest.raises(InputFileError, match="no such file or folder"):
        ExosimNdr(path=tmp_path / "nowhere").targets()


def test_instruments_are_chosen_by_their_channel(exosim_file):
    path, _ = exosim_file()
    assert set(ExosimNdr(path=path, instruments=["CH0"]).load("target_ndr").children) == {"CH0"}
    with pytest.raises(InputFileError, match="has no 'CH9'; there: CH0"):
        loaded(path, instruments=["CH9"])
