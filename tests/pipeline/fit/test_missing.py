"""A target that lacks channels is told of: models fill them with the training set's mean, and no error bar says so."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.pipeline.fit.missing import missing_inputs, most_complete
from specframe.pipeline.targets.quality import quality_predicted


def _collection(depth: list[list[float]]) -> xr.DataTree:
    values = np.asarray(depth, float)
    names = [f"t{i}" for i in range(len(values))]
    node = {"depth": (("target", "wavelength"), values), "depth_error": (("target", "wavelength"), values * np.nan)}
    return xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": names}), "/spectrum": xr.Dataset(node)})


def test_channels_that_nobody_has_are_not_missed() -> None:
    nan = np.nan
    training = _collection([[1.0, nan, 3.0, nan], [1.0, 2.0, 3.0, nan]])
    assert most_complete(training) == 1
    new = _collection([[1.0, 2.0, 3.0, nan], [nan, 2.0, 3.0, nan], [nan, nan, nan, 4.0]])
    found = missing_inputs(new, training.isel(target=[1]))
    assert found == pytest.approx([0.0, 1 / 3, 1.0])


def test_a_target_that_lacks_more_than_two_percent_is_flagged() -> None:
    prediction = xr.Dataset({"missing_inputs": ("target", [0.0, 0.01, 0.03])}, coords={"target": ["a", "b", "c"]})
    quality = quality_predicted(prediction)
    assert [quality[name].flags for name in "abc"] == [(), (), ("inputs-missing",)]
    assert quality["b"].values == {"missing_inputs": 0.01}


def test_numbers_are_told_only_where_something_is_missing() -> None:
    prediction = xr.Dataset({"missing_inputs": ("target", [0.0, 0.0])}, coords={"target": ["a", "b"]})
    assert all(not row.values and not row.flags for row in quality_predicted(prediction).values())
