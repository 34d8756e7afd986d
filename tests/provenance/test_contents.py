"""Files held against each other, part by part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import save_file

from specframe.errors import InputFileError
from specframe.provenance.contents import differences_in_file, same_bits

if TYPE_CHECKING:
    from pathlib import Path


def test_variables_differ_by_number_size_and_std(tmp_path: Path) -> None:
    mean = np.array([[1.0, 2.0], [3.0, np.nan]])
    data = xr.Dataset({"mean": (("target", "output"), mean), "std": (("target", "output"), np.full((2, 2), 0.5))})
    other = data.assign(mean=data["mean"] + np.array([[0.0, 0.25], [0.0, 0.0]]))
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    other.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    found = differences_in_file(tmp_path / "a.nc", tmp_path / "b.nc")
    assert found is not None
    assert [part.part for part in found] == ["mean"]
    assert found[0].change == "1 of 4 differ by up to 0.25 (0.5 std)"
    assert (found[0].largest, found[0].largest_in_std) == (0.25, 0.5)


def test_the_last_bit_counts() -> None:
    a = np.array([1.0, np.nan])
    assert same_bits(a, a.copy())
    assert not same_bits(a, np.array([np.nextafter(1.0, 2.0), np.nan]))
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert not same_bits(a, a.astype("f4"))


def test_json_columns_and_arrays_are_told_by_their_places(tmp_path: Path) -> None:
    for name, alpha, row in (("a", 1.0, "0.5"), ("b", 1.5, "0.25")):
        (tmp_path / f"{name}.json").write_text(json.dumps({"cv": {"rmse": alpha, "r2": None}, "by": [{"x": 1}]}))
        (tmp_path / f"{name}.csv").write_text(f"target,depth\nt0,{row}\n")
        (tmp_path / f"{name}.txt").write_text(row)
        save_file({"w": np.full(3, alpha), "b": np.zeros(2)}, tmp_path / f"{name}.safetensors")
    changes = {}
    for kind in ("json", "csv", "safetensors"):
        found = differences_in_file(tmp_path / f"a.{kind}", tmp_path / f"b.{kind}")
        assert found is not None
        changes[kind] = [(part.part, part.change) for part in found]
    assert changes["json"] == [("cv.rmse", "was 1, now 1.5 (+0.5)")]
    assert changes["csv"] == [("depth", "1 of 1 differ by up to 0.25")]
    assert changes["safetensors"] == [("w", "3 of 3 differ by up to 0.5")]
    assert differences_in_file(tmp_path / "a.txt", tmp_path / "b.txt") is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(InputFileError, match=r"b\.json: cannot be read"):
        differences_in_file(tmp_path / "a.json", tmp_path / "b.json")
