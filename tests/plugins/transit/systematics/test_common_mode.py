"""Dividing by the common mode removes what channels share, and its noise is accounted for."""

import numpy as np
import pytest

from specframe.errors import DataError
from specframe_transit.systematics.common_mode import channels_within, common_mode, divide


def test_what_channels_share_is_gone(curves_with):
    rng = np.random.default_rng(10)
    transit = np.where(np.abs(np.linspace(-1, 1, 400)) < 0.4, 0.98, 1.0)
    shared = 1.0 + 0.01 * np.cumsum(rng.normal(size=400)) / 20.0
    flux = np.array([1.02, 0.98])[:, None] * transit * shared
    mode = common_mode(flux.mean(axis=0), np.full(400, 1e-4), transit, np.ones(400, bool))
    assert np.median(mode.values) == pytest.approx(1.0)
    divided = divide(curves_with(flux=flux), mode)
    ratio = divided.flux / transit
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-12)


def test_times_that_the_white_curve_does_not_use_are_not_used(curves_with):
    use = np.ones(400, bool)
    use[100:110] = False
    mode = common_mode(np.ones(400), np.full(400, 1e-4), np.ones(400), use)
    divided = divide(curves_with(), mode)
    np.testing.assert_array_equal(divided.use, np.broadcast_to(use, (2, 400)))
    assert np.isinf(divided.flux_error[:, 105]).all()


def test_errors_are_the_scatter_of_channels_over_their_own_sum(curves_with):
    rng = np.random.default_rng(11)
    sigma, share = np.array([3e-4, 1e-3]), np.array([0.8, 0.2])
    flux = 1.0 + sigma[:, None] * rng.normal(size=(2, 200_000))
    white, white_error = share @ flux, np.sqrt(np.sum((share * sigma) ** 2))
    time = np.linspace(-0.1, 0.1, 200_000)
    curves = curves_with(flux=flux, time=time)
    curves.flux_error[:] = sigma[:, None]
    mode = common_mode(white, np.full(len(time), white_error), np.ones(len(time)), np.ones(len(time), bool))
    divided = divide(curves, mode, share)
    # 200,000 samples know a standard deviation to 0.16 %
    expected = divided.flux.std(axis=1)
    expected[0] = max(expected[0], white_error)  # of a channel that is most of the white curve at least its noise
    np.testing.assert_allclose(divided.flux_error[:, 0], expected, rtol=0.01)


def test_channels_of_the_common_mode(curves_with):
    curves = curves_with(flux=np.ones((4, 400)))
    assert channels_within(curves, None).tolist() == [0, 1, 2, 3]
    assert channels_within(curves, (1.5, 3.0)).tolist() == [1, 2]
    with pytest.raises(DataError, match="no channel between 5 and 6 um; its channels are at 1 to 4 um"):
        channels_within(curves, (5.0, 6.0))
