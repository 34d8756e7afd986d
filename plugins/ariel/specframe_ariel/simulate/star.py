"""The star: its parameters, its light on the detectors and its limb darkening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import AIRS, SCIENCE
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["Star", "airs_spectrum", "draw_star", "limb_darkening"]

#: Second radiation constant h c / k_B in um K (CODATA 2018).
_HC_K = 14_387.768_775
#: Half-transmission wavelengths and widths of AIRS-CH0's band edges in um, from the real frames of planet 342072318.
_RED_EDGE, _RED_WIDTH = 3.85, 0.045
_BLUE_EDGE, _BLUE_WIDTH = 1.95, 0.02


@dataclass(frozen=True)
class Star:
    """A star that planets transit."""

    #: Radius and mass in solar units, effective temperature in K.
    radius: float
    mass: float
    temperature: float
    #: Light received, relative to the parameters' ``airs_flux`` and ``fgs1_flux``.
    brightness: float
    #: How its limb darkening differs from :func:`limb_darkening`: u1, u2 are (1 + d) (wavelength / 0.7 um)^e times
    #: those; d of u1, d of u2, e of u1, e of u2.
    darkening: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def limb_darkening(self, wavelength: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the star's own quadratic coefficients u1, u2 at ``wavelength`` (um), each of its shape."""
        u1, u2 = limb_darkening(wavelength, self.temperature)
        d1, d2, e1, e2 = self.darkening
        ratio = wavelength / 0.7
        return u1 * (1 + d1) * ratio**e1, u2 * (1 + d2) * ratio**e2


#: Mass and radius (solar units) of the even and the odd stars of 2024. The radii are those of planets of 3.6 to 8.2
#: Earth radii with the depths of the real labels of star 0 and star 1, whose ratio of 1.75 is what these determine.
_STARS_2024 = ((0.93, 0.91), (1.25, 1.59))


def draw_star(params: SimulatedParams, index: int) -> Star:
    """Draw the star ``index``.

    In 2024 stars are small and large in turn, as the two of the challenge, within 4 %; in 2025 their distributions
    follow the 880 stars of that challenge. Each has its own limb darkening around :func:`limb_darkening`: both
    coefficients scatter by ``params.limb_darkening_scatter``, the exponents by half of it, cut at 1.5 times as much.
    """
    rng = stream(params.seed, Stream.STAR, index)
    mass = float(np.clip(rng.normal(1.09, 0.21), 0.6, 1.8))
    # the main sequence's slopes, and scatter from evolution
    radius = float(np.clip(1.12 * mass**1.3 * np.exp(rng.normal(0.0, 0.14)), 0.65, 2.9))
    temperature = float(np.clip(5_650.0 * mass**0.45 * (1 + rng.normal(0.0, 0.03)), 4_200.0, 7_000.0))
    brightness = float(np.exp(np.clip(rng.normal(0.0, 0.2), -0.5, 0.5)))
    if params.year == 2024:
        mass, radius = _STARS_2024[index % 2] * np.exp(0.04 * rng.standard_normal(2))
        temperature = 5_650.0 * mass**0.45
    scatter = params.limb_darkening_scatter * np.array([1.0, 1.0, 0.5, 0.5])
    d1, d2, e1, e2 = map(float, scatter * np.clip(rng.standard_normal(4), -1.5, 1.5))
    return Star(float(radius), float(mass), float(temperature), brightness, (d1, d2, e1, e2))


def airs_spectrum(temperature: float) -> NDArray[np.float64]:
    """Return each AIRS-CH0 column's share of the star's light on the science columns, shape (356,).

    Black-body photons, times the columns' width in wavelength, between the two band edges. It sums to 1 over the
    science columns.
    """
    wavelength = AIRS.wavelength
    photons = wavelength**-4 / np.expm1(_HC_K / (wavelength * temperature)) * np.abs(np.gradient(wavelength))
    red = 1 / (1 + np.exp((wavelength - _RED_EDGE) / _RED_WIDTH))
    # a fifth of the light passes below the blue edge, until the detector's end
    blue = 0.2 + 0.8 / (1 + np.exp((_BLUE_EDGE - wavelength) / _BLUE_WIDTH))
    spectrum = photons * red * blue
    return np.asarray(spectrum / spectrum[SCIENCE].sum())


def limb_darkening(
    wavelength: NDArray[np.float64], temperature: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quadratic coefficients u1, u2 at ``wavelength`` (um), each of its shape.

    Power laws through tabulated values for 5,500 K main-sequence stars (about 0.42, 0.22 at 0.7 um and 0.13, 0.17 at
    2 um), with the tables' trend in temperature: darker limbs where the star is cooler.
    """
    cooler = (5_500.0 - temperature) / 1_000.0
    u1 = 0.42 * (1 + 0.12 * cooler) * (wavelength / 0.7) ** -1.1
    u2 = 0.22 * (1 - 0.04 * cooler) * (wavelength / 0.7) ** -0.25
    return u1, u2
