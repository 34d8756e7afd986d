"""How much light curves scatter from one exposure to the next, and what their errors say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median
from specframe_transit.cleaning.series import direction_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["error_flags", "error_ratio", "light_curve_scatter", "median_ratio", "point_to_point_scatter"]

#: Errors this many times larger or smaller than the scatter carry a flag.
DISAGREEMENT = 1.5
#: Fewer second differences say nothing of a channel: the MAD of 10 is uncertain by 40 %.
_MIN_DIFFERENCES = 10


def point_to_point_scatter(
    values: NDArray[np.float64], use: NDArray[np.bool_], stretch: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the standard deviation of the white noise of each series, shape (n_series,), NaN where it is not known.

    It is the scaled median absolute deviation of x[t-1] - 2 x[t] + x[t+1] over sqrt(6), which is 0 for any straight
    line: a transit, a ramp or a drift adds nothing except at its corners, and the median passes over those. Only
    samples that follow each other without a masked one or a gap between them count. Noise that is correlated over
    more than a few samples is not seen; see ``beta`` for that.

    ``values`` and ``use`` have the shape (n_series, n_time), ``stretch`` (n_time,) numbers stretches without gaps.
    """
    if values.shape[1] < 3:
        return np.full(len(values), np.nan)
    good = use[:, :-2] & use[:, 1:-1] & use[:, 2:] & (stretch[2:] == stretch[:-2])
    second = np.where(good, values[:, :-2] - 2.0 * values[:, 1:-1] + values[:, 2:], 0.0)
    scatter = MAD_TO_STD / np.sqrt(6.0) * masked_median(np.abs(second), good)
    return np.where((good.sum(axis=1) >= _MIN_DIFFERENCES) & (scatter > 0), scatter, np.nan)


def light_curve_scatter(
    flux: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    direction: NDArray[np.bool_] | None,
) -> NDArray[np.float64]:
    """Return :func:`point_to_point_scatter` of light curves, which may alternate between two levels.

    What exposures with ``direction`` (n_time,) are brighter by than the others is taken out first.
    """
    if direction is not None:
        flux = np.where(direction, flux / direction_ratio(flux, use, direction, stretch)[:, None], flux)
    return point_to_point_scatter(flux, use, stretch)


def error_ratio(
    flux_error: NDArray[np.float64], use: NDArray[np.bool_], scatter: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the median error of each channel over its scatter, (n_channel,), NaN where either is not known."""
    good = use & np.isfinite(flux_error) & (flux_error > 0)
    median = masked_median(flux_error, good)
    return np.where(median > 0, median / scatter, np.nan)


def median_ratio(ratio: NDArray[np.float64]) -> dict[str, tuple[tuple[()], float, dict[str, str]]]:
    """Return the median of the error ratios as a variable of a node; none where no ratio is known."""
    known = ratio[np.isfinite(ratio)]
    return {"error_ratio_median": ((), float(np.median(known)), {"units": ""})} if known.size else {}


def error_flags(ratio: NDArray[np.float64]) -> tuple[str, ...]:
    """Return the flags of a node whose channels have these error ratios."""
    known = ratio[np.isfinite(ratio)]
    if not known.size:
        return ()
    median = float(np.median(known))
    if median > DISAGREEMENT:
        return ("errors-overestimated",)
    if median < 1.0 / DISAGREEMENT:
        return ("errors-underestimated",)
    return ()
