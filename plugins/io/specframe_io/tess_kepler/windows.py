"""The transits in a long light curve, each cut out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from specframe_io.tess_kepler.params import TransitParams

__all__ = ["transit_windows"]

#: A window of which less than this is covered by usable samples is left out.
_COVERED = 0.5


def transit_windows(node: xr.Dataset, zero: float, transits: TransitParams) -> dict[int, xr.Dataset]:
    """Return what is around each transit, by its number since ``transits.mid_transit``.

    Parameters
    ----------
    node
        A light curve; its times count from the Julian date ``zero``.
    zero
        Julian date at which the times are 0.
    transits
        When they are, and how much around them is kept. Windows without samples in the first or in the second half, or
        half of which is without usable samples, are left out.
    """
    period, half = transits.period, 0.5 * transits.window
    first = transits.mid_transit - zero
    time = node["time"].values
    usable = ~node["mask"].values.any(axis=0)
    spacing = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    numbers = range(
        int(np.floor((time[0] - first) / period)) if len(time) else 0,
        int(np.ceil((time[-1] - first) / period)) + 1 if len(time) else 0,
    )
    found = {}
    for number in numbers:
        middle = first + number * period
        inside = np.abs(time - middle) <= half
        there = time[inside & usable]
        covered = len(there) * spacing >= _COVERED * transits.window
        if covered and there[0] < middle < there[-1]:
            found[number] = node.isel(time=inside)
    return found
