"""Orbital elements from what is measured or known instead: impact parameter, stellar density, duration."""

from __future__ import annotations

from math import acos, degrees, isfinite, pi, radians, sin

from astropy import constants
from scipy.optimize import brentq

from specframe.errors import DataError
from specframe_transit.planet.orbit import Orbit

__all__ = [
    "inclination_of_impact_parameter",
    "semi_major_axis_of_density",
    "semi_major_axis_of_duration",
    "semi_major_axis_of_star",
    "stellar_density",
]

_SECONDS_PER_DAY = 86400.0
#: CODATA 2018 and the IAU's nominal Sun, as astropy has them; SI.
_G = float(constants.G.si.value)
_SUN_MASS, _SUN_RADIUS = float(constants.M_sun.si.value), float(constants.R_sun.si.value)
_KG_M3_PER_G_CM3 = 1000.0
#: Semi-major axes in R* between which one that gives a duration is looked for, the lower in units of 1 + k.
_CLOSEST, _FARTHEST = 1.01, 1e5


def inclination_of_impact_parameter(
    impact_parameter: float,
    semi_major_axis: float,
    eccentricity: float = 0.0,
    argument_of_periastron: float = 90.0,
) -> float:
    """Return the inclination in deg at which the separation at inferior conjunction is ``impact_parameter`` (R*).

    The inverse of :attr:`Orbit.impact_parameter`; angles in deg, ``semi_major_axis`` in R*.

    Raises
    ------
    DataError
        When the planet never is that far from the star.
    """
    stretch = 1.0 + eccentricity * sin(radians(argument_of_periastron))
    cosine = impact_parameter * stretch / (semi_major_axis * (1.0 - eccentricity**2))
    if not abs(cosine) <= 1.0:
        raise DataError(
            f"impact_parameter {impact_parameter:g} is outside the orbit: at inferior conjunction the planet is "
            f"{abs(impact_parameter / cosine):.4g} R* from the star (semi_major_axis {semi_major_axis:g})"
        )
    return degrees(acos(cosine))


def semi_major_axis_of_density(stellar_density: float, period: float) -> float:
    """Return a / R* of a planet without mass around a star of ``stellar_density`` (g / cm3), ``period`` in d.

    Kepler's third law: (a / R*)^3 = G rho P^2 / (3 pi), Seager & Mallen-Ornelas (2003, ApJ 585, 1038).
    """
    seconds = period * _SECONDS_PER_DAY
    return float((_G * stellar_density * _KG_M3_PER_G_CM3 * seconds**2 / (3.0 * pi)) ** (1.0 / 3.0))


def stellar_density(semi_major_axis: float, period: float) -> float:
    """Return the mean density of the star in g / cm3, inverse of :func:`semi_major_axis_of_density`."""
    seconds = period * _SECONDS_PER_DAY
    return 3.0 * pi * semi_major_axis**3 / (_G * seconds**2) / _KG_M3_PER_G_CM3


def semi_major_axis_of_star(period: float, stellar_mass: float, stellar_radius: float) -> float:
    """Return a / R* of a planet without mass, ``period`` in d, mass and radius of the star in those of the Sun."""
    volume = 4.0 / 3.0 * pi * (stellar_radius * _SUN_RADIUS) ** 3
    return semi_major_axis_of_density(stellar_mass * _SUN_MASS / volume / _KG_M3_PER_G_CM3, period)


def semi_major_axis_of_duration(
    duration: float,
    period: float,
    radius_ratio: float,
    impact_parameter: float = 0.0,
    eccentricity: float = 0.0,
    argument_of_periastron: float = 90.0,
) -> float:
    """Return a / R* of the orbit whose transit lasts ``duration`` T14, numerically; both times in d.

    Raises
    ------
    DataError
        When no such orbit exists: the planet misses the star, or the transit is too long for the period.
    """
    stretch = (1.0 - eccentricity**2) / (1.0 + eccentricity * sin(radians(argument_of_periastron)))

    def excess(axis: float) -> float:
        inclination = inclination_of_impact_parameter(impact_parameter, axis, eccentricity, argument_of_periastron)
        orbit = Orbit(period, 0.0, axis, inclination, eccentricity, argument_of_periastron)
        return orbit.duration(radius_ratio) - duration

    closest = _CLOSEST * (1.0 + radius_ratio) / (1.0 - eccentricity)
    closest = max(closest, _CLOSEST * impact_parameter / stretch)
    longest, shortest = excess(closest), excess(_FARTHEST)
    if not (isfinite(longest) and longest >= 0.0 >= shortest):
        raise DataError(
            f"no orbit of period {period:g} d has a transit of {duration:g} d (radius_ratio {radius_ratio:g}, "
            f"impact_parameter {impact_parameter:g}): "
            + (
                "the planet misses the star"
                if not isfinite(longest)
                else f"it would last between {shortest + duration:.3g} and {longest + duration:.3g} d"
            )
        )
    return float(brentq(excess, closest, _FARTHEST, xtol=1e-10, rtol=1e-13))
