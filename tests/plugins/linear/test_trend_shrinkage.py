"""Drifts learned from trends: against the posterior written out, and against injected truth."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from specframe.api import make_labels
from specframe.errors import DataError
from specframe_linear import TrendShrinkage
from specframe_linear.drift_prior import DriftPrior
from specframe_linear.noise_classes import NoiseClasses

_SHAPE = np.array([[1.0, 0.3], [0.3, 0.2]])
_ERRORS = 1e-5 * np.array([2.0, 0.8, 3.0])
_CORRELATION = np.array([[1.0, 0.1, 0.9], [0.1, 1.0, 0.1], [0.9, 0.1, 1.0]])


def _curves(n, seed, amplitudes=(2e-5, 4e-4)):
    """Depths and two terms of a trend, the second of which resembles a transit and is small in truth."""
    rng = np.random.default_rng(seed)
    covariance = np.outer(_ERRORS, _ERRORS) * _CORRELATION * rng.uniform(0.8, 1.2, (n, 1, 1))
    amplitude = rng.choice(amplitudes, n)
    trend = amplitude[:, None] * rng.multivariate_normal([0, 0], _SHAPE, n)
    depth = rng.uniform(5e-4, 7e-3, n)
    noise = (np.linalg.cholesky(covariance) @ rng.normal(size=(n, 3, 1)))[..., 0]
    return depth, np.column_stack([depth, trend]) + noise, covariance


def _collection(measured, covariance):
    names = [f"planet-{i}" for i in range(len(measured))]
    return xr.Dataset(
        {
            "depth": (("target", "wavelength"), measured[:, :1]),
            "trend": (("target", "wavelength", "order"), measured[:, None, 1:]),
            "trend_covariance": (("target", "wavelength", "term", "term_other"), covariance[:, None]),
        },
        coords={"target": names},
    )


def _labels(values):
    return make_labels(values[:, None], [f"planet-{i}" for i in range(len(values))], ["transit_depth"])


def test_the_depth_is_the_mean_of_the_joint_posterior_over_amplitudes():
    """On a grid of depths, with scipy's normal density of depth and trend together for each amplitude."""
    _, measured, covariance = _curves(1, seed=3)
    prior = DriftPrior(_SHAPE, np.array([2e-5, 4e-4]), np.array([0.3, 0.7]))
    grid = measured[0, 0] + np.linspace(-40, 40, 8001) * _ERRORS[0]
    density = np.zeros_like(grid)
    for amplitude, probability in zip(prior.amplitude, prior.probability, strict=True):
        total = covariance[0].copy()
        total[1:, 1:] += amplitude**2 * _SHAPE
        offsets = np.column_stack([measured[0, 0] - grid, np.tile(measured[0, 1:], (len(grid), 1))])
        density += probability * multivariate_normal(np.zeros(3), total).pdf(offsets)
    mean = np.sum(grid * density) / density.sum()
    variance = np.sum((grid - mean) ** 2 * density) / density.sum()

    found, found_variance = prior.depth(measured[:, 0], measured[:, 1:], covariance)

    assert found[0] == pytest.approx(mean, abs=1e-4 * _ERRORS[0])
    assert np.sqrt(found_variance[0]) == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_learns_how_large_and_how_related_the_terms_are():
    """Noise of the second term is as large as half of the true drifts: its share has to be taken out."""
    _, measured, covariance = _curves(3000, seed=0, amplitudes=(4e-5, 4e-4))
    prior = DriftPrior.fit(measured[:, 1:], covariance[:, 1:, 1:], np.ones(3000))
    expected = _SHAPE / _SHAPE[0, 0]
    assert prior.shape / prior.shape[0, 0] == pytest.approx(expected, abs=0.05)
    power = np.sum(prior.probability * prior.amplitude**2) * prior.shape[0, 0]
    assert power == pytest.approx(0.5 * (4e-5**2 + 4e-4**2), rel=0.1)


def test_new_depths_are_as_good_as_with_the_true_prior_and_as_their_errors_say():
    """Half of the curves are nearly straight: what the polynomial takes from their depths is mostly noise."""
    depth, measured, covariance = _curves(700, seed=1)
    model = TrendShrinkage().fit(_collection(measured[:300], covariance[:300]), _labels(depth[:300]))
    new = slice(300, None)
    found = model.predict(_collection(measured[new], covariance[new]))
    error = found["mean"].values[:, 0] - depth[new]
    truth = DriftPrior(_SHAPE, np.array([2e-5, 4e-4]), np.array([0.5, 0.5]))
    best = truth.depth(measured[new, 0], measured[new, 1:], covariance[new])[0] - depth[new]
    fit = measured[new, 0] - depth[new]
    assert np.sqrt(np.mean(error**2)) < 1.05 * np.sqrt(np.mean(best**2))
    assert np.sqrt(np.mean(error**2)) < 0.9 * np.sqrt(np.mean(fit**2))
    # the scatter of 400 pulls is known to 4 %
    assert np.std(error / found["std"].values[:, 0]) == pytest.approx(1.0, abs=0.12)


def test_classes_of_noise_have_a_line_each():
    """Two stars, of which the noisier one's labels are 3 % larger than the depths."""
    depth, measured, covariance = _curves(400, seed=2)
    noisy = np.arange(400) % 2 == 0
    covariance[noisy] *= 4.0
    labels = depth * np.where(noisy, 1.03, 1.0)
    x, y = _collection(measured, covariance), _labels(labels)

    def bias(classes):
        model = TrendShrinkage(noise_classes=classes).fit(x.isel(target=slice(300)), y.isel(target=slice(300)))
        relative = (model.predict(x)["mean"].values[:, 0] / labels - 1.0)[300:]
        return np.median(relative[noisy[300:]]) - np.median(relative[~noisy[300:]])

    assert bias(1) == pytest.approx(-0.03, abs=0.008)
    assert abs(bias(2)) < 0.008


def test_classes_are_found_where_noise_has_two_values():
    rng = np.random.default_rng(0)
    log_noise = np.log(np.where(np.arange(400) < 150, 50.0, 75.0)) + rng.normal(0, 0.06, 400)
    part = NoiseClasses.fit(log_noise, np.ones(400), 2).membership(log_noise)
    assert np.mean((part[:, 1] > 0.5) == (np.arange(400) >= 150)) > 0.99


def test_several_channels_are_refused():
    _, measured, covariance = _curves(20, seed=4)
    one = _collection(measured, covariance)
    two = xr.concat([one, one], dim="wavelength", data_vars="all")
    two = two.transpose("target", "wavelength", ...)
    with pytest.raises(DataError, match="single channel, got 2"):
        TrendShrinkage().fit(two, _labels(measured[:, 0]))


def test_a_target_without_a_fit_is_as_uncertain_as_the_labels():
    depth, measured, covariance = _curves(100, seed=5)
    model = TrendShrinkage().fit(_collection(measured, covariance), _labels(depth))
    measured = measured.copy()
    measured[0] = np.nan
    found = model.predict(_collection(measured, covariance))
    assert found["std"].values[0, 0] == pytest.approx(depth.std(), rel=0.01)
    assert found["extrapolating"].values[0]
    assert np.isfinite(found["mean"].values).all()
