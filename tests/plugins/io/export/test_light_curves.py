"""Light curves in the formats of other pipelines, read back by the loaders of those formats."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation
from specframe.errors import DataError
from specframe.testing import fitted_observation
from specframe_io import Chromatic, ChromaticLightCurves, Eureka, EurekaLightCurves


@pytest.fixture
def observation() -> xr.DataTree:
    """Light curves on a clock that counts modified Julian dates, with a regressor and edges."""
    tree = fitted_observation(3)
    path = next(node.path.strip("/") for node in tree.subtree if node.has_data)
    data = tree[path].to_dataset()
    time = data["time"].assign_attrs(time_system="TDB", time_reference="JD 2400000.5", units="d")
    rng = np.random.default_rng(4)
    data = data.assign_coords(
        time=time.copy(data=59000.0 + time.values),
        wavelength_lower=("wavelength", data["wavelength"].values - 0.1, {"units": "um"}),
        wavelength_upper=("wavelength", data["wavelength"].values + 0.1, {"units": "um"}),
    ).assign(x=("time", rng.normal(size=time.size), {"role": "regressor", "units": "pix"}))
    return make_observation("WASP-39b", {"NIRISS/0": data})


def assert_same_light_curves(got: xr.Dataset, given: xr.Dataset) -> None:
    np.testing.assert_array_equal(got["mask"].values, given["mask"].values)
    good = ~given["mask"].values
    np.testing.assert_allclose(got["flux"].values[good], given["flux"].values[good], rtol=1e-12)
    np.testing.assert_allclose(got["flux_error"].values[good], given["flux_error"].values[good], rtol=1e-12)
    np.testing.assert_array_equal(got["time"].values, given["time"].values)
    np.testing.assert_allclose(got["wavelength"].values, given["wavelength"].values)
    np.testing.assert_allclose(got["wavelength_upper"].values, given["wavelength_upper"].values)
    assert got["flux"].attrs["units"] == given["flux"].attrs["units"]
    assert got["time"].attrs["time_system"] == "TDB"
    assert got["time"].attrs["time_reference"] == "JD 2400000.5"


def test_eureka_reads_back_what_was_written(observation, tmp_path) -> None:
    (file,) = EurekaLightCurves().export_target(observation, tmp_path)
    assert file == tmp_path / "light_curves" / "WASP-39b-NIRISS-0_LCData.h5"
    node = Eureka(path=file, instrument="NIRISS").load("WASP-39b-NIRISS-0_LCData")["NIRISS/0"].to_dataset()
    given = observation["NIRISS/0"].to_dataset()
    assert_same_light_curves(node, given)
    np.testing.assert_array_equal(node["x"].values, given["x"].values)


def test_chromatic_reads_back_what_was_written(observation, tmp_path) -> None:
    (file,) = ChromaticLightCurves(folder="curves").export_target(observation, tmp_path)
    assert file == tmp_path / "curves" / "WASP-39b-NIRISS-0-fitted-light-curves.xc"
    loader = Chromatic(path=file, instrument="NIRISS")
    node = loader.load(loader.targets()[0])["NIRISS/0"].to_dataset()
    given = observation["NIRISS/0"].to_dataset()
    assert_same_light_curves(node, given)
    np.testing.assert_array_equal(node["x"].values, given["x"].values)


def test_the_ers_file_has_the_model_and_what_is_left_without_systematics(observation, tmp_path) -> None:
    (file,) = ChromaticLightCurves().export_target(observation, tmp_path)
    given = observation["NIRISS/0"].to_dataset()
    with xr.open_dataset(file, engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["light_curve_model"].values, given["model"].values)
        np.testing.assert_array_equal(data["corrected_flux"].values, given["detrended_flux"].values)
        level = given["flux"].values / given["detrended_flux"].values
        np.testing.assert_allclose(data["corrected_flux_error"].values, given["flux_error"].values / level, rtol=1e-12)
        # chromatic decodes every attribute of the file as JSON
        assert {key: json.loads(value) for key, value in data.attrs.items()}["target"] == "WASP-39b"


def test_raw_light_curves_are_named_so(observation, tmp_path) -> None:
    raw = observation["NIRISS/0"].to_dataset().drop_vars(["model", "detrended_flux", "depth", "depth_error"])
    (file,) = ChromaticLightCurves().export_target(make_observation("b", {"NIRISS/0": raw}), tmp_path)
    assert file.name == "b-NIRISS-0-raw-light-curves.xc"


def test_a_target_without_light_curves_is_refused(tmp_path) -> None:
    depths = xr.Dataset({"depth": ("wavelength", [0.01]), "depth_error": ("wavelength", [1e-4])})
    with pytest.raises(DataError, match="target b has no light curves"):
        EurekaLightCurves().export_target(make_observation("b", {"NIRISS/0": depths}), tmp_path)
