"""Noise with heavy tails: Student's t as normal noise whose precision differs from target to target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaincinv, ndtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["half_widths", "precisions", "updated_degrees"]

#: Between these the degrees of freedom are sought: below 2 there is no variance, above 100 no difference to a normal.
_LEAST, _MOST = 2.1, 100.0
#: Points at which the distribution of precisions is taken, evenly in probability, and shares of noise in a variance.
_POINTS, _SHARES = 400, 41
#: Halvings of an interval that holds a quantile: to 1e-9 of the standard deviation.
_HALVINGS = 40


def precisions(square: NDArray[np.float64], count: int, degrees: float) -> NDArray[np.float64]:
    """Return the expected relative precision of each target (n,), 1 for one as noisy as the others.

    ``square (n,)`` is the expected squared residual in units of the variance of the noise, summed over ``count``
    components, which share the precision of their target (Lange, Little & Taylor 1989, J. Am. Stat. Assoc. 84, 881,
    eq. 8; with a Gaussian process, Tipping & Lawrence 2005, Neurocomputing 69, 123).
    """
    return np.asarray((degrees + count) / (degrees + square))


def updated_degrees(precision: NDArray[np.float64], weight: NDArray[np.float64], count: int, degrees: float) -> float:
    """Return the degrees of freedom that are most probable with these expected precisions (n,).

    The root of Lange, Little & Taylor's eq. 13, in which the precisions' logarithms are expected with the ``degrees``
    that they were found with.
    """
    shape = 0.5 * (degrees + count)
    log = digamma(shape) - np.log(shape) + np.log(precision)
    mean = float(np.average(log - precision, weights=weight))

    def slope(value: float) -> float:
        return float(1.0 + np.log(0.5 * value) - digamma(0.5 * value) + mean)

    if slope(_MOST) > 0:
        return _MOST
    return _LEAST if slope(_LEAST) < 0 else float(brentq(slope, _LEAST, _MOST))


def half_widths(
    normal: NDArray[np.float64], noise: NDArray[np.float64], degrees: float, levels: Sequence[float]
) -> NDArray[np.float64]:
    """Return half the central intervals that hold ``levels``, shape (..., n_level).

    They are those of the sum of a normal error of variance ``normal`` and one of Student's t with ``degrees`` of
    freedom and squared scale ``noise``, both of shape (...).
    """
    probability = (np.arange(_POINTS) + 0.5) / _POINTS
    precision = gammaincinv(0.5 * degrees, probability) / (0.5 * degrees)
    share = np.linspace(0.0, 1.0, _SHARES)
    scale = np.sqrt(1.0 - share[:, None] + share[:, None] / precision)  # shape: (n_share, n_point)
    total = normal + noise
    of_total = noise / np.where(total > 0, total, 1.0)
    found = []
    for level in levels:
        low, high = np.zeros(_SHARES), np.full(_SHARES, 20.0 * scale.max())
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            held = np.mean(2.0 * ndtr(middle[:, None] / scale) - 1.0, axis=1)
            low, high = np.where(held < level, middle, low), np.where(held < level, high, middle)
        found.append(np.sqrt(total) * np.interp(of_total, share, high))
    return np.stack(found, axis=-1)
