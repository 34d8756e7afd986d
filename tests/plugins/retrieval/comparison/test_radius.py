from __future__ import annotations

import numpy as np
import pytest
from astropy import constants, units

from specframe.errors import DataError, ParameterError
from specframe_retrieval import agreement, radius_of_scale, radius_scan

RNG = np.random.default_rng(2)
MODEL = RNG.uniform(1.0, 5.0, 120)
TRUE_RADIUS, DISTANCE = 0.8, 11.134
SCALE = float((TRUE_RADIUS * units.R_jup / (DISTANCE * units.pc)).to_value("") ** 2)
ERROR = 0.1 * SCALE * np.ones(120)
OBSERVED = SCALE * MODEL + RNG.normal(0.0, ERROR)


def test_the_scale_of_a_surface_flux_is_radius_over_distance_squared():
    assert radius_of_scale(SCALE, distance=DISTANCE) == pytest.approx(TRUE_RADIUS, rel=1e-9)


def test_the_golden_factor_of_hd_3651b():
    """(d / R)^2 of 11.134 pc and 0.75 RJup took 1.216085e-27 to 4.992636e-08 in TelescopeML's tutorial."""
    assert radius_of_scale(1.216085e-27 / 4.992636e-08, distance=11.134) == pytest.approx(0.75, rel=2e-5)


def test_at_the_top_of_the_atmosphere_the_assumed_radius_is_scaled():
    assert radius_of_scale(1.21, radius=0.75) == pytest.approx(0.825)


def test_jupiter_is_as_large_as_astropys():
    assert radius_of_scale(1.0, distance=1.0) == pytest.approx((constants.pc / constants.R_jup).to_value(""), rel=1e-9)


def test_the_scan_has_its_minimum_at_the_best_radius_and_rises_by_one_at_the_ends():
    scan = radius_scan(OBSERVED, ERROR, MODEL, distance=DISTANCE)

    def chi2(radius):
        scale = float((float(radius) * units.R_jup / (DISTANCE * units.pc)).to_value("") ** 2)
        return agreement(OBSERVED, ERROR, scale * MODEL, free="none").chi2[0]

    least = chi2(scan["best"])
    assert chi2(scan["lower"]) == pytest.approx(least + 1.0, abs=1e-6)
    assert chi2(scan["upper"]) == pytest.approx(least + 1.0, abs=1e-6)
    assert scan["chi2"].min() == pytest.approx(least, abs=0.02)
    np.testing.assert_allclose(scan["chi2"][::40], [chi2(r) for r in scan["radius"][::40]], rtol=1e-7)
    assert scan["lower"] < scan["best"] < scan["upper"]


def test_the_interval_holds_the_truth_in_68_of_100():
    """1000 draws: 68.27 % to within 4 standard errors of a share."""
    held = 0
    for draw in SCALE * MODEL + np.random.default_rng(0).normal(0.0, ERROR, size=(1000, 120)):
        scan = radius_scan(draw, ERROR, MODEL, distance=DISTANCE, radii=[1.0])
        held += bool(scan["lower"] <= TRUE_RADIUS <= scan["upper"])
    assert held / 1000 == pytest.approx(0.6827, abs=4 * np.sqrt(0.68 * 0.32 / 1000))


def test_a_model_that_does_not_fit_gets_a_wider_second_interval():
    wrong = MODEL * np.linspace(0.5, 1.5, 120)
    scan = radius_scan(OBSERVED, ERROR, wrong, radius=0.75)
    assert scan.attrs["chi2_reduced"] > 5
    ratio = (scan["scaled_upper"] ** 2 - scan["best"] ** 2) / (scan["upper"] ** 2 - scan["best"] ** 2)
    assert ratio == pytest.approx(np.sqrt(scan.attrs["chi2_reduced"]))


def test_wrong_input_is_refused():
    with pytest.raises(DataError, match="no errors, so chi2 is not defined"):
        radius_scan(OBSERVED, None, MODEL, radius=1.0)
    with pytest.raises(DataError, match="no positive scale"):
        radius_scan(-OBSERVED, ERROR, MODEL, radius=1.0)
    with pytest.raises(ParameterError, match="give the distance in pc, or the radius"):
        radius_of_scale(1.0)
    with pytest.raises(ParameterError, match="give the distance"):
        radius_of_scale(1.0, distance=1.0, radius=1.0)
    with pytest.raises(DataError, match=r"distance must be positive, got -3"):
        radius_of_scale(1.0, distance=-3.0)
