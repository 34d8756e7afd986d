"""A simulated planet: everything true of it before an instrument looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import UsageError
from specframe_ariel.simulate.atmosphere import POPULATIONS, Atmosphere, draw_atmosphere
from specframe_ariel.simulate.instrument import AIRS, FGS1, FGS1_WAVELENGTH, SCIENCE, VISIT, Instrument, Readout
from specframe_ariel.simulate.orbit import (
    Orbit,
    draw_orbit,
    draw_orbit_2024,
    draw_star_orbit,
    transit_light_curves,
)
from specframe_ariel.simulate.spectra import TabulatedSpectrum, given_planets
from specframe_ariel.simulate.star import Star, draw_star
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
#: Mid-transit around the middle of the visit in s: standard deviation where planets share an orbit, and range where
#: they have their own. The real ones of 2024 lie 34 s behind it, within 10 s and 200 s.
_TIMING, _OWN_TIMING = 10.0, 200.0


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
    #: Where the depths come from: drawn, or given.
    atmosphere: Atmosphere | TabulatedSpectrum
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
        coefficients = self.star.limb_darkening(self._wavelength(instrument))
        time = readout.pair_time - self.mid_transit[visit]
        return transit_light_curves(
            self.orbit, time, self.depth(instrument), coefficients, exposure=VISIT / readout.pairs
        )

    def _wavelength(self, instrument: Instrument) -> NDArray[np.float64]:
        return instrument.wavelength if instrument.disperses else np.array([self.fgs1_wavelength])


def planet_name(params: SimulatedParams, index: int) -> str:
    """Return the identifier of planet ``index``: that of its label, else a number below 2^32; no two share one.

    Raises
    ------
    UsageError
        When the number is one of the labels' identifiers.
    """
    given = given_planets(params)
    label = given.name(index) if given else None
    if label is not None:
        return label
    start = int(stream(params.seed, Stream.IDENTITY).integers(2**32))
    # an odd factor makes a permutation of the 32-bit numbers; this one spreads neighbours far apart (Knuth)
    name = str((start + index * 2_654_435_761) % 2**32)
    if given and name in given.names:
        raise UsageError(
            f"planet {index} of seed {params.seed} would be called {name}, as one of {params.labels}: "
            "choose another seed"
        )
    return name


def draw_planet(params: SimulatedParams, index: int) -> SimulatedPlanet:
    """Draw planet ``index``. It depends on the seed, the year, the stars and given spectra, not on other planets."""
    rng = stream(params.seed, Stream.PLANET, index)
    shared = params.star_count()
    star_index = index if shared is None else int(rng.integers(shared))
    star = draw_star(params, star_index)
    if params.year == 2024:
        radius = float(rng.uniform(3.6, 8.2)) * _EARTH_RADIUS
        density = exp(rng.normal(0.55, 0.6)) / 1.33  # relative to Jupiter's, in g/cm3
    else:  # larger around larger stars, as the real ones: depths scatter less than radii of planets and stars would
        radius = 1.28 * sqrt(star.radius / 1.22) * exp(rng.normal(0.0, 0.28)) * _JUPITER_RADIUS
        density = exp(rng.normal(-0.06, 0.95)) / (radius / _JUPITER_RADIUS) ** 3
    given = given_planets(params)
    spectrum = given.spectrum(index) if given else None
    ratio = spectrum.radius if spectrum else min(radius / star.radius, 0.28)
    size = ratio * star.radius / _JUPITER_RADIUS
    orbit, timing = _draw_orbit(params, index, star_index, star, ratio)
    temperature = star.temperature / sqrt(2 * orbit.semi_major_axis)  # equilibrium, no albedo
    height = _GAS * temperature / (_JUPITER_GRAVITY * density * size) / _SOLAR_RADIUS_M / star.radius
    visits = 1
    if params.year == 2025 and stream(params.seed, Stream.VISITS, index).random() < params.second_visit:
        visits = 2
    return SimulatedPlanet(
        index=index,
        name=planet_name(params, index),
        star_index=star_index,
        star=star,
        mass=density * size**3,
        atmosphere=spectrum or draw_atmosphere(rng, POPULATIONS[params.year], ratio, height),
        orbit=orbit,
        mid_transit=tuple(VISIT / 2 + shift for shift in timing[:visits]),
        fgs1_wavelength=FGS1_WAVELENGTH[params.year],
    )


def _draw_orbit(
    params: SimulatedParams, index: int, star_index: int, star: Star, ratio: float
) -> tuple[Orbit, tuple[float, float]]:
    """Return the orbit, and mid-transit in s after the middle of two visits."""
    rng = stream(params.seed, Stream.OWN_ORBIT, index)
    phase = stream(params.seed, Stream.ORBIT_PHASE, index)
    if rng.random() >= params.own_orbit_fraction():
        together = stream(params.seed, Stream.STAR_ORBIT, star_index)
        return draw_star_orbit(together, star.mass, star.radius), tuple(phase.normal(0.0, _TIMING, 2).tolist())
    draw = draw_orbit_2024 if params.year == 2024 else draw_orbit
    return draw(rng, star.mass, star.radius, ratio), tuple(phase.uniform(-_OWN_TIMING, _OWN_TIMING, 2).tolist())
