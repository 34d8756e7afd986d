"""The rule by which the spread of draws joins the error that a prediction has."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction, validate_prediction
from specframe.errors import DataError
from specframe_uncertainty import Bootstrap, Ensemble, InputBootstrap, Laplace, McDropout

ALL = [Ensemble, Bootstrap, InputBootstrap, McDropout, Laplace]
MANY = 20_000


def predicted(samples, std=None, mean=0.0):
    """A prediction whose draws are given, shape (sample, target, output)."""
    n, o = samples.shape[1:]
    labels = make_labels(np.full((n, o), mean), map(str, range(n)), [f"o{i}" for i in range(o)], units="ppm")
    prediction = make_prediction(labels, labels.values, None if std is None else np.full((n, o), std))
    return prediction.assign(samples=(("sample", "target", "output"), samples))


def normal_draws(spread, count=MANY, n=2, o=3, seed=0):
    return np.random.default_rng(seed).normal(0.0, spread, (count, n, o))


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize(("combine", "expected"), [("add", 5.0), ("replace", 3.0), ("maximum", 4.0)])
def test_an_error_of_4_and_a_spread_of_3(estimator, combine, expected):
    """20,000 draws know a spread to 0.5 %."""
    found = estimator(combine=combine).apply(predicted(normal_draws(3.0), std=4.0))
    np.testing.assert_allclose(found["std"], expected, rtol=0.02)
    for level in (0.68, 0.95):
        half = 0.5 * (found["upper"] - found["lower"]).sel(level=level)
        np.testing.assert_allclose(half, expected * stats.norm.ppf(0.5 + level / 2), rtol=0.03)
    validate_prediction(found, "test")
    assert found["std"].attrs["units"] == "ppm"
    assert "samples" not in found


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize("combine", ["add", "replace", "maximum"])
def test_the_parts_make_up_the_std(estimator, combine):
    found = estimator(combine=combine).apply(predicted(normal_draws(3.0, count=6), std=2.0))
    np.testing.assert_allclose(np.hypot(found["aleatoric"], found["epistemic"]), found["std"], rtol=1e-12)


def test_draws_of_models_are_epistemic_and_draws_of_data_aleatoric():
    both = predicted(normal_draws(3.0), std=4.0)
    model, data = McDropout().apply(both), InputBootstrap().apply(both)
    np.testing.assert_allclose(model["aleatoric"], 4.0, rtol=1e-12)
    np.testing.assert_allclose(model["epistemic"], 3.0, rtol=0.02)
    np.testing.assert_allclose(data["aleatoric"], 5.0, rtol=0.02)
    np.testing.assert_allclose(data["epistemic"], 0.0, atol=1e-9)


def test_estimators_in_a_row_add_up():
    """A model's own error of 2, members that differ by 3, inputs that matter by 6: 7 in all."""
    first = Ensemble().apply(predicted(normal_draws(3.0), std=2.0))
    last = InputBootstrap().apply(first.assign(samples=predicted(normal_draws(6.0, seed=1))["samples"]))
    np.testing.assert_allclose(last["std"], 7.0, rtol=0.02)
    np.testing.assert_allclose(last["aleatoric"], np.hypot(2, 6), rtol=0.02)
    np.testing.assert_allclose(last["epistemic"], 3.0, rtol=0.02)
    half = 0.5 * (last["upper"] - last["lower"]).sel(level=0.95)
    np.testing.assert_allclose(half, 7.0 * stats.norm.ppf(0.975), rtol=0.03)


@pytest.mark.parametrize("members", [2, 3, 5, 10])
def test_few_members_hold_their_levels(members):
    """40,000 targets: a percentage is known to 0.25 points, four of these allowed."""
    n = 40_000
    error = np.abs(np.random.default_rng(9).normal(0.0, 3.0, (n, 1)))
    found = Ensemble(members=members).apply(predicted(normal_draws(3.0, members, n, 1)))
    for level in (0.68, 0.95):
        inside = error <= found["upper"].sel(level=level).values
        assert inside.mean() == pytest.approx(level, abs=0.01)


def test_members_over_folds_count_as_a_jackknife():
    """The mean of ten equal groups, whose error is 1 / sqrt(10): a member without group k is (10 mean - m_k) / 9."""
    groups = np.random.default_rng(3).normal(size=(10, 1, 4000))
    members = (groups.sum(axis=0) - groups) / 9.0
    found = Ensemble(members=10, over="folds", combine="replace").apply(predicted(members))
    spread = found["std"].values / stats.t(9).std()  # what few members add is taken off again
    assert np.sqrt(np.mean(np.square(spread))) == pytest.approx(1.0 / np.sqrt(10.0), rel=0.02)


