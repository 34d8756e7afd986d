"""Transits against batman, against each other and against finite differences."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.errors import DataError
from specframe_transit.planet.orbit import ORBIT_PARAMETERS, Orbit
from specframe_transit.planet.transit import transit_flux, transit_flux_with_gradient

_QUADRATIC = np.array([0.35, 0.25])
#: Of a star of 4250 K at 1.4 um, rounded.
_NONLINEAR = np.array([0.9, -0.6, 0.6, -0.3])
_CASES = [
    # impact parameter, radius ratio, eccentricity, argument of periastron
    (0.0, 0.1, 0.0, 90.0),
    (0.3, 0.146, 0.0, 90.0),
    (0.3, 0.01, 0.1, 200.0),
    (0.6, 0.05, 0.3, 40.0),
    (0.2, 0.4, 0.0, 90.0),
    (0.85, 0.12, 0.2, 310.0),
    (1.02, 0.1, 0.0, 90.0),
    (0.5, 0.1, 0.6, 130.0),
    (0.1, 0.8, 0.4, 100.0),
]


def _times(orbit, radius, number=301):
    """Times around a transit that is not the first."""
    middle = orbit.nearest_transit(7.0)
    return middle + np.linspace(-0.8, 0.8, number) * orbit.duration(radius)


def _one(orbit, time, radius, coefficients, law="quadratic", exposure=0.0):
    return transit_flux(orbit, time, np.array([radius]), np.asarray(coefficients)[:, None], law, exposure)[0]


@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES)
def test_quadratic_law_agrees_with_batman(inclined, batman_flux, impact, radius, eccentricity, omega):
    """0.02 ppm, contacts included; on eccentric orbits batman's separations are off by 1e-6 R*."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius)
    flux = _one(orbit, time, radius, _QUADRATIC)
    tolerance = 2e-8 + (1e-6 * radius if eccentricity else 0.0)
    assert flux.min() < 1 - 0.05 * radius**2
    assert np.abs(flux - batman_flux(orbit, time, radius, _QUADRATIC)).max() < tolerance


@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES)
def test_nonlinear_law_agrees_with_batman(inclined, batman_flux, impact, radius, eccentricity, omega):
    """0.1 ppm up to an eighth of the star; batman's own errors, asked to be below 0.01 ppm, grow with the planet."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius, 61)
    expected = batman_flux(orbit, time, radius, _NONLINEAR, "nonlinear", max_err=0.01)
    difference = np.abs(_one(orbit, time, radius, _NONLINEAR, "nonlinear") - expected).max()
    assert difference < max(1e-7, 8e-7 * radius)


@settings(max_examples=100, deadline=None)
@given(
    impact=st.floats(0.0, 1.3),
    radius=st.floats(0.001, 1.6),
    u1=st.floats(0.0, 1.0),
    u2=st.floats(-0.3, 0.6),
)
def test_nonlinear_law_holds_the_quadratic_one(impact, radius, u1, u2):
    """c2 = u1 + 2 u2 and c4 = -u2 are the same star; at z = 0 a planet of the star's size exactly costs 1e-7."""
    orbit = Orbit(3.0, 0.0, 9.0, np.degrees(np.arccos(impact / 9.0)))
    time = np.linspace(0.0, 0.2, 41)
    quadratic = _one(orbit, time, radius, [u1, u2])
    assert np.abs(_one(orbit, time, radius, [0.0, u1 + 2 * u2, 0.0, -u2], "nonlinear") - quadratic).max() < 1e-7


@pytest.mark.parametrize("radius", [1e-3, 0.01, 0.1, 0.2])
def test_the_planets_limb_at_the_centre_of_the_star(radius):
    """Separation and radius alike to the last digits: exoplanet-core has the star vanish there."""
    orbit = Orbit(3.0, 0.0, 9.0, 90.0)
    time = np.arcsin(radius * (1 + np.arange(-40, 41) * 1e-16) / 9.0) / (2 * np.pi) * 3.0
    for law, coefficients in (("quadratic", _QUADRATIC), ("nonlinear", [0.0, 0.85, 0.0, -0.25])):
        flux = _one(orbit, time, radius, coefficients, law)
        assert np.ptp(flux) < 1e-11
        assert 1 - flux[0] == pytest.approx(1.25 * radius**2, rel=0.1)


