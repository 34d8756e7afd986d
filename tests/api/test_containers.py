"""Containers that break their schema are refused with the step, the variable, what was expected and what was got."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import (
    make_labels,
    make_observation,
    make_prediction,
    validate_labels,
    validate_observation,
    validate_prediction,
)
from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Callable

GRID = ("wavelength", "time")


def _curves() -> xr.Dataset:
    return xr.Dataset(
        {
            "flux": (GRID, np.ones((2, 3)), {"units": "electron"}),
            "flux_error": (GRID, np.ones((2, 3)), {"units": "electron"}),
            "mask": (GRID, np.zeros((2, 3), bool)),
        },
        coords={
            "wavelength": ("wavelength", [1.0, 2.0], {"units": "um"}),
            "time": ("time", [0.0, 1.0, 2.0], {"units": "h"}),
        },
    )


def test_a_good_observation_passes() -> None:
    validate_observation(make_observation("a", {"A/0": _curves()}), "curves", ("light-curves",))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.drop_vars("flux_error"), "flux_error(wavelength, time)"),
        (lambda d: d.transpose("time", "wavelength"), "expected flux(wavelength, time)"),
        (lambda d: d.assign(mask=d["mask"].astype(int)), "mask has dtype int64, expected one of kind 'b'"),
        (lambda d: d.assign(flux=d["flux"].assign_attrs(units="um")), "flux has units 'um', expected '' or 'electron'"),
        (lambda d: d.assign(flux=d["flux"].drop_attrs()), "flux has no units (attrs['units'])"),
        (lambda d: d.isel(wavelength=[1, 0]), "wavelength must ascend, but index 0 has 2 and index 1 has 1"),
        (lambda d: d.assign_coords(time=("time", [0.0, np.nan, 2.0], {"units": "h"})), "time must be finite"),
        (lambda d: d[["mask"]], "expected light-curves, got no known level"),
    ],
)
def test_a_broken_node_is_described(spoil: Callable[[xr.Dataset], xr.Dataset], message: str) -> None:
    broken = make_observation("planet", {"A/0": spoil(_curves())})
    with pytest.raises(ContainerError, match=re.escape(message)) as caught:
        validate_observation(broken, "curves", ("light-curves",))
    assert str(caught.value).startswith("step 'curves', target planet, node /A/0: ")


def test_units_that_convert_are_accepted() -> None:
    node = _curves().assign_coords(time=("time", [0.0, 1.0, 2.0], {"units": "s"}))
    validate_observation(make_observation("a", {"A/0": node}), "curves")


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (_curves(), "expected an Observation (xarray.DataTree), got Dataset"),
        (make_observation("a", {}), "the Observation holds no data"),
        (make_observation("a", {"A": _curves()}), "nodes are named /<instrument>/<visit>"),
        (xr.DataTree.from_dict({"/A/0": _curves()}), "no attrs['target']"),
    ],
)
def test_what_is_no_observation_is_refused(thing: Any, message: str) -> None:
    with pytest.raises(ContainerError, match=re.escape(message)):
        validate_observation(thing, "data")


def _prediction(**changes: Any) -> xr.Dataset:
    labels = make_labels(np.zeros((2, 1)), ["a", "b"], ["depth"])
    return make_prediction(labels, np.zeros((2, 1)), np.ones((2, 1))).assign(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"std": (("target", "output"), [[1.0], [0.0]])}, "std must be positive and finite, 1 of 2 values are not"),
        ({"mean": (("target", "output"), [[np.nan], [0.0]])}, "mean must be finite"),
        ({"lower": (("target", "output", "level"), np.zeros((2, 1, 1)))}, "lower and upper come together"),
        (
            {s: (("target", "output", "level"), np.full((2, 1, 1), v)) for s, v in (("lower", 1.0), ("upper", 0.0))},
            "lower is above upper",
        ),
    ],
)
def test_a_broken_prediction_is_described(changes: dict[str, Any], message: str) -> None:
    validate_prediction(_prediction(), "fit")
    with pytest.raises(ContainerError, match=re.escape(message)):
        validate_prediction(_prediction(**changes), "fit")


def test_labels_need_units_and_unique_targets() -> None:
    good = make_labels(np.zeros((2, 1)), ["a", "b"], ["depth"])
    validate_labels(good, "data")
    with pytest.raises(ContainerError, match="target a stands 2 times"):
        validate_labels(make_labels(np.zeros((2, 1)), ["a", "a"], ["depth"]), "data")
    with pytest.raises(ContainerError, match=r"attrs\['units'\] is missing"):
        validate_labels(good.drop_attrs(), "data")
