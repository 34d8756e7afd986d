"""The challenge scores, against scipy's normal distribution and published anchors."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe.testing import ScoredPrediction, check_component
from specframe_ariel import GllAdc24, GllAdc25

NAIVE_MEAN, NAIVE_SIGMA = 0.0025517145902829823, 0.0017261973793536417
OUTPUTS = [f"wl_{k}" for k in range(1, 284)]


def _truth(values):
    return make_labels(values, [str(k) for k in range(len(values))], OUTPUTS)


def _conformance_example(seed):
    rng = np.random.default_rng(seed)
    truth = _truth(rng.uniform(1e-3, 6e-3, (8, 283)))
    return ScoredPrediction(
        make_prediction(truth, truth + rng.normal(0, 5e-5, truth.shape), np.full(truth.shape, 5e-5)), truth
    )


@pytest.mark.parametrize("score", [GllAdc24, GllAdc25])
def test_scores_keep_their_contract(score):
    report = check_component(score, examples=[_conformance_example(1), _conformance_example(2)])
    # the challenges judge whole spectra: a single depth is refused with a DataError
    assert {check.name for check in report.failed} <= {"one-output"}
    assert len(report.passed) >= 18


@pytest.fixture
def truth():
    rng = np.random.default_rng(1)
    return _truth(np.abs(rng.normal(NAIVE_MEAN, NAIVE_SIGMA, (40, 283))) + 1e-4)


@pytest.fixture(scope="module")
def real(data_dir):
    return _truth(pl.read_csv(data_dir / "adc24/train_labels.csv").to_numpy()[:, 1:])


@pytest.mark.parametrize("score", [GllAdc24(), GllAdc25(sigma_ideal_fgs1=1e-5)], ids=["2024", "2025"])
def test_truth_with_ideal_sigma_scores_1(score, truth):
    assert score.score(make_prediction(truth, truth, np.full(truth.shape, 1e-5)), truth) == pytest.approx(
        1.0, abs=1e-12
    )


def test_ideal_sigma_of_fgs1_is_ten_times_smaller_in_2025(truth):
    sigma = np.full(truth.shape, 1e-5)
    assert GllAdc25().score(make_prediction(truth, truth, sigma), truth) < 0.999
    sigma[:, 0] = 1e-6
    assert GllAdc25().score(make_prediction(truth, truth, sigma), truth) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("score", [GllAdc24(), GllAdc25()], ids=["2024", "2025"])
def test_naive_guess_scores_0_and_worse_is_clipped(score, truth):
    naive = make_prediction(truth, np.full(truth.shape, NAIVE_MEAN), np.full(truth.shape, NAIVE_SIGMA))
    assert score.score(naive, truth) == pytest.approx(0.0, abs=1e-12)
    too_sure = make_prediction(truth, np.full(truth.shape, NAIVE_MEAN), np.full(truth.shape, 1e-5))
    assert score.score(too_sure, truth) == 0.0


def test_better_than_ideal_is_clipped_at_1(truth):
    assert GllAdc24().score(make_prediction(truth, truth, np.full(truth.shape, 1e-7)), truth) == 1.0


def _guess(truth):
    rng = np.random.default_rng(2)
    mean = truth.values + rng.normal(0, 6e-5, truth.shape)
    return mean, rng.uniform(3e-5, 1e-4, truth.shape)


def test_2024_agrees_with_scipy(truth):
    mean, sigma = _guess(truth)
    predicted, reference, ideal = (
        norm.logpdf(truth.values, loc, scale).sum()
        for loc, scale in ((mean, sigma), (NAIVE_MEAN, NAIVE_SIGMA), (truth.values, 1e-5))
    )
    expected = (predicted - reference) / (ideal - reference)
    assert 0.1 < expected < 0.9
    assert GllAdc24().score(make_prediction(truth, mean, sigma), truth) == pytest.approx(expected, rel=1e-10)


def test_2025_agrees_with_scipy(truth):
    mean, sigma = _guess(truth)
    ideal_sigma = np.array([1e-6] + [1e-5] * 282)
    predicted, reference, ideal = (
        norm.logpdf(truth.values, loc, scale)
        for loc, scale in ((mean, sigma), (NAIVE_MEAN, NAIVE_SIGMA), (truth.values, ideal_sigma))
    )
    ratio = (predicted - reference) / (ideal - reference)
    expected = np.average(ratio, weights=np.broadcast_to([57.846] + [1.0] * 282, ratio.shape))
    assert 0.1 < expected < 0.9
    assert GllAdc25().score(make_prediction(truth, mean, sigma), truth) == pytest.approx(expected, rel=1e-10)


def test_perfect_flat_spectra_score_half_on_the_real_labels(real):
    """The data's README: no atmosphere at all scores 0.53, with R2 = 0.9975 over all planets and channels."""
    flat = np.broadcast_to(real.values.mean(axis=1, keepdims=True), real.shape)
    error = real.values - flat
    assert 1 - (error**2).sum() / ((real.values - real.values.mean()) ** 2).sum() == pytest.approx(0.9975, abs=5e-4)
    best = np.sqrt((error**2).mean())  # the constant sigma of the largest likelihood
    score = GllAdc24().score(make_prediction(real, flat, np.full(real.shape, best)), real)
    assert score == pytest.approx(0.53, abs=0.01)
    for factor in (0.8, 1.25):
        assert GllAdc24().score(make_prediction(real, flat, np.full(real.shape, best * factor)), real) < score


