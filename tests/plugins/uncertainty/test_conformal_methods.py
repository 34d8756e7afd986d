"""Conformal methods beside the default: against their published formulas, crepes, and coverage by simulation."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import pytest
from crepes import ConformalRegressor

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, ParameterError
from specframe.testing import check_component
from specframe_uncertainty import Conformal

LEVELS = (0.68, 0.95)


def names(n, prefix="t"):
    return [f"{prefix}{i}" for i in range(n)]


def covered(found, truth):
    return (found["lower"].values <= truth[..., None]) & (truth[..., None] <= found["upper"].values)


def stating(mean, truth, prefix="t", **variables):
    labels = make_labels(truth, names(len(truth), prefix), [f"wl_{j}" for j in range(truth.shape[1])])
    return make_prediction(labels, mean, **variables), labels


@pytest.mark.parametrize(
    "params",
    [
        {"normalise_by": "learned"},
        {"method": "cv+"},
        {"classes_by": "mean"},
        {"joint": "ellipsoid", "normalise_by": "learned"},
    ],
    ids=str,
)
def test_every_method_keeps_the_contract(params):
    check_component(Conformal, params=params).raise_on_failure()


# Errors whose size a covariate tells, which the prediction carries as its distance.


def of_unequal_error(rng, n, m=3, prefix="t"):
    distance = rng.uniform(0.05, 0.9, n)
    truth = rng.normal(0.01, 1e-3, (n, m))
    mean = truth + 5e-5 * distance[:, None] * rng.standard_t(4, (n, m))
    return stating(mean, truth, prefix, distance=("target", distance))


def test_a_learned_size_follows_what_the_prediction_tells():
    """Sigma is proportional to the distance: std follows it, intervals hold, and near and far targets alike."""
    rng = np.random.default_rng(0)
    seen, truth = of_unequal_error(rng, 500)
    new, new_truth = of_unequal_error(rng, 3000, prefix="new")
    found = Conformal(normalise_by="learned").fit(seen, truth).apply(new)
    distance = new["distance"].values
    ratio = np.log(found["std"].values[:, 0] / distance)
    assert ratio.std() < 0.2
    inside = covered(found, new_truth.values)
    for part in (distance < 0.3, distance > 0.65):
        np.testing.assert_allclose(inside[part].mean(axis=(0, 1)), LEVELS, atol=0.06)
    constant = covered(Conformal().fit(seen, truth).apply(new), new_truth.values)
    assert constant[distance > 0.65].mean(axis=(0, 1))[0] < 0.58
    width = [float((f["upper"] - f["lower"]).sel(level=0.95).mean()) for f in (found,)]
    assert width[0] < 0.95 * float(
        (lambda f: (f["upper"] - f["lower"]).sel(level=0.95).mean())(Conformal().fit(seen, truth).apply(new))
    )


def test_a_learned_size_costs_no_coverage_with_few_targets():
    """60 calibration targets; 80 repetitions, exchangeable by construction. Expected: ceil(61 level) / 61."""
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(80):
        seen, truth = of_unequal_error(rng, 60, m=2)
        new, new_truth = of_unequal_error(rng, 100, m=2, prefix="new")
        found = Conformal(normalise_by="learned").fit(seen, truth).apply(new)
        inside.append(covered(found, new_truth.values).mean(axis=(0, 1)))
    expected = [ceil(61 * level) / 61 for level in LEVELS]
    error = np.std(inside, axis=0) / np.sqrt(len(inside))
    assert np.all(np.mean(inside, axis=0) > np.array(expected) - 0.015 - 2 * error)
    assert np.all(np.mean(inside, axis=0) < np.array(expected) + 0.015 + 2 * error)


def test_a_measured_error_is_followed_too():
    rng = np.random.default_rng(2)
    error = 10 ** rng.uniform(-5, -4, (400, 2))
    truth = rng.normal(0.01, 1e-3, (400, 2))
    dims = ("target", "output")
    seen, labels = stating(truth + error * rng.normal(size=error.shape), truth, measured_error=(dims, error))
    found = Conformal(normalise_by="learned").fit(seen, labels).apply(seen)
    assert np.log(found["std"].values / error).std() < 0.15
    with pytest.raises(DataError, match="which this prediction does not state"):
        Conformal(normalise_by="learned").fit(seen, labels).apply(seen.drop_vars("measured_error"))


def test_scales_of_the_order_of_targets_do_not_matter():
    rng = np.random.default_rng(3)
    seen, truth = of_unequal_error(rng, 80)
    order = rng.permutation(80)
    seen["fold"] = ("target", np.arange(80) % 5)
    once = Conformal(normalise_by="learned").fit(seen, truth).apply(seen)
    again = Conformal(normalise_by="learned").fit(seen.isel(target=order), truth.isel(target=order)).apply(seen)
    assert once.identical(again)


# Conformalised quantile regression


def skewed(rng, n, prefix="t", shrink=0.6):
    """Exponential errors of a size that differs, with bounds that are too narrow by ``shrink``."""
    size = rng.uniform(0.5, 2.0, (n, 2))
    truth = size * rng.exponential(size=(n, 2))
    tails = np.stack([0.5 - 0.5 * np.array(LEVELS), 0.5 + 0.5 * np.array(LEVELS)])
    low, high = (shrink * size[..., None] * -np.log1p(-p) for p in tails)
    prediction, labels = stating(0.7 * size, truth, prefix)
    dims = ("target", "output", "level")
    return prediction.assign_coords(level=list(LEVELS)).assign(lower=(dims, low), upper=(dims, high)), labels


def test_quantile_bounds_are_moved_by_the_published_amount():
    """Romano et al. 2019, algorithm 1, written out for one output."""
    rng = np.random.default_rng(4)
    seen, truth = skewed(rng, 99)
    new, _ = skewed(rng, 20, "new")
    found = Conformal(method="cqr").fit(seen, truth).apply(new)
    for k, level in enumerate(LEVELS):
        low, high, y = (a[:, 0] for a in (seen["lower"].values[..., k], seen["upper"].values[..., k], truth.values))
        shift = sorted(max(a - t, t - b) for a, b, t in zip(low, high, y, strict=True))[ceil(100 * level) - 1]
        np.testing.assert_allclose(found["lower"].values[:, 0, k], new["lower"].values[:, 0, k] - shift, rtol=1e-9)
        np.testing.assert_allclose(found["upper"].values[:, 0, k], new["upper"].values[:, 0, k] + shift, rtol=1e-9)


def test_moved_quantile_bounds_hold_and_stay_skewed():
    rng = np.random.default_rng(5)
    seen, truth = skewed(rng, 1000)
    new, new_truth = skewed(rng, 4000, "new")
    found = Conformal(method="cqr").fit(seen, truth).apply(new)
    np.testing.assert_allclose(covered(found, new_truth.values).mean(axis=(0, 1)), LEVELS, atol=0.03)
    np.testing.assert_allclose(covered(new, new_truth.values).mean(axis=(0, 1)) < LEVELS, True)
    above, below = (np.abs(found[name] - new["mean"]).sel(level=0.95).mean() for name in ("upper", "lower"))
    assert above > 1.4 * below
    z = (new_truth.values - new["mean"].values) / found["std"].values
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.1)


def test_quantile_bounds_that_are_too_wide_shrink():
    rng = np.random.default_rng(6)
    seen, truth = skewed(rng, 500, shrink=2.0)
    found = Conformal(method="cqr", normalise_by="residual").fit(seen, truth).apply(seen)
    assert np.all((found["upper"] - found["lower"]).mean("target") < (seen["upper"] - seen["lower"]).mean("target"))
    assert np.all(found["upper"] >= found["lower"])


def test_a_band_of_quantile_bounds_holds_all_outputs_at_once():
    rng = np.random.default_rng(7)
    seen, truth = skewed(rng, 999)
    new, new_truth = skewed(rng, 4000, "new")
    found = Conformal(method="cqr", joint="simultaneous").fit(seen, truth).apply(new)
    np.testing.assert_allclose(covered(found, new_truth.values).all(axis=1).mean(axis=0), LEVELS, atol=0.04)


def test_quantile_bounds_that_are_not_there_are_said():
    rng = np.random.default_rng(8)
    seen, truth = skewed(rng, 50)
    with pytest.raises(DataError, match=r"cqr needs bounds at level 0.9, but the prediction states 0.68, 0.95"):
        Conformal(method="cqr", levels=[0.9]).fit(seen, truth)
    with pytest.raises(DataError, match="states none"):
        Conformal(method="cqr").fit(seen.drop_vars(["lower", "upper"]), truth)


# CV+


def of_folds(rng, n, n_new, folds, m=1):
    """A mean of few numbers as the model: models of folds differ. Out-of-fold predictions, and those of new targets."""
    y = rng.standard_t(3, (n, m))
    fold = np.arange(n) % folds
    means = np.array([y[fold != k].mean(axis=0) for k in range(folds)])  # (fold, m)
    seen, labels = stating(means[fold], y, fold=("target", fold))
    new, new_labels = stating(np.tile(y.mean(axis=0), (n_new, 1)), rng.standard_t(3, (n_new, m)), "new")
    samples = np.broadcast_to(means[:, None], (folds, n_new, m))
    return seen, labels, new.assign(samples=(("sample", "target", "output"), samples.copy())), new_labels


@pytest.mark.parametrize("folds", [5, 40])
def test_cross_intervals_are_the_published_ranks(folds):
    """Barber et al. 2021, eq. 9 (and 3 for as many folds as targets), with sorted lists of Python numbers."""
    rng = np.random.default_rng(9)
    seen, truth, new, _ = of_folds(rng, 40, 3, folds)
    found = Conformal(method="cv+", normalise_by="residual").fit(seen, truth).apply(new)
    residual = np.abs(truth.values - seen["mean"].values)[:, 0]
    said = new["samples"].values[seen["fold"].values, 0, 0]
    for k, level in enumerate(LEVELS):
        upper = sorted(said + residual)[ceil(41 * level) - 1]
        lower = sorted(said - residual)[floor(41 * (1 - level)) - 1]
        np.testing.assert_allclose(found["upper"].values[0, 0, k], upper, rtol=1e-9)
        np.testing.assert_allclose(found["lower"].values[0, 0, k], lower, rtol=1e-9)
    assert "samples" not in found


def test_cross_intervals_hold_where_the_models_of_folds_differ():
    """Guaranteed are 2 level - 1; with 25 targets and 5 folds they hold about the level. 200 repetitions of 20."""
    rng = np.random.default_rng(10)
    inside = []
    for _ in range(200):
        seen, truth, new, new_truth = of_folds(rng, 25, 20, 5, m=3)
        found = Conformal(method="cv+").fit(seen, truth).apply(new)
        inside.append(covered(found, new_truth.values).mean(axis=(0, 1)))
    expected = np.array([ceil(26 * level) / 26 for level in LEVELS])
    assert np.all(np.abs(np.mean(inside, axis=0) - expected) < 0.02)


def test_cross_intervals_need_folds_and_what_their_models_say():
    rng = np.random.default_rng(11)
    seen, truth, new, _ = of_folds(rng, 40, 3, 5)
    with pytest.raises(DataError, match=r"cv\+ needs out-of-fold predictions that say their fold"):
        Conformal(method="cv+").fit(seen.drop_vars("fold"), truth)
    with pytest.raises(DataError, match=r"needs what the model of each of the 5 folds predicts"):
        Conformal(method="cv+").fit(seen, truth).apply(new.isel(sample=slice(0, 3)))
    with pytest.raises(ParameterError, match=r"cv\+ takes joint: marginal"):
        Conformal(method="cv+", joint="simultaneous")
    assert Conformal(method="cv+").draws().source == "out-of-fold"
    assert Conformal().draws() is None


# Classes


def test_classes_are_those_of_crepes():
    """Mondrian categories by the mean, compared with crepes' bins."""
    rng = np.random.default_rng(12)
    truth = rng.normal(1.0, 0.2, (300, 1))
    seen, labels = stating(truth + 0.1 * truth**4 * rng.normal(size=truth.shape), truth)
    new, _ = stating(rng.normal(1.0, 0.2, (50, 1)), np.zeros((50, 1)), "new")
    fitted = Conformal(classes_by="mean", n_classes=3, normalise_by="residual").fit(seen, labels)
    found = fitted.apply(new)
    edges = fitted.get_state()[0]["edges"]
    residual = labels.values[:, 0] - seen["mean"].values[:, 0]
    oracle = ConformalRegressor().fit(residual, bins=np.searchsorted(edges, seen["mean"].values[:, 0]))
    for k, level in enumerate(LEVELS):
        bins = np.searchsorted(edges, new["mean"].values[:, 0])
        expected = oracle.predict_int(new["mean"].values[:, 0], bins=bins, confidence=level)
        np.testing.assert_allclose(found["lower"].values[:, 0, k], expected[:, 0], rtol=1e-9)
        np.testing.assert_allclose(found["upper"].values[:, 0, k], expected[:, 1], rtol=1e-9)


