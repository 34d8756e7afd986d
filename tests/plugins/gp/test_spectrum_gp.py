"""The model spectrum-gp: spectra drawn from a known process come back, with errors that hold."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels
from specframe.errors import DataError, ParameterError
from specframe_gp import SpectrumGp

#: A photometer's band and a spectrometer's channels, in um.
WAVELENGTH = np.concatenate([[0.7], np.geomspace(1.95, 3.9, 40)])
#: Length of the process in ln(wavelength), and typical size of its features.
LENGTH, SIZE = 0.1, 1e-4


def collection(depth, error, wavelength=WAVELENGTH, covariance=None, bounds=True) -> xr.DataTree:
    edges = np.full(len(wavelength), 0.01)
    edges[0] = 0.1
    coords = {"target": [f"planet-{i}" for i in range(len(depth))], "wavelength": ("wavelength", wavelength)}
    if bounds:
        coords["wavelength_lower"] = ("wavelength", wavelength - edges)
        coords["wavelength_upper"] = ("wavelength", wavelength + edges)
    dims = ("target", "wavelength")
    data = xr.Dataset({"depth": (dims, depth), "depth_error": (dims, error)}, coords=coords)
    if covariance is not None:
        data["depth_covariance"] = ((*dims, "wavelength_other"), covariance)
    return xr.DataTree.from_dict({"/": data[["target"]], "/spectrum": data.drop_vars("target")})


def drawn(seed: int, n: int, spread: float = 0.6, wavelength=WAVELENGTH):
    """Return true spectra (n, c): a level, and features of a squared exponential process of different strength."""
    rng = np.random.default_rng([seed, 1])
    x = np.log(wavelength)
    covariance = np.exp(-0.5 * ((x[:, None] - x) / LENGTH) ** 2) + 1e-9 * np.eye(len(x))
    size = SIZE * np.exp(rng.normal(0.0, spread, (n, 1)))
    level = rng.uniform(2e-3, 2e-2, (n, 1))
    return level + size * rng.multivariate_normal(np.zeros(len(x)), covariance, n)


def problem(seed: int, n: int, noise: float = 8e-5, scale: float = 1.0):
    """Return a collection whose errors are told ``scale`` times too small, and the truth."""
    rng = np.random.default_rng([seed, 2])
    truth = drawn(seed, n)
    error = noise * rng.uniform(0.5, 2.0, truth.shape)
    names = [f"planet-{i}" for i in range(n)]
    labels = make_labels(truth, names, [f"wl-{i}" for i in range(len(WAVELENGTH))], wavelength=WAVELENGTH)
    return collection(truth + rng.normal(0.0, error), error / scale), labels


@pytest.mark.parametrize("learn_from", ["both", "labels", "depths"])
def test_drawn_spectra_come_back_with_errors_that_hold(learn_from: str) -> None:
    x, y = problem(0, 80)
    new, truth = problem(1, 150)
    model = SpectrumGp(kernel="rbf", mean="flat", learn_from=learn_from, covariance=True).fit(x, y)
    prediction = model.predict(new)
    error = prediction["mean"].values - truth.values
    noisy = new["spectrum/depth"].values - truth.values
    # features as wide as four channels: noise shrinks by about half
    assert np.sqrt(np.mean(error**2)) < 0.65 * np.sqrt(np.mean(noisy**2))
    pull = error / prediction["std"].values
    # 150 targets of some ten independent numbers each
    assert np.std(pull) == pytest.approx(1.0, abs=0.08)
    assert np.mean(np.abs(pull) < 1.0) == pytest.approx(0.683, abs=0.04)
    covariance = prediction["covariance"].values
    assert np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) == pytest.approx(prediction["std"].values)
    # the mean of a spectrum is known as well as the covariance says
    of_mean = error.mean(axis=1) / np.sqrt(covariance.mean(axis=(1, 2)))
    assert np.std(of_mean) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(("learn_from", "accuracy"), [("labels", 0.05), ("depths", 0.2)])
def test_hyper_parameters_are_recovered(learn_from: str, accuracy: float) -> None:
    x, y = problem(2, 120)
    model = SpectrumGp(kernel="rbf", mean="flat", learn_from=learn_from).fit(x, y)
    found = model.hyper_parameters()
    unit = np.ptp(np.log(WAVELENGTH)) / 50.0
    assert np.exp(found["kernel.base_kernel.raw_lengthscale"]) * unit == pytest.approx(LENGTH, rel=accuracy)
    size = found["feature"] * np.exp(0.5 * found["kernel.raw_outputscale"])
    # that of the spectra as they were drawn
    drawn_size = SIZE * np.exp(np.random.default_rng([2, 1]).normal(0.0, 0.6, (120, 1)).mean())
    assert size == pytest.approx(drawn_size, rel=2 * accuracy)
    assert found["amplitude_spread"] == pytest.approx(0.6, abs=0.15)
    assert found["amplitude_exponent"] == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("learn_from", ["both", "depths"])
def test_errors_told_too_small_are_found_out(learn_from: str) -> None:
    x, y = problem(3, 100, scale=1.5)
    found = SpectrumGp(kernel="rbf", learn_from=learn_from, systematics=False, jitter=False).fit(x, y)
    assert np.sqrt(found.hyper_parameters()["inflation"]) == pytest.approx(1.5, rel=0.05)


def test_level_and_bias_are_learned() -> None:
    x, y = problem(4, 100)
    rng = np.random.default_rng(0)
    bias = np.linspace(-0.01, 0.02, len(WAVELENGTH))
    white = y.values.mean(axis=1, keepdims=True)
    x["spectrum/depth"] = x["spectrum/depth"] + white * (bias + rng.normal(0.0, 0.03, (100, 1)))
    model = SpectrumGp(kernel="rbf").fit(x, y)
    # 100 levels tell their scatter to 7 %, and their mean to 0.003, which the bias contains
    assert model.hyper_parameters()["level"] == pytest.approx(0.03, rel=0.25)
    prediction = model.predict(x)
    error = prediction["mean"].values - y.values
    assert np.abs((error / white).mean(axis=0)).max() < 0.01
    assert np.std(error / prediction["std"].values) == pytest.approx(1.0, abs=0.15)


def test_a_feature_that_training_never_had_is_kept() -> None:
    """Every training spectrum has one shape; new ones have another band as wide, at 3.3 um."""
    rng = np.random.default_rng(5)
    known_band = np.exp(-0.5 * ((WAVELENGTH - 2.6) / 0.2) ** 2)
    truth = rng.uniform(2e-3, 2e-2, (80, 1)) + 2e-4 * np.exp(rng.normal(0.0, 0.5, (80, 1))) * known_band
    error = np.full(truth.shape, 4e-5)
    names = [f"planet-{i}" for i in range(80)]
    y = make_labels(truth, names, [f"wl-{i}" for i in range(len(WAVELENGTH))], wavelength=WAVELENGTH)
    new_truth = truth + 3e-4 * np.exp(-0.5 * ((WAVELENGTH - 3.3) / 0.25) ** 2)
    new = collection(new_truth + rng.normal(0.0, error), error)
    x = collection(truth + rng.normal(0.0, error), error)
    prediction = SpectrumGp(learn_from="depths").fit(x, y).predict(new)
    in_band = np.abs(WAVELENGTH - 3.3) < 0.2
    left = (prediction["mean"].values - new_truth)[:, in_band]
    assert np.abs(left.mean()) < 0.1 * 3e-4
    assert np.mean(np.abs(left) < prediction["std"].values[:, in_band]) > 0.6


def test_outputs_between_channels_and_a_band_named_by_another_wavelength() -> None:
    x, _ = problem(6, 60, noise=2e-5)
    wanted = np.concatenate([[0.75], np.geomspace(2.0, 3.8, 25)])
    both = np.concatenate([WAVELENGTH, wanted])
    order = np.argsort(both)
    truth = np.empty((60, len(both)))
    truth[:, order] = drawn(6, 60, wavelength=both[order])
    rng = np.random.default_rng(0)
    error = np.full((60, len(WAVELENGTH)), 2e-5)
    x = collection(truth[:, : len(WAVELENGTH)] + rng.normal(0.0, error), error)
    labels = truth[:, len(WAVELENGTH) :].copy()
    labels[:, 0] = truth[:, 0]  # 0.75 um lies within the band at 0.7 um: its label is the band's
    y = make_labels(labels, [f"planet-{i}" for i in range(60)], [f"o-{i}" for i in range(26)], wavelength=wanted)
    prediction = SpectrumGp(kernel="rbf", learn_from="labels").fit(x, y).predict(x)
    error = prediction["mean"].values - labels
    assert np.sqrt(np.mean(error**2)) < 2e-5
    assert np.std(error / prediction["std"].values) == pytest.approx(1.0, abs=0.15)


def test_outputs_that_are_no_channel_cannot_tell_of_errors() -> None:
    x, _ = problem(0, 20)
    wanted = np.geomspace(1.0, 1.5, 10)
    y = make_labels(np.ones((20, 10)), [f"planet-{i}" for i in range(20)], [str(i) for i in range(10)], "", wanted)
    with pytest.raises(DataError, match="learn_from: labels"):
        SpectrumGp().fit(x, y)


def test_correlated_errors_are_read_from_the_covariance() -> None:
    rng = np.random.default_rng(7)
    truth = drawn(7, 60)
    n = len(WAVELENGTH)
    slope = np.linspace(-1.0, 1.0, n)
    covariance = 4e-10 * np.eye(n) + 2.5e-8 * np.outer(slope, slope)
    noisy = truth + rng.multivariate_normal(np.zeros(n), covariance, 60)
    error = np.broadcast_to(np.sqrt(np.diagonal(covariance)), truth.shape).copy()
    x = collection(noisy, error, covariance=np.broadcast_to(covariance, (60, n, n)).copy())
    y = make_labels(truth, [f"planet-{i}" for i in range(60)], [f"wl-{i}" for i in range(n)], wavelength=WAVELENGTH)
    options = {"kernel": "rbf", "learn_from": "labels", "covariance": True}
    with_it = SpectrumGp(**options, depth_covariance=True)
    assert with_it.inputs() == ("depth", "depth_error", "depth_covariance")
    prediction = with_it.fit(x, y).predict(x)
    error = prediction["mean"].values - truth
    tilt = error @ slope / np.sqrt(np.einsum("i,nij,j->n", slope, prediction["covariance"].values, slope))
    assert np.std(tilt) == pytest.approx(1.0, abs=0.25)
    without = SpectrumGp(**options).fit(x, y).predict(x)
    assert np.mean(error**2) < np.mean((without["mean"].values - truth) ** 2)


def test_a_single_output_is_the_mean_depth() -> None:
    x, y = problem(8, 60)
    white = y.mean("output")
    prediction = SpectrumGp(kernel="rbf").fit(x, white.values).predict(x)
    error = prediction["mean"].values[:, 0] - white.values
    assert np.std(error / prediction["std"].values[:, 0]) == pytest.approx(1.0, abs=0.25)
    assert np.sqrt(np.mean(error**2)) < 3e-5


def test_a_target_without_depths_is_left_out_and_flagged(caplog: pytest.LogCaptureFixture) -> None:
    x, y = problem(9, 20)
    x["spectrum/depth"][7] = np.nan
    with caplog.at_level(logging.WARNING):
        prediction = SpectrumGp().fit(x, y).predict(x)
    assert "left out of the fit: planet-7" in caplog.text
    assert bool(prediction["extrapolating"][7])
    assert float(prediction["std"][7].min()) > 10 * float(prediction["std"][6].max())


def test_single_precision_agrees_with_double() -> None:
    x, y = problem(10, 40)
    double, single = (SpectrumGp(dtype=dtype).fit(x, y).predict(x) for dtype in ("float64", "float32"))
    # single precision ends the maximisation earlier; errors are some 4e-5
    assert np.sqrt(np.mean((single["mean"].values - double["mean"].values) ** 2)) < 1e-5
    assert single["std"].values == pytest.approx(double["std"].values, rel=0.25)


def test_order_of_targets_changes_nothing() -> None:
    x, y = problem(11, 25)
    order = np.random.default_rng(0).permutation(25)
    first, second = SpectrumGp().fit(x, y), SpectrumGp().fit(x.isel(target=order), y.isel(target=order))
    xr.testing.assert_identical(first.predict(x), second.predict(x))


def test_a_covariance_that_is_not_there_is_told() -> None:
    x, y = problem(0, 10)
    with pytest.raises(DataError, match="depth_covariance: false"):
        SpectrumGp(depth_covariance=True).fit(x, y)


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="learn_from"):
        SpectrumGp(learn_from="spectra")


@pytest.mark.parametrize("amplitude", ["depth", "common"])
def test_amplitudes_may_be_given(amplitude: str) -> None:
    """Features as large a part of every depth, or the same for all: each is best told by its own prior."""
    rng = np.random.default_rng(12)
    shapes = drawn(12, 60, spread=0.0)
    level = rng.uniform(2e-3, 2e-2, (60, 1))
    scale = level / 1e-2 if amplitude == "depth" else 1.0
    truth = level + scale * (shapes - shapes.mean(axis=1, keepdims=True))
    error = np.full(truth.shape, 1e-4)
    y = make_labels(
        truth, [f"planet-{i}" for i in range(60)], [f"wl-{i}" for i in range(truth.shape[1])], wavelength=WAVELENGTH
    )
    x = collection(truth + rng.normal(0.0, error), error)
    model = SpectrumGp(kernel="rbf", mean="flat", amplitude=amplitude).fit(x, y)
    prediction = model.predict(x)
    left = prediction["mean"].values - truth
    assert np.std(left / prediction["std"].values) == pytest.approx(1.0, abs=0.1)
    assert np.sqrt(np.mean(left**2)) < 0.6e-4
    assert model.hyper_parameters()["amplitude_exponent"] == float(amplitude == "depth")


def test_novelty_keeps_a_band_narrower_than_training_had(tmp_path) -> None:
    wavelength = np.geomspace(1.95, 3.9, 80)
    rng = np.random.default_rng(5)
    known_band = np.exp(-0.5 * ((wavelength - 2.6) / 0.3) ** 2)
    truth = rng.uniform(2e-3, 2e-2, (60, 1)) + 2e-4 * np.exp(rng.normal(0.0, 0.5, (60, 1))) * known_band
    error = np.full(truth.shape, 2e-5)
    names = [f"planet-{i}" for i in range(60)]
    y = make_labels(truth, names, [f"wl-{i}" for i in range(80)], wavelength=wavelength)
    x = collection(truth + rng.normal(0.0, error), error, wavelength, bounds=False)
    new_truth = truth + 2e-4 * np.exp(-0.5 * ((wavelength - 3.3) / 0.05) ** 2)
    new = collection(new_truth + rng.normal(0.0, error), error, wavelength, bounds=False)
    in_band = np.abs(wavelength - 3.3) < 0.1
    coverage, rms = {}, {}
    for novelty in (0.0, 0.1):
        model = SpectrumGp(novelty=novelty).fit(x, y)
        prediction = model.predict(new)
        left = (prediction["mean"].values - new_truth)[:, in_band]
        coverage[novelty] = np.mean(np.abs(left) < prediction["std"].values[:, in_band])
        rms[novelty] = np.sqrt(np.mean((model.predict(x)["mean"].values - truth) ** 2))
    # the training set has a single shape: to its prior any other is next to impossible
    assert coverage[0.0] < 0.1
    assert coverage[0.1] > 0.5
    assert np.abs(left.mean()) < 0.1 * 2e-4
    # spectra without novel features lose nothing
    assert rms[0.1] < 1.05 * rms[0.0]
    model.save(tmp_path)
    assert SpectrumGp.load(tmp_path).predict(new).identical(prediction)


def test_novelty_without_wavelengths_is_refused() -> None:
    depth = np.random.default_rng(0).normal(0.01, 1e-4, (20, 10))
    with pytest.raises(DataError, match="novelty needs wavelengths"):
        SpectrumGp(novelty=0.1).fit(depth, depth)
