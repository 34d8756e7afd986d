"""What the telescope adds to the star's light: a slow drift in time and wavelength."""

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

#: Robust standard deviations of the coefficients of the Legendre polynomials P1 .. P4 of time, relative to P1's, and
#: their rank correlations as those of normal deviates: measured on the white light curves of the 470 real planets of
#: 2024 that share their star's orbit, whose transit was divided out (docs/explanation/simulator.md).
_AMPLITUDE = np.array([1.0, 0.52, 0.195, 0.053])
_CORRELATION = np.array(
    [
        [1.00, 0.68, 0.45, 0.24],
        [0.68, 1.00, 0.80, 0.48],
        [0.45, 0.80, 1.00, 0.74],
        [0.24, 0.48, 0.74, 1.00],
    ]
)
#: P2 .. P4 have the tails of Student's t with 3 degrees of freedom, whose 1.4826 MAD is 1.134; P1 is normal.
_FREEDOM, _T_SCALE = 3.0, 1.134
#: Number of the stream that both instruments share.
_SHARED = 2


@dataclass(frozen=True)
class Systematics:
    """Systematics of one instrument in one visit."""

    #: Multiplies the light of each channel and pair, shape (n_channel, n_pair).
    drift: NDArray[np.float64]


def draw_systematics(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, readout: Readout
) -> Systematics:
    """Draw the systematics of planet ``index``.

    The drift is 1 + sum_k a_k (1 + b_k w + c_k (3 w^2 - 1) / 2) P_k(t), with the Legendre polynomials P_1 .. P_4 of t
    in -1..1 over the visit and w in -1..1 over the wavelengths. The a_k are correlated and heavy-tailed as the real
    ones, a_1 with the standard deviation ``params.drift``; b_k and c_k are normal with ``params.drift_colour`` and a
    third of it, and 0 of FGS1. A share ``params.drift_shared`` of the a_k's variance is common to both instruments.
    """
    rng = stream(params.seed, Stream.SYSTEMATICS, index, instrument.index, visit)
    together = stream(params.seed, Stream.SYSTEMATICS, index, _SHARED, visit)
    factor = np.linalg.cholesky(_CORRELATION)
    tail = np.sqrt(_FREEDOM / together.chisquare(_FREEDOM)) / _T_SCALE
    shared, own = factor @ together.standard_normal(4), factor @ rng.standard_normal(4)
    normal = np.sqrt(params.drift_shared) * shared + np.sqrt(1 - params.drift_shared) * own
    amplitude = params.drift * _AMPLITUDE * normal * np.array([1.0, tail, tail, tail])
    slope, curvature = params.drift_colour * np.array([[1.0], [1 / 3]]) * rng.standard_normal((2, 4))
    per_channel = amplitude[None]
    if instrument.disperses:
        w = np.linspace(1.0, -1.0, instrument.columns)[:, None]
        per_channel = amplitude * (1 + slope * w + curvature * (3 * w**2 - 1) / 2)
    legendre = np.polynomial.legendre.legvander(2 * readout.pair_time / VISIT - 1, 4)[:, 1:]
    return Systematics(1 + per_channel @ legendre.T)
