"""Eclipses against batman's secondary eclipses and finite differences."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from specframe_transit.planet.eclipse import visible_fraction, visible_fraction_with_gradient
from specframe_transit.planet.orbit import ORBIT_PARAMETERS, Orbit

_CASES = [
    # impact parameter at transit, radius ratio, eccentricity, argument of periastron
    (0.0, 0.1, 0.0, 90.0),
    (0.4, 0.16, 0.0, 90.0),
    (0.2, 0.03, 0.3, 40.0),
    (0.95, 0.12, 0.1, 250.0),
    (0.3, 0.6, 0.2, 300.0),
]


def _times(orbit, radius, number=201):
    middle = orbit.mid_eclipse(7.0)
    return middle + np.linspace(-0.8, 0.8, number) * orbit.duration(radius, eclipse=True)


@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES)
def test_agrees_with_batman(inclined, batman_flux, impact, radius, eccentricity, omega):
    """To 1e-8 of the planet's light, on eccentric orbits, where batman's separations are off by 1e-6 R*, to 5e-7."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius)
    visible = visible_fraction(orbit, time, radius)
    assert visible.min() < 0.5
    assert visible.max() == 1.0
    assert np.abs(visible + 1 - batman_flux(orbit, time, radius, law="uniform", eclipse=True)).max() < (
        5e-7 if eccentricity else 1e-8
    )


@pytest.mark.parametrize("exposure", [60 / 86400, 1200 / 86400])
@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES)
def test_exposures_are_means(inclined, batman_flux, exposure, impact, radius, eccentricity, omega):
    """To 5e-5 of the planet's light, exposures that hold a contact included: 0.05 ppm for an eclipse of 0.1 %."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius, 61)
    expected = batman_flux(orbit, time, radius, law="uniform", exposure=exposure, points=3000, eclipse=True) - 1
    assert np.abs(visible_fraction(orbit, time, radius, exposure) - expected).max() < 5e-5


@pytest.mark.parametrize("exposure", [0.0, 300 / 86400])
@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES)
def test_gradients_are_those_of_finite_differences(inclined, exposure, impact, radius, eccentricity, omega):
    orbit = inclined(impact, eccentricity, omega)
    time, step = _times(orbit, radius), 1e-7
    gradient = visible_fraction_with_gradient(orbit, time, radius, exposure, ORBIT_PARAMETERS)

    def check(analytic, plus, minus):
        off = np.abs((plus - minus) / (2 * step) - analytic)
        assert np.quantile(off, 0.9) < 1e-4 * np.abs(analytic).max() + 1e-7
        assert off.max() < 0.03 * np.abs(analytic).max() + 1e-7

    check(
        gradient.by_radius_ratio,
        visible_fraction(orbit, time, radius + step, exposure),
        visible_fraction(orbit, time, radius - step, exposure),
    )
    for at, name in enumerate(ORBIT_PARAMETERS):
        if name == "eccentricity" and not eccentricity:
            continue
        values, shift = np.array(astuple(orbit)), step * (np.arange(6) == at)
        check(
            gradient.by_orbit[at],
            visible_fraction(Orbit(*(values + shift)), time, radius, exposure),
            visible_fraction(Orbit(*(values - shift)), time, radius, exposure),
        )


def test_a_planet_in_front_is_in_view():
    orbit = Orbit(3.0, 0.0, 9.0, 90.0)
    assert np.array_equal(visible_fraction(orbit, np.linspace(-0.2, 0.2, 21), 0.1, 0.01), np.ones(21))


def test_a_planet_larger_than_its_star_stays_in_view_as_a_ring():
    """1 - 1 / k^2 of its disc."""
    orbit = Orbit(3.0, 0.0, 9.0, 90.0)
    assert visible_fraction(orbit, np.array([1.5]), 1.25)[0] == pytest.approx(1 - 1 / 1.25**2)


def test_a_point_is_there_or_not():
    orbit = Orbit(3.0, 0.0, 9.0, 90.0)
    gradient = visible_fraction_with_gradient(orbit, np.array([1.3, 1.5, 1.7]), 0.0)
    assert np.array_equal(gradient.value, [1.0, 0.0, 1.0])
    assert not gradient.by_radius_ratio.any()


def test_the_middle_of_an_edge_on_eclipse_is_hidden_exactly():
    """No separation is 0 by more than rounding, which must not become a NaN."""
    orbit = Orbit(3.0, 0.0, 9.0, 90.0)
    gradient = visible_fraction_with_gradient(orbit, np.array([orbit.mid_eclipse(1.0)]), 0.1, 0.0, ORBIT_PARAMETERS)
    assert gradient.value[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isfinite(gradient.by_orbit).all()
