"""How much series scatter from one sample to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["point_to_point_scatter"]

#: Variance of x[i-1] - 2 x[i] + x[i+1] over that of x, for white noise.
_SECOND_DIFFERENCE = 6.0


def point_to_point_scatter(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp] | None = None,
    fewest: int = 1,
) -> NDArray[np.float64]:
    """Return the standard deviation of the white noise of each series, (n_series,), 0 where it is not known.

    It is the scaled median absolute deviation of x[i-1] - 2 x[i] + x[i+1] over sqrt(6), which is 0 for any straight
    line: a transit, a ramp or a drift adds nothing except at its corners, and the median passes over those. Only
    samples that follow each other without one that is not used count. Noise that is correlated over more than a few
    samples is not seen; see ``beta`` for that.

    Parameters
    ----------
    values, use
        (n_series, n_time)
    stretch
        Number of the stretch without gaps that each sample lies in (n_time,): differences do not reach across gaps.
    fewest
        With fewer second differences the scatter is not known.
    """
    if values.shape[1] < 3:
        return np.zeros(len(values))
    second = values[:, :-2] - 2.0 * values[:, 1:-1] + values[:, 2:]
    good = use[:, :-2] & use[:, 1:-1] & use[:, 2:]
    if stretch is not None:
        good = good & (stretch[2:] == stretch[:-2])
    scatter = MAD_TO_STD * masked_median(np.abs(np.where(good, second, 0.0)), good) / np.sqrt(_SECOND_DIFFERENCE)
    return np.where(good.sum(axis=1) >= fewest, scatter, 0.0)
