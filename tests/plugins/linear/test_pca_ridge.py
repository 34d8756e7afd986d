"""The model pca-ridge: against numpy's SVD and on real spectra."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels, validate_prediction
from specframe.errors import NotFittedError, ParameterError
from specframe_linear import PcaRidge, Ridge


def _spectra(n=120, p=6, q=40, rank=3, noise=0.0, seed=0):
    """Outputs that lie in ``rank`` dimensions and depend linearly on the features."""
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (n, p))
    spectra = features @ rng.normal(0, 1, (p, rank)) @ rng.normal(0, 1, (rank, q)) + rng.normal(5, 1, q)
    return features, spectra + rng.normal(0, noise, spectra.shape)


def test_components_are_those_of_the_singular_value_decomposition():
    features, spectra = _spectra(noise=0.1)
    _, _, rows = np.linalg.svd(spectra - spectra.mean(axis=0), full_matrices=False)
    components = PcaRidge(n_components=4).fit(features, spectra).components
    assert components.shape == (4, 40)
    np.testing.assert_allclose(np.abs(np.sum(components * rows[:4], axis=1)), 1.0, atol=1e-10)


def test_predictions_lie_on_the_components():
    """With features that determine the amplitudes and hardly a penalty, the prediction is the rank-k reconstruction."""
    features, spectra = _spectra(p=40, rank=3, noise=0.0)
    noisy = spectra + np.random.default_rng(1).normal(0, 0.05, spectra.shape)
    mean = noisy.mean(axis=0)
    u, s, rows = np.linalg.svd(noisy - mean, full_matrices=False)
    reconstruction = mean + (u[:, :3] * s[:3]) @ rows[:3]
    # The amplitudes themselves as features
    predicted = PcaRidge(n_components=3, alpha=1e-9).fit(u[:, :3] * s[:3], noisy).predict(u[:, :3] * s[:3])
    np.testing.assert_allclose(predicted["mean"].values, reconstruction, atol=1e-8)
    # Any features: nothing outside the components is predicted.
    offset = PcaRidge(n_components=3).fit(features, noisy).predict(features)["mean"].values - mean
    np.testing.assert_allclose(offset @ (np.eye(40) - rows[:3].T @ rows[:3]), 0, atol=1e-10)


def test_all_components_are_ridge_itself():
    features, spectra = _spectra(noise=0.3, q=5)
    with_all = PcaRidge(n_components=5, alpha=3.0).fit(features, spectra).predict(features)
    each = Ridge(alpha=3.0).fit(features, spectra).predict(features)
    np.testing.assert_allclose(with_all["mean"].values, each["mean"].values, rtol=1e-9)


def test_a_part_of_the_variance_chooses_how_many():
    features, spectra = _spectra(noise=1e-3, rank=2)
    assert len(PcaRidge(n_components=0.999).fit(features, spectra).components) == 2
    assert len(PcaRidge(n_components=500).fit(features, spectra).components) == 40


def test_noise_of_the_labels_is_averaged_down():
    """Few components and many noisy channels: the error is well below that of a ridge per channel."""
    features, truth = _spectra(n=460, p=20, q=200, rank=2, seed=3)
    noisy = truth[:60] + np.random.default_rng(4).normal(0, 5.0, (60, 200))
    joint = PcaRidge(n_components=2, alpha=1.0).fit(features[:60], noisy).predict(features)["mean"].values
    single = Ridge(alpha=1.0).fit(features[:60], noisy).predict(features)["mean"].values
    assert np.std((joint - truth)[60:]) < 0.7 * np.std((single - truth)[60:])


def test_integer_weights_are_repeated_targets():
    """The weights' mean is 1, so the penalty of the repeated ones is larger by the mean number of repeats."""
    features, spectra = _spectra(n=40, noise=2.0)
    repeats = np.random.default_rng(2).integers(1, 5, 40)
    weighted = PcaRidge(n_components=2, alpha=2.0).fit(features, spectra, sample_weight=repeats)
    repeated = PcaRidge(n_components=2, alpha=2.0 * repeats.mean())
    repeated.fit(np.repeat(features, repeats, axis=0), np.repeat(spectra, repeats, axis=0))
    np.testing.assert_allclose(
        weighted.predict(features)["mean"].values, repeated.predict(features)["mean"].values, rtol=1e-9, atol=1e-9
    )
    by_variance = PcaRidge(n_components=0.9).fit(features, spectra, sample_weight=repeats)
    same = PcaRidge(n_components=0.9).fit(np.repeat(features, repeats, axis=0), np.repeat(spectra, repeats, axis=0))
    assert by_variance.components.shape == same.components.shape


