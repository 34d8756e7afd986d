"""The model gp: functions that were put in come out, with errors that hold."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels
from specframe.errors import DataError, ParameterError
from specframe_gp import GaussianProcess


def curved(seed: int = 0, n: int = 150, noise: float = 0.05):
    """Return inputs (n, 4), of which two matter, and a function of them that is not linear."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2.0, 2.0, (n, 4))
    truth = np.sin(2.0 * x[:, 0]) + 0.5 * x[:, 1]
    return x, truth, truth + rng.normal(0.0, noise, n)


def test_finds_an_injected_function_with_errors_that_hold() -> None:
    x, _, y = curved()
    new, truth, noisy = curved(seed=1, n=500)
    prediction = GaussianProcess().fit(x, y).predict(new)
    error = prediction["mean"].values[:, 0] - truth
    # a linear fit leaves 0.6; the noise is 0.05
    assert np.sqrt(np.mean(error**2)) < 0.05
    pull = (prediction["mean"].values[:, 0] - noisy) / prediction["std"].values[:, 0]
    # 500 pulls, of errors that neighbours share
    assert np.std(pull) == pytest.approx(1.0, abs=0.15)
    assert np.mean(np.abs(pull) < 1.0) == pytest.approx(0.683, abs=0.06)


def test_inputs_that_do_not_matter_get_long_scales() -> None:
    x, _, y = curved()
    scales = GaussianProcess(kernel="rbf").fit(x, y).hyper_parameters()["kernel.base_kernel.raw_lengthscale"][0, 0]
    # the third and the fourth do not matter
    assert scales[2:].min() > scales[0] + np.log(3.0)


def test_errors_grow_away_from_the_training_set() -> None:
    x, _, y = curved()
    model = GaussianProcess(kernel="matern-5/2").fit(x, y)
    near, far = model.predict(x[:1]), model.predict(x[:1] + 20.0)
    assert float(far["std"][0, 0]) > 5.0 * float(near["std"][0, 0])
    assert bool(far["extrapolating"][0])
    assert not bool(near["extrapolating"][0])


def test_order_of_targets_changes_nothing() -> None:
    x, _, y = curved(n=40)
    order = np.random.default_rng(0).permutation(40)
    first, second = GaussianProcess().fit(x, y), GaussianProcess().fit(x[order], y[order])
    xr.testing.assert_identical(first.predict(x), second.predict(x))


def test_sample_weight_is_the_precision_of_labels() -> None:
    """A label that is bad, and has next to no weight, does not bend the function."""
    x, truth, y = curved(n=100)
    y[::10] += 2.0
    weight = np.where(np.arange(100) % 10 == 0, 1e-4, 1.0)
    plain = GaussianProcess(noise="normal").fit(x, y).predict(x)["mean"].values[:, 0]
    weighted = GaussianProcess(noise="normal").fit(x, y, sample_weight=weight).predict(x)["mean"].values[:, 0]
    assert np.sqrt(np.mean((weighted - truth) ** 2)) < 0.2 * np.sqrt(np.mean((plain - truth) ** 2))