def test_mean_and_spread_of_the_real_labels_are_near_the_naive_reference(real):
    naive = make_prediction(real, np.full(real.shape, real.values.mean()), np.full(real.shape, real.values.std()))
    assert GllAdc24().score(naive, real) < 0.01


def test_order_of_outputs_does_not_matter(truth):
    prediction = make_prediction(truth, *_guess(truth))
    backwards = prediction.isel(output=slice(None, None, -1))
    for score in (GllAdc24(), GllAdc25()):
        assert score.score(backwards, truth.isel(output=slice(None, None, -1))) == score.score(prediction, truth)


def test_unknown_truth_is_left_out(truth):
    mean, sigma = _guess(truth)
    partly = truth.copy(deep=True)
    partly[20:] = np.nan
    for score in (GllAdc24(), GllAdc25()):
        half = score.score(make_prediction(truth[:20], mean[:20], sigma[:20]), truth[:20])
        assert score.score(make_prediction(truth, mean, sigma), partly) == pytest.approx(half, rel=1e-12)
        with pytest.raises(DataError, match="none of the true depths"):
            score.score(make_prediction(truth, mean, sigma), truth * np.nan)


@pytest.mark.parametrize("score", [GllAdc24(), GllAdc25()], ids=["2024", "2025"])
def test_what_cannot_be_judged_is_said(score, truth):
    assert score.needs_std
    mean, sigma = _guess(truth)
    one = make_labels(np.full((3, 1), 0.01), ["a", "b", "c"], ["depth"])
    with pytest.raises(DataError, match=r"needs the 283 outputs.*has 1 \(depth\).*283 are missing"):
        score.score(make_prediction(one, one, np.full((3, 1), 1e-4)), one)
    with pytest.raises(DataError, match="no std; add an uncertainty step"):
        score.score(make_prediction(truth, mean), truth)
    sigma[3, 5] = 0.0
    with pytest.raises(DataError, match=r"std must be positive.*target 3, wl_6"):
        score.score(make_prediction(truth, mean, sigma), truth)
    ppm = truth.assign_attrs(units="ppm")
    with pytest.raises(DataError, match="units 'ppm'"):
        score.score(make_prediction(ppm, mean, sigma), ppm)


@pytest.mark.parametrize("score", [GllAdc24(), GllAdc25()], ids=lambda score: score.name)
def test_resampled_scores_are_those_of_repeated_planets(score):
    rng = np.random.default_rng(2)
    true = 0.003 + 1e-3 * rng.normal(size=(12, 283))
    labels = make_labels(true, [f"p{i}" for i in range(12)], [f"wl_{i}" for i in range(1, 284)])
    prediction = make_prediction(labels, true + 1e-4 * rng.normal(size=true.shape), np.full(true.shape, 1e-4))
    labels[3, :5] = np.nan
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=6).astype(float)
    found = score.resampled(prediction, labels, counts)[score.name]
    for count, value in zip(counts, found, strict=True):
        rows = np.repeat(np.arange(12), count.astype(int))
        names = [f"copy {i}" for i in range(12)]
        drawn, true = (data.isel(target=rows).assign_coords(target=names) for data in (prediction, labels))
        assert value == pytest.approx(score.score(drawn, true), rel=1e-9)
