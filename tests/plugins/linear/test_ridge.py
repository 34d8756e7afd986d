"""The model ridge: against the closed form, injected truth and the real white curves."""

from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import HuberRegressor
from sklearn.model_selection import KFold

from specframe.api import collate, make_labels, validate_prediction
from specframe.errors import DataError, NotFittedError, ParameterError
from specframe_linear import Ridge


def _problem(n=60, p=8, q=3, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(rng.uniform(-5, 5, p), rng.uniform(0.1, 10, p), (n, p))
    coefficients = rng.normal(0, 1, (p, q))
    return features, features @ coefficients + 3.0 + rng.normal(0, noise, (n, q)), coefficients


def test_fit_is_the_closed_form_solution():
    """(Z'WZ + alpha I)^-1 Z'W(y - mean) on weighted z-scores, by numpy.linalg."""
    features, labels, _ = _problem()
    weight = np.random.default_rng(1).uniform(0.2, 3.0, len(features))
    new = _problem(seed=9)[0]

    mean = np.average(features, axis=0, weights=weight)
    scale = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weight))
    z = (features - mean) / scale
    diagonal = np.diag(weight / weight.mean())
    centre = np.average(labels, axis=0, weights=weight)
    beta = np.linalg.solve(z.T @ diagonal @ z + 2.5 * np.eye(8), z.T @ diagonal @ (labels - centre))
    expected = (new - mean) / scale @ beta + centre

    prediction = Ridge(alpha=2.5).fit(features, labels, sample_weight=weight).predict(new)
    np.testing.assert_allclose(prediction["mean"].values, expected, rtol=1e-10)


def test_penalty_is_the_one_with_the_least_error_when_each_target_is_left_out():
    """Leave one out by brute force, over penalties around the one chosen."""
    features, labels, _ = _problem(n=30, p=20, q=1, noise=3.0)
    chosen = float(Ridge().fit(features, labels).alpha[0])
    z = (features - features.mean(axis=0)) / features.std(axis=0)

    def left_out_error(alpha):
        errors = []
        for i in range(len(z)):
            rest = np.arange(len(z)) != i
            centre, middle = z[rest].mean(axis=0), labels[rest].mean(axis=0)
            gram = (z[rest] - centre).T @ (z[rest] - centre) + alpha * np.eye(20)
            beta = np.linalg.solve(gram, (z[rest] - centre).T @ (labels[rest] - middle))
            errors.append(((z[i] - centre) @ beta + middle - labels[i]) ** 2)
        return np.mean(errors)

    neighbours = chosen * 10 ** (np.array([-1, 0, 1]) / 3)
    assert np.argmin([left_out_error(alpha) for alpha in neighbours]) == 1


def test_units_of_outputs_do_not_matter():
    """Outputs from 1e-6 to 1e6 in one fit: each has its own penalty, and outliers are counted in robust scatter."""
    features, labels, _ = _problem(noise=2.0)
    units = np.array([1e-6, 1.0, 1e6])
    for loss in ("squared", "huber"):
        model, other = Ridge(loss=loss).fit(features, labels), Ridge(loss=loss).fit(features, labels * units)
        np.testing.assert_array_equal(model.alpha, other.alpha)
        np.testing.assert_allclose(
            other.predict(features)["mean"].values / units, model.predict(features)["mean"].values, rtol=1e-9
        )


def test_injected_coefficients_are_recovered():
    features, labels, coefficients = _problem(n=400, noise=1e-6)
    model = Ridge().fit(features, labels)
    steps = np.vstack([features.mean(axis=0), features.mean(axis=0) + np.eye(8)])
    mean = model.predict(steps)["mean"].values
    np.testing.assert_allclose(mean[1:] - mean[0], coefficients, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), loss=st.sampled_from(["squared", "huber"]))
def test_units_of_features_and_order_of_targets_do_not_matter(seed, loss):
    rng = np.random.default_rng(seed)
    features, labels, _ = _problem(n=40, seed=seed, noise=1.0)
    new = features[:5] + 0.1
    expected = Ridge(loss=loss, alpha=1.0).fit(features, labels).predict(new)["mean"].values
    scale, shift, order = 10 ** rng.uniform(-3, 3, 8), rng.normal(0, 10, 8), rng.permutation(40)
    other = Ridge(loss=loss, alpha=1.0).fit((features * scale + shift)[order], labels[order])
    np.testing.assert_allclose(other.predict(new * scale + shift)["mean"].values, expected, rtol=1e-6, atol=1e-6)


