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


def test_errors_whose_squares_single_precision_cannot_hold_are_weights_all_the_same() -> None:
    """Brown dwarfs have errors of 1e-20 W m-2 um-1; float32 ends at 1e-45."""

    def spectrum(flux: float) -> xr.Dataset:
        values = {"flux": np.array([flux], "f4"), "flux_error": np.array([1e-20], "f4"), "mask": np.zeros(1, bool)}
        return xr.Dataset({k: ("wavelength", v) for k, v in values.items()}, coords={"wavelength": [1.0]})

    collection = collate([make_observation("a", {"A/0": spectrum(1e-18), "A/1": spectrum(3e-18)})], ["flux"])
    np.testing.assert_allclose(collection["A/flux"].values, [[2e-18]], rtol=1e-6)


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


def test_a_masked_depth_of_a_spectrum_becomes_nan() -> None:
    """The mask of light curves, which stand beside depths that were fitted to them, says nothing of the depths."""
    spectrum = xr.Dataset(
        {
            "depth": ("wavelength", np.array([0.01, 0.5]), {"units": ""}),
            "depth_error": ("wavelength", np.array([1e-4, 1e-4]), {"units": ""}),
            "mask": ("wavelength", np.array([False, True])),
        },
        coords={"wavelength": np.array([1.0, 2.0])},
    )
    for inputs in ([], ["depth"], ["spectrum/depth"]):
        collection = collate([make_observation("a", {"spectrum/0": spectrum})], inputs)
        np.testing.assert_array_equal(collection["spectrum/depth"].values, [[0.01, np.nan]])
    curves = _node(np.ones((2, 3)), [1.0, 2.0], depth=[0.01, 0.02])
    curves["mask"][:] = True
    collection = collate([make_observation("a", {"A/0": curves})])
    np.testing.assert_array_equal(collection["spectrum/depth"].values, [[0.01, 0.02]])


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


def _joint(depth: Any, error: float, covariance: Any = None) -> xr.Dataset:
    n = len(depth)
    node = xr.Dataset(
        {
            "depth": ("wavelength", np.asarray(depth, float), {"units": ""}),
            "depth_error": ("wavelength", np.full(n, error), {"units": ""}),
            "white_depth": ((), float(np.mean(depth)), {"units": ""}),
            "mid_transit": ("visit", [0.5, 3.5], {"units": "d"}),
        },
        coords={"wavelength": np.arange(1.0, n + 1)},
    )
    if covariance is None:
        return node
    return node.assign(depth_covariance=(("wavelength", "wavelength_other"), np.asarray(covariance, float)))


def test_a_joint_fit_gives_the_spectrum_and_its_own_numbers() -> None:
    """Depths that a step before it left in the instruments' nodes are not averaged in."""
    observations = [
        make_observation(
            name,
            {
                "A/0": _node(np.ones((2, 3)), [1.0, 2.0], depth=[0.5, 0.5]),
                "spectrum/joint": _joint([d, d + 0.01], 0.1, [[0.01, 0.002], [0.002, 0.01]]),
            },
        )
        for name, d in (("a", 0.01), ("b", 0.03))
    ]
    inputs = ["depth", "spectrum/white_depth", "mid_transit", "depth_covariance", "flux"]
    collection = collate(observations, inputs)
    np.testing.assert_allclose(collection["spectrum/depth"], [[0.01, 0.02], [0.03, 0.04]])
    np.testing.assert_allclose(collection["spectrum/white_depth"], [0.015, 0.035])
    assert collection["spectrum/white_depth"].dims == ("target",)
    assert collection["spectrum/mid_transit"].dims == ("target", "visit")
    np.testing.assert_allclose(collection["spectrum/depth_covariance"][1], [[0.01, 0.002], [0.002, 0.01]])
    matrix, _ = design_matrix(collection, ["spectrum/white_depth", "depth"])
    np.testing.assert_allclose(matrix, [[0.015, 0.01, 0.02], [0.035, 0.03, 0.04]])
    assert design_matrix(collection)[0].shape == (2, 2 + 1 + 2 + 6)  # all but the covariance


def test_the_covariance_of_averaged_visits_is_that_of_the_weighted_mean() -> None:
    """Two visits with errors 1 and 2, that is weights 0.8 and 0.2; another instrument has no covariance with them."""
    first = _node(np.ones((2, 3)), [2.0, 3.0], error=1.0, depth=[0.1, 0.2])
    second = _node(np.ones((2, 3)), [2.0, 3.0], error=2.0, depth=[0.1, 0.2])
    dims = ("wavelength", "wavelength_other")
    first["depth_covariance"] = (dims, np.array([[1.0, 0.5], [0.5, 1.0]]))
    fgs = _node(np.ones((1, 3)), [0.7], error=3.0, depth=[0.3])
    observation = make_observation("a", {"A/0": first, "A/1": second, "F/0": fgs})
    collection = collate([observation], ["depth_covariance", "depth_error"])
    expected = [[9.0, 0.0, 0.0], [0.0, 0.64 + 0.16, 0.32], [0.0, 0.32, 0.64 + 0.16]]
    np.testing.assert_allclose(collection["spectrum/depth_covariance"][0], expected)
    np.testing.assert_allclose(collection["spectrum/depth_error"][0] ** 2, np.diag(expected))


def test_a_covariance_that_no_step_left_is_an_error() -> None:
    observation = make_observation("a", {"A/0": _node(np.ones((1, 3)), [1.0], depth=[0.1])})
    with pytest.raises(ContainerError, match="target a: no depth_covariance to learn from"):
        collate([observation], ["depth_covariance"])


def test_a_visit_that_lacks_a_variable_does_not_matter() -> None:
    first, second = _node(np.ones((1, 2)), [1.0]), _node(np.ones((1, 2)), [1.0])
    first["trend"] = ("wavelength", [0.25])
    observation = make_observation("a", {"A/0": first, "A/1": second})
    assert collate([observation], ["trend"])["A/trend"].values.tolist() == [[0.25]]


def test_of_alternatives_the_first_is_read_that_the_first_target_has() -> None:
    curves = make_observation("a", {"A/0": _node(np.ones((1, 2)), [1.0])})
    fitted = make_observation("b", {"A/0": _node(np.ones((1, 2)), [1.0], depth=[0.01])})
    both = ["depth|flux", "depth_error|flux_error"]
    assert list(collate([curves], both)["A"].data_vars) == ["flux", "flux_error"]
    assert list(collate([fitted], both)["spectrum"].data_vars) == ["depth", "depth_error"]
    assert list(collate([fitted], ["A/flux|A/depth"])["A"].data_vars) == ["flux"]
    with pytest.raises(ContainerError, match="no 'spectra' to learn from"):
        collate([curves], ["depths|spectra"])


def test_a_spectrum_that_descends_is_refused_rather_than_read_by_place() -> None:
    depths = xr.DataArray(
        np.eye(3), dims=("target", "wavelength"), coords={"target": ["a", "b", "c"], "wavelength": [3.0, 2.0, 1.0]}
    )
    with pytest.raises(ContainerError, match=r"index 0 has 3 and index 1 has 2: give X.sortby\('wavelength'\)"):
        design_matrix(depths)
    np.testing.assert_array_equal(design_matrix(depths.sortby("wavelength"))[0], np.eye(3)[:, ::-1])
