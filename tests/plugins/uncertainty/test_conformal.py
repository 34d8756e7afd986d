"""Conformal intervals: against crepes, exact ranks, and the coverage that the theory promises."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from crepes import ConformalRegressor
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import make_labels, make_prediction
from specframe.errors import ContainerError, DataError, NotFittedError, ParameterError
from specframe_uncertainty import Conformal
from specframe_uncertainty.ranks import conformal_quantile, pooled_quantile


def a_case(n, m, seed=0, prefix="t", std=True):
    """Predictions of ``n`` targets and ``m`` outputs with heavy-tailed errors (Student t, 3 degrees of freedom)."""
    rng = np.random.default_rng(seed)
    labels = make_labels(
        rng.normal(0.01, 0.001, (n, m)), [f"{prefix}{i}" for i in range(n)], [f"wl_{j}" for j in range(m)]
    )
    sigma = rng.uniform(1e-5, 4e-5, (n, m))
    mean = labels.values + sigma * rng.standard_t(3, (n, m))
    return make_prediction(labels, mean, sigma if std else None), labels


def test_every_rank_is_exact():
    """Scores 1 ... n: the quantile is its own rank, here from rational numbers without rounding.

    Every number of targets from 5 to 400 and every percent: which pairs rounding hits cannot be guessed.
    """
    for n in range(5, 401):
        scores = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))[:, None]
        ranks = {percent: ceil(Fraction((n + 1) * percent, 100)) for percent in range(1, 100)}
        within = [percent for percent, rank in ranks.items() if rank <= n]
        levels = [percent / 100 for percent in within]
        expected = [ranks[percent] for percent in within]
        np.testing.assert_array_equal(conformal_quantile(scores, levels)[:, 0], expected, err_msg=f"{n} targets")
        np.testing.assert_array_equal(pooled_quantile(scores, levels), expected, err_msg=f"{n} targets")
        for percent in ranks.keys() - set(within):
            for quantile in (conformal_quantile, pooled_quantile):
                with pytest.raises(DataError, match=f"got {n};"):
                    quantile(scores, [percent / 100])


@pytest.mark.parametrize("std", [True, False])
def test_intervals_agree_with_crepes_for_every_output(std):
    seen, truth = a_case(60, 7, seed=1, std=std)
    new, _ = a_case(25, 7, seed=2, prefix="new", std=std)
    found = Conformal(levels=[0.5, 0.68, 0.95]).fit(seen, truth).apply(new)

    for j in range(7):
        residuals = truth.values[:, j] - seen["mean"].values[:, j]
        oracle = ConformalRegressor().fit(residuals, sigmas=seen["std"].values[:, j] if std else None)
        for k, level in enumerate((0.5, 0.68, 0.95)):
            expected = oracle.predict_int(
                new["mean"].values[:, j], sigmas=new["std"].values[:, j] if std else None, confidence=level
            )
            np.testing.assert_allclose(found["lower"].values[:, j, k], expected[:, 0], rtol=1e-12)
            np.testing.assert_allclose(found["upper"].values[:, j, k], expected[:, 1], rtol=1e-12)


@pytest.mark.parametrize("n", [19, 24, 77])
def test_marginal_coverage_is_what_the_theory_says(n):
    """A new truth is inside with probability ceil((n + 1) level) / (n + 1), whatever the errors.

    20,000 outputs with independent errors are 20,000 repetitions with one new target each, so the number inside is
    binomial; the tolerance is four standard errors (0.013 at 0.68).
    """
    rng = np.random.default_rng(n)
    m = 20_000
    truth = make_labels(rng.standard_t(2, (n, m)), map(str, range(n)), map(str, range(m)))
    new_truth = rng.standard_t(2, (1, m))
    new = make_prediction(make_labels(new_truth, ["new"], map(str, range(m))), np.zeros((1, m)))
    found = Conformal(levels=[0.68, 0.95]).fit(make_prediction(truth, np.zeros((n, m))), truth).apply(new)

    inside = (found["lower"].values <= new_truth[..., None]) & (new_truth[..., None] <= found["upper"].values)
    for level, measured in zip((Fraction(68, 100), Fraction(95, 100)), inside.mean(axis=(0, 1)), strict=True):
        expected = float(Fraction(ceil((n + 1) * level), n + 1))
        assert measured == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / m))


def correlated(rng, n, m):
    """Errors of ``m`` outputs that share half of their variance, heavy-tailed: (n, m)."""
    return (rng.normal(size=(n, m)) + rng.normal(size=(n, 1))) * rng.gamma(1.0, size=(n, 1))


def repeated_coverage(joint, fraction_inside, n=39, m=8, repetitions=300, new=200):
    """Mean coverage of many calibrations, and its standard error."""
    rng = np.random.default_rng(4)
    names = list(map(str, range(m)))
    covered = []
    for _ in range(repetitions):
        truth = make_labels(correlated(rng, n, m), map(str, range(n)), names)
        calibrated = Conformal(levels=[0.68], joint=joint, normalise_by="std").fit(
            make_prediction(truth, np.zeros((n, m)), np.ones((n, m))), truth
        )
        new_truth = correlated(rng, new, m)
        unseen = make_labels(new_truth, map(str, range(new)), names)
        found = calibrated.apply(make_prediction(unseen, np.zeros((new, m)), np.ones((new, m))))
        inside = np.abs(new_truth) <= found["upper"].values[..., 0]
        covered.append(fraction_inside(inside))
    return np.mean(covered), np.std(covered) / np.sqrt(repetitions)


def test_a_simultaneous_band_holds_all_outputs_at_once():
    """28 of 40 ranks: 0.70 for level 0.68. The tolerance is four standard errors of 300 calibrations."""
    measured, error = repeated_coverage("simultaneous", lambda inside: inside.all(axis=1).mean())
    assert error < 0.006
    assert measured == pytest.approx(0.70, abs=4 * error)


def test_pooled_intervals_hold_the_level_on_average_over_outputs():
    """Conformal risk control: at least 0.68, at most 2 / (n + 1) = 0.05 more; four standard errors of 300."""
    measured, error = repeated_coverage("pooled", lambda inside: inside.mean())
    assert error < 0.006
    assert 0.68 - 4 * error <= measured <= 0.68 + 0.05 + 4 * error


def test_marginal_intervals_do_not_hold_all_outputs_at_once():
    measured, _ = repeated_coverage("marginal", lambda inside: inside.all(axis=1).mean(), repetitions=50)
    assert measured < 0.6


def test_a_simultaneous_band_is_wider_than_every_marginal_interval():
    seen, truth = a_case(60, 7)
    marginal = Conformal(joint="marginal").fit(seen, truth).apply(seen)
    band = Conformal(joint="simultaneous").fit(seen, truth).apply(seen)
    assert np.all(band["upper"] >= marginal["upper"])


@given(
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-1e3, 1e3),
    joint=st.sampled_from(["marginal", "pooled", "simultaneous"]),
    std=st.booleans(),
)
@settings(max_examples=30)
def test_other_units_of_the_labels_give_the_same_intervals_in_those_units(scale, shift, joint, std):
    seen, truth = a_case(30, 4, std=std)
    truth = truth - 0.01
    shift = shift * scale  # rounding of the shifted numbers is relative to their size
    moved = make_prediction(
        truth, scale * (seen["mean"].values - 0.01) + shift, scale * seen["std"].values if std else None
    )
    seen = make_prediction(truth, seen["mean"].values - 0.01, seen["std"].values if std else None)
    expected = Conformal(joint=joint).fit(seen, truth).apply(seen)
    found = Conformal(joint=joint).fit(moved, scale * truth + shift).apply(moved)
    tolerance = scale * max(1e-12, 1e-12 * abs(shift) / scale)
    for name in ("lower", "upper"):
        np.testing.assert_allclose(found[name], scale * expected[name] + shift, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found["std"], scale * expected["std"], rtol=0, atol=tolerance)


@given(levels=st.lists(st.floats(0.01, 0.9), min_size=2, max_size=5, unique=True).map(sorted), seed=st.integers(0, 50))
@settings(max_examples=30)
def test_a_higher_level_gives_an_interval_that_contains_the_lower_ones(levels, seed):
    seen, truth = a_case(30, 3, seed=seed)
    found = Conformal(levels=levels).fit(seen, truth).apply(seen)
    assert np.all(np.diff(found["upper"].values, axis=-1) >= 0)
    assert np.all(np.diff(found["lower"].values, axis=-1) <= 0)


@pytest.mark.parametrize("joint", ["marginal", "pooled", "simultaneous"])
def test_the_order_of_calibration_targets_does_not_matter(joint):
    seen, truth = a_case(50, 5)
    order = np.random.default_rng(0).permutation(50)
    expected = Conformal(joint=joint).fit(seen, truth).apply(seen)
    found = Conformal(joint=joint).fit(seen.isel(target=order), truth.isel(target=order)).apply(seen)
    for name in ("std", "lower", "upper"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_truth_is_matched_by_name():
    seen, truth = a_case(50, 5)
    expected = Conformal().fit(seen, truth).apply(seen)
    assert (
        Conformal()
        .fit(seen, truth.isel(target=slice(None, None, -1), output=[4, 2, 0, 1, 3]))
        .apply(seen)
        .identical(expected)
    )


@pytest.mark.parametrize("joint", ["marginal", "pooled", "simultaneous"])
def test_targets_without_truth_are_left_out_and_counted(joint):
    seen, truth = a_case(50, 5)
    gaps = truth.copy()
    gaps[:7] = np.nan
    expected = Conformal(joint=joint).fit(seen.isel(target=slice(7, None)), truth[7:]).apply(seen)
    found = Conformal(joint=joint).fit(seen, gaps).apply(seen)
    np.testing.assert_allclose(found["upper"], expected["upper"], rtol=1e-12)
    assert found["std"].attrs["calibration_targets"] == 43
    assert found["std"].attrs["calibration_targets_left_out"] == 7


def test_a_single_unknown_truth_costs_its_output_only():
    seen, truth = a_case(50, 5)
    gaps = truth.copy()
    gaps[:7, 2] = np.nan
    whole, part = (Conformal().fit(seen, labels).apply(seen) for labels in (truth, gaps))
    shorter = Conformal().fit(seen.isel(target=slice(7, None)), truth[7:]).apply(seen)
    np.testing.assert_allclose(part["upper"].isel(output=2), shorter["upper"].isel(output=2), rtol=1e-12)
    np.testing.assert_allclose(part["upper"].isel(output=[0, 1, 3, 4]), whole["upper"].isel(output=[0, 1, 3, 4]))


def test_a_simultaneous_band_leaves_out_targets_that_are_known_in_part():
    seen, truth = a_case(50, 5)
    gaps = truth.copy()
    gaps[:7, 2] = np.nan
    found = Conformal(joint="simultaneous").fit(seen, gaps).apply(seen)
    assert found["std"].attrs["calibration_targets"] == 43


@pytest.mark.parametrize(("level", "needed"), [(0.9, 9), (0.95, 19), (0.99, 99)])
def test_too_few_targets_say_how_many_are_needed(level, needed):
    Conformal(levels=[level]).fit(*a_case(needed, 2))
    assert Conformal(levels=[level]).least_targets() == needed
    with pytest.raises(
        DataError, match=f"level {level:g} needs at least {needed} calibration targets.*got {needed - 1};"
    ):
        Conformal(levels=[level]).fit(*a_case(needed - 1, 2))


def test_fewer_than_five_truths_of_an_output_name_it():
    seen, truth = a_case(10, 3)
    truth = truth.copy()
    truth[4:, 1] = np.nan
    with pytest.raises(DataError, match=r"output 'wl_1' cannot be estimated from 4 targets.*\(10 targets were given\)"):
        Conformal(levels=[0.5]).fit(seen, truth)


def test_std_is_the_root_mean_square_or_the_68_percent_half_width():
    seen, truth = a_case(100, 4, std=False)
    residuals = truth.values - seen["mean"].values
    rms = Conformal().fit(seen, truth).apply(seen)
    np.testing.assert_allclose(rms["std"].values[0], np.sqrt(np.mean(residuals**2, axis=0)), rtol=1e-12)
    interval = Conformal(std="interval").fit(seen, truth).apply(seen)
    np.testing.assert_allclose(interval["std"], interval["upper"].sel(level=0.68) - seen["mean"], rtol=1e-9)


def test_intervals_follow_the_predictions_own_std():
    seen, truth = a_case(100, 4)
    found = Conformal().fit(seen, truth).apply(seen)
    ratio = (found["upper"].sel(level=0.68) - seen["mean"]).values / seen["std"].values
    np.testing.assert_allclose(ratio / ratio[0], 1.0, rtol=1e-9)
    constant = Conformal(normalise_by="residual").fit(seen, truth).apply(seen)
    half = (constant["upper"].sel(level=0.68) - seen["mean"]).values
    np.testing.assert_allclose(half / half[0], 1.0, rtol=1e-9)


def test_one_tiny_std_does_not_decide_the_errors_of_all():
    """60 targets of known errors 1 with the right std: the failed one may change std by sqrt(1 + 100 / 60)."""
    truth = make_labels(np.zeros((60, 2)), map(str, range(60)), ["a", "b"])
    mean = np.where(np.arange(60) % 2, 1.0, -1.0)[:, None] * np.ones(2)
    std = np.ones((60, 2))
    std[0, 0] = 1e-12
    stated = make_prediction(truth, mean, std)
    found = Conformal().fit(stated, truth).apply(stated)
    np.testing.assert_allclose(found["std"].values[1:, 1], 1.0, rtol=1e-12)
    np.testing.assert_allclose(found["std"].values[1:, 0], np.sqrt((59 + 100) / 60), rtol=1e-12)
    np.testing.assert_allclose(found["std"].values[0, 0], 0.1 * np.sqrt((59 + 100) / 60), rtol=1e-12)
    np.testing.assert_allclose((found["upper"] - stated["mean"]).values[1:], 1.0, rtol=1e-12)
    np.testing.assert_allclose((found["upper"] - stated["mean"]).values[0, 0], 0.1, rtol=1e-12)


def test_pooled_std_is_the_root_mean_square_over_all_outputs():
    """Errors of 1, 2 and 3 of their std in the three outputs: sqrt(14 / 3) for all of them."""
    truth = make_labels(np.zeros((20, 3)), map(str, range(20)), list("abc"))
    stated = make_prediction(truth, np.ones((20, 3)) * [1.0, 2.0, 3.0], np.ones((20, 3)))
    found = Conformal(joint="pooled").fit(stated, truth).apply(stated)
    np.testing.assert_allclose(found["std"], np.sqrt(14 / 3), rtol=1e-12)


def test_samples_without_spread_get_finite_errors_and_stay():
    _, truth = a_case(30, 3)
    same = np.repeat(truth.values[None] + 1e-5, 4, axis=0)
    stated = make_prediction(truth, truth.values + 1e-5).assign(samples=(("sample", "target", "output"), same))
    found = Conformal().fit(stated, truth).apply(stated)
    np.testing.assert_allclose(found["std"], 1e-5, rtol=1e-9)
    np.testing.assert_array_equal(found["samples"], same)


def test_a_std_that_is_missing_is_said_when_fitting_and_when_applying():
    with_std, truth = a_case(50, 3)
    without = with_std.drop_vars("std")
    with pytest.raises(DataError, match="there is none; use a model or an uncertainty step before it"):
        Conformal(normalise_by="std").fit(without, truth)
    with pytest.raises(DataError, match="there is none"):
        Conformal().fit(with_std, truth).apply(without)


def test_covariance_and_samples_are_scaled_to_the_new_std():
    seen, truth = a_case(60, 3)
    rng = np.random.default_rng(0)
    samples = seen["mean"].values + rng.normal(size=(500, 60, 3)) * seen["std"].values
    std = samples.std(axis=0, ddof=1)
    correlation = 0.5 + 0.5 * np.eye(3)
    rich = seen.assign(
        std=(("target", "output"), std),
        samples=(("sample", "target", "output"), samples),
        covariance=(("target", "output", "output_other"), correlation * std[:, :, None] * std[:, None, :]),
    )
    found = Conformal().fit(rich, truth).apply(rich)
    variance = np.diagonal(found["covariance"].values, axis1=1, axis2=2)
    np.testing.assert_allclose(np.sqrt(variance), found["std"], rtol=1e-12)
    np.testing.assert_allclose(found["samples"].std("sample", ddof=1), found["std"], rtol=1e-9)
    scaled = found["covariance"].values / found["std"].values[:, :, None] / found["std"].values[:, None, :]
    np.testing.assert_allclose(scaled, np.broadcast_to(correlation, scaled.shape), rtol=1e-12)


def test_perfect_predictions_keep_a_positive_std():
    _, truth = a_case(30, 3)
    found = Conformal().fit(make_prediction(truth, truth.values), truth).apply(make_prediction(truth, truth.values))
    assert np.all(found["std"] > 0)
    assert np.all(found["std"] < 1e-16)


def test_other_outputs_than_fitted_are_an_error():
    seen, truth = a_case(30, 3)
    fitted = Conformal().fit(seen, truth)
    with pytest.raises(ContainerError, match="number 1 is 'wl_2' instead of 'wl_1'"):
        fitted.apply(seen.isel(output=[0, 2, 1]))
    with pytest.raises(ContainerError, match="fitted on 3 outputs, the prediction has 2"):
        fitted.apply(seen.isel(output=[0, 1]))


def test_a_truth_of_another_shape_is_an_error():
    seen, truth = a_case(30, 3)
    with pytest.raises(ContainerError, match=r"expected a truth of shape .* = \(30, 3\), got \(30, 2\)"):
        Conformal().fit(seen, truth.values[:, :2])


def test_what_was_learned_comes_back_from_disk(tmp_path):
    seen, truth = a_case(40, 3)
    fitted = Conformal(levels=[0.5, 0.9], joint="pooled").fit(seen, truth)
    fitted.save(tmp_path)
    assert Conformal.load(tmp_path).apply(seen).identical(fitted.apply(seen))


def test_use_before_fit_is_an_error(tmp_path):
    seen, _ = a_case(5, 3)
    with pytest.raises(NotFittedError, match="Conformal: call fit first"):
        Conformal().apply(seen)
    with pytest.raises(NotFittedError):
        Conformal().save(tmp_path)


@pytest.mark.parametrize("levels", [[0.0], [1.0], [0.95, 0.68], [0.5, 0.5], []])
def test_levels_out_of_bounds_or_order_are_refused(levels):
    with pytest.raises(ParameterError, match="levels"):
        Conformal(levels=levels)


def test_inputs_are_not_changed():
    seen, truth = a_case(40, 3)
    before = seen.copy(deep=True), truth.copy(deep=True)
    Conformal().fit(seen, truth).apply(seen)
    assert seen.identical(before[0])
    assert truth.identical(before[1])