def test_every_class_holds_the_level():
    rng = np.random.default_rng(13)

    def draw(n, prefix):
        truth = rng.uniform(0.5, 2.0, (n, 2))
        return stating(
            truth + truth.mean(axis=1, keepdims=True) ** 3 * rng.normal(size=truth.shape) * 1e-3, truth, prefix
        )

    seen, truth = draw(900, "t")
    new, new_truth = draw(6000, "new")
    found = Conformal(classes_by="mean").fit(seen, truth).apply(new)
    middle = new["mean"].values.mean(axis=1)
    inside = covered(found, new_truth.values)
    for part in np.array_split(np.argsort(middle), 3):
        np.testing.assert_allclose(inside[part].mean(axis=(0, 1)), LEVELS, atol=0.045)


def test_a_class_with_too_few_targets_is_told():
    rng = np.random.default_rng(14)
    seen, truth = of_unequal_error(rng, 45)
    with pytest.raises(DataError, match=r"level 0.95 needs at least 19 calibration targets with known truth, got 15"):
        Conformal(classes_by="distance").fit(seen, truth)
    assert Conformal(classes_by="distance").least_targets() == 3 * 19
    with pytest.raises(DataError, match="classes_by is 'std', but the prediction has none"):
        Conformal(classes_by="std").fit(seen, truth)


