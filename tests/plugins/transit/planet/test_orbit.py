"""Orbits against Kepler's equation solved anew, Winn's formulas, batman's light curves and finite differences."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from specframe.errors import DataError
from specframe_transit.planet.orbit import ORBIT_PARAMETERS, Orbit


def _sky(orbit, time):
    """Position (x, y, towards the observer) in R*: perifocal coordinates turned by w, then by i."""
    e, w, i = orbit.eccentricity, np.radians(orbit.argument_of_periastron), np.radians(orbit.inclination)

    def anomaly(eccentric):
        return eccentric - e * np.sin(eccentric)

    true = np.pi / 2 - w
    at_transit = anomaly(2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(true / 2)))
    mean = at_transit + 2 * np.pi * (time - orbit.mid_transit) / orbit.period
    eccentric = brentq(lambda x: anomaly(x) - mean, mean - 1.1, mean + 1.1, xtol=1e-15, rtol=1e-15)
    x = orbit.semi_major_axis * (np.cos(eccentric) - e)
    y = orbit.semi_major_axis * np.sqrt(1 - e**2) * np.sin(eccentric)
    along, across = x * np.cos(w) - y * np.sin(w), x * np.sin(w) + y * np.cos(w)
    return along, across * np.cos(i), across * np.sin(i)


_orbits = st.builds(
    Orbit,
    st.floats(0.5, 50.0),
    st.floats(-1.0, 1.0),
    st.floats(3.0, 60.0),
    st.floats(80.0, 100.0),
    st.one_of(st.just(0.0), st.floats(1e-6, 0.9)),
    st.floats(0.0, 360.0),
)


@settings(max_examples=60, deadline=None)
@given(orbit=_orbits, cycles=st.floats(-3.0, 3.0))
def test_separation_and_side_are_those_of_the_ellipse_in_space(orbit, cycles):
    """To 1e-10 of the semi-major axis, which changes no flux by more than 0.01 ppm."""
    time = orbit.mid_transit + cycles * orbit.period
    x, y, towards = _sky(orbit, time)
    z, in_front = orbit.separation(np.array([time]))
    assert z[0] == pytest.approx(np.hypot(x, y), abs=1e-10 * orbit.semi_major_axis)
    if abs(towards) > 1e-6:
        assert in_front[0] == (towards > 0)


@settings(max_examples=60, deadline=None)
@given(orbit=_orbits, cycles=st.floats(-0.5, 0.5))
def test_gradient_is_that_of_finite_differences(orbit, cycles):
    """Central differences with a step of 1e-5 of each parameter have errors near 1e-8 of their scale."""
    time = np.array([orbit.mid_transit + cycles * orbit.period])
    gradient = orbit.path(time, ORBIT_PARAMETERS).gradient[:, 0]
    scale = max(float(orbit.path(time).squared[0]), 1.0) / (1 - orbit.eccentricity) ** 4
    values = astuple(orbit)
    for at, name in enumerate(ORBIT_PARAMETERS):
        step = 1e-5 * (1 - orbit.eccentricity)
        if name == "eccentricity" and orbit.eccentricity < step:
            continue
        ends = [Orbit(*[v + sign * step * (n == at) for n, v in enumerate(values)]) for sign in (1, -1)]
        numeric = (ends[0].path(time).squared[0] - ends[1].path(time).squared[0]) / (2 * step)
        assert gradient[at] == pytest.approx(numeric, rel=1e-5, abs=1e-5 * scale / min(orbit.period, 1.0)), name


def test_conjunctions_and_impact_parameters(inclined):
    """At both conjunctions x = 0 and the separation is the impact parameter, on either side."""
    orbit = inclined(0.4, 0.35, 25.0)
    assert orbit.impact_parameter == pytest.approx(0.4, rel=1e-12)
    for time, impact, front in (
        (orbit.mid_transit + 2 * orbit.period, orbit.impact_parameter, True),
        (orbit.mid_eclipse(5.0), orbit.eclipse_impact_parameter, False),
    ):
        x, y, towards = _sky(orbit, time)
        assert x == pytest.approx(0.0, abs=1e-10)
        assert abs(y) == pytest.approx(impact, rel=1e-9)
        assert (towards > 0) == front
    assert abs(orbit.mid_eclipse(5.0) - 5.0) <= orbit.period / 2


def test_eclipse_of_a_circular_orbit_is_half_a_period_later():
    """And e cos w moves it by 2 P e cos w / pi to first order (Winn 2010, eq. 33)."""
    assert Orbit(3.0, 0.1, 9.0, 88.0).mid_eclipse(1.0) == pytest.approx(1.6, abs=1e-12)
    late = Orbit(3.0, 0.1, 9.0, 90.0, 0.01, 0.0).mid_eclipse(1.0)
    assert late - 1.6 == pytest.approx(2 * 3.0 * 0.01 / np.pi, rel=1e-3)


@pytest.mark.parametrize("impact", [0.0, 0.3, 0.85])
def test_contacts_of_a_circular_orbit_are_those_of_winn(inclined, impact):
    """T14 and T23 = P / pi arcsin(sqrt((1 +- k)^2 - b^2) / (a sin i)), Winn (2010), eq. 14-15."""
    orbit = inclined(impact)
    first, second, third, fourth = orbit.contacts(0.1, 6.0)
    for width, duration in ((1.1, fourth - first), (0.9, third - second)):
        sine = np.sqrt(width**2 - impact**2) / orbit.semi_major_axis / np.sin(np.radians(orbit.inclination))
        assert duration == pytest.approx(orbit.period / np.pi * np.arcsin(sine), rel=1e-10)
    assert (first + fourth) / 2 == pytest.approx(6.1, abs=1e-10)
    assert orbit.duration(0.1) == pytest.approx(fourth - first, rel=1e-10)


@pytest.mark.parametrize(("eccentricity", "omega"), [(0.3, 40.0), (0.7, 10.0), (0.85, 300.0)])
@pytest.mark.parametrize("eclipse", [False, True])
def test_contacts_of_an_eccentric_orbit_have_the_separations_of_contacts(inclined, eccentricity, omega, eclipse):
    orbit = inclined(0.2, eccentricity, omega, axis=30.0)
    contacts = orbit.contacts(0.1, 3.0, eclipse)
    assert np.all(np.diff(contacts) > 0)
    for time, separation in zip(contacts, (1.1, 0.9, 0.9, 1.1), strict=True):
        x, y, towards = _sky(orbit, time)
        assert np.hypot(x, y) == pytest.approx(separation, abs=1e-9)
        assert (towards > 0) != eclipse
    middle = orbit.mid_eclipse(3.0) if eclipse else orbit.nearest_transit(3.0)
    assert contacts[1] < middle < contacts[2]


def test_a_grazing_planet_has_two_contacts_and_a_missing_one_none(inclined):
    grazing = inclined(0.97).contacts(0.1, 0.0)
    assert np.isfinite(grazing[[0, 3]]).all()
    assert np.isnan(grazing[[1, 2]]).all()
    assert np.isnan(inclined(1.2).contacts(0.1, 0.0)).all()
    assert np.isnan(inclined(1.2).duration(0.1))


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("period", 0.0),
        ("semi_major_axis", -1.0),
        ("eccentricity", 1.0),
        ("eccentricity", -0.1),
        ("inclination", np.nan),
    ],
)
def test_impossible_elements_are_named(element, value):
    elements = {"period": 3.0, "mid_transit": 0.0, "semi_major_axis": 9.0, "inclination": 88.0, element: value}
    with pytest.raises(DataError, match=element):
        Orbit(**elements)


def test_an_unknown_parameter_is_answered_with_those_that_exist():
    with pytest.raises(DataError, match=r"'impact'.*semi_major_axis"):
        Orbit(3.0, 0.0, 9.0, 88.0).path(np.zeros(1), ("impact",))