def test_quantiles_of_the_draws_show_their_shape():
    draws = np.random.default_rng(4).exponential(size=(MANY, 1, 2))
    found = Bootstrap().apply(predicted(draws))
    np.testing.assert_allclose(found["lower"].sel(level=0.95), stats.expon.ppf(0.025) - 1.0, atol=0.03)
    np.testing.assert_allclose(found["upper"].sel(level=0.95), stats.expon.ppf(0.975) - 1.0, atol=0.15)


def test_bounds_that_are_not_normal_keep_their_shape():
    """Below the mean there was hardly any error, above it a large one; the draws widen both sides alike."""
    prediction = predicted(normal_draws(3.0), std=2.0).assign_coords(level=[0.68, 0.95])
    below, above = np.array([0.1, 0.2]), np.array([4.0, 8.0])
    shape = (2, 3, 2)
    prediction["lower"] = (("target", "output", "level"), np.broadcast_to(-below, shape).copy())
    prediction["upper"] = (("target", "output", "level"), np.broadcast_to(above, shape).copy())
    found = McDropout().apply(prediction)
    z = 3.0 * stats.norm.ppf([0.84, 0.975])
    np.testing.assert_allclose(-found["lower"].values[0, 0], np.hypot(below, z), rtol=0.05)
    np.testing.assert_allclose(found["upper"].values[0, 0], np.hypot(above, z), rtol=0.03)


def test_the_covariance_is_positive_definite_and_agrees_with_std():
    common = np.random.default_rng(5).normal(size=(5, 2, 1))
    draws = 3.0 * common + normal_draws(0.1, 5, 2, 40)
    found = Ensemble(covariance=True).apply(predicted(draws, std=1.0))
    for matrix, std in zip(found["covariance"].values, found["std"].values, strict=True):
        np.linalg.cholesky(matrix)
        np.testing.assert_allclose(np.diagonal(matrix), np.square(std), rtol=1e-12)
    correlation = found["covariance"].values[0] / np.outer(*[found["std"].values[0]] * 2)
    # members move as one, errors of the data do not
    epistemic = np.square(found["epistemic"] / found["std"]).values[0].mean()
    assert correlation[np.triu_indices(40, 1)].mean() == pytest.approx(epistemic, abs=0.25)


def test_a_covariance_that_was_there_is_added_to():
    before = np.array([[4.0, 2.0], [2.0, 9.0]])
    prediction = predicted(normal_draws(1.0, o=2), mean=1.0)
    prediction["covariance"] = (("target", "output", "output_other"), np.stack([before, before]))
    found = Bootstrap().apply(prediction)
    np.testing.assert_allclose(found["covariance"].values[0], before + np.eye(2), rtol=0.02, atol=0.05)


def test_samples_can_be_kept_and_are_as_wide_as_std():
    found = Laplace(samples=True).apply(predicted(normal_draws(3.0, 100), std=4.0, mean=7.0))
    np.testing.assert_allclose(found["samples"].std("sample", ddof=1), found["std"], rtol=1e-9)
    np.testing.assert_allclose(found["samples"].mean("sample"), 7.0, rtol=1e-9)


def test_draws_that_are_equal_leave_the_error_as_it_was():
    found = McDropout().apply(predicted(np.zeros((100, 2, 3)), std=4.0))
    np.testing.assert_allclose(found["std"], 4.0, rtol=1e-9)
    np.testing.assert_allclose(found["upper"].sel(level=0.95), 4.0 * stats.norm.ppf(0.975), rtol=1e-9)
    nothing = McDropout().apply(predicted(np.zeros((100, 2, 3)), mean=1.0))
    validate_prediction(nothing, "test")


@pytest.mark.parametrize("estimator", ALL)
def test_a_prediction_without_draws_is_refused(estimator):
    prediction = predicted(normal_draws(1.0, 1))
    with pytest.raises(DataError, match=r"at least two samples .* got 1"):
        estimator().apply(prediction)
    with pytest.raises(DataError, match="got 0"):
        estimator().apply(prediction.drop_vars("samples"))


def test_draws_that_are_not_finite_are_refused():
    draws = normal_draws(1.0, 10)
    draws[3, 1, 0] = np.nan
    with pytest.raises(DataError, match="those of 1 targets are not, the first 1"):
        Bootstrap().apply(predicted(draws))


def test_draws_are_asked_of_the_right_source():
    asked = {
        "ensemble": Ensemble(members=7).draws(),
        "folds": Ensemble(members=4, over="folds").draws(),
        "bootstrap": Bootstrap(draws=9).draws(),
        "input-bootstrap": InputBootstrap(draws=11).draws(),
        "mc-dropout": McDropout(draws=12).draws(),
        "laplace": Laplace(draws=13).draws(),
    }
    assert {name: (draws.source, draws.count) for name, draws in asked.items()} == {
        "ensemble": ("seeds", 7),
        "folds": ("folds", 4),
        "bootstrap": ("targets", 9),
        "input-bootstrap": ("inputs", 11),
        "mc-dropout": ("dropout", 12),
        "laplace": ("weights", 13),
    }