def test_huber_is_not_moved_by_outliers():
    rng = np.random.default_rng(3)
    features, labels, coefficients = _problem(n=200, p=4, q=1, noise=0.1)
    labels[rng.choice(200, 10, replace=False)] += 50.0
    clean = features @ coefficients + 3.0
    plain = Ridge(alpha=1e-3).fit(features, labels).predict(features)["mean"].values
    robust = Ridge(alpha=1e-3, loss="huber").fit(features, labels).predict(features)["mean"].values
    assert np.sqrt(np.mean((robust - clean) ** 2)) < 0.05
    assert np.sqrt(np.mean((plain - clean) ** 2)) > 1.0


def test_huber_agrees_with_scikit_learn():
    """HuberRegressor estimates its scale jointly (Huber's proposal 2): the two differ by a part of the noise only."""
    features, labels, _ = _problem(n=300, p=4, q=1, noise=1.0)
    z = (features - features.mean(axis=0)) / features.std(axis=0)
    labels[::20] += 30.0
    theirs = HuberRegressor(epsilon=1.345, alpha=0.0, tol=1e-8).fit(z, labels[:, 0]).predict(z)
    ours = Ridge(alpha=1e-6, loss="huber").fit(features, labels).predict(features)["mean"].values[:, 0]
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.03


def test_missing_inputs_take_the_training_mean():
    features, labels, _ = _problem()
    model = Ridge(alpha=1.0).fit(features, labels)
    holes = features.copy()
    holes[:, 2] = np.nan
    filled = features.copy()
    filled[:, 2] = features[:, 2].mean()
    np.testing.assert_allclose(model.predict(holes)["mean"].values, model.predict(filled)["mean"].values, rtol=1e-10)


def test_inputs_that_say_nothing_count_for_nothing():
    features, labels, _ = _problem()
    dull = np.column_stack([features, np.full(60, 7.3), np.full(60, np.nan)])
    expected = Ridge(alpha=1.0).fit(features, labels).predict(features)["mean"].values
    np.testing.assert_allclose(Ridge(alpha=1.0).fit(dull, labels).predict(dull)["mean"].values, expected, rtol=1e-10)


def test_targets_without_any_input_are_left_out_with_a_warning(caplog):
    features, labels, _ = _problem()
    expected = Ridge(alpha=1.0).fit(features[1:], labels[1:]).predict(features[1:])["mean"].values
    features[0] = np.nan
    labels[0] = 1e9
    with caplog.at_level(logging.WARNING):
        model = Ridge(alpha=1.0).fit(features, labels)
    assert "without any input are left out of the fit: 0" in caplog.text
    prediction = model.predict(features)
    np.testing.assert_allclose(prediction["mean"].values[1:], expected)
    np.testing.assert_allclose(prediction["mean"].values[0], labels[1:].mean(axis=0))
    assert bool(prediction["extrapolating"][0])


def test_targets_far_from_the_training_set_are_flagged():
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(2, 30))
    train = rng.normal(size=(300, 2)) @ direction + rng.normal(0, 0.01, (300, 30))
    model = Ridge().fit(train, train[:, :1])
    alike = rng.normal(size=(1000, 2)) @ direction + rng.normal(0, 0.01, (1000, 30))
    # A new target is further out than all 300 with a chance of about 1/301 for each of two distances.
    assert model.predict(alike)["extrapolating"].values.mean() < 0.03
    beyond = np.array([[8.0, 0.0]]) @ direction
    another_kind = alike[:1] + rng.normal(0, 1, 30)
    assert model.predict(np.vstack([beyond, another_kind]))["extrapolating"].values.all()
    assert not model.predict(train)["extrapolating"].values.any()


@pytest.mark.parametrize(("n", "p"), [(50, 200), (300, 200), (100, 1000), (20, 8)])
@pytest.mark.parametrize("rank", [0, 5])
def test_noise_in_many_features_flags_no_target_like_the_others(n, p, rank):
    """New targets of the same kind exceed one of two distances with a chance of about 2 / (n + 1), also for p > n.

    The chance is a mean over training sets; for a single one it scatters by as much as itself, hence ten of them.
    """
    rng = np.random.default_rng(n + p + rank)
    direction = rng.normal(size=(rank, p))

    def draw(count):
        return rng.normal(size=(count, rank)) @ direction + rng.normal(0, 0.3, (count, p))

    flagged, unlike, far = [], [], []
    for _ in range(10):
        train = draw(n)
        model = Ridge(alpha=1.0).fit(train, train[:, :1])
        flagged.append(model.predict(draw(300))["extrapolating"].values.mean())
        unlike.append(model.predict(draw(20) + rng.normal(0, 6.0, (20, p)))["extrapolating"].values.mean())
        far.append(model.predict(draw(20) + 30.0)["extrapolating"].values.mean())
        assert not model.predict(train)["extrapolating"].values.any()
    assert np.mean(flagged) < 2 * 2 / (n + 1)
    assert np.mean(unlike) > 0.9
    assert np.mean(far) == 1.0


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_saved_models_predict_the_same(tmp_path, loss):
    features, labels, _ = _problem()
    y = make_labels(labels, map(str, range(60)), ["wl_1", "wl_2", "wl_3"], wavelength=[0.7, 1.95, 3.9])
    model = Ridge(loss=loss).fit(features, y)
    model.save(tmp_path)
    loaded = Ridge.load(tmp_path)
    xr.testing.assert_identical(model.predict(features), loaded.predict(features))
    np.testing.assert_array_equal(model.alpha, loaded.alpha)


