"""Numbers within a page are as exact as their error bars need, and not longer."""

from __future__ import annotations

import base64
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from specframe.report.encoding import decode_table, encode_table

NUMBERS = st.floats(-1e30, 1e30) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e-300])


@given(arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=NUMBERS), st.floats(1e-6, 1e3))
def test_every_value_is_kept_within_its_tolerance(values: np.ndarray, tolerance: float) -> None:
    read = decode_table(encode_table(values, np.full(len(values), tolerance)))
    known = np.isfinite(values)
    assert np.array_equal(np.isfinite(read), known)
    # what a floating-point number of 64 bits loses counts beside the tolerance
    assert np.all(np.abs(read - values)[known] <= tolerance + 4e-16 * np.abs(values[known]).max(initial=0))


@pytest.mark.parametrize(("tolerance", "form"), [(1e-7, "u2"), (1e-9, "f4"), (1e-13, "f8")])
def test_the_shortest_form_that_is_exact_enough_is_taken(tolerance: float, form: str) -> None:
    depths = np.linspace(0.001, 0.005, 50)[None, :]
    assert encode_table(depths, np.array([tolerance]))["type"] == form


def test_whole_numbers_are_little_endian_and_the_last_is_unknown() -> None:
    form = encode_table(np.array([[2.0, np.nan, 5.0]]), np.array([0.1]))
    assert struct.unpack("<3H", base64.b64decode(form["data"])) == (0, 65535, 65534)
    assert form["offset"] == [2.0]
    assert form["step"][0] == pytest.approx(3.0 / 65534)


def test_a_row_without_any_error_keeps_a_hundred_thousandth_of_its_range() -> None:
    values = np.linspace(-3.0, 7.0, 1000)[None, :]
    read = decode_table(encode_table(values, np.array([np.nan])))
    assert np.abs(read - values).max() < 1e-4