def test_a_target_of_no_weight_has_no_say():
    features, spectra = _spectra(n=40, noise=0.5)
    wild = spectra.copy()
    wild[0] += 1000 * np.random.default_rng(3).normal(size=40)
    weight = np.ones(40)
    weight[0] = 1e-12
    got = PcaRidge(n_components=2, alpha=2.0).fit(features, wild, sample_weight=weight).predict(features[1:])
    # Weights have a mean of 1 over 40 targets, of which 39 count: each by 40/39, which the penalty has to undo.
    expected = PcaRidge(n_components=2, alpha=2.0 * 39 / 40).fit(features[1:], spectra[1:]).predict(features[1:])
    np.testing.assert_allclose(got["mean"].values, expected["mean"].values, atol=1e-4)


@pytest.mark.parametrize("alpha", [2.0, "auto"])
@pytest.mark.parametrize("size", [30.0, 1000.0])
def test_huber_keeps_a_wild_spectrum_out_of_the_components(size, alpha):
    """Two wild spectra of 120, the second along an axis that no other has: predictions are as good as without."""
    features, spectra = _spectra(n=420, noise=0.5, rank=2)
    train, labels, truth = features[:120], spectra[:120].copy(), spectra[120:]
    labels[:2] += size * np.random.default_rng(3).normal(size=(2, 40))

    def error(loss, start):
        model = PcaRidge(n_components=2, alpha=alpha, loss=loss).fit(train[start:], labels[start:])
        return np.sqrt(np.mean(np.square(model.predict(features[120:])["mean"].values - truth)))

    assert error("huber", 0) < 1.05 * error("squared", 2)
    assert error("squared", 0) > 1.5 * error("squared", 2)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_saved_models_predict_the_same(tmp_path, loss):
    features, spectra = _spectra(noise=0.1)
    wavelength = np.linspace(1.9, 3.9, 40)
    y = make_labels(spectra, map(str, range(120)), [f"wl_{i}" for i in range(40)], wavelength=wavelength)
    model = PcaRidge(loss=loss, n_components=3).fit(features, y)
    model.save(tmp_path)
    loaded = PcaRidge.load(tmp_path)
    prediction = loaded.predict(features)
    validate_prediction(prediction, "fit")
    xr.testing.assert_identical(model.predict(features), prediction)
    np.testing.assert_array_equal(prediction["wavelength"].values, wavelength)


def test_real_spectra_from_their_depths(data_dir, white_curves, detrended):
    """283 true depths of each of 538 planets from the white light curve, every fifth planet kept back.

    A flat spectrum at the true mean depth would be 91 ppm off.
    """
    labels = np.loadtxt(data_dir / "adc24" / "train_labels.csv", delimiter=",", skiprows=1)
    assert [str(int(i)) for i in labels[:, 0]] == white_curves.names
    rows = [detrended[name]["AIRS-CH0/0"].to_dataset() for name in white_curves.names]
    features = np.array([np.append(row["trend"].values[0], row["depth"].values[0]) for row in rows])
    test = np.arange(len(features)) % 5 == 0
    model = PcaRidge(n_components=5).fit(features[~test], labels[~test, 1:])
    error = model.predict(features[test])["mean"].values - labels[test, 1:]
    naive = labels[~test, 1:].mean(axis=0) - labels[test, 1:]
    assert 1e6 * np.sqrt(np.mean(error**2)) < 110
    assert np.sqrt(np.mean(error**2)) < 0.1 * np.sqrt(np.mean(naive**2))


def test_wrong_input_is_refused():
    features, _ = _spectra()
    with pytest.raises(NotFittedError):
        PcaRidge().predict(features)
    for wrong in (0, 1.0, 2.5, "all", -3):
        with pytest.raises(ParameterError, match="n_components"):
            PcaRidge(n_components=wrong)
