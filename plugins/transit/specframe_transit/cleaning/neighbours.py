"""How far each sample of many series leaves the range that its neighbours allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["departures"]


def departures(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    half: int,
    least: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return by how much samples leave what their neighbours allow, signed, 0 within it and where less than ``least``.

    The neighbours of a sample are the ``half`` used ones next to it on each side within its stretch. Each side states
    its median, and a value extrapolated from the medians of its nearer and its farther half; all values between the
    least and the largest of the four are allowed. In a flat curve that is a running median with a tolerance of about
    one standard deviation. On a slope, however steep, a sample lies between its sides; at a corner it lies on the
    extrapolation of one of them. So ingress and egress depart from nothing, nor do ramps, steps and broad lines.

    A side counts from four neighbours on. At the ends of a stretch only one is left, which cannot know of an ingress or
    a ramp that begins there: allowed is the range of its values, without the two outermost, and as much again above
    and below. Of fewer than six it tells nothing, and the sample is not judged.

    Shapes: ``values`` and ``use`` (n_series, n), ``stretch`` (n,), ``least`` (n_series,), result (n_series, n).
    """
    values, use, least = np.ascontiguousarray(values), np.ascontiguousarray(use), np.ascontiguousarray(least)
    return np.asarray(_departures(values, use, np.ascontiguousarray(stretch), half, least))


@numba.njit(cache=True, nogil=True)
def _median(values: NDArray[np.float64], first: int, last: int, work: NDArray[np.float64]) -> float:
    n = last - first
    for i in range(n):  # insertion sort: n is about ten
        x = values[first + i]
        j = i
        while j > 0 and work[j - 1] > x:
            work[j] = work[j - 1]
            j -= 1
        work[j] = x
    return float(0.5 * (work[(n - 1) // 2] + work[n // 2]))


@numba.njit(cache=True, nogil=True)
def _departures(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    half: int,
    least: NDArray[np.float64],
) -> NDArray[np.float64]:
    n_series, n = values.shape
    result = np.zeros((n_series, n))
    near = np.empty(half)
    place = np.empty(half)
    work = np.empty(half)
    only, n_only = np.empty(half), 0
    for series in range(n_series):
        for at in range(n):
            if not use[series, at]:
                continue
            low, high, sides, close = np.inf, -np.inf, 0, False
            value = values[series, at]
            for step in (-1, 1):
                count, alike = 0, 0
                i = at + step
                while count < half and 0 <= i < n and stretch[i] == stretch[at]:
                    if use[series, i]:
                        near[count] = values[series, i]
                        place[count] = abs(i - at)
                        alike += abs(near[count] - value) <= least[series]
                        count += 1
                    i += step
                if count < 4:
                    continue
                if 2 * alike > count:  # so the median of this side is that close, too
                    close = True
                    break
                sides += 1
                part = (count + 1) // 2
                nearer, farther = _median(near, 0, part, work), _median(near, part, count, work)
                middle = _median(near, 0, count, work)  # and leaves them sorted in work
                at_nearer, at_farther = place[:part].mean(), place[part:count].mean()
                expected = nearer + (nearer - farther) * at_nearer / (at_farther - at_nearer)
                low = min(low, middle, expected)
                high = max(high, middle, expected)
                if sides == 1:
                    n_only = count
                    only[:count] = work[:count]
            if close or sides == 0 or (sides == 1 and n_only < 6):
                continue
            if sides == 1:
                low, high = 2.0 * only[1] - only[n_only - 2], 2.0 * only[n_only - 2] - only[1]
            departure = max(value - high, 0.0) + min(value - low, 0.0)
            if abs(departure) >= least[series]:
                result[series, at] = departure
    return result
