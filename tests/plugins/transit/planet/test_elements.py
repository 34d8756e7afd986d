"""Elements from other quantities: published values and inverse pairs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.errors import DataError
from specframe_transit.planet.elements import (
    inclination_of_impact_parameter,
    semi_major_axis_of_density,
    semi_major_axis_of_duration,
    semi_major_axis_of_star,
    stellar_density,
)
from specframe_transit.planet.orbit import Orbit


def test_the_earth_is_an_astronomical_unit_from_the_sun():
    """1 au is 215.032 nominal solar radii; the tropical year and the planet's mass change that by less than 1e-4."""
    assert semi_major_axis_of_star(365.256, 1.0, 1.0) == pytest.approx(215.032, rel=1e-4)


def test_the_density_of_the_sun():
    """1.4098 g / cm3, from the nominal solar mass parameter and radius (IAU 2015 B3)."""
    assert stellar_density(215.032, 365.256) == pytest.approx(1.4098, rel=3e-4)


@given(density=st.floats(0.01, 100.0), period=st.floats(0.1, 1000.0))
def test_density_and_semi_major_axis_are_inverse(density, period):
    assert stellar_density(semi_major_axis_of_density(density, period), period) == pytest.approx(density, rel=1e-12)


@given(impact=st.floats(0.0, 1.2), axis=st.floats(3.0, 100.0), e=st.floats(0.0, 0.5), omega=st.floats(0.0, 360.0))
def test_inclination_gives_the_impact_parameter_back(impact, axis, e, omega):
    inclination = inclination_of_impact_parameter(impact, axis, e, omega)
    assert Orbit(1.0, 0.0, axis, inclination, e, omega).impact_parameter == pytest.approx(impact, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(impact=st.floats(0.0, 0.95), axis=st.floats(4.0, 50.0), e=st.floats(0.0, 0.5), omega=st.floats(0.0, 360.0))
def test_the_duration_gives_the_orbit_back(impact, axis, e, omega):
    inclination = inclination_of_impact_parameter(impact, axis, e, omega)
    duration = Orbit(3.0, 0.0, axis, inclination, e, omega).duration(0.1)
    assert semi_major_axis_of_duration(duration, 3.0, 0.1, impact, e, omega) == pytest.approx(axis, rel=1e-8)


@pytest.mark.parametrize(
    ("impact", "duration", "reason"), [(1.2, 0.1, "misses the star"), (0.0, 2.5, "would last between")]
)
def test_what_no_orbit_can_do_is_said(impact, duration, reason):
    with pytest.raises(DataError, match=reason):
        semi_major_axis_of_duration(duration, 3.0, 0.1, impact)


def test_an_impact_parameter_outside_the_orbit_is_refused():
    with pytest.raises(DataError, match="outside the orbit"):
        inclination_of_impact_parameter(4.0, 3.0)
