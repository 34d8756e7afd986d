"""Calibration diagnostics against scoringrules, scikit-learn, scipy and known distributions."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from scipy import stats
from sklearn.metrics import r2_score

from specframe.evaluate import diagnostics


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def normal(rng):
    """Mean, std and truths that are calibrated: (4000, 3)."""
    mean = rng.normal(size=(4000, 3))
    std = rng.uniform(0.2, 3.0, size=(4000, 3))
    return mean, std, rng.normal(mean, std)


def test_normal_crps_agrees_with_scoringrules(normal):
    mean, std, truth = normal
    np.testing.assert_allclose(
        diagnostics.crps_normal(mean, std, truth), scoringrules.crps_normal(truth, mean, std), rtol=1e-12, atol=1e-14
    )


def test_sample_crps_agrees_with_scoringrules(rng):
    samples, truth = rng.gamma(2.0, size=(31, 40, 3)), rng.gamma(2.0, size=(40, 3))
    expected = scoringrules.crps_ensemble(truth, np.moveaxis(samples, 0, -1), estimator="nrg")
    np.testing.assert_allclose(diagnostics.crps_samples(samples, truth), expected, rtol=1e-12)


def test_sample_crps_tends_to_the_closed_form(rng):
    """20,000 samples of a unit normal: the Monte-Carlo error of a mean is below 0.01."""
    found = diagnostics.crps_samples(rng.normal(size=(20000, 1, 1)), np.array([[0.7]]))
    np.testing.assert_allclose(found, scoringrules.crps_normal(0.7, 0.0, 1.0), atol=0.01)


def test_r2_agrees_with_scikit_learn(normal):
    mean, _, truth = normal
    np.testing.assert_allclose(diagnostics.r2(mean, truth), r2_score(truth, mean, multioutput="raw_values"), rtol=1e-12)


def test_r2_leaves_out_unknown_truths(normal):
    mean, _, truth = normal
    with_gap = truth.copy()
    with_gap[:100, 1] = np.nan
    assert diagnostics.r2(mean, with_gap)[1] == pytest.approx(r2_score(truth[100:, 1], mean[100:, 1]), rel=1e-12)


def test_r2_of_labels_that_do_not_vary_is_undefined():
    truth = np.full((7, 1), 0.1)
    assert np.isnan(diagnostics.r2(truth + 0.01, truth)).all()


def test_output_errors_of_a_known_offset():
    truth = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])
    found = diagnostics.output_errors(truth + np.array([[1.0, 3.0], [1.0, 0.0], [-2.0, 3.0]]), truth)
    np.testing.assert_allclose(found.rmse, [np.sqrt(2.0), 3.0])
    np.testing.assert_allclose(found.bias, [0.0, 3.0])
    np.testing.assert_array_equal(found.count, [3, 2])


def test_pulls_of_calibrated_errors_are_unit_normal(normal):
    pull = diagnostics.pulls(*normal)
    # 12,000 values: standard errors are 0.009 of the mean and 0.0065 of the std; four of each
    assert pull.mean() == pytest.approx(0.0, abs=0.037)
    assert pull.std() == pytest.approx(1.0, abs=0.026)


def test_pit_is_the_cumulative_probability_and_uniform_when_calibrated(normal):
    mean, std, truth = normal
    pit = diagnostics.pit_normal(mean, std, truth)
    np.testing.assert_allclose(pit, stats.norm(mean, std).cdf(truth).ravel(), atol=1e-14)
    assert stats.kstest(pit, "uniform").pvalue > 1e-3


def test_uniform_distance_is_the_kolmogorov_smirnov_statistic(rng):
    values = rng.beta(2.0, 3.0, size=200)
    assert diagnostics.uniform_distance(values) == pytest.approx(stats.kstest(values, "uniform").statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "distance"),
    [([0.9, 0.95], 0.9), ([0.05, 0.1], 0.9), ([0.25, 0.75], 0.25), ([0.5], 0.5)],
    ids=["too high", "too low", "best of two", "one"],
)
def test_uniform_distance_looks_to_both_sides(values, distance):
    assert diagnostics.uniform_distance(values) == pytest.approx(distance, rel=1e-12)


def test_a_std_of_zero_gives_the_limits():
    """Errors -2, 0, 3 and an unknown one without any spread; warnings are errors here."""
    mean, truth = np.zeros((4, 1)), np.array([[-2.0], [0.0], [3.0], [np.nan]])
    std = np.zeros((4, 1))
    np.testing.assert_array_equal(diagnostics.crps_normal(mean, std, truth)[:, 0], [2.0, 0.0, 3.0, np.nan])
    np.testing.assert_array_equal(diagnostics.pit_normal(mean, std, truth), [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(diagnostics.pulls(mean, std, truth), [np.inf, 0.0, -np.inf])
    curve = diagnostics.coverage_curve(mean, std, truth, [0.68])
    assert curve.empirical == pytest.approx(1 / 3)
    assert diagnostics.error_by_sigma(mean, std, truth, bins=1).sigma == [0.0]


def test_pit_of_samples_has_mean_one_half(rng):
    """Truth and samples from one distribution: the rank is uniform on 0 ... n."""
    samples, truth = rng.normal(size=(9, 20000, 1)), rng.normal(size=(20000, 1))
    pit = diagnostics.pit_samples(samples, truth)
    values, counts = np.unique(pit, return_counts=True)
    np.testing.assert_allclose(values, (np.arange(10) + 0.5) / 10)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_coverage_curve_of_calibrated_errors_follows_the_diagonal(normal):
    curve = diagnostics.coverage_curve(*normal)
    assert curve.nominal[[0, -1]] == pytest.approx([0.05, 0.95])
    assert np.max(np.abs(curve.empirical - curve.nominal) / curve.error) < 4
    assert np.all(np.diff(curve.empirical) > 0)


def test_coverage_curve_of_errors_twice_too_small(normal):
    """Against the probability of |N(0, 1)| < z / 2; four standard errors of 12,000 draws are below 0.019."""
    mean, std, truth = normal
    curve = diagnostics.coverage_curve(mean, std / 2, truth, [0.68, 0.95])
    expected = [2 * stats.norm.cdf(stats.norm.ppf(0.5 + level / 2) / 2) - 1 for level in (0.68, 0.95)]
    np.testing.assert_allclose(curve.empirical, expected, atol=0.019)


def test_coverage_error_of_one_output_is_binomial():
    inside, known = np.array([1.0] * 30 + [0.0] * 20), np.ones(50)
    fraction, error = diagnostics.clustered_fraction(inside, known)
    assert fraction == 0.6
    assert error == pytest.approx(np.sqrt(0.6 * 0.4 / 49), rel=1e-12)


def test_coverage_error_does_not_shrink_with_copies_of_an_output():
    inside = np.array([1.0] * 30 + [0.0] * 20)
    once = diagnostics.clustered_fraction(inside, np.ones(50))
    assert diagnostics.clustered_fraction(283 * inside, np.full(50, 283.0)) == pytest.approx(once, rel=1e-12)


def test_error_follows_sigma_when_calibrated(normal):
    found = diagnostics.error_by_sigma(*normal, bins=6)
    np.testing.assert_array_equal(found.count, [2000] * 6)
    # the rms of 2,000 errors has a relative standard error of 1.6 %
    np.testing.assert_allclose(found.rms_error / found.sigma, 1.0, atol=0.064)


def test_error_by_sigma_with_fewer_truths_than_bins():
    found = diagnostics.error_by_sigma(np.zeros((3, 1)), np.ones((3, 1)), np.array([[1.0], [2.0], [np.nan]]), bins=10)
    np.testing.assert_allclose(found.rms_error, [1.0, 2.0])
