"""Bounds between quantiles: the model's own, or learned from residuals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe_uncertainty import Heteroscedastic, Quantile, Residual

LEVELS = (0.68, 0.95)


def a_case(n, seed=0, slope=0.4, outputs=2):
    """Predictions whose errors are exponential, never below zero, and grow with the value predicted."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, outputs))
    size = 1e-4 * np.exp(slope * z)
    mean = 0.01 + 1e-3 * z
    names = [f"o{i}" for i in range(outputs)]
    truth = make_labels(mean + size * rng.exponential(size=z.shape), map(str, range(n)), names)
    return make_prediction(truth, mean), truth, size


def stated(levels=LEVELS, std=None):
    seen, truth, size = a_case(60)
    z = stats.norm.ppf(0.5 + 0.5 * np.asarray(levels))
    bounds = ("target", "output", "level")
    low, high = (seen["mean"].values[..., None] + f * size[..., None] * z for f in (-0.5, 2.0))
    seen = seen.assign_coords(level=list(levels)).assign(lower=(bounds, low), upper=(bounds, high))
    return (seen if std is None else seen.assign(std=(("target", "output"), np.full(size.shape, std)))), truth, size


def test_skewed_errors_that_grow_with_the_prediction():
    """Quantiles of an exponential; 800 targets know the 97.5 % one to 0.22 of 3.7, and others better."""
    seen, truth, _ = a_case(800)
    new, _, size = a_case(500, seed=1)
    found = Quantile().fit(seen, truth).apply(new)
    for level in LEVELS:
        lower = (found["lower"].sel(level=level) - new["mean"]).values / size
        upper = (found["upper"].sel(level=level) - new["mean"]).values / size
        assert np.median(lower) == pytest.approx(stats.expon.ppf(0.5 - level / 2), abs=0.06)
        assert np.median(upper) == pytest.approx(stats.expon.ppf(0.5 + level / 2), rel=0.15)
        assert upper.std() < 0.15 * upper.mean()


def test_bounds_hold_their_level():
    """2,000 new targets of 2 outputs, and 600 to learn from: 0.68 is known to 2 points, three of these allowed."""
    seen, truth, _ = a_case(600)
    new, new_truth, _ = a_case(2000, seed=1)
    found = Quantile().fit(seen, truth).apply(new)
    inside = (found["lower"] <= new_truth) & (new_truth <= found["upper"])
    np.testing.assert_allclose(inside.mean(("target", "output")), LEVELS, atol=0.05)


def test_where_there_is_nothing_to_learn_bounds_are_those_of_residual():
    """Both are at ranks p (n + 1) of the residuals."""
    seen, truth, _ = a_case(300, slope=0.0, outputs=1)
    found = Quantile(shrinkage=1e12).fit(seen, truth).apply(seen)
    expected = Residual().fit(seen, truth).apply(seen)
    for name in ("lower", "upper"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9)


def test_bounds_never_cross():
    seen, truth, _ = a_case(30, slope=1.5)
    new, _, _ = a_case(500, seed=1, slope=1.5)
    found = Quantile(shrinkage=1.0, levels=[0.5, 0.55, 0.95]).fit(seen, truth).apply(new)
    assert (np.diff(found["upper"], axis=-1) >= 0).all()
    assert (np.diff(found["lower"], axis=-1) <= 0).all()
    assert (found["std"] > 0).all()


def test_bounds_of_the_model_are_handed_on():
    seen, truth, size = stated()
    for estimator in (Quantile(), Quantile(source="model")):
        found = estimator.fit(seen, truth).apply(seen)
        for name in ("lower", "upper"):
            np.testing.assert_allclose(found[name], seen[name], rtol=1e-12)
        np.testing.assert_allclose(found["std"], 0.5 * (0.5 + 2.0) * size, rtol=1e-3)


def test_a_std_of_the_model_stays_beside_its_bounds():
    seen, truth, _ = stated(std=7e-5)
    np.testing.assert_allclose(Quantile().fit(seen, truth).apply(seen)["std"], 7e-5)


def test_bounds_at_other_levels_are_refused():
    seen, truth, _ = stated(levels=(0.5, 0.9))
    with pytest.raises(DataError, match=r"bounds are at levels 0.5, 0.9, not at 0.68, 0.95"):
        Quantile(source="model").fit(seen, truth)
    found = Quantile(source="model", levels=[0.9]).fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["upper"].sel(level=0.9), seen["upper"].sel(level=0.9), rtol=1e-12)


def test_a_model_without_bounds_is_refused():
    seen, truth, _ = a_case(60)
    with pytest.raises(DataError, match="states no bounds"):
        Quantile(source="model").apply(seen)
    with pytest.raises(DataError, match="bounds are those of 'residual'"):
        Quantile(source="model").apply(Residual().fit(seen, truth).apply(seen))


def test_after_another_estimator_its_std_is_what_bounds_follow():
    """Bounds of an estimator before are not the model's: auto learns its own, here that they are not symmetric."""
    seen, truth, size = a_case(800)
    first = Heteroscedastic().fit(seen, truth)
    found = Quantile().fit(first.apply(seen), truth).apply(first.apply(seen))
    below = (found["mean"] - found["lower"]).sel(level=0.95).values / size
    above = (found["upper"] - found["mean"]).sel(level=0.95).values / size
    assert np.median(below) == pytest.approx(-stats.expon.ppf(0.025), abs=0.06)
    assert np.median(above) == pytest.approx(stats.expon.ppf(0.975), rel=0.15)
