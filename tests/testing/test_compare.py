"""``difference`` says what differs first, and nothing where nothing does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from specframe.testing import light_curve_observation, prediction_problem
from specframe.testing.compare import difference

if TYPE_CHECKING:
    import xarray as xr


def changed(observation: xr.DataTree, **variables: Any) -> xr.DataTree:
    observation["SPEC/0"].dataset = observation["SPEC/0"].to_dataset().assign(**variables)
    return observation


def test_a_copy_does_not_differ() -> None:
    observation = light_curve_observation()
    assert difference(observation, copy.deepcopy(observation)) == ""


def test_one_sample_of_a_tree() -> None:
    first = light_curve_observation()
    flux = first["SPEC/0/flux"].values.copy()
    flux[2, 5] += 1.0
    second = changed(copy.deepcopy(first), flux=(("wavelength", "time"), flux, {"units": "electron"}))
    found = difference(first, second)
    assert found.startswith("/SPEC/0 variable 'flux': 1 of 4800 values differ, first at (2, 5): ")
    assert difference(first, second, tolerance=1.01) == ""


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (np.array([1.0, np.nan, np.inf]), np.array([1.0, np.nan, np.inf]), ""),
        (np.array([1.0, np.nan]), np.array([np.nan, 1.0]), "2 of 2 values differ, first at (0,): 1.0 became nan"),
        (np.array([np.inf]), np.array([-np.inf]), "inf became -inf"),
        (np.zeros(2), np.zeros(3), "shape (2,) became (3,)"),
        (np.zeros(2), np.zeros(2, "f4"), "dtype float64 became float32"),
        (np.array(["a", "b"]), np.array(["a", "bb"]), "1 of 2 values differ"),
        (np.array(["a", "b"], "U1"), np.array(["a", "b"], "U9"), ""),
        ({"a": [1, {"b": 2.0}]}, {"a": [1, {"b": 2.5}]}, "['a'][1]['b']: 2.0 became 2.5"),
        ({"a": 1}, {"b": 1}, "keys ['a'] became ['b']"),
        ([1], [1, 2], "length 1 became 2"),
        (1, 1.0, "int became float"),
        (None, 0, "NoneType became int"),
        (Path("a"), Path("b"), "PosixPath('a') became PosixPath('b')"),
        (True, True, ""),
    ],
)
def test_values(first: Any, second: Any, expected: str) -> None:
    found = difference(first, second)
    assert found == expected or (expected and expected in found)


def test_names_attributes_and_dims_count() -> None:
    prediction = prediction_problem(n_target=3, n_new=3, heteroscedastic=True).new
    assert "'std'" in difference(prediction, prediction.drop_vars("std"))
    assert "attrs" in difference(prediction, prediction.assign_attrs(note=1))
    ppm = prediction.assign(mean=prediction["mean"].assign_attrs(units="ppm"))
    assert difference(prediction, ppm) == "variable 'mean' attrs['units']: '' became 'ppm'"
    assert "dims ('target', 'output') became ('output', 'target')" in difference(prediction, prediction.transpose())
    assert "coordinates" in difference(prediction, prediction.reset_coords("wavelength"))
