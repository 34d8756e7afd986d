"""What both networks have in common: every shape of problem, order, weights, groups, draws, state."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

import specframe_cnn.network_model
from specframe.api import make_labels, validate_prediction, working_in
from specframe.errors import DataError, NotFittedError, UsageError
from specframe_cnn import Cnn1d, Cnn2d

SMALL = {"blocks": [{"type": "conv", "filters": 4, "kernel": 3}, {"type": "pool", "size": 2, "pooling": "adaptive"}]}
NETWORK = {**SMALL, "dense": [8], "dropout": 0.2}
LINEAR = {"blocks": [{"type": "flatten"}], "dense": [], "dropout": 0.0}
QUICK = {"epochs": 3, "batch_size": 16}
HEADS = ["mean", "gaussian", "quantiles", "mixture", "low-rank"]


def _model(form, **params):
    params = {"network": NETWORK, "training": QUICK, **params}
    if form == "image":
        return Cnn2d(level="none", **params)
    return Cnn1d(axis=form, level="none", **params)


def _inputs(form, n=30, length=12, seed=0):
    rng = np.random.default_rng(seed)
    shape = (n, 5, length) if form == "image" else (n, length)
    return rng.normal(0.0, 1.0, shape)


def _labels(inputs, n_output, seed=1):
    rng = np.random.default_rng(seed)
    flat = np.nan_to_num(inputs.reshape(len(inputs), -1))
    return 0.01 + 1e-3 * (flat @ rng.normal(0.0, 1.0, (flat.shape[1], n_output)))


@pytest.mark.parametrize("form", ["wavelength", "time", "image"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("n_output", [1, 4])
def test_every_head_states_a_valid_prediction(form, head, n_output):
    inputs = _inputs(form)
    labels = _labels(inputs, n_output)
    prediction = _model(form, head=head).fit(inputs, labels, seed=1).predict(inputs)
    validate_prediction(prediction, "cnn")
    assert prediction["mean"].shape == (30, n_output)
    stated = {"gaussian": "std", "mixture": "std", "low-rank": "covariance", "quantiles": "lower"}
    if head in stated:
        assert stated[head] in prediction
    if head == "quantiles":
        assert list(prediction["level"].values) == [0.68, 0.95]
        assert bool((prediction["lower"].sel(level=0.95) <= prediction["lower"].sel(level=0.68)).all())


@pytest.mark.parametrize("head", HEADS)
def test_errors_of_every_head_are_in_the_units_of_each_output(head):
    inputs, unit, shift = _inputs("wavelength"), np.array([1e-3, 5e2]), np.array([2e-2, -1e4])
    labels = _labels(inputs, 2) / 1e-3 + 0.3 * np.random.default_rng(3).normal(size=(30, 1))
    plain = _model("wavelength", head=head).fit(inputs, labels, seed=1)
    scaled = _model("wavelength", head=head).fit(inputs, shift + unit * labels, seed=1)
    a, b = plain.predict(inputs), scaled.predict(inputs)
    for name in {"mean", "lower", "upper"} & set(b.data_vars):
        level = (slice(None), None) if b[name].ndim == 3 else slice(None)
        np.testing.assert_allclose((b[name].values - shift[level]) / unit[level], a[name], rtol=2e-2, atol=0.05)
    if "std" in b:
        np.testing.assert_allclose(b["std"].values / unit, a["std"], rtol=2e-2)
    if "covariance" in b:
        np.testing.assert_allclose(b["covariance"].values / np.outer(unit, unit), a["covariance"], rtol=5e-2, atol=0.05)
    for source in ("dropout", "weights") if head in ("mean", "gaussian", "low-rank") else ("dropout",):
        drawn = [model.draws(inputs, 40, source=source, seed=2).std(axis=0) for model in (plain, scaled)]
        np.testing.assert_allclose(drawn[1] / unit, drawn[0], rtol=5e-2, atol=0.01)


@pytest.mark.parametrize("form", ["wavelength", "time", "image"])
@pytest.mark.parametrize("hole", ["none", "some", "column", "target", "constant", "constant-target", "one-feature"])
def test_missing_and_constant_inputs_do_no_harm(form, hole, caplog):
    inputs = _inputs(form, length=1 if hole == "one-feature" and form == "wavelength" else 12)
    labels = _labels(inputs, 2)
    if hole == "some":
        inputs[np.random.default_rng(3).random(inputs.shape) < 0.1] = np.nan
    elif hole == "column":
        inputs[..., 3] = np.nan
    elif hole == "target":
        inputs[4] = np.nan
    elif hole == "constant":
        inputs[...] = 0.5
    elif hole == "constant-target":
        inputs[2] = 0.5
    with caplog.at_level(logging.WARNING):
        model = _model(form).fit(inputs, labels, seed=1)
    prediction = model.predict(inputs)
    validate_prediction(prediction, "cnn")
    assert ("left out of the fit: 4" in caplog.text) == (hole == "target")
    if hole == "target":
        assert bool(prediction["extrapolating"][4])
    if hole == "none":  # a hole where training had none
        inputs[0, ..., 2] = np.nan
        validate_prediction(model.predict(inputs), "cnn")


@pytest.mark.parametrize("form", ["wavelength", "time", "image"])
def test_the_order_of_targets_changes_nothing_to_the_last_bit(form):
    inputs = _inputs(form)
    inputs[np.random.default_rng(3).random(inputs.shape) < 0.05] = np.nan
    labels = _labels(inputs, 3)
    names = np.array([f"planet-{i}" for i in range(30)])
    weight = np.random.default_rng(4).uniform(0.5, 2.0, 30)
    order = np.random.default_rng(5).permutation(30)

    def fitted(index):
        dims = ("target", "wavelength", "time") if form == "image" else ("target", form)
        X = xr.DataArray(inputs[index], dims=dims, coords={"target": names[index]})
        y = make_labels(labels[index], list(names[index]), ["a", "b", "c"])
        model = _model(
            form, label_components=2, label_scale="common", augment={"drift": 0.0 if form == "wavelength" else 0.01}
        )
        return model.fit(X, y, sample_weight=weight[index], seed=7)

    first, second = fitted(np.arange(30)), fitted(order)
    new = _inputs(form, seed=9)
    np.testing.assert_array_equal(first.predict(new)["mean"].values, second.predict(new)["mean"].values)
    np.testing.assert_array_equal(first.predict(new)["distance"].values, second.predict(new)["distance"].values)
    for source in ("dropout", "weights"):
        np.testing.assert_array_equal(first.draws(new, 3, source=source), second.draws(new, 3, source=source))


@pytest.mark.parametrize("form", ["wavelength", "image"])
@pytest.mark.parametrize("head", HEADS)
def test_saved_and_loaded_it_is_the_same_to_the_last_bit(form, head, tmp_path):
    inputs = _inputs(form)
    inputs[0, ..., 1] = np.nan
    model = _model(form, head=head, label_components=2 if head != "quantiles" else None)
    model.fit(inputs, _labels(inputs, 3), seed=1).save(tmp_path)
    loaded = type(model).load(tmp_path)
    assert model.predict(inputs).identical(loaded.predict(inputs))
    assert model.history().identical(loaded.history())
    source = "weights" if head in ("mean", "gaussian", "low-rank") else "dropout"
    np.testing.assert_array_equal(
        model.draws(inputs, 4, source=source, seed=3), loaded.draws(inputs, 4, source=source, seed=3)
    )


def test_a_linear_network_finds_the_least_squares_solution():
    inputs = _inputs("wavelength", n=200, length=4)
    labels = _labels(inputs, 2) + np.random.default_rng(2).normal(0, 1e-5, (200, 2))
    training = {"epochs": 150, "learning_rate": 0.03, "weight_decay": 0.0, "validation": 0.0}
    model = Cnn1d(network=LINEAR, training=training).fit(inputs, labels)
    new = _inputs("wavelength", n=50, length=4, seed=8)
    expected = np.column_stack([new, np.ones(50)]) @ np.linalg.lstsq(np.column_stack([inputs, np.ones(200)]), labels)[0]
    # both err by the labels' noise over sqrt(n / p), and stochastic descent by as much again
    assert np.abs(model.predict(new)["mean"].values - expected).max() < 1e-5


def test_draws_of_the_weights_are_as_wide_as_least_squares_says():
    """With a weak prior the posterior of a linear network is that of least squares, sigma^2 (X'X)^-1."""
    rng = np.random.default_rng(2)
    inputs = _inputs("wavelength", n=400, length=3)
    labels = _labels(inputs, 1) + rng.normal(0, 4e-4, (400, 1))
    training = {"epochs": 60, "learning_rate": 0.03, "weight_decay": 0.0}
    model = Cnn1d(network=LINEAR, training=training).fit(inputs, labels)
    new = _inputs("wavelength", n=20, length=3, seed=8)
    drawn = model.draws(new, 4000, source="weights").std(axis=0)[:, 0]
    design, at = np.column_stack([inputs, np.ones(400)]), np.column_stack([new, np.ones(20)])
    expected = 4e-4 * np.sqrt(np.einsum("ij,jk,ik->i", at, np.linalg.inv(design.T @ design), at))
    # it learns from the 85 % that are not held out, and knows the noise from the other 60 to 9 %
    np.testing.assert_allclose(drawn, expected / np.sqrt(0.85), rtol=0.2)


def test_a_gaussian_head_learns_how_noise_grows():
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1.0, 1.0, (600, 1))
    sigma = np.where(inputs > 0, 4e-4, 1e-4)
    labels = 0.01 + rng.normal(0.0, sigma)
    training = {"epochs": 60, "learning_rate": 0.01}
    network = {"blocks": [{"type": "flatten"}], "dense": [16], "dropout": 0.0}
    model = Cnn1d(network=network, head="gaussian", training=training).fit(inputs, labels)
    stated = model.predict(np.array([[-0.5], [0.5]]))["std"].values[:, 0]
    np.testing.assert_allclose(stated, [1e-4, 4e-4], rtol=0.3)


