"""The model boosting: against scikit-learn, and on relations that are not linear, with missing inputs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from specframe.api import validate_prediction
from specframe.errors import DataError, ParameterError
from specframe_linear import Boosting


@pytest.fixture(autouse=True)
def _one_thread():
    """Threads of scikit-learn's own fits would wait for each other on a machine with other work."""
    with threadpool_limits(limits=1, user_api="openmp"):
        yield


def _problem(n=400, noise=0.1, seed=0):
    """A step, a product and a bend, two inputs that do not matter, and one that is missing where it would be large."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 6))
    truth = np.column_stack([2.0 * (features[:, 0] > 0.3) + features[:, 1] * features[:, 2], np.abs(features[:, 3])])
    features[:, 3] = np.where(np.abs(features[:, 3]) > 1.5, np.nan, features[:, 3])
    return features, truth + rng.normal(0, noise, (n, 2)), truth


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"loss": "absolute"}, {"loss": "absolute_error"}),
        (
            {"learning_rate": 0.3, "max_leaves": 4, "min_leaf": 7},
            {"learning_rate": 0.3, "max_leaf_nodes": 4, "min_samples_leaf": 7},
        ),
    ],
)
def test_it_agrees_with_scikit_learn(ours, theirs):
    """Histograms keep the order of values only, so that standardised inputs give the same trees but for rounding."""
    features, labels, _ = _problem()
    new = _problem(seed=1)[0]
    weight = np.random.default_rng(2).uniform(0.2, 3.0, 400).astype(np.float32).astype(float)
    prediction = Boosting(n_trees=30, **ours).fit(features, labels, sample_weight=weight).predict(new)
    for output in range(2):
        model = HistGradientBoostingRegressor(max_iter=30, early_stopping=False, **theirs)
        expected = model.fit(features, labels[:, output], sample_weight=weight).predict(new)
        np.testing.assert_allclose(prediction["mean"].values[:, output], expected, atol=1e-6)


def test_quantiles_are_those_of_scikit_learn():
    features, labels, _ = _problem(noise=1.0)
    prediction = Boosting(n_trees=20, levels=[0.5, 0.9]).fit(features, labels).predict(features)
    validate_prediction(prediction, "fit")
    assert prediction["lower"].dims == ("target", "output", "level")
    np.testing.assert_array_equal(prediction["level"].values, [0.5, 0.9])
    theirs = np.array(
        [
            HistGradientBoostingRegressor(loss="quantile", quantile=quantile, max_iter=20, early_stopping=False)
            .fit(features, labels[:, 1], sample_weight=np.ones(400))
            .predict(features)
            for quantile in (0.05, 0.25, 0.75, 0.95)
        ]
    )
    theirs.sort(axis=0)
    ours = [
        prediction[side].values[:, 1, level] for side, level in [("lower", 1), ("lower", 0), ("upper", 0), ("upper", 1)]
    ]
    # a leaf's value is a quantile of few residuals, which rounding may move to the next of them
    assert np.mean(np.abs(np.array(ours) - theirs) < 1e-6) > 0.98


def test_intervals_hold_about_their_level_and_are_nested():
    rng = np.random.default_rng(0)
    features = rng.uniform(-1, 1, (3000, 2))
    sigma = np.where(features[:, 0] > 0, 1.0, 0.2)
    labels = sigma * rng.normal(size=3000)
    prediction = Boosting(n_trees=60, levels=[0.68, 0.95], max_leaves=6).fit(features[:2000], labels[:2000])
    bounds = prediction.predict(features[2000:])
    lower, upper = bounds["lower"].values[:, 0], bounds["upper"].values[:, 0]
    inside = (labels[2000:, None] >= lower) & (labels[2000:, None] <= upper)
    np.testing.assert_allclose(inside.mean(axis=0), [0.68, 0.95], atol=0.06)
    assert (lower[:, 1] <= lower[:, 0]).all()
    assert (upper[:, 1] >= upper[:, 0]).all()
    width = (upper - lower)[:, 0]
    assert width[features[2000:, 0] > 0.1].mean() > 3 * width[features[2000:, 0] < -0.1].mean()


def test_that_an_input_is_missing_tells_something():
    """The bend is largest where its input is missing: filled with the mean it would be predicted as the smallest."""
    features, labels, _ = _problem(n=1500)
    new, _, truth = _problem(seed=1)
    model = Boosting().fit(features, labels)
    error = (model.predict(new)["mean"].values - truth)[:, 1]
    missing = np.isnan(new[:, 3])
    assert error[missing].mean() == pytest.approx(0.0, abs=0.15)
    assert error[~missing].std() < 0.15


def test_many_outputs_are_learned_by_their_principal_components():
    features, labels, _ = _problem(n=1500)
    new, _, true = _problem(seed=1)
    bands = np.random.default_rng(3).normal(size=(2, 50))
    noisy = labels @ bands + np.random.default_rng(4).normal(0, 1.0, (1500, 50))
    spectra = Boosting(n_components=2).fit(features, noisy)
    assert spectra.get_state()[0]["learned.components"].shape == (2, 50)
    mean = spectra.predict(new)["mean"].values
    error = mean - true @ bands
    assert error.std() < 0.35 * (true @ bands).std()
    offset = mean - noisy.mean(axis=0)
    assert np.linalg.matrix_rank(offset, tol=1e-8) == 2


def test_quantiles_of_components_are_refused_with_what_to_do():
    features, labels, _ = _problem()
    with pytest.raises(DataError, match="n_components is 1: set n_components: 2, or leave out levels"):
        Boosting(n_components=1, levels=[0.68]).fit(features, labels)
    for wrong in ({"levels": [0.95, 0.68]}, {"levels": [1.0]}, {"n_trees": 0}, {"loss": "huber"}, {"learning_rate": 0}):
        with pytest.raises(ParameterError):
            Boosting(**wrong)
