"""Networks that learn parameters from spectra of models, which hold no noise, and predict them of noisy spectra."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import specframe_cnn.network_model
from specframe.api import make_labels, working_in
from specframe.errors import UsageError
from specframe_cnn import Cnn1d, Mlp
from specframe_cnn.training.session import Session
from specframe_cnn.variables import Variables

SMALL = {"blocks": [{"type": "conv", "filters": 4, "kernel": 3}, {"type": "pool", "size": 8, "pooling": "adaptive"}]}
NETWORKS = {"cnn1d": {"network": {**SMALL, "dense": [16]}}, "mlp": {"hidden": [16], "components": 10}}
MODELS = {"cnn1d": Cnn1d, "mlp": Mlp}
N_PIXEL = 60


def _grid(n=120, seed=0):
    """Return fluxes in W m-2 um-1 of a grid, and temperature (K) and metallicity (dex)."""
    rng = np.random.default_rng(seed)
    parameters = np.column_stack([rng.uniform(900.0, 2400.0, n), rng.uniform(-0.5, 0.5, n)])
    wavelength = np.linspace(1.0, 2.5, N_PIXEL)
    continuum = (parameters[:, :1] / 1500.0) ** 2 * wavelength ** (-2.0 * parameters[:, :1] / 1500.0)
    band = np.exp(-0.5 * ((wavelength - 1.4) / 0.08) ** 2)
    return 1e-15 * continuum * (1.0 - 0.3 * (1.0 + parameters[:, 1:]) * band), parameters


def _collection(flux, error, noise_free=True, first=0, **further):
    """Return a collection of spectra as the pipeline collates them."""
    names = [f"t{first + i}" for i in range(len(flux))]
    dims = ("target", "wavelength")
    attrs = {"units": "W m-2 um-1", **({"noise": "absent"} if noise_free else {})}
    spectrum = xr.Dataset(
        {
            "flux": (dims, flux, attrs),
            "flux_error": (dims, np.broadcast_to(error, flux.shape).copy(), {"units": "W m-2 um-1"}),
            **{name: ("target", values) for name, values in further.items()},
        },
        coords={"target": names, "wavelength": ("wavelength", np.linspace(1.0, 2.5, flux.shape[1]))},
    )
    return xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": names}), "/spectrum": spectrum})


def _observed(flux, error, seed=5):
    return flux + error * np.random.default_rng(seed).normal(size=flux.shape)


def _labels(parameters):
    return make_labels(parameters, [f"t{i}" for i in range(len(parameters))], ["teff", "z"])


def _model(name, **params):
    training = {"epochs": 3, "patience": 3, "batch_size": 16, **params.pop("training", {})}
    return MODELS[name](**{**NETWORKS[name], "training": training, **params})


def _measured(name, X, **params):
    return _model(name, **params)._measure(Variables.read(X))


@pytest.mark.parametrize("name", MODELS)
def test_errors_of_fluxes_are_read_where_they_are_there_and_are_no_input(name):
    flux, _ = _grid()
    X = _collection(flux, 0.02 * flux)
    for inputs in ((), ("flux",)):
        measured = _measured(name, X, inputs=inputs)
        assert measured.names == ("flux",)
        assert measured.errors is not None
        np.testing.assert_allclose(measured.errors[:, 0], 0.02 * flux, rtol=1e-6)
        assert list(measured.noise_free) == [True]
    both = _measured(name, X, inputs=["flux", "flux_error"])
    assert both.names == ("flux", "flux_error")
    assert list(both.noise_free) == [True, False]
    assert both.errors is not None
    assert (both.errors[:, 1] == 0).all()
    # of observed spectra they are read where noise is to be added
    real = _collection(flux, 0.02 * flux, noise_free=False)
    assert _measured(name, real, inputs=["flux"]).errors is None
    assert _measured(name, real, inputs=["flux"], augment={"noise": 0.5}).errors is not None


@pytest.mark.parametrize("name", MODELS)
def test_parts_of_a_spectrum_are_joined_with_their_errors(name):
    flux, _ = _grid(n=20)
    X = _collection(flux, 0.02 * flux)
    whole = X["spectrum"].to_dataset()
    parts = {"/red": whole.isel(wavelength=slice(25, None)), "/blue": whole.isel(wavelength=slice(0, 25))}
    split = xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": X["target"].values}), **parts})
    measured = _measured(name, split, inputs=["flux"], augment={"noise": 1.0})
    np.testing.assert_allclose(measured.values[:, 0], flux, rtol=1e-6)
    np.testing.assert_allclose(measured.errors[:, 0], 0.02 * flux, rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", ["none", "mean"])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_those_held_out_are_judged_as_observed(name, rows, noise, monkeypatch):
    """Whatever is added in training, targets held out hold noise of the full level once, and training targets none."""
    flux, parameters = _grid()
    seen = {}

    def train(network, head, data, validation, *args):
        seen["data"], seen["validation"] = data, validation
        return original(network, head, data, validation, *args)

    original = specframe_cnn.network_model.train
    monkeypatch.setattr(specframe_cnn.network_model, "train", train)
    model = _model(name, rows=rows, augment={"noise": noise}, scaling="common")
    model.fit(_collection(flux, 0.05 * flux), _labels(parameters))
    clean = model._scale.inputs(_measured(name, _collection(flux, 0.05 * flux)))["series"].numpy()
    held_out = seen["validation"].inputs["series"].numpy()
    learned = seen["data"].finished().inputs["series"].numpy()

    def closest(rows_of):
        """Match each to the clean spectrum that it is nearest to, and return what it differs by."""
        return np.array([(row - clean[np.square(clean - row).sum(axis=(1, 2)).argmin()]) for row in rows_of])

    assert np.abs(closest(learned)).max() < 1e-4
    # in units of the mean flux: of the spectra with rows: mean, of the training set without
    unit = model._scale.preparation.inverse if rows == "mean" else float(model._scale.scale[0] / np.mean(flux))
    added = closest(held_out) / np.asarray(unit) if rows == "mean" else closest(held_out) * unit
    # 5 % of each pixel: fluxes scatter by a third around the mean along wavelength, and by a factor of 2 in brightness
    assert np.sqrt(np.mean(added**2)) == pytest.approx(0.055, rel=0.3)


@pytest.mark.parametrize("name", MODELS)
def test_noisy_spectra_of_the_grid_are_no_extrapolation(name):
    flux, parameters = _grid()
    error = 0.05 * flux
    model = _model(name, augment={"noise": 1.0}).fit(_collection(flux[:90], error[:90]), _labels(parameters[:90]))
    new = _collection(_observed(flux[90:], error[90:]), error[90:], noise_free=False, first=90)
    assert float(model.predict(new)["extrapolating"].mean()) <= 0.1
    twisted = _collection(_observed(flux[90:, ::-1], error[90:]), error[90:], noise_free=False, first=90)
    assert bool(model.predict(twisted)["extrapolating"].all())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("options", [{}, {"rows": "mean", "transform": "log"}, {"rows": "standardise"}])
def test_order_and_noise_of_each_epoch_are_fixed_by_the_seed(name, options):
    flux, parameters = _grid(n=40)
    X, y = _collection(flux, 0.02 * flux), _labels(parameters)
    order = np.random.default_rng(3).permutation(40)
    augment = {"noise": 1.0, "band_masking": 0.5}
    first = _model(name, augment=augment, **options).fit(X, y, seed=2)
    second = _model(name, augment=augment, **options).fit(X.isel(target=order), y.isel(target=order), seed=2)
    other = _model(name, augment=augment, **options).fit(X, y, seed=3)
    a, b, c = (model.predict(X)["mean"].values for model in (first, second, other))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0


@pytest.mark.parametrize("name", MODELS)
def test_training_broken_off_goes_on_to_the_same_bits(name, tmp_path, monkeypatch):
    flux, parameters = _grid(n=40)
    X, y = _collection(flux, 0.02 * flux), _labels(parameters)
    given = {"rows": "mean", "transform": "log", "augment": {"noise": 1.0, "band_masking": 0.5}}
    training = {"epochs": 6, "patience": 6, "checkpoint_every": 0.0}
    whole = _model(name, training=training, **given).fit(X, y, seed=2)

    def run_epoch(session):
        if session.epoch == 3:
            raise KeyboardInterrupt
        return original(session)

    original = Session.run_epoch
    with working_in(tmp_path / "fit", lambda text: None):
        monkeypatch.setattr(Session, "run_epoch", run_epoch)
        with pytest.raises(KeyboardInterrupt):
            _model(name, training=training, **given).fit(X, y, seed=2)
        monkeypatch.setattr(Session, "run_epoch", original)
        resumed = _model(name, training=training, **given).fit(X, y, seed=2)
    assert resumed.predict(X).identical(whole.predict(X))
    assert resumed.history().identical(whole.history())


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_network_is_the_same(name, tmp_path):
    flux, parameters = _grid(n=40)
    X = _collection(flux, 0.02 * flux)
    model = _model(
        name, rows="mean", transform="log", augment={"noise": 1.0, "band_masking": 0.5}, head="gaussian"
    ).fit(X, _labels(parameters))
    model.save(tmp_path)
    loaded = MODELS[name].load(tmp_path)
    assert model.predict(X).identical(loaded.predict(X))
    drawn = [m.draws(X, 3, source="weights") for m in (model, loaded)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("name", MODELS)
def test_auxiliary_values_stand_beside_spectra(name):
    flux, parameters = _grid(n=40)
    X = _collection(flux, 0.02 * flux, flux_minimum=flux.min(axis=1), flux_maximum=flux.max(axis=1))
    model = _model(name, inputs=["flux"], auxiliary=["spectrum/flux_minimum", "spectrum/flux_maximum"], rows="mean")
    measured = model._measure(Variables.read(X))
    np.testing.assert_allclose(measured.auxiliary.values, np.column_stack([flux.min(axis=1), flux.max(axis=1)]))
    assert model.fit(X, _labels(parameters)).predict(X)["mean"].shape == (40, 2)


@pytest.mark.parametrize("options", [{}, {"rows": "mean", "transform": "log"}, {"augment": {"noise": 1.0}}])
def test_parameters_of_different_units_are_found_in_noisy_spectra_with_gaps(options):
    flux, parameters = _grid(n=500)
    error = 0.02 * flux
    known, new = slice(0, 400), slice(400, None)
    training = {"epochs": 60, "patience": 60, "batch_size": 32}
    given = {"augment": {"noise": 1.0, "band_masking": 0.5}, "head": "gaussian", **options}
    model = Mlp(hidden=[64, 64], components=20, training=training, **given)
    model.fit(_collection(flux[known], error[known]), _labels(parameters[known]), seed=1)
    observed = _observed(flux[new], error[new])
    truth = parameters[new]

    def r2(fluxes):
        mean = model.predict(_collection(fluxes, error[new], noise_free=False))["mean"].values
        return 1 - np.square(mean - truth).sum(axis=0) / np.square(truth - truth.mean(axis=0)).sum(axis=0)

    gap = observed.copy()
    gap[:, 40:48] = np.nan  # away from the band
    assert (r2(observed) > [0.99, 0.95]).all()
    assert (r2(gap) > [0.98, 0.92]).all()


def test_noise_without_errors_is_refused():
    flux, parameters = _grid(n=20)
    with pytest.raises(UsageError, match=r"augment\.noise \(=1\) needs inputs with errors"):
        _model("mlp", augment={"noise": 1.0}).fit(_collection(flux, np.zeros_like(flux)), _labels(parameters))
