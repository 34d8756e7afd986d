"""The compiled loops agree with polynomials evaluated in the plain way."""

from __future__ import annotations

import subprocess
import sys

import numba.core.caching
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from specframe.errors import DataError
from specframe_ariel import kernel
from specframe_ariel.buffers import ColumnBuffers

#: As large as those of the real detectors: 2.6 % at 60,000 electrons.
CURVES = st.tuples(
    st.floats(-100, 100),
    st.floats(0.9, 1.1),
    st.floats(-1e-6, 1e-6),
    st.floats(-2e-11, 2e-11),
    st.floats(-2e-16, 2e-16),
    st.floats(-2e-22, 2e-22),
)
GAINS = st.floats(0.3, 2.0)
OFFSETS = st.floats(-1500.0, 0.0)


def run(function, reads, coefficients, per_bin, n_bin):
    """Sum the reads of one pixel."""
    sums = np.full((1, n_bin), 1e300)
    series = ColumnBuffers.from_arrays([reads])
    function(series.addresses, np.empty(0, reads.dtype), coefficients, per_bin, sums)
    return sums[0]


def electrons(linearity, gain, offset, adu):
    return np.polynomial.Polynomial(linearity)(adu / gain + offset)


@settings(deadline=None, max_examples=50)
@given(CURVES, GAINS, OFFSETS, arrays(np.uint16, 24), st.sampled_from([1, 2, 3, 5]))
def test_pairs_are_the_difference_of_two_polynomials(curve, gain, offset, reads, per_bin):
    """The scale of rounding is that of the reads: 65535 adu over the smallest gain are 220,000 electrons."""
    polynomial = kernel.raw_polynomial(np.array(curve)[:, None], gain, offset, (1,))
    value = electrons(curve, gain, offset, reads.astype(float))
    n_bin = 12 // per_bin
    expected = (value[1::2] - value[::2])[: n_bin * per_bin].reshape(n_bin, per_bin).sum(axis=1)
    for dtype, relative in ((np.float64, 1e-14), (np.float32, 1e-6)):
        sums = run(kernel.sum_pairs, reads, kernel.pair_coefficients(polynomial, dtype), per_bin, n_bin)
        assert np.allclose(sums, expected, rtol=0, atol=relative * per_bin * max(np.abs(value).max(), 1e5))


@settings(deadline=None, max_examples=50)
@given(CURVES, GAINS, OFFSETS, arrays(np.uint16, 24), st.sampled_from([1, 2, 5, 24]))
def test_reads_are_the_polynomial_itself(curve, gain, offset, reads, per_bin):
    polynomial = kernel.raw_polynomial(np.array(curve)[:, None], gain, offset, (1,))
    value = electrons(curve, gain, offset, reads.astype(float))
    n_bin = 24 // per_bin
    sums = run(kernel.sum_reads, reads, kernel.read_coefficients(polynomial, np.float64), per_bin, n_bin)
    expected = value[: n_bin * per_bin].reshape(n_bin, per_bin).sum(axis=1)
    assert np.allclose(sums, expected, rtol=0, atol=1e-13 * per_bin * max(np.abs(value).max(), 1e5))


def test_single_precision_resolves_one_adu_on_a_bright_pixel():
    """Two float32 polynomials would differ by 0.004 electrons only by chance; their difference is exact to 1e-7."""
    curve = np.array([0.18, 0.994, -7e-8, 1.3e-11, -7e-17, 1.4e-22])
    reads = np.array([60_000, 60_001], np.uint16)
    polynomial = kernel.raw_polynomial(curve[:, None], 0.4369, -1000.0, (1,))
    sums = run(kernel.sum_pairs, reads, kernel.pair_coefficients(polynomial, np.float32), 1, 1)
    first, second = electrons(curve, 0.4369, -1000.0, reads.astype(float))
    assert sums[0] == pytest.approx(second - first, rel=1e-6)


def test_without_a_polynomial_reads_are_only_scaled():
    polynomial = kernel.raw_polynomial(None, 0.5, -10.0, (2, 3))
    assert polynomial.shape == (6, 2, 3)
    assert np.all(polynomial[0] == -10.0)
    assert np.all(polynomial[1] == 2.0)
    assert not polynomial[2:].any()


def test_an_order_above_5_is_refused():
    with pytest.raises(DataError, match="at most 6 linearity coefficients per pixel, got 8"):
        kernel.raw_polynomial(np.ones((8, 1)), 1.0, 0.0, (1,))


def test_nan_reads_stay_nan():
    coefficients = kernel.pair_coefficients(kernel.raw_polynomial(None, 1.0, 0.0, (1,)), np.float64)
    sums = run(kernel.sum_pairs, np.array([0.0, 1.0, np.nan, 3.0]), coefficients, 1, 2)
    assert sums[0] == 1.0
    assert np.isnan(sums[1])


def test_it_compiles_where_no_folder_can_be_written(monkeypatch):
    """Numba refuses to cache then; the kernel must still work."""
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    compiled = kernel.compiled(kernel.sum_reads.py_func)
    sums = run(compiled, np.arange(4, dtype=np.uint16), np.array([[0.0, 1.0, 0, 0, 0, 0]]), 4, 1)
    assert sums[0] == 6.0


def test_nothing_is_compiled_or_imported_for_a_listing():
    code = (
        "import sys, specframe_ariel.plugin as p; list(p.specframe_components());"
        "heavy = {'numba', 'polars', 'xarray', 'astropy', 'scipy', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
