"""The model pls: against scikit-learn, its limits, and injected latent components."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from specframe.errors import ParameterError
from specframe_linear import Ols, Pls
from specframe_linear.held_out import label_folds


def _problem(n=80, p=12, q=4, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(rng.uniform(-5, 5, p), rng.uniform(0.1, 10, p), (n, p))
    return features, features @ rng.normal(0, 1, (p, q)) + 3.0 + rng.normal(0, noise, (n, q))


@pytest.mark.parametrize("n_components", [1, 2, 5, 12])
@pytest.mark.parametrize("q", [1, 4, 30])
def test_it_agrees_with_scikit_learn(n_components, q):
    """Whose power iteration converges slowly where two combinations of outputs covary about as strongly."""
    features, labels = _problem(q=q)
    theirs = PLSRegression(n_components=n_components, tol=1e-14, max_iter=100_000).fit(features, labels)
    new = _problem(seed=9)[0]
    ours = Pls(n_components=n_components).fit(features, labels).predict(new)["mean"].values
    expected = theirs.predict(new).reshape(80, q)
    np.testing.assert_allclose(ours, expected, atol=1e-5 * np.ptp(expected))


def test_all_components_are_least_squares_with_weights_too():
    features, labels = _problem()
    weight = np.random.default_rng(1).uniform(0.2, 3.0, 80)
    all_of_them = Pls(n_components=12).fit(features, labels, sample_weight=weight).predict(features)
    least = Ols().fit(features, labels, sample_weight=weight).predict(features)
    np.testing.assert_allclose(all_of_them["mean"].values, least["mean"].values, rtol=1e-7)


def test_integer_weights_are_repeated_targets():
    features, labels = _problem(n=40, noise=3.0)
    repeats = np.random.default_rng(2).integers(1, 5, 40)
    weighted = Pls(n_components=3).fit(features, labels, sample_weight=repeats).predict(features)
    repeated = Pls(n_components=3).fit(np.repeat(features, repeats, axis=0), np.repeat(labels, repeats, axis=0))
    np.testing.assert_allclose(weighted["mean"].values, repeated.predict(features)["mean"].values, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_how_many_latent_components_there_are(seed):
    """Three components make 100 inputs and 20 outputs: with them alone the error is hardly more than the noise."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(300, 3)) * [3.0, 2.0, 1.0]
    features = latent @ rng.normal(size=(3, 100)) + 0.3 * rng.normal(size=(300, 100))
    truth = latent @ rng.normal(size=(3, 20))
    labels = truth + 0.5 * rng.normal(size=truth.shape)
    model = Pls().fit(features[:150], labels[:150], seed=seed)
    assert 3 <= model.n_components <= 4
    error = model.predict(features[150:])["mean"].values - truth[150:]
    assert error.std() < 0.3


def test_fewer_components_than_asked_for_where_there_are_no_more():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 30))
    model = Pls(n_components=10).fit(features, features[:, :3] + 0.1 * rng.normal(size=(50, 3)))
    assert model.n_components == 2


def test_labels_without_relation_are_predicted_by_their_mean():
    rng = np.random.default_rng(0)
    labels = rng.normal(5.0, 1.0, 60)
    model = Pls().fit(rng.normal(size=(60, 200)), labels)
    assert model.n_components <= 1
    constant = Pls().fit(rng.normal(size=(60, 5)), np.full(60, 2.5))
    assert constant.n_components == 0
    np.testing.assert_array_equal(constant.predict(rng.normal(size=(3, 5)))["mean"].values, 2.5)


def test_the_same_object_is_never_held_out_and_learned_from_at_once():
    """Targets with the same labels are in one fold, whatever their order, and folds are of like size."""
    labels = np.random.default_rng(0).normal(size=(40, 3))
    twice = np.vstack([labels, labels])
    fold = label_folds(twice, 5, seed=1)
    np.testing.assert_array_equal(fold[:40], fold[40:])
    assert set(np.bincount(fold)) == {16}
    order = np.random.default_rng(1).permutation(80)
    np.testing.assert_array_equal(label_folds(twice[order], 5, seed=1), fold[order])
    assert (label_folds(twice, 5, seed=2) != fold).any()
    assert label_folds(np.array([[1.0], [2.0], [1.0]]), 5, seed=0).max() == 1


def test_wrong_parameters_are_refused():
    for wrong in (0, -1, 2.5, "all"):
        with pytest.raises(ParameterError, match="n_components"):
            Pls(n_components=wrong)