def test_without_a_signal_it_stays_close_to_the_mean_of_the_labels():
    """Labels that are noise: the targets held out stop training before the network tells much of it."""
    rng = np.random.default_rng(0)
    labels = rng.normal(0.0, 1e-5, (80, 6))
    inputs = _inputs("wavelength", n=80, length=30)
    model = Cnn1d(network=NETWORK, training={"epochs": 20, "learning_rate": 0.01}).fit(inputs, labels)
    assert np.abs(model.predict(inputs)["mean"].values - labels.mean(axis=0)).mean() < 0.3e-5


def test_what_training_made_worse_is_not_kept(monkeypatch):
    """The network starts at the mean of the labels, and ends there when no epoch was better."""

    def spoil(network, head, data, validation, *args):
        history = original(network, head, data, validation, *args)
        with torch.no_grad():
            network.last.bias += 3.0
        return replace(history, validation_loss=history.validation_loss + 10.0)

    original = specframe_cnn.network_model.train
    monkeypatch.setattr(specframe_cnn.network_model, "train", spoil)
    inputs = _inputs("wavelength")
    labels = _labels(inputs, 4)
    model = _model("wavelength").fit(inputs, labels)
    assert model.history().attrs["best_epoch"] == -1
    np.testing.assert_allclose(model.predict(inputs)["mean"].values, np.tile(labels.mean(axis=0), (30, 1)), rtol=1e-6)


