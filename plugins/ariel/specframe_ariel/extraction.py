"""From pixels to light curves: which pixels count, and with what weight.

After linearity everything is linear in a pixel's mean signal: dark and flat, the background that the rows around
the spectrum show, and the weighted sum over rows. So each pixel has one weight, and its square weighs its variance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Region", "extraction_weights", "find_region", "hot_pixels", "sky_weights"]


def hot_pixels(dark: NDArray[np.float64], sigma: float) -> NDArray[np.bool_]:
    """Return which pixels have an outlying dark (y, x): more than ``sigma`` standard deviations from the median.

    Clipped at most five times over, as in the challenges' public reference.
    """
    from astropy.stats import sigma_clip

    mask: Any = sigma_clip(dark, sigma=sigma, maxiters=5).mask
    return np.broadcast_to(mask, dark.shape).copy()


@dataclass(frozen=True)
class Region:
    """The good pixels (y, x) on the spectrum and on the background around it, and the columns (x,) that have both.

    ``sky`` is ``None`` where no background is subtracted.
    """

    star: NDArray[np.bool_]
    sky: NDArray[np.bool_] | None
    usable: NDArray[np.bool_]

    def pixels(self) -> NDArray[np.intp]:
        """Return row and column of the pixels that are needed, in C order, shape (n, 2)."""
        needed = self.star if self.sky is None else self.star | self.sky
        return np.argwhere(needed & self.usable)

    def without(self, bad: NDArray[np.bool_]) -> Region:
        """Return the region without some pixels (y, x)."""
        sky = None if self.sky is None else self.sky & ~bad
        star = self.star & ~bad
        return replace(self, star=star, sky=sky, usable=self.usable & _has_all(star, sky))


def find_region(good: NDArray[np.bool_], rows: tuple[int, int], background_rows: Sequence[tuple[int, int]]) -> Region:
    """Find the ``good`` pixels (y, x) in ``rows`` and ``background_rows``.

    A column without a good pixel in ``rows``, or in the background rows where there are any, is not usable.

    Raises
    ------
    DataError
        When no column is usable.
    """
    row = np.arange(good.shape[0])
    star = ((row >= rows[0]) & (row < rows[1]))[:, None] & good
    sky = None
    if background_rows:
        around = np.zeros(len(row), bool)
        for first, last in background_rows:
            around |= (row >= first) & (row < last)
        sky = around[:, None] & good
    region = Region(star, sky, _has_all(star, sky))
    if not region.usable.any():
        raise DataError(
            f"no pixel is left: of the {good.size} pixels in use {int((~good).sum())} are dead, masked as hot or "
            f"without calibration, and no column has a good one in rows {list(rows)}"
            + (" and in the background rows" if background_rows else "")
        )
    return region


def _has_all(star: NDArray[np.bool_], sky: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    usable = np.asarray(star.any(axis=0))
    return usable if sky is None else usable & np.asarray(sky.any(axis=0))


def sky_weights(sky: NDArray[np.bool_], variance: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Weigh the pixels (y, x) of each column for a mean: alike, or by 1 / ``variance`` (y, x). They sum to 1 or 0."""
    inverse = sky.astype(float) if variance is None else np.divide(1.0, variance, out=np.zeros(sky.shape), where=sky)
    total = inverse.sum(axis=0)
    weights: NDArray[np.float64] = np.divide(inverse, total, out=np.zeros(sky.shape), where=total > 0)
    return weights


def extraction_weights(
    region: Region,
    flat: NDArray[np.float64] | None,
    aperture: NDArray[np.float64] | None = None,
    sky: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weigh pixels (y, x) for the sum over the aperture minus the background, column by column.

    A pixel that is not good is left out at all times, so that its column is fainter by a constant factor and light
    curves relative to their own mean are not biased; the background is subtracted as often as the star is summed.

    Parameters
    ----------
    region
        The pixels.
    flat
        Response of each pixel (y, x), above 0 in the region.
    aperture
        Weight of each pixel (y, x) of flat-fielded signal, 0 outside of ``region.star``; ``None`` is 1 in all of it.
    sky
        Weights (y, x) of the background, from :func:`sky_weights`; ``None`` subtracts none.
    """
    weight = region.star.astype(float) if aperture is None else aperture.copy()
    if sky is not None:
        weight -= weight.sum(axis=0) * sky
    weight = np.where(region.usable, weight, 0.0)
    if flat is not None:
        weight = np.divide(weight, flat, out=np.zeros_like(weight), where=weight != 0.0)
    return weight
