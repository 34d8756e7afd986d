"""What the telescope adds to the star's light: a slow drift in time and wavelength, and the pointing's jitter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import VISIT, Instrument, Readout
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["Systematics", "draw_systematics"]


@dataclass(frozen=True)
class Systematics:
    """Systematics of one instrument in one visit."""

    #: Multiplies the light of each channel and pair, shape (n_channel, n_pair).
    drift: NDArray[np.float64]
    #: Pointing of each pair in pixels along rows and columns, shape (n_pair,).
    pointing_y: NDArray[np.float64]
    pointing_x: NDArray[np.float64]


def draw_systematics(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, readout: Readout
) -> Systematics:
    """Draw the systematics of planet ``index``.

    The drift is 1 + sum a_k (1 + c_k w) p_k(t), with t in -1..1 over the visit, p_k = t, t^2 - 1/3 and t^3 - 3t/5, w
    in -1..1 over the wavelengths, a_k of ``params.drift`` (a third of it for the cubic) and c_k of 0.3. The pointing
    is white noise, which averages over the real pairs that a pair stands for.
    """
    rng = stream(params.seed, Stream.SYSTEMATICS, index, instrument.index, visit)
    amplitude = params.drift * np.array([1.0, 1.0, 0.33]) * rng.standard_normal(3)
    slope = 0.3 * rng.standard_normal(3)
    t = 2 * readout.pair_time / VISIT - 1
    shapes = np.stack([t, t**2 - 1 / 3, t**3 - 0.6 * t])
    w = np.linspace(1.0, -1.0, instrument.columns) if instrument.disperses else np.zeros(1)
    drift = 1 + (1 + w[:, None] * slope) @ (amplitude[:, None] * shapes)
    jitter = params.jitter / np.sqrt(readout.coadded) * rng.standard_normal((2, readout.pairs))
    return Systematics(drift, jitter[0], jitter[1])