def test_a_residual_of_zero_stays_zero():
    model = Cnn1d(network=NETWORK, training=QUICK).fit(_inputs("wavelength"), np.zeros((30, 4)))
    assert np.abs(model.predict(_inputs("wavelength", seed=4))["mean"].values).max() < 1e-12


def test_targets_of_weight_zero_are_not_learned_from():
    inputs = _inputs("wavelength", n=40)
    labels = _labels(inputs, 2)
    weight = np.repeat([1.0, 0.0], 20)
    spoiled = labels.copy()
    spoiled[20:] = 5.0
    with_all = _model("wavelength").fit(inputs, spoiled, sample_weight=weight, seed=1)
    alone = _model("wavelength").fit(inputs[:20], labels[:20], seed=1)
    new = _inputs("wavelength", seed=5)
    # groups are the targets' names, which agree
    np.testing.assert_array_equal(with_all.predict(new)["mean"].values, alone.predict(new)["mean"].values)


def test_groups_are_held_out_whole(monkeypatch):
    seen = []

    def train(network, head, data, validation, *args):
        seen.append((data.labels[:, 0].numpy(), validation.labels[:, 0].numpy()))
        return original(network, head, data, validation, *args)

    original = specframe_cnn.network_model.train
    monkeypatch.setattr(specframe_cnn.network_model, "train", train)
    names = [f"p{i}" for i in range(40)]
    groups = np.repeat([f"star-{i}" for i in range(8)], 5)
    star = np.repeat(np.arange(8.0), 5)
    y = make_labels(star[:, None], names, ["a"]).assign_coords(group=("target", groups))
    X = xr.DataArray(_inputs("wavelength", n=40), dims=("target", "wavelength"), coords={"target": names})
    _model("wavelength").fit(X, y)
    learned, held_out = (set(np.round(part, 4).tolist()) for part in seen[0])
    assert not learned & held_out
    assert len(learned) + len(held_out) == 8


