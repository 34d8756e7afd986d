"""The inverse of a pixel's response."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from specframe_io.exosim.linearity import inverse_polynomial

WELL = 1e5


def exosim_default(well: float = WELL) -> np.ndarray:
    """ExoSim's default: c (1 - exp(-Q / c)) with c = well / 0.103479, expanded to order 5."""
    c = well / 0.103479
    return np.array([(-1) ** k / factorial(k + 1) / c**k for k in range(5)])


def value(coefficients, x):
    return np.polynomial.polynomial.polyval(x, coefficients)


def test_exosims_default_is_inverted_to_1_ppm_up_to_the_full_well():
    inverse = inverse_polynomial(exosim_default()[:, None])[:, 0]
    charge = np.linspace(1.0, 0.96 * WELL, 200)
    measured = value([0, *exosim_default()], charge)
    np.testing.assert_allclose(value(inverse, measured), charge, rtol=1e-6)
    # the response is that of a capacitor to within what the expansion leaves out, so the logarithm inverts it, too
    c = WELL / 0.103479
    np.testing.assert_allclose(value(inverse, measured), -c * np.log1p(-measured / c), rtol=1e-6)


@pytest.mark.parametrize("response", [[0.9, -4e-7], [1.1, 3e-7], [1.0, 0.0, -4e-12], [1.0, 2e-7, -1e-12, 3e-18]])
def test_other_responses_are_inverted_where_they_are_nearly_lines(response):
    inverse = inverse_polynomial(np.array(response)[:, None])[:, 0]
    charge = np.linspace(1.0, 1e5, 100)
    np.testing.assert_allclose(value(inverse, value([0, *response], charge)), charge, rtol=1e-4)


def test_a_line_is_inverted_exactly():
    inverse = inverse_polynomial(np.array([[2.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_allclose(inverse, [[0, 0], [0.5, 1], [0, 0], [0, 0], [0, 0], [0, 0]], atol=1e-12)
    np.testing.assert_allclose(inverse_polynomial(np.array([[4.0]]))[:2, 0], [0.0, 0.25])


def test_each_pixel_has_its_own_and_impossible_ones_are_not_a_number():
    response = np.repeat(exosim_default()[:, None, None], 6, axis=2).repeat(2, axis=1)
    response[0, 0, 0], response[1, 0, 1], response[0, 1, 5] = -1.0, np.nan, 0.0
    response[:, 1, 1] = exosim_default(2 * WELL)
    inverse = inverse_polynomial(response)
    assert inverse.shape == (6, 2, 6)
    bad = np.zeros((2, 6), bool)
    bad[[0, 0, 1], [0, 1, 5]] = True
    np.testing.assert_array_equal(np.isnan(inverse).all(axis=0), bad)
    assert np.isfinite(inverse[:, ~bad]).all()
    np.testing.assert_allclose(inverse[2, 1, 1], inverse[2, 0, 2] / 2, rtol=1e-3)


def test_a_response_that_bends_too_sharply_is_refused():
    with pytest.raises(ValueError, match=r"1 pixels cannot be inverted.*linearity: false"):
        inverse_polynomial(np.array([[1.0]] + [[0.0]] * 15 + [[-1e-70]]))


def test_large_detectors_are_inverted_part_by_part(monkeypatch):
    response = np.repeat(exosim_default()[:, None, None], 7, axis=2) * np.linspace(0.9, 1.1, 7)
    whole = inverse_polynomial(response)
    monkeypatch.setattr("specframe_io.exosim.linearity._AT_ONCE", 3)
    np.testing.assert_allclose(inverse_polynomial(response), whole, rtol=1e-12)
