"""The planet's atmosphere: transit depth against wavelength, which is what the labels are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOLECULES", "POPULATIONS", "Atmosphere", "Population", "draw_atmosphere"]

#: Band-like features per molecule: (centre in um, width in um, height in decades of cross-section). Not line lists:
#: places and relative strengths are those of the well-known bands between 0.6 and 4.1 um.
_BANDS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "H2O": (
        (1.40, 0.07, 2.2),
        (1.88, 0.09, 2.4),
        (2.62, 0.04, 1.2),
        (2.68, 0.045, 1.9),
        (2.78, 0.13, 2.5),
        (3.05, 0.22, 1.4),
    ),
    "CH4": ((1.67, 0.05, 1.6), (2.33, 0.12, 2.1), (3.15, 0.07, 1.0), (3.325, 0.018, 0.9), (3.38, 0.22, 2.6)),
    "CO2": ((2.01, 0.02, 1.4), (2.06, 0.02, 1.3), (2.70, 0.03, 2.4), (2.77, 0.025, 2.4), (4.25, 0.14, 3.5)),
    "NH3": ((1.50, 0.06, 1.6), (1.98, 0.07, 1.7), (2.25, 0.07, 1.6), (2.97, 0.10, 2.3)),
    "CO": ((2.345, 0.045, 2.0), (4.65, 0.15, 3.0)),
    "HCN": ((1.53, 0.03, 1.5), (2.50, 0.05, 0.8), (3.02, 0.06, 2.6), (3.10, 0.09, 1.6)),
    "H2S": ((1.58, 0.05, 1.2), (2.62, 0.07, 1.8), (3.75, 0.16, 1.8)),
}
MOLECULES = tuple(_BANDS)
#: Where the mean of the logarithmic opacity defines the radius, in um: the band that the labels cover.
_REFERENCE = np.linspace(1.95, 3.90, 196)


@dataclass(frozen=True)
class Atmosphere:
    """An isothermal atmosphere whose effective radius follows the opacity, R(wl) = R_0 + H ln kappa(wl).

    This is the analytic transmission spectrum of Lecavelier des Etangs et al. (2008, A&A 481, L83).
    """

    #: Mean planet radius between 1.95 and 3.90 um, and scale height H, both in stellar radii.
    radius: float
    scale_height: float
    #: Abundances of :data:`MOLECULES`, of a grey cloud and of a haze, as log10 of opacity where a band has height 0.
    log_abundance: tuple[float, ...]
    log_cloud: float
    log_haze: float
    #: Factors on the height and on the width of each molecule's bands, in the order of the table; empty: all 1.
    band_heights: tuple[float, ...] = ()
    band_widths: tuple[float, ...] = ()

    def depth(self, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the transit depth (Rp / Rs)^2 at ``wavelength`` (um), of its shape."""
        altitude = self._log_opacity(wavelength) - self._log_opacity(_REFERENCE).mean()
        return np.asarray(np.square(self.radius + self.scale_height * altitude))

    def _log_opacity(self, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
        opacity = np.full(wavelength.shape, 10.0**self.log_cloud)
        opacity += 10.0**self.log_haze * (wavelength / 0.7) ** -4
        heights, widths = iter(self.band_heights or _UNCHANGED), iter(self.band_widths or _UNCHANGED)
        for abundance, bands in zip(self.log_abundance, _BANDS.values(), strict=True):
            height = sum(
                next(heights) * h * np.exp(-0.5 * ((wavelength - centre) / (next(widths) * width)) ** 2)
                for centre, width, h in bands
            )
            opacity += 10.0 ** (abundance + height)
        return np.asarray(np.log(opacity))


_N_BANDS = sum(map(len, _BANDS.values()))
_UNCHANGED = (1.0,) * _N_BANDS


@dataclass(frozen=True)
class Population:
    """Distributions of the planets' air: a handful of numbers, chosen so that spectra vary as a challenge's labels do.

    Abundances, cloud and haze are log10 of opacity in arbitrary, common units; clouds are uniform between two values,
    everything else is normal, given as mean and standard deviation.
    """

    abundance: tuple[tuple[float, float], ...]
    cloud: tuple[float, float]
    haze: tuple[float, float]
    #: Natural logarithm of the scale height over that of hydrogen and helium at the planet's equilibrium temperature:
    #: heavier air, cooler limbs, and what a planet's density does not tell.
    log_height: tuple[float, float]
    #: Standard deviations of the factors on each band's height and width.
    band_height: float
    band_width: float


#: By year of the challenge; abundances in the order of :data:`MOLECULES`.
POPULATIONS = {
    2024: Population(
        abundance=(
            (-1.17, 1.05),
            (1.70, 1.94),
            (-2.46, 0.65),
            (-0.84, 0.54),
            (-2.66, 0.59),
            (-3.90, 0.30),
            (-3.20, 0.16),
        ),
        cloud=(-1.27, 1.22),
        haze=(-2.30, 0.58),
        log_height=(-1.17, 1.00),
        band_height=0.19,
        band_width=0.01,
    ),
    2025: Population(
        abundance=(
            (0.01, 0.01),
            (-0.33, 1.98),
            (-0.97, 0.14),
            (-0.90, 0.01),
            (-1.24, 0.17),
            (-0.61, 1.52),
            (-2.30, 1.50),
        ),
        cloud=(-1.70, 1.75),
        haze=(0.96, 2.52),
        log_height=(-1.26, 0.01),
        band_height=0.31,
        band_width=0.003,
    ),
}


def draw_atmosphere(rng: np.random.Generator, population: Population, radius: float, scale_height: float) -> Atmosphere:
    """Draw air for a planet of the given radius and scale height (of hydrogen and helium), both in stellar radii.

    The height drawn is at most 4 % of the radius: a planet that loses its air is no giant for long.
    """
    mean, std = np.array(population.abundance).T
    height = scale_height * float(np.exp(rng.normal(*population.log_height)))
    return Atmosphere(
        radius=radius,
        scale_height=min(height, 0.04 * radius),
        log_abundance=_floats(rng.normal(mean, std)),
        log_cloud=float(rng.uniform(*population.cloud)),
        log_haze=float(rng.normal(*population.haze)),
        band_heights=_floats(1 + population.band_height * rng.standard_normal(_N_BANDS)),
        band_widths=_floats(np.exp(population.band_width * rng.standard_normal(_N_BANDS))),
    )


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
