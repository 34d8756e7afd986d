"""How much draws of a prediction differ, and what that says of its error beside the error that it had before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["ManyDraws", "combined_scale", "convolved_quantile", "degrees_of_freedom", "student_factor", "student_half"]

#: Student's t has a variance from above two degrees of freedom on; fewer than so many count as so many, which bounds
#: the factor on std at the root of 3. Intervals take the true number.
_LEAST_DEGREES = 3.0
#: From so many degrees of freedom on, Student's t and the normal distribution agree to 1e-5 of a standard deviation.
_NORMAL_DEGREES = 1e6
#: Probability to which a quantile of a convolution is found: a hundredth of a rank of 1000 draws.
_TOLERANCE = 1e-5
_MAX_STEPS = 60
#: Numbers held at a time while quantiles of convolutions are searched.
_CHUNK = 2_000_000


@dataclass(frozen=True)
class ManyDraws:
    """Draws about their own mean, and their spread.

    ``deviations (sample, n_target, n_output)`` and their standard deviation ``std (n_target, n_output)``, with the
    unbiased variance.
    """

    deviations: Array
    std: Array

    @classmethod
    def of(cls, samples: Array, factor: float = 1.0) -> ManyDraws:
        """Take ``samples (sample, n_target, n_output)`` with deviations from their mean times ``factor``."""
        deviations = factor * (samples - samples.mean(axis=0))
        return cls(deviations, np.sqrt(np.square(deviations).sum(axis=0) / (len(samples) - 1)))

    def quantile(self, tail: float) -> Array:
        """Return the deviations' quantile at probability ``tail``, at rank ``tail (n + 1)``, (n_target, n_output)."""
        return np.asarray(np.quantile(self.deviations, tail, axis=0, method="weibull"))


def combined_scale(before: Array, spread: Array, combine: Literal["add", "replace", "maximum"]) -> Array:
    """Return the error that an earlier one and the spread of draws make together."""
    if combine == "replace":
        return spread
    if combine == "maximum":
        return np.maximum(before, spread)
    return np.hypot(before, spread)


def degrees_of_freedom(draws: int, spread: Array, total: Array) -> Array:
    """Return how well a sum of variances is known of which only ``spread**2`` is estimated, from ``draws``.

    Welch (1947, Biometrika 34, 28) and Satterthwaite (1946, Biometrics Bulletin 2, 110): ``(n - 1) (total /
    spread)^4``, infinite where the draws do not differ.
    """
    ratio = np.divide(total, spread, out=np.full(spread.shape, np.inf), where=spread > 0)
    return np.asarray((draws - 1) * np.minimum(ratio, 1e60) ** 4)


def student_factor(degrees: Array) -> Array:
    """Return the standard deviation of Student's t, so that errors in units of the resulting std have variance 1."""
    degrees = np.maximum(degrees, _LEAST_DEGREES)
    return np.asarray(np.sqrt(1.0 / (1.0 - 2.0 / degrees)))


def student_half(degrees: Array, level: float) -> Array:
    """Return the half width of the central interval of Student's t that holds ``level``."""
    tail = 0.5 + 0.5 * level
    few = degrees < _NORMAL_DEGREES
    half = np.full(degrees.shape, ndtri(tail))
    half[few] = stdtrit(degrees[few], tail)
    return half


def convolved_quantile(draws: ManyDraws, width: Array, tail: float) -> Array:
    """Return the quantile at probability ``tail`` of draws to each of which a normal error is added.

    ``width (n_target, n_output)`` is the normal error's standard deviation; where it is 0 this is
    :meth:`ManyDraws.quantile`. The root of the mixture's distribution function is found by Newton's method within a
    bracket that always holds it, for each element by itself, to 1e-5 in probability.
    """
    quantile = draws.quantile(tail)
    # exact for normal draws, and a start for others
    z = float(ndtri(tail))
    start = np.copysign(np.hypot(quantile, z * width), z)
    blurred = np.flatnonzero(width > 0)
    deviations = draws.deviations.reshape(len(draws.deviations), -1)
    found = quantile.reshape(-1).copy()
    size = max(_CHUNK // len(deviations), 1)
    for first in range(0, len(blurred), size):
        part = blurred[first : first + size]
        found[part] = _root(deviations[:, part], width.reshape(-1)[part], tail, start.reshape(-1)[part])
    return found.reshape(width.shape)


def _root(deviations: Array, width: Array, tail: float, start: Array) -> Array:
    shift = float(ndtri(tail)) * width
    low, high = deviations.min(axis=0) + shift, deviations.max(axis=0) + shift
    at = np.clip(start, low, high)
    open_ = np.arange(len(at))
    for _ in range(_MAX_STEPS):
        distance = (at[open_] - deviations[:, open_]) / width[open_]
        miss = ndtr(distance).mean(axis=0) - tail
        going = np.abs(miss) > _TOLERANCE
        open_, miss = open_[going], miss[going]
        if not len(open_):
            break
        above = miss > 0
        high[open_[above]] = at[open_[above]]
        low[open_[~above]] = at[open_[~above]]
        density = np.exp(-0.5 * np.square(distance[:, going])).mean(axis=0) / (np.sqrt(2.0 * np.pi) * width[open_])
        newton = at[open_] - np.divide(miss, density, out=np.full(len(miss), np.inf), where=density > 0)
        inside = (newton > low[open_]) & (newton < high[open_])
        at[open_] = np.where(inside, newton, 0.5 * (low[open_] + high[open_]))
    return at
