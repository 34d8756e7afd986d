"""From pixels to light curves: which pixels count, with what weight, and what noise they bring.

After linearity everything is linear in a pixel's mean signal: dark and flat, the background that the rows around
the spectrum show, and the sum over rows. So each pixel has one weight, and its square weighs its variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Extraction", "extraction_weights", "hot_pixels"]


def hot_pixels(dark: NDArray[np.float64], sigma: float) -> NDArray[np.bool_]:
    """Return which pixels have an outlying dark (y, x): more than ``sigma`` standard deviations from the median.

    Clipped at most five times over, as in the challenges' public reference.
    """
    from astropy.stats import sigma_clip

    mask: Any = sigma_clip(dark, sigma=sigma, maxiters=5).mask
    return np.broadcast_to(mask, dark.shape).copy()


@dataclass(frozen=True)
class Extraction:
    """The weights of the pixels (y, x), 0 where one is not used, and which columns (x,) have any signal."""

    weight: NDArray[np.float64]
    usable: NDArray[np.bool_]

    def pixels(self) -> NDArray[np.intp]:
        """Return row and column of the pixels that are used, in C order, shape (n, 2)."""
        return np.argwhere(self.weight != 0.0)


def extraction_weights(
    good: NDArray[np.bool_],
    flat: NDArray[np.float64] | None,
    rows: tuple[int, int],
    background_rows: Sequence[tuple[int, int]],
) -> Extraction:
    """Weigh pixels for the sum over ``rows`` minus the mean of ``background_rows``, column by column.

    A pixel that is not ``good`` (y, x) is left out at all times, so that its column is fainter by a constant factor
    and light curves relative to their own mean are not biased; the background is subtracted once per good pixel. A
    column without a good pixel in ``rows``, or in the background rows where there are any, is not usable.

    Raises
    ------
    DataError
        When no column is usable, or the flat of a pixel that is needed is not above 0.
    """
    n_y = good.shape[0]
    row = np.arange(n_y)
    inside = ((row >= rows[0]) & (row < rows[1]))[:, None] & good
    around = np.zeros(n_y, bool)
    for first, last in background_rows:
        around |= (row >= first) & (row < last)
    sky = around[:, None] & good
    n_inside, n_sky = inside.sum(axis=0), sky.sum(axis=0)
    usable = n_inside > 0
    if background_rows:
        usable &= n_sky > 0
    if not usable.any():
        raise DataError(
            f"no pixel is left: of the {good.size} pixels in use {int((~good).sum())} are dead or masked as hot, "
            f"and no column has a good one in rows {list(rows)}"
            + (" and in the background rows" if background_rows else "")
        )
    share = np.divide(n_inside, n_sky, out=np.zeros(len(n_sky)), where=n_sky > 0)
    weight = np.where(usable, inside - share * sky, 0.0)
    if flat is not None:
        needed = weight != 0.0
        bad = needed & ~(np.isfinite(flat) & (flat > 0.0))
        if bad.any():
            y, x = (int(i) for i in np.argwhere(bad)[0])
            raise DataError(
                f"flat must be finite and above 0 in every pixel that is used, {int(bad.sum())} are not (the first has "
                f"{flat[y, x]:g} in row {y}, column {x} of the columns used): get the calibration again, call the "
                "pixels dead and leave dead_pixels: mask on, or set flat: false"
            )
        weight = np.divide(weight, flat, out=np.zeros_like(weight), where=needed)
    return Extraction(weight, usable)
