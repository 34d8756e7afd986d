"""The errors of a posterior, handed on as the model states them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe_uncertainty import GpPosterior

GRID = ("target", "output")
COVARIANCE = np.array([[9.0, 3.0], [3.0, 16.0]])


def posterior(covariance=False, parts=False):
    labels = make_labels(np.ones((3, 2)), ["a", "b", "c"], ["x", "y"], units="ppm")
    more = {}
    if covariance:
        more["covariance"] = (("target", "output", "output_other"), np.stack([COVARIANCE] * 3))
    if parts:
        more["aleatoric"] = (GRID, np.broadcast_to([0.0, np.sqrt(12.0)], (3, 2)))
        more["epistemic"] = (GRID, np.broadcast_to([3.0, 2.0], (3, 2)))
    return make_prediction(labels, labels.values, np.broadcast_to([3.0, 4.0], (3, 2)), **more)


def test_std_and_covariance_are_handed_on_with_normal_bounds():
    found = GpPosterior().apply(posterior(covariance=True))
    np.testing.assert_allclose(found["std"].values[0], [3.0, 4.0])
    np.testing.assert_allclose(found["covariance"].values[1], COVARIANCE, rtol=1e-12)
    expected = 1.0 + np.array([3.0, 4.0]) * stats.norm.ppf(0.975)
    np.testing.assert_allclose(found["upper"].sel(level=0.95).values[0], expected, rtol=1e-9)
    assert not GpPosterior().learns


def test_bounds_of_the_model_are_kept():
    heavy = posterior().assign_coords(level=[0.95])
    heavy = heavy.assign(
        lower=((*GRID, "level"), np.full((3, 2, 1), -20.0)), upper=((*GRID, "level"), np.full((3, 2, 1), 20.0))
    )
    found = GpPosterior().apply(heavy)
    np.testing.assert_allclose(found["upper"].sel(level=0.95), 20.0)
    np.testing.assert_allclose(found["upper"].sel(level=0.68).values[0], 1.0 + np.array([3, 4]) * stats.norm.ppf(0.84))


def test_the_function_alone():
    found = GpPosterior(noise=False).apply(posterior(covariance=True, parts=True))
    np.testing.assert_allclose(found["std"].values[0], [3.0, 2.0])
    np.testing.assert_allclose(found["aleatoric"], 0.0, atol=1e-7)
    assert "covariance" not in found


def test_the_covariance_can_be_dropped_and_required():
    assert "covariance" not in GpPosterior(covariance="drop").apply(posterior(covariance=True))
    with pytest.raises(DataError, match="covariance: require"):
        GpPosterior(covariance="require").apply(posterior())


def test_what_is_not_stated_is_refused():
    with pytest.raises(DataError, match="states no errors"):
        GpPosterior().apply(posterior().drop_vars("std"))
    with pytest.raises(DataError, match="noise: false"):
        GpPosterior(noise=False).apply(posterior())
