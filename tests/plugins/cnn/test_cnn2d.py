"""The model cnn2d: images of light curves, and injected truth."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.errors import DataError
from specframe_cnn import Cnn2d
from specframe_cnn.examples import images
from specframe_cnn.variables import Variables


def _collection(n=6, sizes=(("B", 8), ("A", 1)), n_time=40):
    rng = np.random.default_rng(0)
    nodes = {"/": xr.Dataset(coords={"target": [f"p{i}" for i in range(n)]})}
    for number, (name, n_wavelength) in enumerate(sizes):
        wavelength = 3.0 - 2.0 * number + np.arange(n_wavelength) / 10
        flux = 1e4 * (1 + number) * (1.0 + rng.normal(0, 1e-3, (n, n_wavelength, n_time)))
        dims = ("target", "wavelength", "time")
        data = {"flux": (dims, flux), "flux_error": (dims, np.full(flux.shape, 10.0))}
        nodes[f"/{name}"] = xr.Dataset(data, coords={"wavelength": wavelength, "time": np.arange(n_time) / 100})
    return xr.DataTree.from_dict(nodes)


def _measured(X, **params):
    return Cnn2d(**params)._measure(Variables.read(X))


def test_instruments_are_rows_of_one_image_in_ascending_wavelength():
    X = _collection()
    image = _measured(X).values
    assert image.shape == (6, 1, 9, 40)
    first = X["A/flux"].values[:, 0]
    level = np.median(first[:, np.r_[0:5, 35:40]], axis=1)
    np.testing.assert_allclose(image[:, 0, 0], first / level[:, None] - 1.0, atol=1e-7)


def test_wavelengths_and_samples_are_averaged():
    X = _collection()
    whole, binned = _measured(X).values, _measured(X, wavelength_bins=4, time_bins=10).values
    assert binned.shape == (6, 1, 5, 10)
    expected = whole[:, :, 1:].reshape(6, 1, 4, 2, 10, 4).mean(axis=(3, 5))
    # levels, which are medians, differ by 3e-4 and so do the weights of errors over levels, of values of 1e-3
    np.testing.assert_allclose(binned[:, :, 1:], expected, atol=5e-6)


def test_the_noise_is_that_of_the_averages():
    errors = _measured(_collection(), wavelength_bins=4, time_bins=10, augment={"noise": 1.0}).errors
    assert errors is not None
    np.testing.assert_allclose(errors[:, 0, 1:], 1e-3 / np.sqrt(8), rtol=1e-2)  # levels are medians of ten samples
    np.testing.assert_allclose(errors[:, 0, 0], 5e-4 / np.sqrt(4), rtol=1e-2)


def test_further_variables_are_further_channels():
    X = _collection(sizes=(("A", 8),))
    X["A/model"] = X["A/flux"] * 2.0
    measured = _measured(X, inputs=["flux", "model"])
    assert measured.values.shape == (6, 2, 8, 40)
    assert measured.names == ("flux", "model")
    np.testing.assert_allclose(measured.values[:, 0], measured.values[:, 1], atol=1e-6)


def test_light_curves_of_other_lengths_are_refused_together():
    X = _collection()
    X["/A"] = _collection(sizes=(("B", 8), ("A", 1)), n_time=20)["A"]
    with pytest.raises(DataError, match="40, 20 samples: bin them to one grid"):
        _measured(X)


def test_detrended_flux_is_not_divided_again():
    X = _collection(sizes=(("A", 3),))
    X["A/detrended_flux"] = X["A/flux"] / 5e3
    np.testing.assert_allclose(
        _measured(X, inputs=["detrended_flux"]).values[:, 0], X["A/detrended_flux"].values - 1.0, atol=1e-6
    )


def test_depths_are_found_in_images(tmp_path):
    made = images(tmp_path)
    problem = made["examples"][0]
    training = {**made["params"]["training"], "epochs": 60, "learning_rate": 5e-3}
    model = Cnn2d(**{**made["params"], "training": training}).fit(problem.X, problem.y, seed=1)
    error = model.predict(problem.X_new)["mean"].values - problem.y_new.values
    assert np.sqrt(np.mean(error**2)) < 0.25 * problem.y_new.values.std()


def test_what_it_reads_is_named_to_the_pipeline():
    assert Cnn2d().inputs() == ("flux",)
    assert Cnn2d(wavelength_bins=8).inputs() == ("flux", "flux_error")
    assert Cnn2d(inputs=["A/flux"], unit="depth-error", auxiliary=["depth"]).inputs() == (
        "A/flux",
        "depth",
        "depth_error",
    )
