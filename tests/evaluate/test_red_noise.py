"""Scatter of binned residuals against what is known of white noise and of an autoregressive process."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from specframe.errors import DataError
from specframe.evaluate import binned_scatter


def test_white_noise_follows_its_line():
    found = binned_scatter(np.random.default_rng(1).normal(0, 3.0, 400_000), [1, 2, 10, 100, 1000])
    np.testing.assert_allclose(found.white, 3.0 / np.sqrt([1, 2, 10, 100, 1000]), rtol=5e-3)
    # the scatter of m bins is known to 1 / sqrt(2 (m - 1)); four times that
    np.testing.assert_array_less(np.abs(found.scatter / found.white - 1), 4 / np.sqrt(2 * (found.count - 1)) + 1e-12)
    assert found.beta(1, 1000) == pytest.approx(1.0, abs=0.02)


def test_red_and_white_noise_follow_the_analytic_variance():
    """Means of N samples of an AR(1) process with autocorrelation phi^k have a known variance."""
    rng, phi, red, white = np.random.default_rng(2), 0.9, 1.0, 2.0
    driven = lfilter([1.0], [1.0, -phi], rng.normal(0, red * np.sqrt(1 - phi**2), 2_000_000))
    size = np.array([1, 4, 16, 64, 256])
    found = binned_scatter(driven + rng.normal(0, white, driven.size), size)
    lag = [np.arange(1, n) for n in size]
    of_red = [red**2 / n * (1 + 2 * np.sum((1 - k / n) * phi**k)) for n, k in zip(size, lag, strict=True)]
    expected = np.sqrt(np.array(of_red) + white**2 / size)
    # 7812 bins of the largest size: 0.8 %, three times that
    np.testing.assert_allclose(found.scatter, expected, rtol=0.024)
    ratio = expected / (expected[0] / np.sqrt(size))
    assert found.beta(16, 256) == pytest.approx(ratio[2:].mean(), rel=0.02)


def test_averages_that_cancel_do_not_make_beta_smaller_than_one():
    found = binned_scatter(np.tile([1.0, -1.0], 200) + np.random.default_rng(0).normal(0, 0.1, 400))
    assert found.beta(2, 20) == 1.0
    assert np.isnan(found.beta(1e4, 1e5))


def test_masked_samples_are_left_out():
    values = np.random.default_rng(3).normal(size=300)
    gappy = np.insert(values, [10, 10, 200], np.nan)
    np.testing.assert_array_equal(binned_scatter(gappy).scatter, binned_scatter(values).scatter)


@pytest.mark.parametrize(
    ("values", "sizes", "message"),
    [
        (np.ones(10), None, "10 usable residuals, expected at least 16"),
        (np.ones(100), None, "do not scatter"),
        (np.arange(100.0), [1, 60], r"bins of 1 to 50 samples are possible, got \[1, 60\]"),
        (np.arange(100.0), [0], "are possible, got"),
    ],
)
def test_what_cannot_be_measured_is_an_error(values, sizes, message):
    with pytest.raises(DataError, match=message):
        binned_scatter(values, sizes)
