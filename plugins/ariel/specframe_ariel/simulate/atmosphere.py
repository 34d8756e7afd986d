"""The planet's atmosphere: transit depth against wavelength, which is what the labels are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOLECULES", "Atmosphere", "draw_atmosphere"]

#: Band-like features per molecule: (centre in um, width in um, height in decades of cross-section). Not line lists:
#: places and relative strengths are those of the well-known bands between 0.6 and 4.1 um.
_BANDS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "H2O": ((1.40, 0.07, 2.2), (1.88, 0.09, 2.4), (2.66, 0.05, 2.2), (2.78, 0.13, 2.6), (3.05, 0.20, 1.4)),
    "CH4": ((1.67, 0.05, 1.6), (2.33, 0.12, 2.1), (3.15, 0.07, 1.0), (3.32, 0.025, 1.1), (3.38, 0.22, 2.6)),
    "CO2": ((2.01, 0.02, 1.4), (2.06, 0.02, 1.3), (2.70, 0.03, 2.4), (2.77, 0.025, 2.4), (4.25, 0.14, 3.5)),
    "NH3": ((1.50, 0.06, 1.6), (1.98, 0.07, 1.7), (2.25, 0.07, 1.6), (2.97, 0.10, 2.3)),
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

    def depth(self, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the transit depth (Rp / Rs)^2 at ``wavelength`` (um), of its shape."""
        altitude = self._log_opacity(wavelength) - self._log_opacity(_REFERENCE).mean()
        return np.asarray(np.square(self.radius + self.scale_height * altitude))

    def _log_opacity(self, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
        opacity = np.full(wavelength.shape, 10.0**self.log_cloud)
        opacity += 10.0**self.log_haze * (wavelength / 0.7) ** -4
        for abundance, bands in zip(self.log_abundance, _BANDS.values(), strict=True):
            height = sum(h * np.exp(-0.5 * ((wavelength - centre) / width) ** 2) for centre, width, h in bands)
            opacity += 10.0 ** (abundance + height)
        return np.asarray(np.log(opacity))


def draw_atmosphere(rng: np.random.Generator, radius: float, scale_height: float) -> Atmosphere:
    """Draw abundances, clouds and haze for a planet of the given radius and scale height (stellar radii)."""
    abundances = np.array([-1.1, 0.3, -2.0, -1.6]) + rng.normal(0.0, [0.8, 1.3, 0.9, 0.9])
    return Atmosphere(
        radius=radius,
        scale_height=scale_height,
        log_abundance=tuple(float(a) for a in abundances),
        log_cloud=float(rng.uniform(-1.0, 3.5)),
        log_haze=float(rng.normal(-1.0, 0.6)),
    )
