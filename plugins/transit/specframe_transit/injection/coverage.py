"""How often intervals hold the truth, against how often they should."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Coverage", "coverage_of", "effective_number"]

#: Probability within one standard deviation of a Gaussian, and standard deviations that hold 95 %.
_ONE_SIGMA = math.erf(math.sqrt(0.5))
_TWO_SIDED_95 = 1.959964
#: Moves of a channel's residuals that are as good as independent, times the part of its samples that are in transit:
#: from the scatter of coverages over many realisations of white noise (a box of 0.4 of the time, 1 to 100 channels).
_INDEPENDENT = 2.5
#: Binomial errors by which a coverage must be off to be called wrong.
_ALLOWED = 2.0


@dataclass(frozen=True)
class Coverage:
    """Fractions of intervals of 68.3 % and 95 % that hold the truth.

    ``number`` intervals are worth ``effective`` independent ones, which the binomial errors are of.
    ``bias`` is the mean of measured less true and ``bias_error`` its standard error; ``pull_std`` the standard
    deviation of pulls, (measured - true) / error, which is 1 for right errors.
    """

    inside_68: float
    inside_95: float
    number: int
    effective: float
    bias: float
    bias_error: float
    pull_std: float

    @property
    def error_68(self) -> float:
        """Binomial error of ``inside_68`` where the intervals are right."""
        return math.sqrt(_ONE_SIGMA * (1 - _ONE_SIGMA) / self.effective)

    @property
    def error_95(self) -> float:
        """Binomial error of ``inside_95`` where the intervals are right."""
        return math.sqrt(0.95 * 0.05 / self.effective)

    @property
    def flag(self) -> str:
        """``errors-too-small``, ``errors-too-large`` or empty: a coverage is off by over two binomial errors.

        Errors that are too small at one level are called so whatever the other says.
        """
        off = ((self.inside_68 - _ONE_SIGMA) / self.error_68, (self.inside_95 - 0.95) / self.error_95)
        if min(off) < -_ALLOWED:
            return "errors-too-small"
        return "errors-too-large" if max(off) > _ALLOWED else ""


def effective_number(number: int, n_channel: int, in_transit: float) -> float:
    """Return how many independent injections are as telling as ``number`` made of the residuals of a few channels.

    A channel's residuals moved by less than the length of a transit give nearly the same depth again.

    Parameters
    ----------
    number, n_channel
        Injections, and channels that they took residuals of.
    in_transit
        Fraction of the samples that are in transit, or out of it where those are fewer.
    """
    return 1.0 / (1.0 / number + min(in_transit, 1.0 - in_transit) / (_INDEPENDENT * n_channel))


def coverage_of(truth: Array, measured: Array, lower: Array, upper: Array, effective: float | None = None) -> Coverage:
    """Return the coverage of intervals from ``measured - lower`` to ``measured + upper``, all arrays ``(n,)``.

    ``lower`` and ``upper`` are errors of 68.3 %; those of 95 % are taken 1.96 times as long. What is not finite is
    left out. ``effective`` is the number of independent intervals, by default all.
    """
    found = np.isfinite(measured) & np.isfinite(lower) & np.isfinite(upper)
    truth, measured, lower, upper = truth[found], measured[found], lower[found], upper[found]
    off = measured - truth
    error = np.where(off > 0, lower, upper)
    pull = off / error
    number = len(pull)
    return Coverage(
        inside_68=float((np.abs(pull) <= 1.0).mean()),
        inside_95=float((np.abs(pull) <= _TWO_SIDED_95).mean()),
        number=number,
        effective=float(number) if effective is None else effective,
        bias=float(off.mean()),
        bias_error=float(off.std(ddof=1) / math.sqrt(number)),
        pull_std=float(pull.std(ddof=1)),
    )
