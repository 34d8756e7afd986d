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
)
from specframe_transit.planet.orbit import Orbit


def test_the_earth_is_an_astronomical_unit_from_the_sun():
    """1 au is 215.032 nominal solar radii, whose Sun has 1.4098 g / cm3 (IAU 2015 B3); a sidereal year."""
    assert semi_major_axis_of_density(1.4098, 365.256) == pytest.approx(215.032, rel=1e-4)


@given(impact=st.floats(0.0, 1.2), axis=st.floats(3.0, 100.0), e=st.floats(0.0, 0.5), omega=st.floats(0.0, 360.0))
def test_inclination_gives_the_impact_parameter_back(impact, axis, e, omega):
    inclination = inclination_of_impact_parameter(impact, axis, e, omega)
    assert Orbit(1.0, 0.0, axis, inclination, e, omega).impact_parameter == pytest.approx(impact, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(impact=st.floats(0.0, 0.95), axis=st.floats(4.0, 50.0))
def test_the_duration_of_a_circular_orbit_gives_it_back(impact, axis):
    inclination = inclination_of_impact_parameter(impact, axis)
    duration = Orbit(3.0, 0.0, axis, inclination).duration(0.1)
    for given_as in ({"impact_parameter": impact}, {"inclination": inclination}):
        assert semi_major_axis_of_duration(duration, 3.0, 0.1, **given_as) == pytest.approx(axis, rel=1e-8)


@pytest.mark.parametrize("argument", [20.0, 150.0, 300.0])
def test_the_duration_of_an_eccentric_orbit_gives_it_back_nearly(argument):
    """Winn's formula takes the speed at conjunction for that of the whole transit: up to 0.15 % off at a/R* = 11."""
    eccentric = {"eccentricity": 0.5, "argument_of_periastron": argument}
    inclination = inclination_of_impact_parameter(0.4, 11.0, **eccentric)
    duration = Orbit(3.0, 0.0, 11.0, inclination, **eccentric).duration(0.1)
    found = semi_major_axis_of_duration(duration, 3.0, 0.1, impact_parameter=0.4, **eccentric)
    assert found == pytest.approx(11.0, rel=2e-3)


def test_a_planet_that_misses_the_star_has_no_duration():
    with pytest.raises(DataError, match="no orbit has a duration"):
        semi_major_axis_of_duration(0.1, 3.0, 0.1, impact_parameter=1.2)


def test_an_impact_parameter_outside_the_orbit_is_refused():
    with pytest.raises(DataError, match="outside the orbit"):
        inclination_of_impact_parameter(4.0, 3.0)
