"""The telescope's pointing: fast jitter, and optionally a slow walk and a periodic motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import VISIT, Instrument, Readout
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["draw_pointing"]

#: Steps of the random walk in a visit; between them the pointing is interpolated.
_STEPS = 1_125


def draw_pointing(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, readout: Readout
) -> NDArray[np.float64]:
    """Return the pointing of each pair of reads in pixels along rows and columns, shape (2, n_pair).

    The sum of the jitter, white noise of ``instrument.jitter`` per real pair that averages over those a pair stands
    for; a random walk that has a standard deviation of ``params.pointing_walk`` at the end of the visit; and a sine of
    amplitude ``params.pointing_wave`` and a random phase in each direction. The slow motions have mean zero and are the
    telescope's: both instruments see the same.
    """
    rng = stream(params.seed, Stream.POINTING, index, instrument.index, visit)
    jitter = params.jitter * np.array(instrument.jitter)[:, None] / np.sqrt(readout.coadded)
    pointing = jitter * rng.standard_normal((2, readout.pairs))
    if params.pointing_walk > 0 or params.pointing_wave > 0:
        pointing += _slow(params, stream(params.seed, Stream.POINTING, index, 2, visit), readout)
    return np.asarray(pointing)


def _slow(params: SimulatedParams, rng: np.random.Generator, readout: Readout) -> NDArray[np.float64]:
    grid = np.linspace(0.0, VISIT, _STEPS + 1)
    steps = rng.normal(0.0, params.pointing_walk / np.sqrt(_STEPS), (2, _STEPS))
    walk = np.concatenate([np.zeros((2, 1)), np.cumsum(steps, axis=1)], axis=1)
    phase = rng.uniform(0.0, 2 * np.pi, (2, 1))
    path = walk + params.pointing_wave * np.sin(2 * np.pi * grid / params.pointing_period + phase)
    path -= path.mean(axis=1, keepdims=True)
    return np.stack([np.interp(readout.pair_time, grid, one) for one in path])
