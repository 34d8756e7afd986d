"""The noise of light curves, told from the curves themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["neighbour_scatter"]


def neighbour_scatter(flux: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the noise per sample of each channel, from differences of neighbours; steps hardly count.

    ``flux`` is (channel, time), NaN where there is none; the result (channel,) is NaN where fewer than two are left.
    """
    scatter = np.full(len(flux), np.nan)
    for channel, values in enumerate(flux):
        steps = np.diff(values[np.isfinite(values)])
        if len(steps):
            spread = MAD_TO_STD * np.median(np.abs(steps - np.median(steps)))
            scatter[channel] = (spread if spread > 0 else steps.std()) / np.sqrt(2.0)
    return scatter