# The ellipsoid


def test_an_ellipsoid_holds_all_outputs_at_once_in_less_volume_than_a_band():
    """30 outputs that share two modes, 300 targets; the logarithm of the volumes per output is compared."""
    rng = np.random.default_rng(15)
    modes = rng.normal(size=(2, 30))

    def draw(n, prefix):
        truth = rng.normal(size=(n, 30))
        return stating(truth + rng.normal(size=(n, 2)) @ modes + 0.3 * rng.normal(size=(n, 30)), truth, prefix)

    seen, truth = draw(300, "t")
    new, new_truth = draw(2000, "new")
    found = Conformal(joint="ellipsoid").fit(seen, truth).apply(new)
    covariance = found["covariance"].values[0]
    error = new_truth.values - new["mean"].values
    distance = np.sqrt(np.einsum("ni,ij,nj->n", error, np.linalg.inv(covariance), error))
    inside = (distance[:, None] <= found["radius"].values).mean(axis=0)
    np.testing.assert_allclose(inside, LEVELS, atol=0.05)
    band = Conformal(joint="simultaneous").fit(seen, truth).apply(new)
    half = 0.5 * (band["upper"] - band["lower"]).sel(level=0.95).values[0]
    unit_ball = 15 * np.log(np.pi) - float(np.log(np.arange(1, 16)).sum())
    ball = unit_ball + 30 * np.log(found["radius"].values[1]) + 0.5 * np.linalg.slogdet(covariance)[1]
    assert ball / 30 < np.log(2 * half).mean() - 0.5
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), found["std"].values[0], rtol=1e-9)