def heavy_tailed(seed: int, n: int):
    """Return inputs, a straight line of them, and the line with noise of Student's t with 2.5 degrees of freedom."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, x[:, 0], x[:, 0] + 0.05 * rng.standard_t(2.5, n)


def test_heavy_tails_are_learned_and_told() -> None:
    squares, held = {"normal": [], "student-t": []}, []
    for seed in range(6):
        x, _, y = heavy_tailed(seed, 150)
        new, truth, noisy = heavy_tailed(100 + seed, 1000)
        for noise, found in squares.items():
            prediction = GaussianProcess(noise=noise, kernel="linear", restarts=0).fit(x, y).predict(new)
            found.append(np.mean((prediction["mean"].values[:, 0] - truth) ** 2))
        # those of student-t
        inside = (prediction["lower"].values <= noisy[:, None, None]) & (noisy[:, None, None] <= prediction["upper"])
        held.append(inside.values.mean(axis=(0, 1)))
    # of a straight line an efficient estimate has about half the variance of least squares; six draws of three numbers
    assert np.mean(squares["student-t"]) < 0.8 * np.mean(squares["normal"])
    # the scale is known to 7 % from 150 targets, to 3 % on average: that moves 68 % by 1.5 %
    assert np.mean(held, axis=0) == pytest.approx([0.68, 0.95], abs=0.03)


def test_normal_noise_is_found_to_be_normal() -> None:
    x, _, y = curved(n=200)
    normal = GaussianProcess(noise="normal", restarts=0).fit(x, y).predict(x)
    robust = GaussianProcess(restarts=0).fit(x, y).predict(x)
    # degrees of freedom beyond 10, where a distribution is hardly wider than a normal one
    assert robust["std"].values == pytest.approx(normal["std"].values, rel=0.15)


def noisy_depths(seed: int, n: int = 200):
    """Return a collection with a depth and its error, which differs between targets, and the true depth."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.01, 1e-3, n)
    error = rng.choice([2e-5, 2e-4], n)
    names = [f"planet-{seed}-{i}" for i in range(n)]
    dims = ("target", "wavelength")
    depth = (truth + rng.normal(0.0, error))[:, None]
    spectrum = xr.Dataset({"depth": (dims, depth), "depth_error": (dims, error[:, None])})
    tree = xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": names}), "/spectrum": spectrum})
    return tree, make_labels(truth[:, None], names, ["mean"]), error


def test_noise_errors_tell_good_targets_from_bad() -> None:
    tree, labels, _ = noisy_depths(0)
    new, truth, error = noisy_depths(1)
    model = GaussianProcess(inputs=["depth"], noise_errors=["depth_error"], kernel="linear")
    assert model.inputs() == ("depth", "depth_error")
    prediction = model.fit(tree, labels).predict(new)
    std = prediction["std"].values[:, 0]
    for level in (2e-5, 2e-4):
        of_level = error == level
        # about 100 targets each: their scatter is known to 7 %; a linear fit of noisy inputs is a bit off for all
        measured = np.sqrt(np.mean((prediction["mean"].values - truth.values)[of_level, 0] ** 2))
        assert np.mean(std[of_level]) == pytest.approx(measured, rel=0.3)
    # one noise for all would be 10 times too large for the good ones
    assert std[error == 2e-4].mean() > 5.0 * std[error == 2e-5].mean()


def test_a_target_without_error_gets_the_mean_noise() -> None:
    tree, labels, _ = noisy_depths(0, n=60)
    model = GaussianProcess(inputs=["depth"], noise_errors=["depth_error"]).fit(tree, labels)
    tree["spectrum/depth_error"][0] = np.nan
    std = model.predict(tree)["std"].values[:, 0]
    assert std.min() < std[0] < std.max()


