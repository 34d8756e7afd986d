"""Components of residuals are the time series that were put in, also where samples are masked."""

import numpy as np
import pytest

from specframe.errors import DataError
from specframe_transit.systematics.components import principal_components

_TIME = np.linspace(0.0, 1.0, 300)


def _residuals(rng, noise=1e-4):
    series = np.array([np.sin(9.0 * _TIME), np.sign(_TIME - 0.5) * _TIME])
    series = (series - series.mean(axis=1, keepdims=True)) / series.std(axis=1, keepdims=True)
    weight = np.array([1e-3 * rng.uniform(0.8, 1.2, 30), 4e-4 * rng.normal(size=30)])
    return series, weight.T @ series + noise * rng.normal(size=(30, 300))


def test_components_are_what_was_put_in():
    rng = np.random.default_rng(12)
    series, residual = _residuals(rng)
    components, explained = principal_components(residual, np.full((30, 300), 1e-4), np.ones((30, 300), bool), 2)
    np.testing.assert_allclose(components.std(axis=1), 1.0)
    # the two together span what the two series span
    left = series - (series @ components.T / 300) @ components
    # 30 channels that hold the weaker one at 4 times their noise know it to 1 / (4 sqrt(30)) = 0.05
    assert left.std() < 0.06
    assert explained[0] > explained[1] > 0.05
    assert explained.sum() > 0.9


def test_the_sign_is_that_of_the_light():
    rng = np.random.default_rng(13)
    series, _ = _residuals(rng)
    residual = 1e-3 * series[:1] + 1e-5 * rng.normal(size=(30, 300))
    for sign in (1.0, -1.0):
        components, _ = principal_components(sign * residual, np.ones((30, 300)), np.ones((30, 300), bool), 1)
        assert np.corrcoef(components[0], sign * series[0])[0, 1] > 0.99


def test_masked_samples_do_not_pull():
    rng = np.random.default_rng(14)
    _, residual = _residuals(rng)
    use = rng.uniform(size=(30, 300)) > 0.1
    use[:, 40] = False
    use[3] = False
    spoiled = np.where(use, residual, 1.0)
    error = np.where(use, 1e-4, np.inf)
    whole, _ = principal_components(residual, np.full((30, 300), 1e-4), np.ones((30, 300), bool), 2)
    part, _ = principal_components(spoiled, error, use, 2)
    assert (part[:, 40] == 0).all()
    seen = np.arange(300) != 40
    left = part[:, seen] - np.linalg.lstsq(whole[:, seen].T, part[:, seen].T, rcond=None)[0].T @ whole[:, seen]
    assert left.std() < 0.03


def test_as_many_components_as_channels_are_refused():
    with pytest.raises(DataError, match=r"pca: 4 components of 4 usable channels .* at most 3"):
        principal_components(np.ones((4, 50)), np.ones((4, 50)), np.ones((4, 50), bool), 4)
