"""Cosmic rays: charge that they leave in pixels, between the reset and the first read or between the two reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import ROWS, Instrument, Readout
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["MEDIAN_CHARGE", "CosmicRays", "draw_cosmic_rays"]

#: Area of a pixel in cm2: 18 um square, as of the HAWAII-1RG detectors.
PIXEL_AREA = (18e-4) ** 2
#: Charge that a typical particle leaves, e-: 6 keV in JWST/NIRSpec's HgCdTe (Rauscher & Fixsen 2025, PASP 137, 095003).
MEDIAN_CHARGE = 5_200.0
#: Thickness of the sensitive layer in pixels (5 um), which makes the tracks' lengths, and the width to which charge
#: spreads before it is collected (3 um, one standard deviation).
_THICKNESS = 5 / 18
_DIFFUSION = 3 / 18
#: A track is drawn as this many equal charges.
_POINTS = 32


@dataclass(frozen=True)
class CosmicRays:
    """Charge left in pixels, one entry for each pixel and pair that is hit, sorted by pixel."""

    #: Pixel in C order of (row, column), and pair.
    pixel: NDArray[np.intp]
    pair: NDArray[np.intp]
    #: Charge in e- before the first read, which both reads see, and between the two; shape (n, 2).
    charge: NDArray[np.float32]

    def row(self, row: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        """Return column, pair and charge of what hits a row."""
        first, last = np.searchsorted(self.pixel, [row * columns, (row + 1) * columns])
        return self.pixel[first:last] - row * columns, self.pair[first:last], self.charge[first:last]


def draw_cosmic_rays(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, readout: Readout
) -> CosmicRays:
    """Draw the hits of a visit: ``params.cosmic_rays`` per cm2 and s, from all directions.

    Their number is Poisson's, for the time from each reset to the second read. A particle crosses the layer at an angle
    theta, whose cosine has the density 2 cos(theta) of an isotropic flux through a plane, and leaves charge along its
    track, of length thickness / cos(theta): the charge Q exceeds q in a share (Q_min / q)^2 of the hits, with the
    median of :data:`MEDIAN_CHARGE`. Diffusion spreads it. Most hits are in one pixel or two.
    """
    rng = stream(params.seed, Stream.COSMIC_RAYS, index, instrument.index, visit)
    exposed = readout.short + readout.long
    per_pair = params.cosmic_rays * PIXEL_AREA * ROWS * instrument.columns * exposed
    count = int(rng.poisson(per_pair * readout.pairs))
    pair = rng.integers(readout.pairs, size=count)
    late = (rng.random(count) < readout.long / exposed).astype(np.intp)
    cosine = np.sqrt(1.0 - rng.random(count))  # above 0
    charge = MEDIAN_CHARGE / np.sqrt(2.0) / cosine
    length = np.minimum(_THICKNESS * np.sqrt(1 / cosine**2 - 1), ROWS)
    azimuth = rng.uniform(0.0, 2 * np.pi, count)
    start = rng.random((2, count)) * np.array([[ROWS], [instrument.columns]])
    direction = length * np.stack([np.sin(azimuth), np.cos(azimuth)])
    along = (np.arange(_POINTS) + 0.5) / _POINTS
    place = start[:, :, None] + direction[:, :, None] * along
    place += _DIFFUSION * rng.standard_normal(place.shape)
    y, x = np.floor(place).astype(np.intp)  # shape (count, points)
    inside = (y >= 0) & (y < ROWS) & (x >= 0) & (x < instrument.columns)
    # one number for each pixel, pair and read, to add up what comes together
    key = ((y * instrument.columns + x) * readout.pairs + pair[:, None])[inside]
    part = np.broadcast_to(charge[:, None] / _POINTS, inside.shape)[inside]
    where, entry = np.unique(key, return_inverse=True)
    total = np.zeros((len(where), 2))
    np.add.at(total, (entry, np.broadcast_to(late[:, None], inside.shape)[inside]), part)
    return CosmicRays(where // readout.pairs, where % readout.pairs, total.astype(np.float32))
