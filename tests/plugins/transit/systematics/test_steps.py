"""Steps are found where they were put, through a transit and a drift."""

import numpy as np
import pytest

from specframe.errors import DataError
from specframe_transit.systematics.steps import find_steps

_TIME = np.linspace(0.0, 0.3, 600)


def _residual(flux, columns, use=None):
    use = np.ones(len(flux), bool) if use is None else use
    return flux - np.linalg.lstsq(columns[:, use].T, flux[use], rcond=None)[0] @ columns


def test_two_steps_within_a_drift_and_a_transit():
    rng = np.random.default_rng(7)
    transit = np.where((_TIME > 0.1) & (_TIME < 0.2), 1.0, 0.0)
    columns = np.array([np.ones(600), _TIME, transit])
    flux = 1.0 + 0.02 * _TIME - 0.01 * transit + 5e-4 * (_TIME > 0.063) - 7e-4 * (_TIME > 0.237)
    flux += 1e-4 * rng.normal(size=600)
    found = find_steps(_TIME, _residual(flux, columns), np.ones(600, bool), 2, columns)
    # a step of 5 sigma per sample is known to about one sample, 0.0005 d
    np.testing.assert_allclose(found, (0.063, 0.237), atol=0.0011)


def test_a_step_next_to_a_gap_lies_in_the_gap():
    rng = np.random.default_rng(8)
    use = (_TIME < 0.1) | (_TIME > 0.12)
    flux = 1.0 + 1e-3 * (_TIME > 0.11) + 1e-4 * rng.normal(size=600)
    columns = np.ones((1, 600))
    (found,) = find_steps(_TIME, _residual(flux, columns, use), use)
    assert 0.1 < found < 0.12


def test_the_ingress_that_the_fit_knows_is_no_step():
    rng = np.random.default_rng(9)
    transit = np.where((_TIME > 0.1) & (_TIME < 0.2), 1.0, 0.0)
    columns = np.array([np.ones(600), transit])
    flux = 1.0 - 0.02 * transit + 3e-4 * (_TIME > 0.25) + 1e-4 * rng.normal(size=600)
    (found,) = find_steps(_TIME, _residual(flux, columns), np.ones(600, bool), 1, columns)
    assert found == pytest.approx(0.25, abs=0.002)


def test_too_few_samples_for_a_step():
    with pytest.raises(DataError, match="8 usable times for 1 steps, expected at least 10"):
        find_steps(_TIME[:8], np.zeros(8), np.ones(8, bool))