@pytest.mark.parametrize("exposure", [60 / 86400, 600 / 86400, 1800 / 86400])
@pytest.mark.parametrize(("impact", "radius", "eccentricity", "omega"), _CASES[:6])
def test_exposures_are_means(inclined, batman_flux, exposure, impact, radius, eccentricity, omega):
    """To 0.1 ppm away from contacts. Exposures that hold one, during which the flux has a kink, to 1 ppm."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius, 101)
    expected = batman_flux(orbit, time, radius, _QUADRATIC, exposure=exposure, points=1000)
    difference = np.abs(_one(orbit, time, radius, _QUADRATIC, exposure=exposure) - expected)
    contacts = orbit.contacts(radius, 7.0)
    near = np.any(np.abs(time - contacts[:, None]) < 0.55 * exposure, axis=0)
    assert difference[~near].max() < 1e-7
    assert difference.max() < 1e-6
    assert np.abs(_one(orbit, time, radius, _QUADRATIC) - expected).max() > difference.max()


def test_exposures_of_the_nonlinear_law(inclined, batman_flux):
    orbit = inclined(0.3)
    time = _times(orbit, 0.1, 41)
    expected = batman_flux(orbit, time, 0.1, _NONLINEAR, "nonlinear", exposure=600 / 86400, points=200, max_err=0.01)
    difference = np.abs(_one(orbit, time, 0.1, _NONLINEAR, "nonlinear", 600 / 86400) - expected)
    assert np.median(difference) < 1e-7
    assert difference.max() < 1e-6


@pytest.mark.parametrize(("law", "coefficients"), [("quadratic", _QUADRATIC), ("nonlinear", _NONLINEAR)])
@pytest.mark.parametrize("exposure", [0.0, 300 / 86400])
@pytest.mark.parametrize(
    ("impact", "radius", "eccentricity", "omega"), [(0.3, 0.12, 0.2, 60.0), (0.9, 0.15, 0.4, 280.0), (0.2, 1.2, 0, 90)]
)
def test_gradients_are_those_of_finite_differences(
    inclined, law, coefficients, exposure, impact, radius, eccentricity, omega
):
    """Central differences; to 1e-5 of the largest derivative but for the few samples whose points or kink move."""
    orbit = inclined(impact, eccentricity, omega)
    time = _times(orbit, radius)
    radii, limb_darkening = radius * np.array([1.0, 0.97]), np.outer(coefficients, [1.0, 0.8])
    arguments = (law, exposure)
    gradient = transit_flux_with_gradient(orbit, time, radii, limb_darkening, *arguments, ORBIT_PARAMETERS)
    assert np.abs(gradient.value - transit_flux(orbit, time, radii, limb_darkening, *arguments)).max() < 1e-11

    def check(analytic, plus, minus, step):
        off = np.abs((plus - minus) / (2 * step) - analytic)
        assert np.quantile(off, 0.9) < 1e-5 * np.abs(analytic).max() + 1e-8
        assert off.max() < 0.02 * np.abs(analytic).max() + 1e-8

    step = 1e-6
    check(
        gradient.by_radius_ratio,
        transit_flux(orbit, time, radii + step, limb_darkening, *arguments),
        transit_flux(orbit, time, radii - step, limb_darkening, *arguments),
        step,
    )
    for at in range(len(coefficients)):
        shift = step * np.eye(len(coefficients))[:, [at]]
        check(
            gradient.by_limb_darkening[:, at],
            transit_flux(orbit, time, radii, limb_darkening + shift, *arguments),
            transit_flux(orbit, time, radii, limb_darkening - shift, *arguments),
            step,
        )
    for at, name in enumerate(ORBIT_PARAMETERS):
        if name == "eccentricity" and not eccentricity:
            continue
        values = np.array(astuple(orbit))
        shift = step * (np.arange(6) == at)
        check(
            gradient.by_orbit[:, at],
            transit_flux(Orbit(*(values + shift)), time, radii, limb_darkening, *arguments),
            transit_flux(Orbit(*(values - shift)), time, radii, limb_darkening, *arguments),
            step,
        )


def test_channels_do_not_know_of_each_other(inclined):
    """Many at once are each alone, however they are blocked."""
    orbit = inclined(0.3)
    time, radii = np.linspace(-0.1, 0.3, 500), np.linspace(0.01, 0.2, 40)
    u = np.array([np.linspace(0.0, 0.5, 40), np.linspace(0.4, 0.1, 40)])
    together = transit_flux_with_gradient(orbit, time, radii, u, orbit_parameters=("mid_transit",))
    for channel in (0, 17, 39):
        alone = transit_flux_with_gradient(
            orbit, time, radii[[channel]], u[:, [channel]], "quadratic", 0.0, ("mid_transit",)
        )
        assert np.allclose(together.value[channel], alone.value[0], rtol=0, atol=1e-14)
        assert np.allclose(together.by_orbit[channel, 0], alone.by_orbit[0, 0], rtol=0, atol=1e-11)


@pytest.mark.parametrize(("law", "coefficients"), [("quadratic", _QUADRATIC), ("nonlinear", _NONLINEAR)])
class TestLimits:
    """Where the planet is nowhere, everywhere or nothing."""

    def test_a_planet_larger_than_its_star_covers_it(self, law, coefficients):
        orbit = Orbit(3.0, 0.0, 9.0, 90.0)
        flux = _one(orbit, np.array([0.0, 0.01, 0.7, 1.5]), 1.3, coefficients, law)
        assert np.allclose(flux, [0.0, 0.0, 1.0, 1.0], atol=1e-12)

    def test_a_planet_behind_its_star_takes_no_light(self, law, coefficients):
        orbit = Orbit(3.0, 0.0, 9.0, 90.0)
        gradient = transit_flux_with_gradient(
            orbit, 1.5 + np.linspace(-0.1, 0.1, 9), np.array([0.1]), coefficients[:, None], law, 0.01, ORBIT_PARAMETERS
        )
        assert np.array_equal(gradient.value, np.ones((1, 9)))
        assert not gradient.by_orbit.any()

    def test_a_planet_that_misses_or_a_window_without_it(self, law, coefficients, inclined):
        time = np.linspace(0.0, 0.2, 11)
        assert np.array_equal(_one(inclined(1.11), time, 0.1, coefficients, law), np.ones(11))
        away = transit_flux_with_gradient(inclined(0.0), time + 1.0, np.array([0.1]), coefficients[:, None], law, 0.01)
        assert np.array_equal(away.value, np.ones((1, 11)))
        assert not away.by_radius_ratio.any()

    def test_a_planet_of_no_size_takes_nothing(self, law, coefficients, inclined):
        gradient = transit_flux_with_gradient(
            inclined(0.2), np.linspace(0.0, 0.2, 11), np.zeros(1), coefficients[:, None], law
        )
        assert np.array_equal(gradient.value, np.ones((1, 11)))
        assert np.isfinite(gradient.by_radius_ratio).all()

    def test_a_negative_radius_adds_what_its_size_takes(self, law, coefficients, inclined):
        orbit, time = inclined(0.2), np.linspace(0.0, 0.2, 41)
        radii = np.array([0.05, -0.05])
        gradient = transit_flux_with_gradient(orbit, time, radii, np.tile(coefficients[:, None], 2), law)
        assert np.allclose(gradient.value.sum(axis=0), 2.0, rtol=0, atol=1e-15)
        assert np.allclose(gradient.by_radius_ratio[0], gradient.by_radius_ratio[1])

    def test_the_centre_of_the_disc(self, law, coefficients):
        """A small planet at z = 0 covers k^2 x I(centre) / <I>, with <I> = 1 - sum of c_n n / (n + 4)."""
        orbit = Orbit(3.0, 0.0, 9.0, 90.0)
        c = [0.0, 0.35 + 0.5, 0.0, -0.25] if law == "quadratic" else coefficients
        mean = 1 - sum(c[n] * (n + 1) / (n + 5) for n in range(4))
        flux = _one(orbit, np.zeros(1), 1e-3, coefficients, law)
        assert 1 - flux[0] == pytest.approx(1e-6 / mean, rel=2e-6)


@pytest.mark.parametrize(
    ("shape", "law", "message"),
    [
        ((4, 2), "quadratic", r"\(2, 2\), got \(4, 2\)"),
        ((2, 2), "nonlinear", r"\(4, 2\)"),
        ((2, 2), "linear", "'linear'"),
    ],
)
def test_coefficients_that_do_not_fit_are_refused(inclined, shape, law, message):
    with pytest.raises(DataError, match=message):
        transit_flux(inclined(0.0), np.zeros(3), np.array([0.1, 0.1]), np.zeros(shape), law)
