"""Orbital elements from what is measured or known instead: impact parameter, stellar density, duration."""

from __future__ import annotations

from math import acos, cos, degrees, pi, radians, sin, sqrt

from astropy import constants

from specframe.errors import DataError

__all__ = [
    "inclination_of_impact_parameter",
    "semi_major_axis_of_density",
    "semi_major_axis_of_duration",
]

_SECONDS_PER_DAY = 86400.0
#: Gravitational constant, CODATA 2018, in cm3 g-1 s-2.
_G = float(constants.G.cgs.value)


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
    cosine = impact_parameter / (semi_major_axis * _distance(eccentricity, argument_of_periastron))
    if not abs(cosine) <= 1.0:
        raise DataError(
            f"orbit: impact_parameter {impact_parameter:g} is outside the orbit: at inferior conjunction the planet is "
            f"{abs(impact_parameter / cosine):.4g} R* from the star (semi_major_axis {semi_major_axis:g})"
        )
    return degrees(acos(cosine))


def semi_major_axis_of_density(stellar_density: float, period: float) -> float:
    """Return a / R* of a planet without mass around a star of ``stellar_density`` (g / cm3), ``period`` in d.

    Kepler's third law: (a / R*)^3 = G rho P^2 / (3 pi), Seager & Mallen-Ornelas (2003, ApJ 585, 1038).
    """
    seconds = period * _SECONDS_PER_DAY
    return float((_G * stellar_density * seconds**2 / (3.0 * pi)) ** (1.0 / 3.0))


def semi_major_axis_of_duration(
    duration: float,
    period: float,
    radius_ratio: float,
    *,
    impact_parameter: float | None = None,
    inclination: float | None = None,
    eccentricity: float = 0.0,
    argument_of_periastron: float = 90.0,
) -> float:
    """Return a / R* of the orbit whose transit lasts ``duration`` T14, both times in d, angles in deg.

    Winn (2010, arXiv:1001.2010, eq. 7, 14 and 16) with one of ``impact_parameter`` (R*) and ``inclination``: exact on
    circular orbits; at an eccentricity of 0.5 it is low by up to 0.15 % of a / R* = 11 and 0.7 % of 5.

    Raises
    ------
    DataError
        When no such orbit exists: the planet misses the star, or the transit is too long for the period.
    """
    distance = _distance(eccentricity, argument_of_periastron)
    # the planet moves faster at conjunction than on a circular orbit by 1 / pace
    pace = distance / sqrt(1.0 - eccentricity**2)
    angle = sin(min(pi * duration / (period * pace), 0.5 * pi))
    outer = (1.0 + radius_ratio) ** 2
    if impact_parameter is not None:
        square = (outer - impact_parameter**2) / angle**2 + (impact_parameter / distance) ** 2
    elif inclination is not None:
        square = outer / ((angle * sin(radians(inclination))) ** 2 + (cos(radians(inclination)) * distance) ** 2)
    else:
        raise TypeError("semi_major_axis_of_duration needs impact_parameter or inclination")
    if square < 1.0:
        given = "inclination" if impact_parameter is None else "impact_parameter"
        raise DataError(f"orbit: no orbit has a duration of {duration:g} d and {given} as given")
    return sqrt(square)


def _distance(eccentricity: float, argument_of_periastron: float) -> float:
    """Return the distance of star and planet at inferior conjunction in semi-major axes."""
    return (1.0 - eccentricity**2) / (1.0 + eccentricity * sin(radians(argument_of_periastron)))