# Beyond the training set


def test_errors_are_widened_beyond_the_reach_and_nowhere_else():
    rng = np.random.default_rng(16)
    seen, truth = of_unequal_error(rng, 100)
    new, _ = of_unequal_error(rng, 3, prefix="new")
    new["distance"] = ("target", np.array([0.8, 3.0, np.nan]))
    for params in ({}, {"method": "cv+"}):
        draws = new.assign(samples=(("sample", "target", "output"), np.stack([new["mean"].values] * 5)))
        calibration = seen.assign(fold=("target", np.arange(100) % 5))
        plain, wide = (
            Conformal(extrapolation=way, **params).fit(calibration, truth).apply(draws) for way in ("flag", "widen")
        )
        for name, of in (("std", lambda f: f["std"]), ("width", lambda f: (f["upper"] - f["lower"]).sel(level=0.95))):
            ratio = (of(wide) / of(plain)).values
            np.testing.assert_allclose(
                ratio, np.array([[1.0], [3.0], [1.0]]) * np.ones((1, 3)), rtol=1e-9, err_msg=name
            )


def test_widening_needs_a_distance():
    rng = np.random.default_rng(17)
    seen, truth = of_unequal_error(rng, 50)
    with pytest.raises(DataError, match="the model states no distance"):
        Conformal(extrapolation="widen").fit(seen, truth).apply(seen.drop_vars("distance"))