def spectra(seed: int, n: int = 120, n_output: int = 30):
    """Return two inputs, and spectra that they decide but for noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    axis = np.linspace(0.0, 1.0, n_output)
    shapes = np.stack([np.ones(n_output), np.sin(2 * np.pi * axis)])
    amplitudes = np.stack([x[:, 0], np.tanh(2.0 * x[:, 1])], axis=1)
    common = rng.normal(0.0, 0.2, (n, 1))  # moves all channels together
    return x, amplitudes @ shapes + common + rng.normal(0.0, 0.02, (n, n_output))


def test_several_outputs_by_components_with_their_covariance() -> None:
    x, y = spectra(0)
    new, truth = spectra(1, n=400)
    prediction = GaussianProcess(n_components=3, covariance=True).fit(x, y).predict(new)
    error = prediction["mean"].values - truth
    assert np.sqrt(np.mean(error**2)) < 1.3 * np.hypot(0.2, 0.02)
    std, covariance = prediction["std"].values, prediction["covariance"].values
    assert np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) == pytest.approx(std)
    # what moves all channels together is in the covariance: so many degrees of freedom, to the accuracy of 400 targets
    distance = np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error)
    assert np.mean(distance) == pytest.approx(30.0, rel=0.15)
    assert np.mean(covariance[:, 0, 15] / (std[:, 0] * std[:, 15])) > 0.8


def test_outputs_by_themselves_may_have_any_unit() -> None:
    x, _, y = curved(n=80)
    labels = np.stack([1e4 * y + 5e4, 1e-3 * x[:, 1]], axis=1)
    prediction = GaussianProcess(n_components=None).fit(x, labels).predict(x)
    error = np.sqrt(np.mean((prediction["mean"].values - labels) ** 2, axis=0))
    assert error[0] < 1e4 * 0.06
    assert error[1] < 1e-3 * 0.01


def test_long_inputs_are_reduced_and_short_ones_kept() -> None:
    tree, labels, _ = noisy_depths(0, n=60)
    rng = np.random.default_rng(2)
    curve = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 100))
    tree["/SPEC"] = xr.DataTree(xr.Dataset({"trend": (("target", "time"), curve)}))
    model = GaussianProcess(inputs=["depth", "trend"], n_inputs=5, kernel="rbf").fit(tree, labels)
    # three components are all that the curves have
    assert model.hyper_parameters()["kernel.base_kernel.raw_lengthscale"].shape == (1, 1, 1 + 3)
    # the depth alone tells the label
    assert np.argmin(model.hyper_parameters()["kernel.base_kernel.raw_lengthscale"][0, 0]) == 0


def test_single_precision_agrees_with_double() -> None:
    x, _, y = curved(n=80)
    double = GaussianProcess(kernel="matern-5/2").fit(x, y).predict(x)
    single = GaussianProcess(kernel="matern-5/2", dtype="float32").fit(x, y).predict(x)
    # the maximisation ends a bit earlier; the noise is 0.05
    assert single["mean"].values == pytest.approx(double["mean"].values, abs=0.01)
    assert single["std"].values == pytest.approx(double["std"].values, rel=0.1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_targets_that_stand_twice_without_noise(dtype: str) -> None:
    """A covariance with equal rows, and no noise to tell them apart, is factorised all the same."""
    x = np.repeat(np.linspace(-1.0, 1.0, 20)[:, None], 2, axis=0)
    prediction = GaussianProcess(kernel="rbf", dtype=dtype).fit(x, x[:, 0] ** 2).predict(x)
    assert prediction["mean"].values[:, 0] == pytest.approx(x[:, 0] ** 2, abs=0.01)


def test_labels_that_are_all_the_same() -> None:
    x, _, _ = curved(n=20)
    prediction = GaussianProcess().fit(x, np.full((20, 2), 0.3)).predict(x)
    assert prediction["mean"].values == pytest.approx(np.full((20, 2), 0.3))
    assert np.all(prediction["std"].values > 0)
    assert np.all(prediction["std"].values < 1e-6)


def test_a_target_without_inputs_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    x, _, y = curved(n=30)
    x[7] = np.nan
    y[7] = 1e3
    with caplog.at_level(logging.WARNING):
        prediction = GaussianProcess().fit(x, y).predict(x)
    assert "left out of the fit: 7" in caplog.text
    assert np.abs(prediction["mean"].values).max() < 10.0
    assert bool(prediction["extrapolating"][7])


def test_a_covariance_that_cannot_be_factorised_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _, y = curved(n=20)
    monkeypatch.setattr("specframe_gp.process.cholesky", lambda matrix: None)
    with pytest.raises(DataError, match=r"cannot be factorised from any start.*dtype float64"):
        GaussianProcess().fit(x, y)


def test_torch_keeps_its_threads() -> None:
    import torch

    before = torch.get_num_threads()
    x, _, y = curved(n=20)
    GaussianProcess(restarts=0).fit(x, y).predict(x)
    assert torch.get_num_threads() == before


def test_errors_of_arrays_are_refused() -> None:
    x, _, y = curved(n=20)
    with pytest.raises(DataError, match=r"noise_errors \['depth_error'\] are variables of a collection"):
        GaussianProcess(noise_errors=["depth_error"]).fit(x, y)


@pytest.mark.parametrize(
    "kernel",
    ["gaussian", {"sum": ["rbf"]}, {"product": ["rbf", {"kernel": "matern"}]}, {"kernel": "rbf", "scale": 1.0}, {}],
)
def test_wrong_kernels_are_refused(kernel) -> None:
    with pytest.raises(ParameterError, match="kernel"):
        GaussianProcess(kernel=kernel)


def test_kernels_are_told_as_they_were_written() -> None:
    kernel = {"sum": ["linear", {"product": ["periodic", {"kernel": "rbf", "ard": False}]}]}
    assert GaussianProcess(kernel=kernel).params.canonical()["kernel"] == kernel
