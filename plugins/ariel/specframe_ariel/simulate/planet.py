"""A simulated planet: everything true of it before an instrument looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.atmosphere import Atmosphere, draw_atmosphere
from specframe_ariel.simulate.instrument import AIRS, FGS1, FGS1_WAVELENGTH, SCIENCE, VISIT, Instrument, Readout
from specframe_ariel.simulate.orbit import Orbit, draw_orbit, transit_light_curves
from specframe_ariel.simulate.star import Star, draw_star, limb_darkening
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["SimulatedPlanet", "draw_planet", "planet_name"]

#: Radii in solar radii and gravity at Jupiter's radius and mass in m/s2 (IAU 2015 nominal values).
_EARTH_RADIUS = 6.3781e6 / 6.957e8
_JUPITER_RADIUS = 7.1492e7 / 6.957e8
_JUPITER_GRAVITY = 24.79
#: Gas constant over the mean molecular weight of hydrogen and helium, 2.3 g/mol, in m2 / (s2 K).
_GAS = 8.314463 / 2.3e-3
_SOLAR_RADIUS_M = 6.957e8


@dataclass(frozen=True)
class SimulatedPlanet:
    """A planet, its star and its orbit."""

    index: int
    name: str
    #: Number of the star; planets of one star share it.
    star_index: int
    star: Star
    #: Mass in Jupiter masses.
    mass: float
    atmosphere: Atmosphere
    orbit: Orbit
    #: Mid-transit in s after the start of each visit.
    mid_transit: tuple[float, ...]
    #: Wavelength in um that stands for FGS1.
    fgs1_wavelength: float

    def depth(self, instrument: Instrument) -> NDArray[np.float64]:
        """Return the true transit depth of each channel: AIRS-CH0's 356 raw columns, or the one of FGS1."""
        return self.atmosphere.depth(self._wavelength(instrument))

    def labels(self) -> NDArray[np.float64]:
        """Return the true depths wl_1 .. wl_283: FGS1, then AIRS ascending in wavelength."""
        return np.concatenate([self.depth(FGS1), self.depth(AIRS)[SCIENCE][::-1]])

    def star_info(self) -> dict[str, float]:
        """Return what the 2025 challenge tells of a planet, under its names.

        Radius, mass (solar) and temperature (K) of the star, mass of the planet (Jupiter's), eccentricity, period (d),
        semi-major axis (stellar radii) and inclination (degrees).
        """
        return {
            "Rs": self.star.radius,
            "Ms": self.star.mass,
            "Ts": self.star.temperature,
            "Mp": self.mass,
            "e": 0.0,
            "P": self.orbit.period,
            "sma": self.orbit.semi_major_axis,
            "i": self.orbit.inclination,
        }

    def light_curves(self, instrument: Instrument, readout: Readout, visit: int) -> NDArray[np.float64]:
        """Return the star's relative flux without noise in each channel and pair, shape (n_channel, n_pair).

        Each is the mean over the pair's share of the visit, around its mean time stamp.
        """
        coefficients = limb_darkening(self._wavelength(instrument), self.star.temperature)
        time = readout.pair_time - self.mid_transit[visit]
        return transit_light_curves(
            self.orbit, time, self.depth(instrument), coefficients, exposure=VISIT / readout.pairs
        )

    def _wavelength(self, instrument: Instrument) -> NDArray[np.float64]:
        return instrument.wavelength if instrument.disperses else np.array([self.fgs1_wavelength])


def planet_name(seed: int, index: int) -> str:
    """Return the identifier of planet ``index``: below 2^32, and never the same for two planets of a seed."""
    start = int(stream(seed, Stream.IDENTITY).integers(2**32))
    # an odd factor makes a permutation of the 32-bit numbers; this one spreads neighbours far apart (Knuth)
    return str((start + index * 2_654_435_761) % 2**32)


def draw_planet(params: SimulatedParams, index: int) -> SimulatedPlanet:
    """Draw planet ``index``. It depends on the seed, the year and the stars, not on the other planets."""
    rng = stream(params.seed, Stream.PLANET, index)
    shared = params.star_count()
    star_index = index if shared is None else int(rng.integers(shared))
    star = draw_star(params.seed, star_index)
    if params.year == 2024:
        radius = float(rng.uniform(3.5, 9.5)) * _EARTH_RADIUS
        density = exp(rng.normal(0.55, 0.6)) / 1.33  # relative to Jupiter's, in g/cm3
        mass = density * (radius / _JUPITER_RADIUS) ** 3
    else:
        radius = float(np.clip(rng.normal(1.23, 0.24), 0.5, 2.1)) * _JUPITER_RADIUS
        mass = exp(rng.normal(-0.06, 0.95))
    ratio = min(radius / star.radius, 0.28)
    orbit = draw_orbit(rng, star.mass, star.radius, ratio)
    temperature = star.temperature / sqrt(2 * orbit.semi_major_axis)  # equilibrium, no albedo
    gravity = _JUPITER_GRAVITY * mass / (radius / _JUPITER_RADIUS) ** 2
    height = _GAS * temperature / gravity / _SOLAR_RADIUS_M / star.radius
    visits = 1
    if params.year == 2025 and stream(params.seed, Stream.VISITS, index).random() < params.second_visit:
        visits = 2
    phase = stream(params.seed, Stream.ORBIT_PHASE, index)
    return SimulatedPlanet(
        index=index,
        name=planet_name(params.seed, index),
        star_index=star_index,
        star=star,
        mass=mass,
        # a planet that loses its air is no giant for long: the height is at most 4 % of the radius
        atmosphere=draw_atmosphere(rng, ratio, min(height, 0.04 * ratio)),
        orbit=orbit,
        mid_transit=tuple(VISIT / 2 + float(phase.normal(0.0, 90.0)) for _ in range(visits)),
        fgs1_wavelength=FGS1_WAVELENGTH[params.year],
    )
