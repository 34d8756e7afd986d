"""Collections hold the targets' data side by side; nothing is dropped or mixed up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import collate, design_matrix, make_observation
from specframe.errors import ContainerError, DataError

GRID = ("wavelength", "time")


def _node(flux: Any, wavelength: Any, error: float = 1.0, depth: Any = None) -> xr.Dataset:
    flux = np.asarray(flux, float)
    node = xr.Dataset(
        {
            "flux": (GRID, flux, {"units": ""}),
            "flux_error": (GRID, np.full(flux.shape, error), {"units": ""}),
            "mask": (GRID, np.zeros(flux.shape, bool)),
        },
        coords={"wavelength": np.asarray(wavelength, float), "time": np.arange(float(flux.shape[1]))},
    )
    if depth is None:
        return node
    return node.assign(
        depth=("wavelength", np.asarray(depth, float)), depth_error=("wavelength", np.full(len(depth), error))
    )


def test_depths_of_all_instruments_ascend_in_wavelength() -> None:
    airs = _node(np.ones((2, 3)), [2.0, 3.0], depth=[0.02, 0.03])
    fgs = _node(np.ones((1, 3)), [0.7], depth=[0.007])
    collection = collate([make_observation("a", {"AIRS/0": airs, "FGS1/0": fgs})])
    np.testing.assert_array_equal(collection["spectrum/depth"].values, [[0.007, 0.02, 0.03]])
    np.testing.assert_array_equal(collection["spectrum/wavelength"].values, [0.7, 2.0, 3.0])


def test_visits_are_averaged_by_their_errors() -> None:
    first = _node(np.full((1, 2), 1.0), [1.0], error=1.0, depth=[0.01])
    second = _node(np.full((1, 2), 2.0), [1.0], error=2.0, depth=[0.02])
    observation = make_observation("a", {"A/0": first, "A/1": second})
    # weights 1 and 1/4
    assert collate([observation], ["flux"])["A/flux"].values == pytest.approx(np.full((1, 1, 2), 1.2))
    both = collate([observation], ["depth", "depth_error"])
    assert both["spectrum/depth"].values.item() == pytest.approx(0.012)
    assert both["spectrum/depth_error"].values.item() == pytest.approx(np.sqrt(1 / 1.25))


def test_a_masked_sample_is_left_to_the_other_visit() -> None:
    first, second = _node(np.full((1, 2), 1.0), [1.0]), _node(np.full((1, 2), 3.0), [1.0])
    first["mask"][0, 0] = True
    averaged = collate([make_observation("a", {"A/0": first, "A/1": second})], ["flux"])["A/flux"]
    np.testing.assert_array_equal(averaged.values, [[[3.0, 2.0]]])


def test_a_masked_sample_becomes_nan_in_the_matrix() -> None:
    node = _node([[1.0, 2.0, 3.0]], [1.0])
    node["mask"][0, 1] = True
    matrix, names = design_matrix(collate([make_observation("a", {"A/0": node})], ["flux"]))
    np.testing.assert_array_equal(matrix, [[1.0, np.nan, 3.0]])
    assert names == ["a"]


def test_a_target_that_differs_from_the_others_is_refused_with_its_reason() -> None:
    usual = [make_observation(name, {"A/0": _node(np.ones((2, 3)), [1.0, 2.0])}) for name in "abc"]
    other = make_observation("odd", {"A/0": _node(np.ones((2, 4)), [1.0, 2.0])})
    refused: dict[str, str] = {}
    collection = collate([other, *usual], ["flux"], reject=lambda t, e: refused.update({t: str(e)}))
    assert list(collection["target"].values) == ["a", "b", "c"]
    assert list(refused) == ["odd"]
    assert "(2, 4)" in refused["odd"]
    assert "(2, 3)" in refused["odd"]
    with pytest.raises(DataError, match="target odd does not fit"):
        collate([other, *usual], ["flux"])


def test_the_same_shape_on_other_wavelengths_is_refused_too() -> None:
    wavelengths = [[1.0, 2.0], [1.0, 2.0], [1.0, 2.5]]
    observations = [make_observation(str(i), {"A/0": _node(np.ones((2, 3)), w)}) for i, w in enumerate(wavelengths)]
    with pytest.raises(DataError, match=r"target 2 does not fit: .*on other wavelengths"):
        collate(observations, ["flux"])


def test_inputs_of_a_model_choose_columns_in_their_order() -> None:
    catalogue = xr.Dataset({"Rs": ("target", [1.5, 0.5])}, coords={"target": ["b", "a"]})
    observations = [
        make_observation(n, {"A/0": _node([[1.0, 2.0]], [1.0], depth=[d])}) for n, d in (("a", 0.1), ("b", 0.2))
    ]
    inputs = ["catalogue/Rs", "depth", "flux"]
    matrix, names = design_matrix(collate(observations, inputs, catalogue), inputs)
    assert names == ["a", "b"]
    np.testing.assert_array_equal(matrix, [[0.5, 0.1, 1.0, 2.0], [1.5, 0.2, 1.0, 2.0]])


def test_an_input_that_does_not_exist_is_named_with_those_that_do() -> None:
    observation = make_observation("a", {"A/0": _node([[1.0]], [1.0])})
    with pytest.raises(ContainerError, match=r"no 'B/flux' to learn from \(there: A/flux, A/flux_error, A/mask\)"):
        collate([observation], ["B/flux"])
    with pytest.raises(ContainerError, match=r"catalogue has no 'Rs' \(there: nothing\)"):
        collate([observation], ["flux", "catalogue/Rs"])


@pytest.mark.parametrize("X", [np.ones(3), np.float64(1)])
def test_a_matrix_needs_two_dimensions(X: Any) -> None:
    with pytest.raises(ContainerError, match=r"expected X of shape \(n_target, n_feature\)"):
        design_matrix(X)


def test_arrays_of_more_dimensions_are_flattened_per_target() -> None:
    cube = np.arange(24.0).reshape(2, 3, 4)
    matrix, names = design_matrix(cube)
    np.testing.assert_array_equal(matrix[1], np.arange(12.0, 24.0))
    assert names == ["0", "1"]
