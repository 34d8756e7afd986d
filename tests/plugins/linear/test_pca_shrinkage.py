"""The model pca-shrinkage: injected spectra with injected noise, and real spectra."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels, validate_prediction
from specframe.errors import DataError, NotFittedError, ParameterError
from specframe_linear import Measured, PcaShrinkage

M = 40
WAVELENGTH = np.linspace(1.9, 3.9, M)
#: Quick fits where it does not matter what is chosen.
FAST = {"n_components": 2, "bias_modes": 0}


def _problem(n=160, seed=0, noise=2.5e-4, factor=1.0):
    """Spectra with two bands whose strength spans a decade, and errors that differ between channels and targets."""
    rng = np.random.default_rng(seed)
    bands = np.exp(-0.5 * ((WAVELENGTH - np.array([[2.3], [3.3]])) / 0.2) ** 2)
    strength = np.exp(rng.normal(-9.0, 0.8, (n, 1)))
    truth = rng.uniform(0.002, 0.01, (n, 1)) + strength * (rng.normal(1.0, 0.5, (n, 2)) @ bands)
    error = noise * rng.uniform(0.5, 2.0, (n, 1)) * rng.uniform(0.7, 1.5, M)
    depth = truth + factor * error * rng.normal(size=(n, M))
    names = [f"planet-{i}" for i in range(n)]
    dims, coords = ("target", "wavelength"), {"target": names, "wavelength": WAVELENGTH}
    x = xr.Dataset({"depth": (dims, depth), "depth_error": (dims, error)}, coords=coords)
    return x, make_labels(truth, names, [f"wl_{k}" for k in range(M)], wavelength=WAVELENGTH)


def _log_likelihood(prediction, truth):
    """Return the mean over targets and channels, up to a constant."""
    pull = (prediction["mean"] - truth) / prediction["std"]
    return float((-np.log(prediction["std"]) - 0.5 * pull**2).mean())


def _split(x, y, n=100):
    return x.isel(target=slice(0, n)), y[:n], x.isel(target=slice(n, None)), y[n:]


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_spectra_gain_and_their_errors_hold(factor):
    """Also where the reported errors are half of the true ones."""
    x, y, new, truth = _split(*_problem(n=300, factor=factor), 200)
    model = PcaShrinkage().fit(x, y)
    prediction = model.predict(new)
    validate_prediction(prediction, "fit")
    error = prediction["mean"] - truth
    measured = Measured().fit(x, y).predict(new)["mean"] - truth
    assert np.sqrt(np.mean(error**2)) < 0.35 * np.sqrt(np.mean(measured**2))
    pull = np.abs(error / prediction["std"]).values
    # 100 targets whose channels err together scatter by a few percent; where amplitudes can hardly be told, errors
    # have heavier tails than a normal distribution, and more of them lie within one standard deviation.
    assert 0.63 < np.mean(pull < 1) < 0.77
    assert np.mean(pull < 1.96) == pytest.approx(0.95, abs=0.03)
    assert model.inflation == pytest.approx(factor, rel=0.03)
    assert model.std_scale == pytest.approx((1.0, 1.0), abs=0.15)
    assert model.n_shared == 0
    assert model.n_components >= 2


def test_an_amplitude_for_each_target_beats_one_for_all():
    x, y, new, truth = _split(*_problem(n=300, noise=1e-4), 200)

    def gain(amplitude):
        return _log_likelihood(PcaShrinkage(amplitude=amplitude, **FAST).fit(x, y).predict(new), truth)

    assert gain("each") > gain("common") + 0.03


def test_biases_are_learned_and_taken_out():
    """Depths of a fit that ignores limb darkening: too large by some percent, more so at short wavelengths."""
    x, y = _problem(n=300)
    rng = np.random.default_rng(1)
    share = (0.06 + 0.03 * rng.normal(size=(300, 1))) * (2.0 / WAVELENGTH) ** 3
    x["depth"] = x["depth"] * (1.0 + share)
    x, y, new, truth = _split(x, y, 200)
    model = PcaShrinkage().fit(x, y)
    assert model.n_shared >= 1
    prediction = model.predict(new)
    pull = (prediction["mean"] - truth) / prediction["std"]
    assert float((pull**2).mean()) == pytest.approx(1.0, abs=0.25)
    blind = PcaShrinkage(bias_modes=0).fit(x, y).predict(new)
    assert float(((prediction["mean"] - truth) ** 2).mean()) < 0.8 * float(((blind["mean"] - truth) ** 2).mean())


def test_a_channel_without_depth_is_as_one_of_unlimited_error():
    x, y, new, _ = _split(*_problem())
    model = PcaShrinkage(**FAST).fit(x, y)
    holes, vague = new.copy(deep=True), new.copy(deep=True)
    holes["depth"][:, [3, 20]] = np.nan
    vague["depth_error"][:, [3, 20]] = 1e3
    a, b = model.predict(holes), model.predict(vague)
    np.testing.assert_allclose(a["mean"].values, b["mean"].values, rtol=1e-8)
    np.testing.assert_allclose(a["std"].values, b["std"].values, rtol=1e-6)
    assert a["std"].values[:, 3].mean() > model.predict(new)["std"].values[:, 3].mean()


def test_missing_channels_in_training_do_little_harm():
    x, y, new, truth = _split(*_problem())
    holes = x.copy(deep=True)
    holes["depth"] = holes["depth"].where(np.random.default_rng(2).random(holes["depth"].shape) > 0.1)
    full = PcaShrinkage(**FAST).fit(x, y).predict(new)["mean"] - truth
    some = PcaShrinkage(**FAST).fit(holes, y).predict(new)["mean"] - truth
    assert float((some**2).mean()) < 1.1 * float((full**2).mean())


def test_targets_without_any_depth_are_predicted_by_the_training_mean(caplog):
    x, y, new, _ = _split(*_problem())
    x["depth"][0] = np.nan
    new["depth"][0] = np.nan
    with caplog.at_level(logging.WARNING):
        model = PcaShrinkage(covariance=True, **FAST).fit(x, y)
    assert "without any depth are left out of the fit: planet-0" in caplog.text
    prediction = model.predict(new)
    validate_prediction(prediction, "fit")
    np.testing.assert_allclose(prediction["mean"].values[0], y.values[1:].mean(axis=0))
    assert list(np.flatnonzero(prediction["extrapolating"].values)) == [0]


def test_spectra_of_another_kind_are_flagged():
    x, y, new, _ = _split(*_problem())
    model = PcaShrinkage(**FAST).fit(x, y)
    assert model.predict(new)["extrapolating"].values.mean() < 0.1
    other = new.copy(deep=True)
    other["depth"] = other["depth"] + 5e-3 * np.sign(np.sin(40 * WAVELENGTH))
    prediction = model.predict(other)
    assert prediction["extrapolating"].values.all()
    assert float(prediction["distance"].min()) > 1.0


def test_a_new_band_is_kept_where_novelty_is_allowed():
    """A band at 2.8 um that no training spectrum has, several times as high as those known and well above the noise."""
    x, y, new, truth = _split(*_problem(noise=5e-5))
    band = 8e-4 * np.exp(-0.5 * ((WAVELENGTH - 2.8) / 0.06) ** 2)
    other, there = new.assign(depth=new["depth"] + band), truth + band
    inside = np.abs(WAVELENGTH - 2.8) < 0.08
    rms, held = {}, {}
    for novelty in (0.0, 0.1):
        model = PcaShrinkage(**FAST, novelty=novelty).fit(x, y)
        prediction = model.predict(other)
        error = (prediction["mean"] - there).values[:, inside]
        rms[novelty] = np.sqrt(np.mean(error**2))
        held[novelty] = np.mean(np.abs(error) < 1.96 * prediction["std"].values[:, inside])
        assert prediction["extrapolating"].values.mean() > 0.8
        usual = model.predict(new)
        assert np.mean(np.abs(usual["mean"] - truth) < 1.96 * usual["std"]) == pytest.approx(0.95, abs=0.04)
    assert rms[0.1] < 0.4 * rms[0.0]
    assert held[0.1] > 0.7
    assert held[0.0] < 0.1


def test_novelty_needs_wavelengths():
    x, y, _, _ = _split(*_problem())
    with pytest.raises(DataError, match=r"novelty=0\.1 is about features that are smooth in wavelength"):
        PcaShrinkage(**FAST, novelty=0.1).fit(x["depth"].values, y.values)


def test_a_mean_depth_that_is_worse_than_it_says_does_not_widen_the_errors_around_it():
    """A common error of 200 ppm that nobody reports, with bias modes switched off."""
    x, y = _problem(n=300, noise=1e-4)
    x["depth"] = x["depth"] + 2e-4 * np.random.default_rng(6).normal(size=(300, 1))
    x, y, new, truth = _split(x, y, 200)
    model = PcaShrinkage(**FAST).fit(x, y)
    white_scale, shape_scale = model.std_scale
    assert white_scale > 5
    # a little below 1: the factor that all errors share has grown by what the common error adds to each channel
    assert 0.75 < shape_scale < 1.1
    prediction = model.predict(new)
    pull = (prediction["mean"] - truth) / prediction["std"]
    assert float((pull**2).mean()) == pytest.approx(1.0, abs=0.25)


def test_a_reported_covariance_tells_what_errors_alone_do_not():
    """Each target has a slope of its own uncertainty; only its covariance says which are to be trusted."""
    x, y = _problem(n=240)
    rng = np.random.default_rng(4)
    slope = np.linspace(-1, 1, M) * 10 ** rng.uniform(-5, -3, (240, 1))
    x["depth"] = x["depth"] + slope * rng.normal(size=(240, 1))
    variance = x["depth_error"].values ** 2
    full = slope[:, :, None] * slope[:, None, :] + variance[:, :, None] * np.eye(M)
    x["depth_error"] = x["depth"].copy(data=np.sqrt(np.diagonal(full, axis1=1, axis2=2)))
    x["depth_covariance"] = (("target", "wavelength", "wavelength_other"), full)
    x, y, new, truth = _split(x, y, 160)
    models = [PcaShrinkage(depth_covariance=use) for use in (True, False)]
    told, blind = (model.fit(x, y).predict(new) for model in models)
    assert models[0].inputs() == ("depth", "depth_error", "depth_covariance")
    assert models[0].inflation == pytest.approx(1.0, abs=0.06)
    assert _log_likelihood(told, truth) > _log_likelihood(blind, truth) + 0.05


def test_covariance_of_predictions_goes_with_their_std():
    x, y, new, _ = _split(*_problem())
    prediction = PcaShrinkage(covariance=True, **FAST).fit(x, y).predict(new.isel(target=slice(0, 5)))
    validate_prediction(prediction, "fit")
    covariance = prediction["covariance"].values
    np.testing.assert_allclose(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), prediction["std"].values, rtol=1e-9)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12 * covariance.max()


def test_a_single_output_is_the_mean_depth():
    x, y, new, truth = _split(*_problem())
    white, true = y.mean("output").values, truth.mean("output").values
    prediction = PcaShrinkage().fit(x, white).predict(new)
    assert prediction["mean"].shape == (60, 1)
    pull = (prediction["mean"].values[:, 0] - true) / prediction["std"].values[:, 0]
    assert np.sqrt(np.mean((prediction["mean"].values[:, 0] - true) ** 2)) < 8e-5
    assert 0.5 < np.mean(pull**2) < 2.0


def test_spectra_that_are_all_flat_have_no_components():
    x, y = _problem()
    flat = y.mean("output").values[:, None] * np.ones(M)
    x["depth"] = x["depth"] - y.values + flat
    prediction = PcaShrinkage().fit(x, y.copy(data=flat)).predict(x)
    assert np.ptp(prediction["mean"].values, axis=1).max() < 1e-12
    pull = (prediction["mean"].values - flat)[:, 0] / prediction["std"].values[:, 0]
    assert np.mean(pull**2) == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("params", [{}, {"amplitude": "common", "covariance": True}, {**FAST, "novelty": 0.1}])
def test_saved_models_predict_the_same(tmp_path, params):
    x, y, new, _ = _split(*_problem())
    model = PcaShrinkage(**params).fit(x, y)
    model.save(tmp_path)
    loaded = PcaShrinkage.load(tmp_path)
    xr.testing.assert_identical(model.predict(new), loaded.predict(new))
    assert loaded.std_scale == model.std_scale


def test_a_target_of_no_weight_has_no_say():
    x, y, new, _ = _split(*_problem())
    weight = np.ones(100)
    weight[:2] = 0.0
    wild = y.copy(deep=True)
    wild[:2] *= 3.0
    a, b = (PcaShrinkage(**FAST).fit(x, labels, sample_weight=weight).predict(new) for labels in (y, wild))
    xr.testing.assert_identical(a, b)


def test_real_spectra_with_injected_noise(data_dir):
    """538 public spectra of the challenge, whose features differ by a factor of 50, with errors of 100 ppm."""
    table = np.loadtxt(data_dir / "adc24" / "train_labels.csv", delimiter=",", skiprows=1)[:, 1:]
    rng = np.random.default_rng(0)
    error = np.full(table.shape, 1e-4)
    x = xr.Dataset(
        {
            "depth": (("target", "wavelength"), table + error * rng.normal(size=table.shape)),
            "depth_error": (("target", "wavelength"), error),
        },
        coords={"target": [str(i) for i in range(len(table))]},
    )
    test = np.arange(len(table)) % 5 == 0
    model = PcaShrinkage(n_components=6, bias_modes=0).fit(x.isel(target=~test), table[~test])
    prediction = model.predict(x.isel(target=test))
    wrong = prediction["mean"].values - table[test]
    assert 1e6 * np.sqrt(np.mean(wrong**2)) < 20
    pull = np.abs(wrong / prediction["std"].values)
    assert np.mean(pull < 1) == pytest.approx(0.683, abs=0.08)
    assert np.mean(pull < 1.96) == pytest.approx(0.95, abs=0.03)


def test_wrong_input_is_refused_with_what_to_do():
    x, y, new, _ = _split(*_problem())
    with pytest.raises(NotFittedError):
        PcaShrinkage().predict(new)
    with pytest.raises(NotFittedError):
        _ = PcaShrinkage().n_components
    with pytest.raises(DataError, match="the detrender gives none, set depth_covariance: false"):
        PcaShrinkage(depth_covariance=True).fit(x, y)
    far = y.assign_coords(wavelength=("output", WAVELENGTH + 3.0))
    with pytest.raises(DataError, match=r"output 'wl_39' is at 6.9 um, but the nearest depth was measured at 3.9 um"):
        PcaShrinkage().fit(x, far)
    with pytest.raises(DataError, match=r"40 channels were measured and 3 outputs are to be learned"):
        PcaShrinkage().fit(x["depth"].values, y.values[:, :3])
    with pytest.raises(DataError, match="no depths to learn from; add a detrend step"):
        PcaShrinkage().fit(x[["depth_error"]], y)
    nothing = x.copy(deep=True)
    nothing["depth_error"][2:] = 0.0
    with pytest.raises(DataError, match="2 targets with depths to learn from, expected at least 3"):
        PcaShrinkage().fit(nothing, y)
    with pytest.raises(DataError, match="the spectra have 39 channels, but it was fitted with 40"):
        PcaShrinkage(**FAST).fit(x, y).predict(new.isel(wavelength=slice(1, None)))
    for wrong in ({"n_components": -1}, {"bias_modes": 11}, {"amplitude": "own"}, {"n_components": 2.5}):
        with pytest.raises(ParameterError):
            PcaShrinkage(**wrong)
