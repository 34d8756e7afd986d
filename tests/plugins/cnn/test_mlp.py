"""The model mlp: what it reads, how it scales, and injected truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr

from specframe.api import make_labels, validate_prediction
from specframe.errors import ContainerError, ParameterError, UsageError
from specframe_cnn import Cnn1d, Mlp
from specframe_cnn.variables import Variables

QUICK = {"epochs": 3, "patience": 3, "batch_size": 16}


def _collection(n=30, seed=0):
    """Return spectra of two lengths, a table and a number of each target."""
    rng = np.random.default_rng(seed)
    spectrum = xr.Dataset(
        {
            "flux": (("target", "wavelength"), rng.uniform(1.0, 2.0, (n, 12))),
            "slope": (("target", "wavelength"), rng.normal(size=(n, 12))),
            "flux_scale": ("target", rng.uniform(1.0, 2.0, n)),
        },
        coords={"wavelength": np.linspace(1.0, 2.0, 12)},
    )
    far = xr.Dataset(
        {"photometry": (("target", "wavelength"), rng.normal(size=(n, 5)))}, coords={"wavelength": np.arange(5.0)}
    )
    table = xr.Dataset({"indices": (("target", "index"), rng.normal(size=(n, 4)))})
    names = [f"p{i}" for i in range(n)]
    return xr.DataTree.from_dict(
        {"/": xr.Dataset(coords={"target": names}), "/spectrum": spectrum, "/far": far, "/table": table}
    )


def _measured(X, **params):
    return Mlp(**params)._measure(Variables.read(X))


def _scaled(inputs, **params):
    """Return what the network reads of an array."""
    model = Mlp(components=None, training=QUICK, hidden=[4], **params)
    model.fit(inputs, np.random.default_rng(0).normal(size=len(inputs)))
    return model._scale.inputs(_measured(inputs))["series"][:, 0].numpy()


def test_spectra_of_one_length_are_read_together_and_all_else_as_values():
    X = _collection()
    names = ["flux", "slope", "photometry", "indices"]
    measured = _measured(X, inputs=names, auxiliary=["flux_scale"])
    assert measured.values.shape == (30, 2, 12)
    assert measured.names == ("flux", "slope")
    np.testing.assert_array_equal(measured.auxiliary.values[:, 0], X["spectrum/flux_scale"].values)
    rest = np.concatenate([X["far/photometry"].values, X["table/indices"].values], axis=1)
    np.testing.assert_array_equal(measured.auxiliary.values[:, 1:], rest)
    assert Mlp(inputs=names, auxiliary=["flux_scale"]).inputs() == (*names, "flux_scale")
    assert Mlp().inputs() == ()
    assert Mlp(inputs=["flux"], augment={"noise": 1.0}).inputs() == ("flux", "flux_error")


@pytest.mark.parametrize("names", [["indices"], ["flux_scale"], ["photometry", "indices"], ["flux", "flux_scale"]])
def test_it_learns_from_any_numbers(names):
    X = _collection()
    labels = np.random.default_rng(1).normal(size=(30, 2))
    X["table/indices"][3, 1] = np.nan
    model = Mlp(inputs=names, hidden=[8], training=QUICK).fit(X, labels)
    prediction = model.predict(X)
    validate_prediction(prediction, "mlp")
    assert prediction["mean"].shape == (30, 2)


def test_images_and_cubes_are_numbers_too():
    rng = np.random.default_rng(0)
    cube = rng.normal(size=(60, 3, 4))
    labels = cube[:, 1, 2] + 0.5 * cube[:, 2, 0]
    training = {"epochs": 100, "patience": 100, "batch_size": 16}
    model = Mlp(hidden=[32], training=training).fit(cube[:50], labels[:50])
    left = model.predict(cube[50:])["mean"].values[:, 0] - labels[50:]
    assert np.std(left) < 0.5 * labels.std()


@pytest.mark.parametrize("components", [None, 10])
def test_small_differences_are_found_beside_large_ones(components):
    """A label in a direction with a hundredth of the scatter of the first: components make it as large as that."""
    rng = np.random.default_rng(0)
    grid = np.linspace(0, 3, 50)
    scores = rng.uniform(-2.0, 2.0, (400, 2))
    spectra = scores[:, :1] * np.sin(grid) + 0.01 * scores[:, 1:] * np.cos(7 * grid)
    labels = np.sin(2 * scores[:, 1])
    training = {"epochs": 40, "patience": 40, "batch_size": 32}
    model = Mlp(components=components, whitening=1.0, hidden=[64, 64], training=training).fit(
        spectra[:300], labels[:300]
    )
    left = model.predict(spectra[300:])["mean"].values[:, 0] - labels[300:]
    if components is None:
        assert np.std(left) > 0.2 * labels.std()
    else:
        assert np.std(left) < 0.1 * labels.std()


def test_each_wavelength_is_standardised_by_itself():
    inputs = np.random.default_rng(0).normal(5.0, np.geomspace(1e-3, 1e3, 8), (40, 8))
    read = _scaled(inputs)
    np.testing.assert_allclose(read.mean(axis=0), 0.0, atol=1e-3)  # single precision of 5 / 1e-3
    np.testing.assert_allclose(read.std(axis=0), 1.0, rtol=1e-3)


def test_other_scalings():
    inputs = np.random.default_rng(0).normal(5.0, [[0.5, 1.0, 2.0, 4.0]], (40, 4))
    between = _scaled(inputs, scaling="min-max")
    np.testing.assert_allclose(between.min(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(between.max(axis=0), 1.0, atol=1e-5)
    np.testing.assert_allclose(_scaled(inputs, scaling="common"), (inputs - inputs.mean()) / inputs.std(), atol=1e-4)
    np.testing.assert_allclose(_scaled(inputs, scaling="none"), inputs, rtol=1e-6)


def test_what_is_constant_or_missing_everywhere_does_no_harm():
    inputs = np.random.default_rng(0).normal(size=(40, 6))
    inputs[:, 1], inputs[:, 2] = 7.0, np.nan
    for scaling in ("wavelength", "min-max", "common", "none"):
        for components in (None, 4):
            model = Mlp(scaling=scaling, components=components, hidden=[8], training=QUICK).fit(inputs, inputs[:, :1])
            changed = inputs.copy()
            changed[:, 1:3] = 8.0
            for data in (inputs, changed):
                validate_prediction(model.predict(data), "mlp")


def test_fluxes_are_standardised_by_wavelength_and_depths_in_common():
    """The networks along wavelength choose by what the variable is."""
    rng = np.random.default_rng(0)
    values = rng.normal(5.0, np.geomspace(0.1, 10.0, 12), (30, 12))
    y = make_labels(rng.normal(size=(30, 1)), [f"p{i}" for i in range(30)], ["a"])
    shapes = {}
    for name in ("flux", "depth"):
        coords = {"target": y["target"].values, "wavelength": np.arange(12.0)}
        data = xr.Dataset({name: (("target", "wavelength"), values)}, coords=coords)
        X = xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": coords["target"]}), "/spectrum": data})
        shapes[name] = Cnn1d(training={"epochs": 1}).fit(X, y)._scale.scale.shape
    assert shapes == {"flux": (1, 12), "depth": (1,)}


def test_residual_layers_add_to_their_input():
    inputs = np.random.default_rng(0).normal(size=(40, 6))
    model = Mlp(residual=True, hidden=[8, 8, 4], training=QUICK).fit(inputs, inputs[:, :2])
    network = model._network
    series = model._scale.inputs(_measured(inputs))
    with torch.no_grad():
        for parameter in network.dense[2].parameters():
            parameter.zero_()
        after_first = network.dense[1](network.dense[0](network.branches["series"](series["series"], None)))
        torch.testing.assert_close(network.dense[2](after_first), after_first)
    assert network.features(series).shape == (40, 4)
    assert [row.split()[1] for row in network.summary().splitlines() if row.startswith("dense")] == ["8", "8", "4"]


def test_smaller_initial_weights_are_the_same_ones_but_smaller():
    inputs = np.random.default_rng(0).normal(size=(40, 6))
    rate = {"epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    whole, half = (
        Mlp(hidden=[8], components=None, initial_weights=size, training={**rate, "validation": 0.0}).fit(
            inputs, inputs[:, :1]
        )
        for size in (1.0, 0.5)
    )
    torch.testing.assert_close(0.5 * whole._network.dense[0].weight, half._network.dense[0].weight)


@pytest.mark.parametrize("head", ["gaussian", "quantiles", "mixture", "low-rank"])
def test_every_head_states_a_valid_prediction(head):
    inputs = np.random.default_rng(0).normal(size=(40, 6))
    prediction = Mlp(head=head, hidden=[8], training=QUICK).fit(inputs, inputs[:, :3]).predict(inputs)
    validate_prediction(prediction, "mlp")


def test_draws_need_dropout_and_say_how_it_is_stated():
    inputs = np.random.default_rng(0).normal(size=(40, 6))
    with pytest.raises(UsageError, match=r"no dropout to draw from: give some, e\.g\. dropout: 0\.1"):
        Mlp().check_draws("dropout")
    training = {"epochs": 30, "batch_size": 16}
    model = Mlp(dropout=0.2, hidden=[8, 8], training=training).fit(inputs, inputs[:, :2])
    assert (model.draws(inputs, 20, source="dropout").std(axis=0) > 0).all()
    with pytest.raises(ParameterError, match="one for each hidden layer: expected 3, got 2"):
        Mlp(dropout=[0.1, 0.2])


def test_wrong_choices_are_told():
    with pytest.raises(ContainerError, match="there is no 'nothing' to learn from"):
        _measured(_collection(), inputs=["nothing"])
    with pytest.raises(ParameterError, match="scaling"):
        Mlp(scaling="wavelengths")
