"""Scaled errors: the factors that were injected come back, and levels hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from specframe.api import make_labels, make_prediction
from specframe.errors import ContainerError, DataError, NotFittedError
from specframe.testing import check_component
from specframe_uncertainty import VarianceScaling
from specframe_uncertainty.scale_factors import factors_for
from specframe_uncertainty.student import fitted_student

LEVELS = (0.68, 0.95)


def stating(rng, n, errors, std, prefix="t"):
    truth = rng.normal(0.01, 1e-3, errors.shape)
    labels = make_labels(truth, [f"{prefix}{i}" for i in range(n)], [f"wl_{j}" for j in range(errors.shape[1])])
    return make_prediction(labels, truth + errors, std), labels


@pytest.mark.parametrize(
    "params", [{"follow": "power"}, {"follow": "isotonic", "target": "crps"}, {"tails": "normal"}], ids=str
)
def test_it_keeps_the_contract(params):
    from specframe.testing import prediction_problem

    examples = [prediction_problem(seed=seed, heteroscedastic=True) for seed in (0, 1)]
    check_component(VarianceScaling, params=params, examples=examples).raise_on_failure()


@pytest.mark.parametrize("target", ["nll", "crps", "coverage"])
def test_normal_errors_that_are_three_times_too_small_are_tripled(target):
    """3000 targets: relative errors 1.3 % (nll), 1.5 % (crps), 2 % (coverage) for each output; four of them."""
    rng = np.random.default_rng(0)
    std = rng.uniform(1e-5, 9e-5, (3000, 4))
    seen, truth = stating(rng, 3000, 3 * std * rng.normal(size=std.shape), std)
    found = VarianceScaling(target=target).fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"] / std, 3.0, rtol=0.08)
    inside = (found["lower"] <= truth) & (truth <= found["upper"])
    np.testing.assert_allclose(inside.mean(("target", "output")), LEVELS, atol=0.015)


def test_factors_are_those_that_minimise_the_published_scores():
    """scipy's minimiser on the closed forms: Gaussian likelihood, and CRPS of Gneiting & Raftery 2007, eq. 21."""
    pulls = np.random.default_rng(1).standard_t(3, 400)

    def nll(f):
        return -stats.norm(0, f).logpdf(pulls).sum()

    def crps(f):
        z = pulls / f
        return np.sum(f * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)))

    for target, score in (("nll", nll), ("crps", crps)):
        expected = optimize.minimize_scalar(score, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9}).x
        assert factors_for(pulls[:, None], target)[0] == pytest.approx(expected, rel=1e-5)


def test_a_few_bad_targets_do_not_move_the_robust_targets():
    rng = np.random.default_rng(2)
    pulls = rng.normal(size=(500, 1))
    bad = np.where(np.arange(500)[:, None] < 10, 50.0, pulls)
    assert factors_for(bad, "nll")[0] > 5
    for target in ("crps", "coverage"):
        assert factors_for(bad, target)[0] == pytest.approx(factors_for(pulls, target)[0], rel=0.1)


def test_factors_of_outputs_are_kept_where_they_differ():
    rng = np.random.default_rng(3)
    true = np.linspace(0.5, 2.0, 12)
    std = np.full((400, 12), 1e-5)
    seen, truth = stating(rng, 400, true * std * rng.normal(size=std.shape), std)
    own = VarianceScaling().fit(seen, truth).apply(seen)["std"].values[0] / 1e-5
    np.testing.assert_allclose(own, true, rtol=0.15)
    common = VarianceScaling(factors="common").fit(seen, truth).apply(seen)["std"].values[0] / 1e-5
    np.testing.assert_allclose(common, np.sqrt(np.mean(true**2)), rtol=0.1)


def test_factors_of_many_outputs_with_few_targets_become_one():
    """20 targets leave each factor uncertain by 16 %; all are truly 1.5, and drawn together they are within 6 %."""
    rng = np.random.default_rng(4)
    std = np.full((20, 200), 1e-5)
    seen, truth = stating(rng, 20, 1.5 * std * rng.normal(size=std.shape), std)
    found = VarianceScaling().fit(seen, truth).apply(seen)["std"].values[0] / 1e-5
    np.testing.assert_allclose(found, 1.5, rtol=0.06)
    raw = factors_for((truth.values - seen["mean"].values) / std, "nll")
    assert np.std(raw) > 5 * np.std(found)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_power_of_the_stated_error_is_found(power):
    rng = np.random.default_rng(5)
    std = 10 ** rng.uniform(-5.5, -4.5, (2000, 3))
    true = 1e-5 * (std / 1e-5) ** power
    seen, truth = stating(rng, 2000, true * rng.standard_t(5, std.shape) / np.sqrt(5 / 3), std)
    found = VarianceScaling(follow="power").fit(seen, truth).apply(seen)
    np.testing.assert_allclose(found["std"] / true, 1.0, rtol=0.25)


