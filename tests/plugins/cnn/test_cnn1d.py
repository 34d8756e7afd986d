"""The model cnn1d: what it reads of a collection, and injected truth."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from specframe.api import collate, make_labels, make_observation
from specframe.errors import ContainerError, DataError, ParameterError
from specframe.testing.problems import fitted_observation
from specframe_cnn import Cnn1d
from specframe_cnn.variables import Variables

NETWORK = {"blocks": [{"type": "conv", "filters": 4, "kernel": 3}, {"type": "pool", "size": 4, "pooling": "adaptive"}]}
QUICK = {"epochs": 2}


def _measured(X, **params):
    return Cnn1d(**params)._measure(Variables.read(X))


def _collection(n=12, n_wavelength=10, n_time=40, seed=0):
    """Return a collection of two instruments with spectra, light curves and numbers of each target."""
    rng = np.random.default_rng(seed)
    white = 0.01 + rng.normal(0, 1e-3, n)
    depth = white[:, None] + rng.normal(0, 1e-4, (n, n_wavelength))
    time = np.linspace(0.0, 0.3, n_time)
    transit = 1.0 - depth[:, :, None] * ((time > 0.1) & (time < 0.2))
    flux = rng.uniform(1e4, 1e6, (n, n_wavelength, 1)) * transit
    wavelength = np.linspace(1.0, 3.0, n_wavelength)

    def node(variables, which):
        coords = {"wavelength": wavelength[which], "time": time}
        return xr.Dataset(variables, coords=coords)

    def curves(which):
        dims = ("target", "wavelength", "time")
        data = {"flux": (dims, flux[:, which]), "flux_error": (dims, 1e-4 * flux[:, which])}
        return node({**data, "contact_time": (("target", "contact"), np.tile([0.1, 0.1, 0.2, 0.2], (n, 1)))}, which)

    spectrum = {
        "depth": (("target", "wavelength"), depth),
        "depth_error": (("target", "wavelength"), np.tile(np.geomspace(1e-5, 1e-3, n_wavelength), (n, 1))),
        "white_depth": ("target", white),
    }
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(coords={"target": [f"p{i}" for i in range(n)]}),
            "/spectrum": node(spectrum, slice(None)),
            "/B": curves(slice(4, None)),
            "/A": curves(slice(0, 4)),
            "/catalogue": xr.Dataset({"Rs": ("target", rng.uniform(0.5, 2.0, n))}),
        }
    )
    return tree, depth


def test_light_curves_are_relative_to_their_level_with_a_channel_for_each_instrument():
    X, depth = _collection()
    measured = _measured(X, axis="time", inputs=["flux"])
    assert measured.values.shape == (12, 2, 40)
    in_transit = -measured.values[:, :, 20]
    np.testing.assert_allclose(in_transit[:, 0], depth[:, :4].mean(axis=1), rtol=1e-5)  # single precision
    np.testing.assert_allclose(in_transit[:, 1], depth[:, 4:].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(measured.values[:, :, 2], 0.0, atol=1e-7)


@pytest.mark.parametrize(("channels", "expected"), [(2, 4), (4, 8), (100, 10)])
def test_wavelengths_are_averaged_in_groups(channels, expected):
    X, _ = _collection()
    assert _measured(X, axis="time", inputs=["flux"], channels=channels).values.shape == (12, expected, 40)


def test_weights_of_an_average_come_from_the_errors():
    X, depth = _collection()
    X["B/flux_error"] *= np.array([1.0, 1e4, 1e4, 1e4, 1e4, 1e4])[None, :, None]
    measured = _measured(X, axis="time", inputs=["B/flux"])
    np.testing.assert_allclose(-measured.values[:, 0, 20], depth[:, 4], rtol=1e-5)


def test_spectra_relative_to_their_own_mean_leave_it_as_an_auxiliary_value():
    X, depth = _collection()
    measured = _measured(X, inputs=["depth"], centre="target", auxiliary=["catalogue/Rs"])
    weight = 1 / np.geomspace(1e-5, 1e-3, 10) ** 2
    mean = np.average(depth, axis=1, weights=weight)
    np.testing.assert_allclose(measured.values[:, 0], depth - mean[:, None], atol=1e-9)
    np.testing.assert_allclose(measured.auxiliary.values[:, 0], X["catalogue/Rs"].values)
    np.testing.assert_allclose(measured.auxiliary.values[:, 1], mean, rtol=1e-9)


def test_in_units_of_the_errors_noise_is_one_at_every_wavelength():
    X, depth = _collection()
    error = np.geomspace(1e-5, 1e-3, 10)
    params = {"inputs": ["depth", "depth_error"], "centre": "target", "unit": "depth-error", "augment": {"noise": 1.0}}
    measured = _measured(X, **params)
    mean = np.average(depth, axis=1, weights=1 / error**2)
    np.testing.assert_allclose(measured.values[:, 0], (depth - mean[:, None]) / error, atol=1e-4)
    np.testing.assert_allclose(measured.values[:, 1], np.tile(np.log10(error / np.median(error)), (12, 1)), atol=1e-6)
    np.testing.assert_allclose(measured.unit, np.median(error))
    assert measured.errors is not None
    np.testing.assert_allclose(measured.errors[:, 0], 1.0)
    np.testing.assert_allclose(measured.errors[:, 1], 0.0)


def test_what_it_reads_is_named_to_the_pipeline():
    assert Cnn1d().inputs() == ()
    assert Cnn1d(axis="time").inputs() == ("flux", "flux_error")
    contacts = Cnn1d(axis="time", inputs=["A/flux"], level="contacts", auxiliary=["depth"])
    assert contacts.inputs() == ("A/flux", "depth", "A/flux_error", "A/contact_time")
    assert Cnn1d(unit="depth-error").inputs() == ("depth", "depth_error")
    assert Cnn1d(centre="target").inputs() == ("depth|flux", "depth_error|flux_error")
    assert Cnn1d(axis="time", inputs=["detrended_flux"]).inputs() == ("detrended_flux",)


def test_predictions_of_earlier_models_are_channels_or_auxiliary_values():
    X, depth = _collection()
    X["/predictions"] = xr.Dataset(
        {"spectra": (("target", "output"), depth), "spectra_error": (("target", "output"), depth)}
    )
    assert _measured(X, inputs=["depth"]).names == ("depth", "spectra")
    assert _measured(X, axis="time", inputs=["flux"]).auxiliary.values.shape == (12, 10)


def test_it_learns_from_what_collate_makes_of_observations():
    observations = []
    for seed in range(8):
        data = fitted_observation(seed)["SPEC/0"].to_dataset()
        observations.append(make_observation(f"p{seed}", {"SPEC/0": data}))
    labels = make_labels(np.random.default_rng(0).normal(0.01, 1e-3, (8, 2)), [f"p{i}" for i in range(8)], ["a", "b"])
    for params in ({}, {"axis": "time", "auxiliary": ["depth"], "level": "contacts", "augment": {"noise": 0.5}}):
        model = Cnn1d(network=NETWORK, training=QUICK, **params)
        X = collate(observations, model.inputs())
        assert model.fit(X, labels).predict(X)["mean"].shape == (8, 2)


def test_the_depth_is_found_in_light_curves():
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.005, 0.015, 300)
    time = np.linspace(0, 1, 60)
    flux = rng.uniform(1e4, 1e6, (300, 1)) * (1.0 - depth[:, None] * ((time > 0.3) & (time < 0.7)))
    flux *= 1.0 + rng.normal(0, 2e-4, flux.shape)
    model = Cnn1d(axis="time", network=NETWORK, training={"epochs": 120, "learning_rate": 5e-3})
    prediction = model.fit(flux[:250], depth[:250]).predict(flux[250:])
    error = prediction["mean"].values[:, 0] - depth[250:]
    # noise over the 24 samples in and 14 out of transit leaves 7e-5; a fortieth of the depths' spread is well learned
    assert np.sqrt(np.mean(error**2)) < 1.5e-4


def test_wrong_choices_are_told():
    X, _ = _collection()
    with pytest.raises(ContainerError, match=r"expected spectra with an axis 'wavelength'.*A/flux"):
        _measured(X, inputs=["A/flux"])
    with pytest.raises(ContainerError, match="expected light curves with an axis 'time', got spectrum/depth"):
        _measured(X, inputs=["depth"], axis="time")
    with pytest.raises(ContainerError, match="there is no 'nothing' to learn from"):
        _measured(X, inputs=["nothing"])
    with pytest.raises(ContainerError, match="unit: depth-error needs"):
        _measured(np.ones((4, 5)), unit="depth-error")
    with pytest.raises(ContainerError, match="level: contacts needs contact_time"):
        _measured(np.ones((4, 5)), axis="time", level="contacts")
    with pytest.raises(DataError, match="no light curve of the array has a positive level"):
        _measured(-np.ones((4, 20)), axis="time")
    X["A/flux_mean"] = X["A/flux"].mean("time")
    with pytest.raises(DataError, match="must have as many wavelengths, got depth 10, flux_mean 4"):
        _measured(X, inputs=["depth", "flux_mean"])
    with pytest.raises(ParameterError, match="axis"):
        Cnn1d(axis="time of day")


def test_its_parameters_import_neither_torch_nor_xarray():
    code = "import sys, specframe_cnn.plugin; print(sorted({'torch', 'xarray', 'scipy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
