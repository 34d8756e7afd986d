"""The orbit, and the limb-darkened light curves of its transit."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np
from exoplanet_core.numpy import ops

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Orbit",
    "draw_orbit",
    "draw_orbit_2024",
    "draw_star_orbit",
    "orbit_of_crossing",
    "semi_major_axis",
    "transit_light_curves",
]

#: (G Msun (1 d)^2 / (4 pi^2 Rsun^3))^(1/3), a / Rs of a planet with a period of 1 d around the Sun (IAU 2015 values).
_SOLAR_AXIS = 4.2083
_DAY = 86_400.0


@dataclass(frozen=True)
class Orbit:
    """A circular orbit, as are all of the challenges."""

    #: Period in d, semi-major axis in stellar radii, inclination in degrees.
    period: float
    semi_major_axis: float
    inclination: float

    @property
    def impact_parameter(self) -> float:
        """Smallest projected separation of the centres, in stellar radii."""
        return self.semi_major_axis * cos(radians(self.inclination))

    def duration(self, radius_ratio: float) -> float:
        """Return the time from first to last contact in s, 0 without a transit."""
        chord = (1 + radius_ratio) ** 2 - self.impact_parameter**2
        if chord <= 0:
            return 0.0
        reach = sqrt(chord) / (self.semi_major_axis * sin(radians(self.inclination)))
        return self.period * _DAY / pi * float(np.arcsin(min(reach, 1.0)))

    def separation(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the projected separation in stellar radii at ``time`` s after mid-transit.

        It is infinite while the planet is behind the star.
        """
        phase = 2 * pi * time / (self.period * _DAY)
        squared = np.sin(phase) ** 2 + (np.cos(phase) * cos(radians(self.inclination))) ** 2
        return np.where(np.cos(phase) > 0, self.semi_major_axis * np.sqrt(squared), np.inf)


def semi_major_axis(period: float, mass: float, radius: float) -> float:
    """Return a / Rs by Kepler's third law; period in d, stellar mass and radius in solar units."""
    return float(_SOLAR_AXIS * (mass * period**2) ** (1 / 3) / radius)


def orbit_of_crossing(crossing: float, impact: float, mass: float, radius: float) -> Orbit:
    """Return the orbit around a star (solar units) with this impact parameter whose planet crosses it in this time.

    ``crossing`` is P / (pi a / Rs) in s, the time in which the planet's centre moves by the star's diameter.
    """
    # a / Rs grows as P^(2/3), so P / a grows as the cube root of P
    period = (crossing / _DAY * pi * semi_major_axis(1.0, mass, radius)) ** 3
    axis = semi_major_axis(period, mass, radius)
    return Orbit(period, axis, float(np.degrees(np.arccos(impact / axis))))


def draw_star_orbit(rng: np.random.Generator, mass: float, radius: float) -> Orbit:
    """Draw the orbit that a star's planets share in 2024.

    Nearly all real planets of that challenge cross their star in 0.410 of the 27,000 s, at an impact parameter of 0.51
    (star 0) and 0.50 (star 1): fits of this model to their white light curves.
    """
    crossing, impact = rng.normal(0.410, 0.006), np.clip(rng.normal(0.50, 0.04), 0.3, 0.65)
    return orbit_of_crossing(27_000.0 * float(crossing), float(impact), mass, radius)


def draw_orbit_2024(rng: np.random.Generator, mass: float, radius: float, radius_ratio: float) -> Orbit:
    """Draw an orbit for one of the few planets of 2024 that have their own.

    Transits last 0.30 to 0.46 of the visit and impact parameters are 0.1 to 0.6, as fits to those real planets give.
    """
    duration, impact = 27_000.0 * float(rng.uniform(0.30, 0.46)), float(rng.uniform(0.1, 0.6))
    crossing = duration / sqrt((1 + radius_ratio) ** 2 - impact**2)
    return orbit_of_crossing(crossing, impact, mass, radius)


def draw_orbit(rng: np.random.Generator, mass: float, radius: float, radius_ratio: float) -> Orbit:
    """Draw period and impact parameter for a star (solar units) until the transit lasts 1 to 6 h.

    Periods and impact parameters are distributed as in the 2025 challenge, which has a few transits of up to 9 h too;
    the limit keeps 45 minutes of star before and after. Grazing transits are left out.
    """
    while True:
        period = float(rng.uniform(2.78, 7.61))
        axis = semi_major_axis(period, mass, radius)
        impact = abs(float(rng.normal(0.0, 0.36)))
        if impact > 0.9 - radius_ratio:
            continue
        orbit = Orbit(period, axis, float(np.degrees(np.arccos(impact / axis))))
        if 3_600.0 <= orbit.duration(radius_ratio) <= 21_600.0:
            return orbit


def transit_light_curves(
    orbit: Orbit,
    time: NDArray[np.float64],
    depth: NDArray[np.float64],
    limb_darkening: tuple[NDArray[np.float64], NDArray[np.float64]],
    exposure: float = 0.0,
) -> NDArray[np.float64]:
    """Return the star's relative flux per channel, shape (n_channel, n_time).

    Parameters
    ----------
    orbit
        Orbit of the planet.
    time
        Seconds after mid-transit, shape (n_time,).
    depth
        (Rp / Rs)^2 of each channel, shape (n_channel,).
    limb_darkening
        Quadratic coefficients u1, u2 of each channel (Kopal 1950), each of shape (n_channel,).
    exposure
        The flux is the mean over this many seconds around each time.

    Notes
    -----
    The occulted flux is the analytic solution of Agol, Luger & Foreman-Mackey (2020, AJ 159, 123) as implemented in
    exoplanet-core. Exposures are averaged with as many mid-points as keep them within 30 s of each other: an ingress
    takes some 10 minutes.
    """
    points = max(1, int(np.ceil(exposure / 30.0)))
    offsets = ((np.arange(points) + 0.5) / points - 0.5) * exposure
    radius = np.sqrt(depth)
    separation = orbit.separation(time[:, None] + offsets)
    flux = np.ones((len(depth), len(time)))
    touched = np.flatnonzero((separation < 1 + radius.max()).any(axis=1))
    if not len(touched):
        return flux
    b, r = np.broadcast_arrays(separation[touched].reshape(1, -1), radius[:, None])
    # where b is infinite there is no solution, and nothing is occulted
    solution = ops.quad_solution_vector(np.minimum(b, 10.0), np.ascontiguousarray(r))
    u1, u2 = limb_darkening
    coefficients = np.stack([1 - u1 - 1.5 * u2, u1 + 2 * u2, -0.25 * u2], axis=-1)
    coefficients /= (pi * (coefficients[:, 0] + coefficients[:, 1] / 1.5))[:, None]
    occulted = np.einsum("cts,cs->ct", solution, coefficients)
    flux[:, touched] = occulted.reshape(len(depth), len(touched), points).mean(axis=2)
    return flux