def test_an_isotonic_curve_is_found():
    """Errors stop growing with the stated ones above 3e-5."""
    rng = np.random.default_rng(6)
    std = 10 ** rng.uniform(-5.5, -4, (3000, 1))
    true = np.minimum(std, 3e-5)
    seen, truth = stating(rng, 3000, true * rng.normal(size=std.shape), std)
    ratio = VarianceScaling(follow="isotonic").fit(seen, truth).apply(seen)["std"].values / true
    assert np.median(np.abs(np.log(ratio))) < 0.1
    proportional = VarianceScaling().fit(seen, truth).apply(seen)["std"].values / true
    assert np.sqrt(np.mean(np.log(proportional) ** 2)) > 2 * np.sqrt(np.mean(np.log(ratio) ** 2))


def test_heavy_tails_hold_both_levels():
    """Student errors with 2.5 degrees of freedom: normal bounds of the rms hold 68 % far too often."""
    rng = np.random.default_rng(7)
    std = rng.uniform(1e-5, 5e-5, (4000, 2))
    seen, truth = stating(rng, 4000, std * rng.standard_t(2.5, std.shape), std)
    inside = {}
    for tails in ("student", "normal"):
        found = VarianceScaling(tails=tails).fit(seen, truth).apply(seen)
        inside[tails] = ((found["lower"] <= truth) & (truth <= found["upper"])).mean(("target", "output")).values
    np.testing.assert_allclose(inside["student"], LEVELS, atol=0.015)
    assert inside["normal"][0] > 0.78


def test_student_is_fitted_as_scipy_does():
    pulls = 1.7 * np.random.default_rng(8).standard_t(4, 3000)
    freedom, _, width = stats.t.fit(pulls, floc=0)
    assert fitted_student(pulls) == pytest.approx((width, freedom), rel=1e-3)


def test_covariance_samples_and_parts_are_scaled_alike():
    rng = np.random.default_rng(9)
    std = np.full((100, 3), 1e-5)
    seen, truth = stating(rng, 100, 2 * std * rng.normal(size=std.shape), std)
    covariance = 1e-10 * (0.5 + 0.5 * np.eye(3)) * np.ones((100, 1, 1))
    samples = seen["mean"].values + std * rng.normal(size=(50, 100, 3))
    dims = ("target", "output")
    rich = seen.assign(
        covariance=((*dims, "output_other"), covariance),
        samples=(("sample", *dims), samples),
        aleatoric=(dims, 0.8 * std),
        epistemic=(dims, 0.6 * std),
    )
    found = VarianceScaling().fit(rich, truth).apply(rich)
    factor = (found["std"] / std).values
    np.testing.assert_allclose(np.sqrt(np.diagonal(found["covariance"].values, axis1=1, axis2=2)), found["std"])
    np.testing.assert_allclose(np.corrcoef(found["covariance"].values[0])[0, 1], np.corrcoef(covariance[0])[0, 1])
    np.testing.assert_allclose(found["samples"] - seen["mean"], factor * (samples - seen["mean"].values), atol=1e-14)
    np.testing.assert_allclose(np.hypot(found["aleatoric"], found["epistemic"]), found["std"])


def test_the_order_of_targets_does_not_matter_to_the_last_bit():
    rng = np.random.default_rng(10)
    std = rng.uniform(1e-5, 9e-5, (60, 5))
    seen, truth = stating(rng, 60, std * rng.normal(size=std.shape), std)
    order = rng.permutation(60)
    for follow in ("proportional", "power", "isotonic"):
        once = VarianceScaling(follow=follow).fit(seen, truth).apply(seen)
        again = VarianceScaling(follow=follow).fit(seen.isel(target=order), truth.isel(target=order)).apply(seen)
        assert once.identical(again)


def test_errors_are_widened_beyond_the_reach():
    rng = np.random.default_rng(11)
    std = np.full((60, 2), 1e-5)
    seen, truth = stating(rng, 60, std * rng.normal(size=std.shape), std)
    far = seen.assign(distance=("target", np.linspace(0.5, 2.0, 60)))
    plain, wide = (VarianceScaling(extrapolation=e).fit(far, truth).apply(far)["std"] for e in ("flag", "widen"))
    np.testing.assert_allclose((wide / plain).values[:, 0], np.maximum(far["distance"].values, 1.0))


def test_what_it_cannot_do_is_told():
    rng = np.random.default_rng(12)
    std = np.full((30, 2), 1e-5)
    seen, truth = stating(rng, 30, std * rng.normal(size=std.shape), std)
    with pytest.raises(DataError, match="it scales the prediction's std, but there is none"):
        VarianceScaling().fit(seen.drop_vars("std"), truth)
    with pytest.raises(NotFittedError):
        VarianceScaling().apply(seen)
    with pytest.raises(ContainerError, match="fitted on 2 outputs, the prediction has 1"):
        VarianceScaling().fit(seen, truth).apply(seen.isel(output=[0]))
    with pytest.raises(DataError, match="cannot be estimated from 4 targets"):
        VarianceScaling().fit(seen.isel(target=slice(0, 4)), truth)
