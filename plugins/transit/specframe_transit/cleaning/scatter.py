"""How much light curves scatter from one exposure to the next, and what their errors say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import masked_median
from specframe_transit.cleaning.series import direction_ratio
from specframe_transit.scatter import point_to_point_scatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["error_flags", "error_ratio", "known_scatter", "light_curve_scatter", "median_ratio"]

#: Errors this many times larger or smaller than the scatter carry a flag.
DISAGREEMENT = 1.5
#: Fewer second differences say nothing of a channel: the MAD of 10 is uncertain by 40 %.
_MIN_DIFFERENCES = 10


def known_scatter(
    values: NDArray[np.float64], use: NDArray[np.bool_], stretch: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return :func:`~specframe_transit.scatter.point_to_point_scatter`, NaN where too few samples tell it.

    ``values`` and ``use`` have the shape (n_series, n_time), ``stretch`` (n_time,) numbers stretches without gaps.
    """
    scatter = point_to_point_scatter(values, use, stretch, fewest=_MIN_DIFFERENCES)
    return np.where(scatter > 0, scatter, np.nan)


def light_curve_scatter(
    flux: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    direction: NDArray[np.bool_] | None,
) -> NDArray[np.float64]:
    """Return :func:`known_scatter` of light curves, which may alternate between two levels.

    What exposures with ``direction`` (n_time,) are brighter by than the others is taken out first.
    """
    if direction is not None:
        flux = np.where(direction, flux / direction_ratio(flux, use, direction, stretch)[:, None], flux)
    return known_scatter(flux, use, stretch)


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
