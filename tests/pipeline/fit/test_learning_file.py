"""What models learn from comes back from files as it was, to the last bit, type and attribute."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels
from specframe.errors import ContainerError, RunError
from specframe.pipeline.fit.learning import LearningData
from specframe.pipeline.fit.learning_file import read_learning, write_learning

if TYPE_CHECKING:
    from pathlib import Path

_TARGETS = ("a", "längerer Name", "c\x1b/..")


def _tree(**attrs: Any) -> xr.DataTree:
    rng = np.random.default_rng(1)
    n = len(_TARGETS)
    root = xr.Dataset(coords={"target": list(_TARGETS)}, attrs={"quantity": "depth", **attrs})
    wild = np.array([[1.0, np.nan, np.inf], [-0.0, 5e-324, 1e308], [0.1, 2.0, -np.inf]])
    node = xr.Dataset(
        {
            "zeta": (("target", "wavelength"), wild, {"units": "", "noise": "absent"}),
            "mask": (("target", "wavelength"), rng.random((n, 3)) < 0.5),
            "alpha": (("time", "target"), rng.normal(size=(4, n)).astype(np.float32), {"scale": np.float32(0.1)}),
            "counts": ("target", np.array([1, 2, 2**40]), {"range": (1, 2.5), "levels": [0.5, "x", True]}),
            "flags": ("target", np.array(["", "red", "ünlich"]), {"known": np.arange(3, dtype=np.int16)}),
            "words": ("target", np.array(["a", "bcd", ""], dtype=object)),
            "swapped": ("target", np.arange(3, dtype=">i2")),
            "seen": ("target", np.array(["2030-01-01", "NaT", "2031"], dtype="datetime64[ns]")),
            "none": (("target", "nothing"), np.zeros((n, 0))),
            "one": ((), np.float64(3.25)),
        },
        coords={
            "wavelength": ("wavelength", [1.1, 2.0, 3.9], {"units": "um"}),
            "wavelength_lower": ("wavelength", [1.0, 1.9, 3.8]),
        },
    )
    large = xr.Dataset({"image": (("target", "y", "x"), rng.normal(size=(n, 300, 300)).astype(np.float32))})
    return xr.DataTree.from_dict({"/": root, "/z": node, "/z/inner": large, "/a": large.isel(y=0)})


def _data() -> tuple[LearningData, xr.DataArray]:
    tree, empty = _tree(), xr.DataTree(xr.Dataset(coords={"target": list(_TARGETS)}))
    depths = xr.DataArray(
        [[0.1], [np.nan], [0.3]], dims=("target", "wavelength"), coords={"target": list(_TARGETS)}, name="depth"
    )
    labels = make_labels([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], list(_TARGETS), ["x", "y"], "K", wavelength=[1.0, 2.0])
    groups = np.array(["g", "h", "g"])
    return LearningData({"m": tree, "n": tree, "o": empty}, _TARGETS, groups, depths, None, {"m": tree}), labels


def _same(first: xr.Dataset, second: xr.Dataset) -> None:
    xr.testing.assert_identical(first, second)
    assert list(first.data_vars) == list(second.data_vars)
    for name, variable in first.variables.items():
        values, others = np.asarray(variable.values), np.asarray(second[name].values)
        assert (values.dtype, values.shape) == (others.dtype, others.shape)
        if values.dtype.kind != "O":
            assert values.tobytes() == others.tobytes()
        assert {k: type(v) for k, v in variable.attrs.items()} == {k: type(v) for k, v in second[name].attrs.items()}


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    data, labels = _data()
    write_learning(tmp_path / "data", data, labels)
    again, labels_again = read_learning(tmp_path / "data")
    assert [field.name for field in fields(LearningData)] == [
        "collections",
        "targets",
        "groups",
        "depths",
        "depth_errors",
        "observed",
    ]  # fmt: skip - whatever is added must be written too
    assert (again.targets, again.groups.tolist(), again.depth_errors) == (data.targets, ["g", "h", "g"], None)
    assert list(again.collections) == ["m", "n", "o"]
    assert data.depths is not None
    assert again.depths is not None
    assert again.depths.name == "depth"
    _same(data.depths.to_dataset(), again.depths.to_dataset())
    _same(labels.to_dataset(name="y"), labels_again.to_dataset(name="y"))
    for step, tree in data.collections.items():
        there = again.collections[step]
        assert [node.path for node in tree.subtree] == [node.path for node in there.subtree]
        for node in tree.subtree:
            _same(node.to_dataset(inherit=False), there[node.path].to_dataset(inherit=False))


def test_steps_that_read_the_same_share_it(tmp_path: Path) -> None:
    data, labels = _data()
    write_learning(tmp_path / "data", data, labels)
    again, _ = read_learning(tmp_path / "data")
    assert again.observed is not None
    assert again.collections["m"] is again.collections["n"] is again.observed["m"]
    taken = again.take(np.array([2, 0]))
    assert taken.collections["m"] is taken.collections["n"]
    assert taken.observed is not None
    assert taken.observed["m"] is taken.collections["m"]


def test_who_writes_into_the_data_changes_only_his_own(tmp_path: Path) -> None:
    data, labels = _data()
    write_learning(tmp_path / "data", data, labels)
    again, _ = read_learning(tmp_path / "data")
    again.collections["m"]["/z/inner"]["image"].values[:] = 0.0
    another, _ = read_learning(tmp_path / "data")
    assert float(abs(another.collections["m"]["/z/inner"]["image"]).sum()) > 0.0


def test_what_lay_there_is_gone_and_no_pickle_is_written(tmp_path: Path) -> None:
    data, labels = _data()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "0.npy").write_bytes(b"older")
    write_learning(tmp_path / "data", data, labels)
    for file in (tmp_path / "data").glob("*.npy"):
        np.load(file, allow_pickle=False)


def test_objects_are_refused_and_so_is_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    data, labels = _data()
    odd = LearningData({"m": _tree(made={"by": 1})}, data.targets, data.groups)
    with pytest.raises(ContainerError, match="attribute 'made' holds dict, which cannot be sent to other processes"):
        write_learning(tmp_path / "data", odd, labels)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        write_learning(tmp_path / "file" / "data", data, labels)