def test_dropout_draws_scatter_around_the_prediction_and_do_not_depend_on_the_others():
    inputs = _inputs("wavelength", n=40)
    model = _model("wavelength", training={"epochs": 30, "batch_size": 16}).fit(inputs, _labels(inputs, 2))
    draws = model.draws(inputs, 400, source="dropout", seed=2)
    mean = model.predict(inputs)["mean"].values
    assert draws.shape == (400, 40, 2)
    assert (draws.std(axis=0) > 0).all()
    assert np.abs(draws.mean(axis=0) - mean).mean() < 0.5 * draws.std(axis=0).mean()
    one = model.draws(inputs[3:4], 400, source="dropout", seed=2)
    # batches of another size round differently in single precision
    np.testing.assert_allclose(one[:, 0], draws[:, 3], atol=1e-5 * np.ptp(draws))
    assert np.abs(model.draws(inputs, 2, source="dropout", seed=3) - draws[:2]).max() > 0


def test_draws_that_cannot_be_are_refused_with_what_to_do():
    inputs = _inputs("wavelength")
    sure = _model("wavelength", network={**SMALL, "dense": [8], "dropout": 0.0}, head="quantiles")
    with pytest.raises(NotFittedError):
        sure.draws(inputs, 2, source="dropout")
    sure.fit(inputs, _labels(inputs, 2))
    with pytest.raises(UsageError, match=r"no dropout to draw from: give some, e\.g\. network: \{dropout: 0\.1\}"):
        sure.draws(inputs, 2, source="dropout")
    with pytest.raises(UsageError, match=r"need a head mean, gaussian, low-rank.*it has 'quantiles'"):
        sure.draws(inputs, 2, source="weights")


def test_convolutional_heads_draw_from_their_one_layer():
    inputs = _inputs("wavelength", n=60)
    labels = 0.01 + 1e-3 * inputs + np.random.default_rng(1).normal(0, 1e-4, inputs.shape)
    head = {"type": "mean", "output": "convolutional"}
    network = {"blocks": [{"type": "conv", "filters": 6, "kernel": 3}], "dense": [6], "dropout": 0.1}
    model = Cnn1d(head=head, network=network, training={"epochs": 60, "learning_rate": 0.02}).fit(inputs, labels)
    mean = model.predict(inputs)["mean"].values
    assert np.std(mean - labels) < 0.5 * labels.std()
    draws = model.draws(inputs, 200, source="weights")
    assert np.abs(draws.mean(axis=0) - mean).max() < 0.5 * draws.std(axis=0).mean() + 1e-5


