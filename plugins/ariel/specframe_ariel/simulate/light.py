"""The star's light on the detector: how much of it falls on each column and pixel in every pair of reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.pointing import draw_pointing
from specframe_ariel.simulate.star import airs_spectrum
from specframe_ariel.simulate.systematics import draw_systematics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.instrument import Instrument, Readout
    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["Light", "light_of"]


@dataclass(frozen=True)
class Light:
    """Light of one star on one instrument in one visit; a channel is a column where the columns disperse, else one.

    The light of a pixel is ``rate[channel] * (share + slope_y * pointing[0] + slope_x * pointing[1])``.
    """

    instrument: Instrument
    readout: Readout
    #: Light of each channel before the planet, in e-/s, blended with that of its neighbours, shape (n_channel,).
    star: NDArray[np.float64]
    #: Relative flux in the transit alone, blended like the light, and the systematics' factor: (n_channel, n_pair).
    transit: NDArray[np.float64]
    drift: NDArray[np.float64]
    #: Pointing of each pair in pixels along rows and columns, shape (2, n_pair).
    pointing: NDArray[np.float64]
    #: Relative change of each channel's light per pixel of pointing along the wavelengths, shape (n_channel,).
    spectral_slope: NDArray[np.float64]
    #: Transit depth of each channel as the labels have it, and blended with its neighbours', shape (n_channel,).
    depth_label: NDArray[np.float64]
    depth: NDArray[np.float64]
    #: Sky background, e-/s per pixel.
    sky: float

    @property
    def spectral_shift(self) -> NDArray[np.float64]:
        """Factor on each channel's light from pointing along the wavelengths, shape (n_channel, n_pair)."""
        return np.asarray(1 + self.spectral_slope[:, None] * self.pointing[1])

    @cached_property
    def rate(self) -> NDArray[np.float64]:
        """Light of each channel in e-/s, shape (n_channel, n_pair): all but the point spread across the columns."""
        return np.asarray(self.star[:, None] * self.transit * self.drift * self.spectral_shift)

    @property
    def channel(self) -> NDArray[np.intp]:
        """Channel of each column, shape (n_column,)."""
        columns = np.arange(self.instrument.columns)
        return columns if self.instrument.disperses else np.zeros_like(columns)


def light_of(params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int) -> Light:
    """Return the light of a visit of ``planet``.

    Along the wavelengths a channel's light is spread over its neighbours by the point spread's core, as wide as across
    them times ``params.spectral_blur``. The pointing along them moves the blended spectrum, to first order.
    """
    readout = instrument.readout(params.pairs(instrument.name))
    drift = draw_systematics(params, planet.index, instrument, visit, readout).drift
    pointing = draw_pointing(params, planet.index, instrument, visit, readout)
    transit = planet.light_curves(instrument, readout, visit)
    depth = planet.depth(instrument)
    if not instrument.disperses:
        star = np.array([params.fgs1_flux * planet.star.brightness])
        return Light(instrument, readout, star, transit, drift, pointing, np.zeros(1), depth, depth, params.fgs1_sky)
    star = params.airs_flux * planet.star.brightness * airs_spectrum(planet.star.temperature)
    blend, moved = instrument.spectral_blend(params.spectral_blur)
    blended = blend @ star
    weight = blend * star / blended[:, None]
    return Light(
        instrument,
        readout,
        blended,
        weight @ transit,
        drift,
        pointing,
        (moved @ star) / blended,
        depth,
        weight @ depth,
        params.airs_sky,
    )
