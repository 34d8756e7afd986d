"""From one grid of channels to another: edges, and how much of each channel a bin takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["edges_from_centres", "rebin_matrix"]

#: Overlaps below this part of a channel are rounding of edges that should touch.
_ROUNDING = 1e-9


def rebin_matrix(lower: ArrayLike, upper: ArrayLike, new_lower: ArrayLike, new_upper: ArrayLike) -> NDArray[np.float64]:
    """Return the part of each channel that lies in each bin, shape (n_bin, n_channel), from 0 to 1.

    ``matrix @ counts`` conserves counts, for bins that cover the channels; counts are taken to be spread evenly over a
    channel. The mean of a density is ``(matrix * width) @ density / (matrix @ width)`` with the channels' widths.
    Neither channels nor bins have to touch, or to be disjoint.

    Parameters
    ----------
    lower, upper
        Edges of the channels, (n_channel,), ``lower < upper``.
    new_lower, new_upper
        Edges of the bins, (n_bin,), in the same unit.

    Raises
    ------
    ValueError
        When edges differ in number, or a lower one is not below its upper one.
    """
    old = _checked(lower, upper, "channel")
    new = _checked(new_lower, new_upper, "bin")
    overlap = np.minimum(old[1], new[1][:, None]) - np.maximum(old[0], new[0][:, None])
    part = np.clip(overlap / (old[1] - old[0]), 0.0, 1.0)
    part[part < _ROUNDING] = 0.0
    part[part > 1.0 - _ROUNDING] = 1.0
    return np.asarray(part)


def _checked(lower: ArrayLike, upper: ArrayLike, what: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.atleast_1d(np.asarray(lower, float)), np.atleast_1d(np.asarray(upper, float))
    if low.shape != high.shape or low.ndim != 1:
        raise ValueError(f"{what}s need as many lower as upper edges, got shapes {low.shape} and {high.shape}")
    if not np.all(low < high):
        at = int(np.argmin(low < high))
        raise ValueError(f"{what} {at} must have a lower edge below its upper one, got {low[at]:g} and {high[at]:g}")
    return low, high


def edges_from_centres(centres: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lower and upper edges half-way between ascending ``centres`` (n,), n > 1.

    The outermost channels are as wide on their outer side as on their inner one.
    """
    values = np.asarray(centres, float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"one channel alone does not tell how wide it is; got {len(np.atleast_1d(values))}")
    middle = 0.5 * (values[1:] + values[:-1])
    lower = np.concatenate([[values[0] - (middle[0] - values[0])], middle])
    upper = np.concatenate([middle, [values[-1] + (values[-1] - middle[-1])]])
    return lower, upper