def test_a_training_leaves_its_checkpoint_where_the_pipeline_says_and_tells_how_far_it_is(tmp_path):
    lines = []
    inputs = _inputs("wavelength")
    with working_in(tmp_path / "fit", lines.append):
        _model("wavelength", training={**QUICK, "checkpoint_every": 0.0}).fit(inputs, _labels(inputs, 1))
    assert [path.name for path in (tmp_path / "fit").iterdir()] == ["training.safetensors"]
    assert any(line.startswith("epoch 3/3") for line in lines)


def test_history_tells_losses_by_epoch():
    inputs = _inputs("wavelength")
    model = _model("wavelength")
    assert model.history() is None
    history = model.fit(inputs, _labels(inputs, 1)).history()
    assert set(history.data_vars) == {"training_loss", "validation_loss", "learning_rate"}
    assert history.sizes["epoch"] == 3
    assert history.attrs["best_epoch"] in (-1, 0, 1, 2)


def test_unlike_spectra_are_far_out():
    rng = np.random.default_rng(0)
    wavelength = np.linspace(0, 1, 60)
    spectra = 0.01 + 1e-3 * rng.normal(0, 1, (80, 1)) * np.sin(6 * wavelength) + rng.normal(0, 1e-4, (80, 60))
    model = Cnn1d(network=NETWORK, training=QUICK).fit(spectra[:70], spectra[:70, :1])
    usual = model.predict(spectra[70:])
    unusual = spectra[70:].copy()
    unusual[:, 20:30] += 3e-3
    prediction = model.predict(unusual)
    assert bool(prediction["extrapolating"].all())
    assert float(usual["extrapolating"].mean()) < 0.3
    assert float(prediction["distance"].min()) > float(usual["distance"].max())


def test_wrong_inputs_are_refused():
    inputs = _inputs("wavelength")
    labels = _labels(inputs, 2)
    model = _model("wavelength").fit(inputs, labels)
    with pytest.raises(DataError, match=r"X has inputs of shape \(1, 11\).*fitted with \(1, 12\)"):
        model.predict(inputs[:, 1:])
    with pytest.raises(DataError, match="2 targets with inputs"):
        _model("wavelength").fit(inputs[:2], labels[:2])
    with pytest.raises(DataError, match="labels must be finite"):
        _model("wavelength").fit(inputs, np.full((30, 1), np.nan))
    with pytest.raises(UsageError, match=r"augment\.noise"):
        _model("wavelength", augment={"noise": 1.0}).fit(inputs, labels)


@pytest.mark.parametrize(
    ("network", "there"),
    [
        ({}, False),
        ({"dropout": 0.1}, True),
        ({"dense": [8, 4], "dropout": [0.0, 0.2]}, True),
        ({"dense": [], "dropout": 0.1}, False),
        ({"blocks": [{"type": "dropout", "rate": 0.2}, {"type": "flatten"}]}, True),
        ({"blocks": [{"type": "conv", "filters": 2, "kernel": 3, "dropout": 0.1}]}, True),
    ],
)
def test_whether_dropout_can_be_drawn_from_is_told_before_anything_is_fitted(network: Any, there: bool) -> None:
    model = Cnn1d(network=network)
    if there:
        model.check_draws("dropout")
    else:
        with pytest.raises(UsageError, match="has no dropout to draw from: give some"):
            model.check_draws("dropout")


def test_heads_without_a_posterior_are_told_before_anything_is_fitted() -> None:
    Cnn1d().check_draws("weights")
    with pytest.raises(UsageError, match="it has 'quantiles'"):
        Cnn1d(head={"type": "quantiles"}).check_draws("weights")
