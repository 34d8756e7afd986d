"""Inputs and labels in other units: predictions are the same, in the labels' units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

NUMERICS = settings.get_profile("numerics")


def times(data, factor, offset=0.0):
    """Return inputs, labels or predictions in other units, covariances in their square."""
    if isinstance(data, xr.DataTree):
        return xr.DataTree.from_dict({node.path: times(node.to_dataset(), factor) for node in data.subtree})
    if isinstance(data, xr.Dataset):
        return data.assign(_in_other_units(data, factor, offset))
    return (data * factor + offset).assign_attrs(data.attrs)


def _in_other_units(data, factor, offset):
    for_mean = ("mean", "samples", "lower", "upper")
    return {
        name: (
            array * factor ** (2 if "covariance" in name else 1) + (offset if name in for_mean else 0.0)
        ).assign_attrs(array.attrs)
        for name, array in data.data_vars.items()
        if array.dtype.kind == "f"
    }


def in_units(example, inputs=1.0, labels=1.0, offset=0.0):
    """Return a regression problem in other units."""
    return replace(
        example,
        X=times(example.X, inputs),
        X_new=times(example.X_new, inputs),
        y=times(example.y, labels, offset),
    )


@pytest.mark.numerics("units-of-inputs")
@settings(NUMERICS, max_examples=2)
@given(exponent=st.floats(-6.0, 12.0))
def test_inputs_in_other_units_change_no_prediction(subject, bound, exponent):
    result = subject.run(in_units(subject.example(), inputs=10.0**exponent))
    change = subject.change(subject.base(), result)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("units-of-labels")
@settings(NUMERICS, max_examples=2)
@given(exponent=st.floats(-6.0, 12.0), offset=st.floats(-3.0, 3.0))
def test_labels_in_other_units_are_predicted_in_these(subject, bound, exponent, offset):
    factor = 10.0**exponent
    example = subject.example()
    shift = offset * factor * float(np.abs(example.y).max())
    result = subject.run(in_units(example, labels=factor, offset=shift))
    change = subject.change(subject.base(), result, factor, shift)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("units-together")
@settings(NUMERICS, max_examples=2)
@given(exponent=st.floats(-3.0, 6.0))
def test_spectra_and_labels_in_other_units_are_predicted_in_these(subject, bound, exponent):
    factor = 10.0**exponent
    result = subject.run(in_units(subject.example(), inputs=factor, labels=factor))
    change = subject.change(subject.base(), result, factor)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("redrawn")
def test_draws_that_follow_from_bits_move_predictions_by_less_than_their_error(subject, bound):
    """Shuffles and draws follow from the bits of the training set, so that its order does not matter; units do."""
    example = subject.example()
    first, second = subject.base(), subject.run(in_units(example, inputs=1.1, labels=1.1))
    error = np.sqrt(np.mean((first["mean"].values - example.y_new.values) ** 2))
    moved = np.sqrt(np.mean((second["mean"].values / 1.1 - first["mean"].values) ** 2))
    assert moved <= bound * error


@pytest.mark.numerics("affine")
@settings(NUMERICS, max_examples=4)
@given(exponent=st.floats(-6.0, 12.0), offset=st.floats(-3.0, 3.0))
def test_errors_follow_the_units_of_predictions(subject, bound, exponent, offset):
    factor = 10.0**exponent
    example = subject.example()
    shift = offset * factor * float(np.abs(example.truth).max())
    scaled = replace(example, **{name: times(value, factor, shift) for name, value in vars(example).items()})
    change = subject.change(subject.base(), subject.run(scaled), factor, shift)
    assert {name: size for name, size in change.items() if not size <= bound} == {}
