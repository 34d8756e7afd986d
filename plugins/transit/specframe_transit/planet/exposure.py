"""Where exposures are sampled, so that a mean over their length is exact enough where the flux changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.planet.orbit import Orbit

__all__ = ["Sampling", "gauss_legendre", "sample_exposures"]

#: Gauss-Legendre points per exposure at the limb: at least these, and so many per planet's diameter travelled.
_MIN_POINTS, _MAX_POINTS, _POINTS_PER_DIAMETER = 5, 256, 16
#: Points, at least, of exposures during which a contact happens: there the flux has a kink.
_CONTACT_POINTS = 32
#: Channels with smaller planets than this part of the largest, mostly noise, do not ask for more points than it.
_SMALL = 0.2
#: Points elsewhere, at least, and per stellar radius travelled.
_INSIDE_POINTS, _INSIDE_PER_RADIUS = 3, 8


@dataclass(frozen=True)
class Sampling:
    """Points at which exposures are evaluated, all others see the whole star (or the whole planet).

    ``touched`` exposures (n_touched,), ``time`` and ``weight`` of their points (n_point,), the weights of an exposure
    summing to 1, and the ``first`` point of each (n_touched,).
    """

    touched: NDArray[np.intp]
    time: NDArray[np.float64]
    weight: NDArray[np.float64]
    first: NDArray[np.intp]

    def mean(self, values: NDArray[np.float64], n_time: int) -> NDArray[np.float64]:
        """Average values at the points (..., n_point) over each exposure, (..., n_time); 0 where not touched."""
        result = np.zeros((*values.shape[:-1], n_time))
        if len(self.touched) == len(self.weight):
            result[..., self.touched] = values * self.weight
        elif len(self.touched):
            result[..., self.touched] = np.add.reduceat(values * self.weight, self.first, axis=-1)
        return result


def sample_exposures(
    orbit: Orbit,
    time: NDArray[np.float64],
    exposure: float,
    smallest: float,
    largest: float,
    eclipse: bool = False,
) -> Sampling:
    """Choose the points of exposures of length ``exposure`` (d) around ``time`` (n_time,), by Gauss-Legendre's rule.

    Exposures that reach the limb of the star get the more points the farther the planet moves during one, and those
    that hold a contact the most; ``smallest`` and ``largest`` are the radius ratios of all channels.
    """
    path = orbit.path(time)
    separation = np.sqrt(path.squared)
    # no farther does the planet move during half an exposure: the speed at periastron
    e = orbit.eccentricity
    half = 0.5 * exposure * 2.0 * pi / orbit.period * orbit.semi_major_axis * sqrt((1.0 + e) / (1.0 - e))
    touched = np.flatnonzero((separation < 1.0 + largest + half) & (path.in_front != eclipse))
    if exposure <= 0:
        return Sampling(touched, time[touched], np.ones(len(touched)), np.arange(len(touched)))
    at = separation[touched]
    near = at > abs(1.0 - largest) - half - min(2.0 * largest, 0.5)
    contacts = [sorted((abs(1.0 + sign * smallest), abs(1.0 + sign * largest))) for sign in (-1.0, 1.0)]
    kinked = np.any([(at > low - half) & (at < high + half) for low, high in contacts], axis=0)
    travelled = half / min(max(smallest, _SMALL * largest, 1e-3), 1.0)
    often = min(max(ceil(_POINTS_PER_DIAMETER * travelled), _MIN_POINTS), _MAX_POINTS)
    seldom = min(max(ceil(_INSIDE_PER_RADIUS * half), _INSIDE_POINTS), often)
    rules = [gauss_legendre(number) for number in (seldom, often, max(often, _CONTACT_POINTS))]
    which = np.where(kinked, 2, near.astype(int))
    count = np.array([len(points) for points, _ in rules])[which]
    offset = np.concatenate([rules[i][0] for i in which] or [np.zeros(0)])
    weight = np.concatenate([rules[i][1] for i in which] or [np.zeros(0)])
    first = (np.cumsum(count) - count).astype(np.intp)
    return Sampling(touched, np.repeat(time[touched], count) + 0.5 * exposure * offset, 0.5 * weight, first)


@lru_cache(maxsize=64)
def gauss_legendre(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points in -1 ... 1 and weights that sum to 2."""
    points, weights = np.polynomial.legendre.leggauss(number)
    return points, weights
