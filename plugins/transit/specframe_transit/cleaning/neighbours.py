"""How far each sample of many series leaves the range that its neighbours allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.compiler import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["departures"]


def departures(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    half: int,
    scatter: NDArray[np.float64],
    limit: float,
) -> NDArray[np.float64]:
    """Return by how many ``scatter`` samples leave what their neighbours allow, signed, 0 where less than ``limit``.

    The neighbours of a sample are the ``half`` used ones next to it on each side within its stretch. Each side states
    its median, that of its nearest three, and a value extrapolated from the medians of its nearer and its farther half;
    all values between the least and the largest of the six are allowed. In a flat curve that is a running median with a
    tolerance of about one standard deviation. On a slope, however steep, a sample lies between its sides; at a corner
    it lies on the extrapolation of one of them; in a short dip it lies among its nearest. So ingress and egress depart
    from nothing, nor do ramps, steps and broad lines. Where the curve is steeper than it scatters, the steps between
    the four nearest on each side take the place of the scatter: the second largest, over 2.5.

    A side counts from four neighbours on. At the ends of a stretch only one is left, which cannot know of an ingress or
    a ramp that begins there: allowed is the range of its values, without the two outermost, and as much again above
    and below, and all up to the medians of what follows after the gap. Of fewer than six neighbours it tells nothing,
    and the sample is not judged.

    So what lasts for one or two samples is found at once, and longer than that it is taken to be real.

    Shapes: ``values`` and ``use`` (n_series, n), ``stretch`` (n,), ``scatter`` (n_series,), positive, result
    (n_series, n).
    """
    values, use, scatter = np.ascontiguousarray(values), np.ascontiguousarray(use), np.ascontiguousarray(scatter)
    return np.asarray(_departures(values, use, np.ascontiguousarray(stretch), half, scatter, limit))


@compiled()
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


@compiled()
def _departures(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    half: int,
    scatter: NDArray[np.float64],
    limit: float,
) -> NDArray[np.float64]:
    n_series, n = values.shape
    result = np.zeros((n_series, n))
    near = np.empty(half)
    place = np.empty(half)
    work = np.empty(half)
    only, n_only, beyond = np.empty(half), 0, 1
    for series in range(n_series):
        least = limit * scatter[series]
        for at in range(n):
            if not use[series, at]:
                continue
            low, high, sides, close = np.inf, -np.inf, 0, False
            largest, second = 0.0, 0.0
            value = values[series, at]
            for step in (-1, 1):
                count, alike = 0, 0
                i = at + step
                while count < half and 0 <= i < n and stretch[i] == stretch[at]:
                    if use[series, i]:
                        near[count] = values[series, i]
                        place[count] = abs(i - at)
                        alike += abs(near[count] - value) <= least
                        if 0 < count < 4:
                            jump = abs(near[count] - near[count - 1])
                            second = max(second, min(jump, largest))
                            largest = max(largest, jump)
                        count += 1
                    i += step
                if count < 4:
                    continue
                if 2 * alike > count:  # so the median of this side is that close, too
                    close = True
                    break
                sides += 1
                part = (count + 1) // 2
                nearest = _median(near, 0, 3, work)
                nearer, farther = _median(near, 0, part, work), _median(near, part, count, work)
                middle = _median(near, 0, count, work)  # and leaves them sorted in work
                at_nearer, at_farther = place[:part].mean(), place[part:count].mean()
                expected = nearer + (nearer - farther) * at_nearer / (at_farther - at_nearer)
                low = min(low, middle, nearest, expected)
                high = max(high, middle, nearest, expected)
                if sides == 1:
                    n_only, beyond = count, -step
                    only[:count] = work[:count]
            if close or sides == 0 or (sides == 1 and n_only < 6):
                continue
            if sides == 1:
                low, high = 2.0 * only[1] - only[n_only - 2], 2.0 * only[n_only - 2] - only[1]
                count, i = 0, at + beyond
                while count < half and 0 <= i < n:
                    if use[series, i]:
                        near[count] = values[series, i]
                        count += 1
                    i += beyond
                if count > 0:
                    nearest, middle = _median(near, 0, min(count, 3), work), _median(near, 0, count, work)
                    low, high = min(low, nearest, middle), max(high, nearest, middle)
            departure = max(value - high, 0.0) + min(value - low, 0.0)
            departure /= max(scatter[series], second / 2.5)
            if abs(departure) >= limit:
                result[series, at] = departure
    return result
