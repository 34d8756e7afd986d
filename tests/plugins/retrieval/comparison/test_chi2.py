from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from specframe.errors import DataError, ParameterError
from specframe_retrieval import agreement, nearest

RNG = np.random.default_rng(5)
MODELS = RNG.uniform(1.0, 3.0, size=(6, 80))
ERROR = RNG.uniform(0.02, 0.1, size=80)
OBSERVED = 2.5 * MODELS[3] + RNG.normal(0.0, ERROR)


def test_the_best_scale_is_that_of_a_minimiser():
    for free, start in (("scale", [1.0]), ("offset", [0.0]), ("both", [1.0, 0.0])):

        def chi2(x, free=free):
            a, b = (x[0], 0.0) if free == "scale" else (1.0, x[0]) if free == "offset" else x
            return np.sum(((OBSERVED - a * MODELS[0] - b) / ERROR) ** 2)

        best = minimize(chi2, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000})
        found = agreement(OBSERVED, ERROR, MODELS, free=free)
        assert found.chi2[0] == pytest.approx(best.fun, rel=1e-9)
        numbers = {"scale": found.scale, "offset": found.offset}
        got = [numbers[name][0] for name in ("scale", "offset") if free in (name, "both")]
        np.testing.assert_allclose(got, best.x, rtol=1e-5)


def test_errors_of_scale_and_offset_are_those_of_numpys_weighted_fit():
    _, covariance = np.polyfit(MODELS[3], OBSERVED, 1, w=1.0 / ERROR, cov="unscaled")
    found = agreement(OBSERVED, ERROR, MODELS[3], free="both")
    expected = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose([found.scale_error[0], found.offset_error[0]], expected, rtol=1e-10)


def test_chi2_of_the_truth_has_its_expectation():
    """Over 400 draws the mean of chi2 is the degrees of freedom, to 5 of its standard errors."""
    draws = 2.5 * MODELS[3] + np.random.default_rng(0).normal(0.0, ERROR, size=(400, 80))
    values = [agreement(draw, ERROR, MODELS[3]).chi2[0] for draw in draws]
    assert np.mean(values) == pytest.approx(79.0, abs=5 * np.sqrt(2 * 79 / 400))
    assert agreement(draws[0], ERROR, MODELS[3]).degrees_of_freedom[0] == 79


def test_the_model_that_made_the_observation_is_the_nearest():
    found = agreement(OBSERVED, ERROR, MODELS)
    assert nearest(found, 3)[0] == 3
    assert found.scale[3] == pytest.approx(2.5, abs=4 * found.scale_error[3])
    assert (np.diff(found.chi2[nearest(found, 6)]) >= 0).all()


def test_masked_samples_count_for_nothing():
    spoiled, mask = OBSERVED.copy(), np.zeros(80, bool)
    spoiled[[4, 50]] = 1e6, np.nan
    mask[[4, 50]] = True
    kept = ~mask
    found = agreement(spoiled, ERROR, MODELS, mask)
    expected = agreement(OBSERVED[kept], ERROR[kept], MODELS[:, kept])
    np.testing.assert_allclose(found.chi2, expected.chi2, rtol=1e-12)
    assert found.samples.tolist() == [78] * 6


def test_samples_without_an_error_are_left_out_where_others_have_one():
    error = ERROR.copy()
    error[:3] = 0.0, np.nan, np.inf
    assert agreement(OBSERVED, error, MODELS).samples[0] == 77


@pytest.mark.parametrize("error", [None, np.zeros(80), np.full(80, np.nan)])
def test_without_errors_all_samples_weigh_the_same_and_chi2_is_not_defined(error):
    found = agreement(OBSERVED, error, MODELS)
    assert not found.weighted
    assert np.isnan(found.chi2).all()
    assert np.isnan(found.chi2_reduced).all()
    expected = np.linalg.lstsq(MODELS[3][:, None], OBSERVED, rcond=None)
    assert found.scale[3] == pytest.approx(expected[0][0])
    assert found.rms[3] == pytest.approx(np.sqrt(expected[1][0] / 80))
    assert nearest(found, 1)[0] == 3


def test_a_model_that_covers_little_is_not_the_nearest():
    models = MODELS.copy()
    models[1, 5:] = np.nan
    models[1, :5] = OBSERVED[:5]
    found = agreement(OBSERVED, ERROR, models)
    assert found.samples[1] == 5
    assert 1 not in nearest(found, 6)


def test_a_scale_is_not_negative():
    found = agreement(-OBSERVED, ERROR, MODELS)
    assert (found.scale == 0.0).all()
    np.testing.assert_allclose(found.chi2, np.sum((OBSERVED / ERROR) ** 2))


def test_nothing_free_is_plain_chi2():
    found = agreement(OBSERVED, ERROR, 2.5 * MODELS, free="none")
    np.testing.assert_allclose(found.chi2, np.sum(((OBSERVED - 2.5 * MODELS) / ERROR) ** 2, axis=1))
    assert found.degrees_of_freedom[0] == 80


@given(st.floats(1e-25, 1e25), st.floats(1e-3, 1e3))
def test_units_do_not_matter(unit, size):
    """chi2 and rank stay when the observation, and apart from it the models, are given in other units."""
    found = agreement(unit * OBSERVED, unit * ERROR, size * MODELS)
    np.testing.assert_allclose(found.chi2, agreement(OBSERVED, ERROR, MODELS).chi2, rtol=1e-7)


def test_a_large_grid_is_worked_on_in_parts():
    """More elements than are held at once give the same as a few of them alone."""
    many = np.tile(MODELS, (10_000, 1))
    found = agreement(OBSERVED, ERROR, many)
    np.testing.assert_allclose(found.chi2[-6:], agreement(OBSERVED, ERROR, MODELS).chi2, rtol=1e-12)


def test_wrong_input_is_refused():
    with pytest.raises(DataError, match="do their wavelengths overlap"):
        agreement(OBSERVED, ERROR, np.full((2, 80), np.nan))
    with pytest.raises(DataError, match="0 usable samples of 80"):
        agreement(OBSERVED, ERROR, MODELS, np.ones(80, bool))
    with pytest.raises(DataError, match="bring them to the same wavelengths"):
        agreement(OBSERVED[:70], ERROR[:70], MODELS)
    with pytest.raises(DataError, match=r"80 samples, but errors of shape \(70,\)"):
        agreement(OBSERVED, ERROR[:70], MODELS)
    with pytest.raises(ParameterError, match="scale, offset, both, none"):
        agreement(OBSERVED, ERROR, MODELS, free="slope")