def test_predicting_does_not_import_scikit_learn(tmp_path):
    features, labels, _ = _problem()
    Ridge(alpha=1.0).fit(features, labels).save(tmp_path)
    code = (
        "import sys, numpy as np; from specframe_linear import Ridge; "
        f"Ridge.load({str(tmp_path)!r}).predict(np.zeros((2, 8))); print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_prediction_carries_targets_outputs_units_and_wavelengths():
    features, labels, _ = _problem()
    names = [f"planet-{i}" for i in range(60)]
    x = xr.DataArray(features, dims=("target", "feature"), coords={"target": names})
    y = make_labels(labels, names, ["a", "b", "c"], units="K", wavelength=[1.0, 2.0, 3.0])
    prediction = Ridge().fit(x, y).predict(x[::-1])
    validate_prediction(prediction, "fit")
    assert list(prediction["target"].values) == names[::-1]
    assert list(prediction["output"].values) == ["a", "b", "c"]
    assert prediction["mean"].attrs["units"] == "K"
    np.testing.assert_array_equal(prediction["wavelength"].values, [1.0, 2.0, 3.0])
    plain = Ridge().fit(features, labels[:, 0]).predict(features)
    assert plain["mean"].shape == (60, 1)
    assert list(plain["output"].values) == ["0"]


def test_labels_are_matched_by_name():
    features, labels, _ = _problem()
    names = [f"planet-{i}" for i in range(60)]
    x = xr.DataArray(features, dims=("target", "feature"), coords={"target": names})
    y = make_labels(labels, names, ["a", "b", "c"])
    shuffled = y.isel(target=np.random.default_rng(0).permutation(60))
    xr.testing.assert_allclose(Ridge().fit(x, y).predict(x), Ridge().fit(x, shuffled).predict(x))
    with pytest.raises(DataError, match="no label for target planet-59"):
        Ridge().fit(x, y[:-1])


def test_wrong_input_is_refused_with_what_to_do():
    features, labels, _ = _problem()
    with pytest.raises(NotFittedError):
        Ridge().predict(features)
    holes = labels.copy()
    holes[[3, 5], 1] = np.nan
    with pytest.raises(DataError, match=r"labels must be finite, but those of 2 targets: 3, 5 are not"):
        Ridge().fit(features, holes)
    with pytest.raises(DataError, match=r"expected y of shape \(60,\) or \(60, n_output\), got \(59, 3\)"):
        Ridge().fit(features, labels[:-1])
    with pytest.raises(DataError, match="sample_weight must be 60 finite numbers"):
        Ridge().fit(features, labels, sample_weight=-np.ones(60))
    with pytest.raises(DataError, match="X has 7 features, but it was fitted with 8"):
        Ridge().fit(features, labels).predict(features[:, :7])
    with pytest.raises(DataError, match="expected at least 3"):
        Ridge().fit(features[:2], labels[:2])
    for wrong in ({"alpha": 0.0}, {"alpha": "best"}, {"loss": "l1"}, {"alhpa": 1.0}):
        with pytest.raises(ParameterError):
            Ridge(**wrong)


def _cross_validated(model, x, y, seed):
    error = np.empty(len(y))
    for train, test in KFold(5, shuffle=True, random_state=seed).split(error):
        fitted = model.fit(x.isel(target=train), y.isel(target=train))
        error[test] = 1e6 * (fitted.predict(x.isel(target=test))["mean"] - y.isel(target=test)).values[:, 0]
    return np.sqrt(np.mean(error**2)), np.median(np.abs(error))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("model", "rms", "median"),
    [
        # The goal for the mean depth of the 538 planets is 48 ppm rms and 18 ppm median.
        (Ridge(inputs=["depth", "trend"]), 37, 17),
        (Ridge(inputs=["depth", "trend"], loss="huber"), 37, 16.5),
        (Ridge(inputs=["flux"], loss="huber"), 48, 18),
    ],
    ids=["depth-trend", "depth-trend-huber", "flux-huber"],
)
def test_real_white_curves(white_curves, detrended, model, rms, median, seed):
    """Five-fold cross-validation with everything fitted inside the fold, the penalty too."""
    x = collate(detrended.values(), ["flux", "depth", "trend"])
    y = make_labels(white_curves.depth[:, None], white_curves.names, ["transit_depth"])
    got_rms, got_median = _cross_validated(model, x, y, seed)
    assert got_rms < rms
    assert got_median < median
