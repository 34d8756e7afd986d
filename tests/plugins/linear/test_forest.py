"""The model forest: against scikit-learn, and on relations that are not linear."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from specframe.api import target_order
from specframe.errors import ParameterError
from specframe_linear import Forest, Ols


def _problem(n=300, q=2, noise=0.1, seed=0):
    """A step, a product and a bend, and two inputs that do not matter."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 6))
    truth = np.column_stack(
        [2.0 * (features[:, 0] > 0.3) + 0.5 * features[:, 1] * features[:, 2], np.abs(features[:, 3])]
    )
    return features, truth[:, :q] + rng.normal(0, noise, (n, q)), truth[:, :q]


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("min_leaf", [1, 4])
def test_it_agrees_with_scikit_learn(q, min_leaf):
    """The same trees: standardised, in the order that the model keeps, with the seed that it derives."""
    features, labels, _ = _problem(q=q)
    order = target_order(features, labels, np.ones(300, np.float32))
    mean, std = features[order].mean(axis=0), features[order].std(axis=0)
    theirs = ExtraTreesRegressor(
        n_estimators=30, min_samples_leaf=min_leaf, random_state=int(np.random.SeedSequence(5).generate_state(1)[0])
    )
    y = labels[order]
    scaled = (y - y.mean(axis=0)) / y.std(axis=0)
    theirs.fit((features[order] - mean) / std, scaled if q > 1 else scaled[:, 0])
    new = _problem(seed=1)[0]
    expected = theirs.predict((new - mean) / std).reshape(-1, q) * y.std(axis=0) + y.mean(axis=0)
    ours = Forest(n_trees=30, min_leaf=min_leaf).fit(features, labels, seed=5).predict(new)["mean"].values
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


def test_it_learns_what_is_not_linear():
    features, labels, _ = _problem(n=1500)
    new, _, truth = _problem(seed=1)
    error = Forest(n_trees=50).fit(features, labels).predict(new)["mean"].values - truth
    linear = Ols().fit(features, labels).predict(new)["mean"].values - truth
    assert (error.std(axis=0) < 0.75 * linear.std(axis=0)).all()


def test_std_is_the_noise_where_many_targets_are_alike():
    """Two kinds of targets, which the first split tells apart, one with five times the scatter of the other."""
    rng = np.random.default_rng(0)
    kind = np.arange(400) % 2
    labels = 10.0 * kind + np.where(kind, 0.5, 0.1) * rng.normal(size=400)
    prediction = Forest(n_trees=10).fit(kind[:, None], labels).predict([[0.0], [1.0]])
    for row in (0, 1):
        assert prediction["mean"].values[row, 0] == pytest.approx(labels[kind == row].mean())
        assert prediction["std"].values[row, 0] == pytest.approx(labels[kind == row].std())


def test_std_covers_the_error():
    features, labels, _ = _problem(n=600, noise=0.3)
    new, observed, _ = _problem(n=600, noise=0.3, seed=2)
    prediction = Forest(n_trees=100).fit(features, labels).predict(new)
    inside = np.abs(observed - prediction["mean"].values) < prediction["std"].values
    assert 0.65 < inside.mean() < 0.9


def test_nothing_is_predicted_beyond_the_training_labels():
    features, labels, _ = _problem()
    mean = Forest(n_trees=20).fit(features, labels).predict(100.0 * features)["mean"].values
    assert (mean <= labels.max(axis=0) + 1e-9).all()
    assert (mean >= labels.min(axis=0) - 1e-9).all()


def test_seeds_decide():
    features, labels, _ = _problem()

    def predicted(seed):
        return Forest(n_trees=10).fit(features, labels, seed=seed).predict(features + 0.1)["mean"].values

    np.testing.assert_array_equal(predicted(1), predicted(1))
    assert (predicted(1) != predicted(2)).any()
    predicted(2**40)


def test_many_outputs_take_no_more_room_on_disk_than_their_labels(tmp_path):
    features, labels, _ = _problem(n=200)
    sizes = []
    for q in (2, 300):
        many = np.tile(labels, (1, q // 2)) + np.arange(q)
        Forest(n_trees=50).fit(features, many).save(tmp_path / str(q))
        sizes.append((tmp_path / str(q) / "state.safetensors").stat().st_size)
    assert sizes[1] - sizes[0] < 1.2 * 200 * 298 * 8


def test_spectra_are_learned_as_from_all_their_channels():
    """Sums of squares over outputs are those over principal components, so that hardly a split differs."""
    features, labels, _ = _problem(n=400)
    rng = np.random.default_rng(6)
    bands = rng.normal(size=(2, 40))
    spectra = labels @ bands + rng.normal(0, 1e-3, (400, 40))
    new, _, true = _problem(seed=1)
    ours = Forest(n_trees=100).fit(features, spectra).predict(new)["mean"].values
    scaled = (spectra - spectra.mean(axis=0)) / spectra.std(axis=0)
    theirs = ExtraTreesRegressor(n_estimators=100, random_state=1).fit(features, scaled).predict(new)
    errors = [np.std(mean - true @ bands) for mean in (ours, theirs * spectra.std(axis=0) + spectra.mean(axis=0))]
    assert errors[0] == pytest.approx(errors[1], rel=0.05)
    assert errors[0] < 0.5 * np.std(true @ bands)


def test_wrong_parameters_are_refused():
    for wrong in ({"n_trees": 0}, {"min_leaf": 0}, {"max_features": 0.0}, {"max_features": 1.5}):
        with pytest.raises(ParameterError):
            Forest(**wrong)
