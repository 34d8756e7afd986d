"""Red noise is measured where it is, and white noise is not inflated."""

import numpy as np
import pytest

from specframe.evaluate import binned_scatter
from specframe_transit.systematics.noise import allan, beta_of_channels, red_noise

_MINUTE = 1.0 / 1440.0


def _ar1(rng, shape, timescale):
    """Return unit-variance noise that forgets exponentially, ``timescale`` in samples."""
    keep = np.exp(-1.0 / timescale)
    noise = np.empty(shape)
    noise[:, 0] = rng.normal(size=shape[0])
    for at in range(1, shape[1]):
        noise[:, at] = keep * noise[:, at - 1] + np.sqrt(1 - keep**2) * rng.normal(size=shape[0])
    return noise


def test_white_noise_has_a_beta_near_one():
    residual = np.random.default_rng(15).normal(size=(400, 600))
    noise = red_noise(residual, np.arange(600) * 0.5 * _MINUTE)
    assert noise.ratio.mean() == pytest.approx(1.0, abs=0.02)
    # the standard error is the scatter between channels, which 400 of them know to 4 %, for this and other cadences
    assert noise.error.mean() == pytest.approx(noise.ratio.std(), rel=0.15)
    assert np.mean(noise.beta > 1.0) < 0.2
    assert noise.beta.mean() < 1.05


def test_a_fit_does_not_make_white_noise_look_whiter():
    rng = np.random.default_rng(16)
    time = np.arange(300) * 1.0 * _MINUTE
    columns = np.polynomial.legendre.legvander(np.linspace(-1, 1, 300), 5).T
    residual = rng.normal(size=(400, 300))
    residual -= np.linalg.lstsq(columns.T, residual.T, rcond=None)[0].T @ columns
    assert red_noise(residual, time, n_fitted=6).ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert red_noise(residual, time).ratio.mean() < 0.9


def test_red_noise_inflates_by_what_the_autocorrelation_says():
    rng = np.random.default_rng(17)
    residual = rng.normal(size=(200, 2000)) + 0.5 * _ar1(rng, (200, 2000), 20.0)
    time = np.arange(2000) * 1.0 * _MINUTE
    measured = allan(residual, time, lengths=np.array([20.0 * _MINUTE]))
    # variance of a mean of N: sum over pairs of the autocovariance (Pont et al. 2006, eq. 6)
    lag = np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
    covariance = np.eye(20) + 0.25 * np.exp(-lag / 20.0)
    expected = np.sqrt(covariance.sum() / 20.0 / 1.25)
    assert np.median(measured.scatter / measured.white) == pytest.approx(expected, rel=0.03)
    beta = red_noise(residual, time).beta
    assert np.median(beta) == pytest.approx(expected, rel=0.15)
    assert (beta > 1.0).all()


def test_even_sampling_without_gaps_is_the_textbook_statistic():
    residual = _ar1(np.random.default_rng(18), (1, 960), 5.0)
    ours = allan(residual, np.arange(960) * _MINUTE, lengths=np.array([8.0, 16.0]) * _MINUTE)
    book = binned_scatter(residual[0], [8, 16])
    # the one takes the mean from the bins, the other one degree of freedom
    np.testing.assert_allclose(ours.scatter[0], book.scatter, rtol=0.01)
    np.testing.assert_allclose(ours.white[0], book.white, rtol=0.01)


def test_gaps_and_masks_leave_white_noise_white():
    rng = np.random.default_rng(19)
    time = np.concatenate([k * 95.0 + np.arange(25) * 2.0 for k in range(6)]) * _MINUTE
    residual = rng.normal(size=(400, len(time)))
    use = rng.uniform(size=residual.shape) > 0.2
    spoiled = np.where(use, residual, 50.0)
    assert red_noise(spoiled, time, use).ratio.mean() == pytest.approx(1.0, abs=0.03)


def test_too_short_a_series_claims_no_red_noise():
    noise = red_noise(np.random.default_rng(20).normal(size=(3, 8)), np.arange(8) * 5.0 * _MINUTE)
    np.testing.assert_array_equal(noise.beta, 1.0)
    assert np.isinf(noise.error).all()


def test_residuals_without_scatter_have_no_red_noise():
    np.testing.assert_array_equal(red_noise(np.zeros((2, 300)), np.arange(300) * _MINUTE).beta, 1.0)


def test_bins_lose_what_of_the_fit_does_not_average_out():
    """Four smooth columns and twenty that change from sample to sample: bins of 20 minutes lose the smooth ones."""
    rng = np.random.default_rng(21)
    time = np.arange(300) * _MINUTE
    smooth = np.polynomial.legendre.legvander(np.linspace(-1, 1, 300), 3)
    quick = rng.permutation(np.eye(300))[:, :40].repeat(1, axis=1) - np.roll(np.eye(300), 1, axis=0)[:, :40]
    basis = np.linalg.qr(np.concatenate([smooth, quick], axis=1))[0].T
    residual = rng.normal(size=(400, 300))
    residual -= residual @ basis.T @ basis
    taken = np.broadcast_to(basis, (400, *basis.shape))
    assert red_noise(residual, time, taken=taken).ratio.mean() == pytest.approx(1.0, abs=0.02)
    assert abs(red_noise(residual, time, n_fitted=len(basis)).ratio.mean() - 1.0) > 0.04


def test_weak_red_noise_of_all_channels_is_the_least_beta_of_each():
    """AR(1) of one lag 0.15: the scatter of long averages is sqrt((1 + 0.15) / (1 - 0.15)) = 1.163 that of white."""
    rng = np.random.default_rng(22)
    white = rng.normal(size=(40, 400))
    red = white.copy()
    for i in range(1, 400):
        red[:, i] = 0.15 * red[:, i - 1] + np.sqrt(1 - 0.15**2) * white[:, i]
    time = np.arange(400) * _MINUTE
    own, common = red_noise(red, time), beta_of_channels(red_noise(red, time))
    assert (own.beta == 1.0).mean() > 0.2
    assert common.min() == pytest.approx(1.163, abs=0.06)
    np.testing.assert_array_equal(beta_of_channels(red_noise(white, time)), red_noise(white, time).beta)
    np.testing.assert_array_equal(beta_of_channels(red_noise(red[:2], time)), red_noise(red[:2], time).beta)
