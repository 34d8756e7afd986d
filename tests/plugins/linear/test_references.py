"""The models flat and measured: what a fit is worth before anything is learned."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels, validate_prediction
from specframe.errors import DataError, NotFittedError
from specframe_linear import Flat, Measured

WAVELENGTH = [2.0, 2.5, 3.0, 3.5]
DEPTH = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 2.0, 2.0], [4.0, 1.0, 1.0, 0.0]])
ERROR = np.array([[1.0, 1.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 2.0, 1.0]])


def _spectra(depth=DEPTH, error=ERROR):
    dims, coords = ("target", "wavelength"), {"target": list("abc"), "wavelength": WAVELENGTH}
    return xr.Dataset({"depth": (dims, depth.copy()), "depth_error": (dims, error.copy())}, coords=coords)


def _labels(values):
    return make_labels(values, "abc", ["w", "x", "y", "z"], wavelength=WAVELENGTH)


def test_flat_is_the_mean_weighted_by_errors():
    """(1 + 2 + 3 + 4/4) / 3.25, (2 + 2 + 2 + 2) / 4 and (4 + 1/4 + 1/4 + 0) / 2.5."""
    truth = np.zeros((3, 4))
    prediction = Flat().fit(_spectra(), _labels(truth)).predict(_spectra())
    validate_prediction(prediction, "fit")
    white = np.array([7 / 3.25, 2.0, 4.5 / 2.5])
    np.testing.assert_allclose(prediction["mean"].values, white[:, None] * np.ones(4))
    np.testing.assert_allclose(prediction["std"].values, np.sqrt(np.mean(white**2)))


def test_measured_is_depth_and_error():
    model = Measured().fit(_spectra(), _labels(DEPTH + 1.0))
    prediction = model.predict(_spectra())
    validate_prediction(prediction, "fit")
    np.testing.assert_array_equal(prediction["mean"].values, DEPTH)
    np.testing.assert_array_equal(prediction["std"].values, ERROR)
    assert not prediction["extrapolating"].values.any()


def test_outputs_are_found_by_wavelength():
    labels = _labels(DEPTH)[:, [2, 0]]
    prediction = Measured().fit(_spectra(), labels).predict(_spectra())
    np.testing.assert_array_equal(prediction["mean"].values, DEPTH[:, [2, 0]])
    with pytest.raises(DataError, match="needs a depth at every output"):
        Measured().fit(_spectra(), labels.assign_coords(wavelength=("output", [3.0, 9.0])))


def test_a_channel_that_was_not_measured_is_filled_with_the_white_depth():
    truth = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 5.0], [2.0, 2.0, 2.0, 1.0]])
    model = Measured().fit(_spectra(truth, np.ones((3, 4))), _labels(truth))
    holes = truth.copy()
    holes[0, 3] = np.nan
    holes[1, :3] = np.nan
    holes[2] = np.nan
    prediction = model.predict(_spectra(holes, np.ones((3, 4))))
    validate_prediction(prediction, "fit")
    assert prediction["mean"].values[0, 3] == 1.0
    # what the last channel differs from the mean of all four: 0, 5 - 2.75 and 1 - 1.75
    assert prediction["std"].values[0, 3] == pytest.approx(np.sqrt((2.25**2 + 0.75**2) / 3))
    np.testing.assert_array_equal(prediction["mean"].values[1], 5.0)
    np.testing.assert_allclose(prediction["mean"].values[2], truth.mean(axis=0))
    assert list(prediction["extrapolating"].values) == [False, True, True]


def test_without_errors_the_residuals_of_the_training_set_are_the_errors():
    residual = np.array([[0.0, 1, 2, 0], [0, 1, 2, 3], [3, 1, 2, 0]])
    prediction = Measured().fit(DEPTH, DEPTH + residual).predict(DEPTH)
    np.testing.assert_allclose(prediction["std"].values, [np.sqrt([3.0, 1.0, 4.0, 3.0])] * 3)


def test_a_single_output_is_the_weighted_mean():
    prediction = Measured().fit(_spectra(), [2.0, 2.0, 2.0]).predict(_spectra())
    np.testing.assert_allclose(prediction["mean"].values[:, 0], [7 / 3.25, 2.0, 1.8])
    np.testing.assert_allclose(prediction["std"].values[:, 0], [1 / np.sqrt(3.25), 0.5, 1 / np.sqrt(2.5)])


@pytest.mark.parametrize("cls", [Flat, Measured])
def test_saved_models_predict_the_same(cls, tmp_path):
    model = cls().fit(_spectra(), _labels(DEPTH + 0.5))
    model.save(tmp_path)
    xr.testing.assert_identical(cls.load(tmp_path).predict(_spectra()), model.predict(_spectra()))
    with pytest.raises(NotFittedError):
        cls().predict(_spectra())
