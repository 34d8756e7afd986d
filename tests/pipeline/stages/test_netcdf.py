"""Stored Observations are ordinary NetCDF-4: xarray reads what we write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from specframe.errors import ContainerError
from specframe.pipeline.stages.netcdf import encode_tree, read_tree, write_tree

if TYPE_CHECKING:
    from pathlib import Path


def _tree() -> xr.DataTree:
    rng = np.random.default_rng(4)
    node = xr.Dataset(
        {
            "flux": (("wavelength", "time"), rng.normal(size=(3, 4)), {"units": "electron", "long_name": "Fluß"}),
            "mask": (("wavelength", "time"), rng.random((3, 4)) < 0.5),
            "contact_time": ("contact", np.arange(4.0), {"units": "h"}),
            "counts": ("time", np.arange(4, dtype="uint16")),
            "chi2": ((), 1.25),
            "nothing": ("none", np.empty(0)),
        },
        coords={
            "wavelength": ("wavelength", [1.0, 2.0, 3.0], {"units": "um"}),
            "wavelength_lower": ("wavelength", [0.5, 1.5, 2.5], {"units": "um"}),
            "time": ("time", np.arange(4.0), {"units": "h", "time_system": "relative"}),
            "label": ("wavelength", ["a", "bc", "dé"]),
        },
        attrs={"instrument": "AIRS-CH0", "clipped": 3, "chi2": 1.5, "rows": np.array([8, 24]), "names": ["a", "b"]},
    )
    tree = xr.DataTree.from_dict({"/AIRS-CH0/0": node, "/FGS1/0": node.isel(wavelength=[0])})
    tree.attrs = {"target": "342072318"}
    return tree


def test_xarray_reads_the_same_tree(tmp_path: Path) -> None:
    path = tmp_path / "product.nc"
    write_tree(path, _tree())
    xr.testing.assert_identical(xr.load_datatree(path, engine="h5netcdf"), _tree())


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "product.nc"
    write_tree(path, _tree())
    xr.testing.assert_identical(read_tree(path), _tree())


def test_chosen_variables_come_with_their_dimensions_and_what_has_none(tmp_path: Path) -> None:
    path = tmp_path / "product.nc"
    write_tree(path, _tree())
    chosen, whole = read_tree(path, {"flux", "contact_time"}), read_tree(path)
    node = chosen["AIRS-CH0/0"].to_dataset()
    assert set(node.variables) == {"flux", "contact_time", "chi2", "wavelength", "time"}
    xr.testing.assert_identical(node["flux"].variable, whole["AIRS-CH0/0/flux"].variable)
    xr.testing.assert_identical(node["time"].variable, whole["AIRS-CH0/0/time"].variable)
    assert node.attrs.keys() == whole["AIRS-CH0/0"].attrs.keys()
    assert chosen.attrs == whole.attrs


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (xr.Dataset({"fit": ("x", np.array([{}, None]))}), "variable 'fit' holds Python objects"),
        (xr.Dataset({"t": ("x", np.array(["2024-01-01"], "datetime64[ns]"))}), "variable 't' has dtype datetime64"),
        (xr.Dataset(attrs={"fit": None}), "attribute 'fit' is a NoneType"),
    ],
)
def test_what_netcdf_has_no_type_for_is_named(tmp_path: Path, node: xr.Dataset, message: str) -> None:
    with pytest.raises(ContainerError, match=message):
        write_tree(tmp_path / "product.nc", xr.DataTree.from_dict({"/A/0": node}))


def test_what_is_stored_does_not_depend_on_when() -> None:
    first = bytes(encode_tree(_tree()))
    time.sleep(1.1)  # HDF5 would note whole seconds
    assert bytes(encode_tree(_tree())) == first


def test_an_observation_from_the_store_is_in_the_order_in_which_it_was_made(tmp_path: Path) -> None:
    """Steps that sum over nodes or variables give the same bits, whether a run was broken off before them or not."""
    data = _tree()["FGS1/0"].to_dataset()
    tree = xr.DataTree.from_dict({"/Z/2": data, "/Z/10": data[["mask", "flux"]], "/A/0": data})
    write_tree(tmp_path / "tree.nc", tree)
    back = read_tree(tmp_path / "tree.nc")
    assert [node.path for node in back.subtree] == [node.path for node in tree.subtree]
    assert list(back["Z/10"].to_dataset().data_vars) == ["mask", "flux"]
    assert list(back["A/0"].to_dataset().data_vars) == list(data.data_vars)
    assert encode_tree(back) == encode_tree(tree)
