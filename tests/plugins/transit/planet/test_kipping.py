"""Kipping's parameters: published properties and derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specframe_transit.planet.kipping import from_quadratic, jacobian, to_quadratic

_unit = st.floats(0.01, 0.99)


@given(q1=_unit, q2=_unit)
def test_they_are_inverse(q1, q2):
    assert np.allclose(from_quadratic(*to_quadratic(np.array(q1), np.array(q2))), (q1, q2), rtol=1e-12, atol=1e-12)


@given(q1=_unit, q2=_unit)
def test_the_unit_square_is_physical(q1, q2):
    """Kipping (2013), eq. 8: u1 + u2 < 1, u1 > 0 and u1 + 2 u2 > 0, intensities positive and falling to the limb."""
    u1, u2 = to_quadratic(np.array(q1), np.array(q2))
    assert u1 + u2 < 1
    assert u1 > 0
    assert u1 + 2 * u2 > 0


def test_a_pair_worked_by_hand():
    """q1 = 0.36, q2 = 0.25: u1 = 2 x 0.6 x 0.25, u2 = 0.6 x 0.5."""
    assert np.allclose(to_quadratic(np.array(0.36), np.array(0.25)), (0.3, 0.3))


@given(q1=_unit, q2=_unit)
def test_jacobian_is_that_of_finite_differences(q1, q2):
    q, h = np.array([q1, q2]), 1e-6
    numeric = np.empty((2, 2))
    for at in range(2):
        step = h * np.eye(2)[at]
        numeric[:, at] = (np.array(to_quadratic(*(q + step))) - to_quadratic(*(q - step))) / (2 * h)
    assert np.allclose(jacobian(*q), numeric, atol=1e-5)


def test_a_star_without_limb_darkening_has_finite_parameters():
    q1, q2 = from_quadratic(np.zeros(3), np.zeros(3))
    assert np.array_equal(q1, np.zeros(3))
    assert np.isfinite(q2).all()
    assert np.isfinite(jacobian(np.zeros(3), np.full(3, 0.5))).all()
    assert jacobian(np.full(3, 0.2), np.full(3, 0.5)).shape == (2, 2, 3)


def test_a_brighter_limb_has_no_way_back():
    u = np.array(to_quadratic(*from_quadratic(np.array(-0.2), np.array(0.1))))
    assert u.sum() == pytest.approx(0.1)
