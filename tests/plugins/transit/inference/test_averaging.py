"""Model averages against calculations by hand."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_transit.inference.averaging import aic, aicc, average, bic


def test_criteria_by_hand() -> None:
    assert aic(-50.0, 4) == pytest.approx(108.0)
    assert aicc(-50.0, 4, 20) == pytest.approx(108.0 + 40 / 15)
    assert bic(-50.0, 4, 20) == pytest.approx(100 + 4 * np.log(20))


def test_too_few_samples_for_the_corrected_criterion() -> None:
    np.testing.assert_array_equal(aicc([-50.0, -50.0], [4, 4], [5, 4]), [np.inf, np.inf])


def test_equal_models_average_evenly_and_their_difference_adds_to_the_error() -> None:
    depth, error = np.array([[0.010], [0.012]]), np.array([[0.001], [0.001]])
    result = average(depth, error, np.array([[100.0], [100.0]]))
    np.testing.assert_allclose(result.weight, 0.5)
    np.testing.assert_allclose(result.depth, 0.011)
    # within: 1e-6, between: (1e-3)^2
    np.testing.assert_allclose(result.error, np.sqrt(2e-6))


def test_weight_ratio_of_two_models() -> None:
    """A criterion larger by 2 ln 3 means a weight three times smaller."""
    result = average(np.array([[1.0, 1.0], [2.0, 2.0]]), np.full((2, 2), 0.1), np.array([0.0, 2 * np.log(3)]))
    np.testing.assert_allclose(result.weight, [[0.75, 0.75], [0.25, 0.25]])
    np.testing.assert_allclose(result.depth, 1.25)
    np.testing.assert_allclose(result.error, np.sqrt(0.01 + 0.75 * 0.25))


def test_large_criteria_do_not_underflow() -> None:
    result = average(np.array([[1.0], [3.0]]), np.full((2, 1), 0.1), np.array([[1e6], [1e6 + 2e3]]))
    np.testing.assert_allclose(result.depth, 1.0)
    np.testing.assert_allclose(result.error, 0.1)


def test_model_that_failed_has_no_weight() -> None:
    depth = np.array([[1.0, np.nan, np.nan], [2.0, 3.0, np.nan]])
    result = average(depth, np.full((2, 3), 0.1), np.zeros(2))
    np.testing.assert_allclose(result.weight, [[0.5, 0.0, 0.0], [0.5, 1.0, 0.0]])
    np.testing.assert_allclose(result.depth, [1.5, 3.0, np.nan])
    np.testing.assert_allclose(result.error[1:], [0.1, np.nan])


def test_shapes_that_do_not_agree() -> None:
    with pytest.raises(ValueError, match=r"got \(2, 3\), \(2, 3\) and \(3, 1\)"):
        average(np.ones((2, 3)), np.ones((2, 3)), np.ones(3))
