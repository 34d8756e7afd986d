"""Optimal extraction: weights of the pixels by which the star's light is measured with the least noise.

After Horne (1986, PASP 98, 609). With P the share of a channel's light in each pixel and V the pixel's variance, the
flux sum(P D / V) / sum(P^2 / V) is unbiased, whatever V, and has the least variance where V is right. P comes from the
visit itself: the image averaged over all its time, smoothed along the dispersion. The weights are the same at all
times, so that neither noise nor a transit changes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import median_filter

from specframe.api import MAD_TO_STD, masked_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["light_shares", "optimal_aperture"]

#: Pixels further from the smooth profile than this many times their row's robust scatter do not shape it.
_OUTLIER = 5.0
_ROUNDS = 3
#: A window whose columns with light lie this close together (in units of the detector, squared) has no slope.
_FLAT = 1e-9
_TINY = np.finfo(float).tiny


def light_shares(
    image: NDArray[np.float64],
    variance: NDArray[np.float64],
    good: NDArray[np.bool_],
    width: int | None,
) -> NDArray[np.float64]:
    """Return the share of a channel's light in each pixel (y, x).

    Parameters
    ----------
    image
        Flat-fielded light of the star, background subtracted, in electron (y, x).
    variance
        Of ``image``, up to a factor.
    good
        Pixels of the aperture that can be used; each column's shares sum to 1 over the rows that have any.
    width
        Number of columns over which each row is smoothed, by a straight line weighted with 1 / variance: the share of
        a pixel that is not good then comes from its neighbours. ``None``: all pixels are one channel, nothing is
        smoothed, and the shares sum to 1 over the image.
    """
    light = np.where(good, image, 0.0)
    if width is None:
        positive = np.maximum(light, 0.0)
        if not positive.any():
            return np.asarray(good / max(int(good.sum()), 1))
        return np.asarray(positive / positive.sum())
    rows = np.asarray(good.any(axis=1))
    use = good.copy()
    share = np.repeat(rows[:, None] / max(int(rows.sum()), 1), good.shape[1], axis=1)
    flux = light.sum(axis=0)
    for step in range(_ROUNDS):
        # the share is measured as well as the column is bright
        bright = np.maximum(flux, 0.0)
        weight = np.where(use & (bright > 0), bright**2 / variance, 0.0)
        fraction = np.divide(light, bright, out=np.zeros_like(light), where=bright > 0)
        # a bad pixel spoils its column's flux, and so all shares of it: a median finds out which these are
        smooth = _smooth_lines(fraction, weight, width) if step else median_filter(fraction, (1, width), mode="nearest")
        smooth = np.where(rows[:, None], np.maximum(smooth, 0.0), 0.0)
        total = smooth.sum(axis=0)
        share = np.divide(smooth, total, out=share, where=total > 0)
        seen_at_all = good & (bright > 0)
        residual = np.abs(fraction - share)
        spread = MAD_TO_STD * masked_median(residual, seen_at_all)
        use = seen_at_all & (residual <= _OUTLIER * spread[:, None])
        kept = np.where(use, share, 0.0)
        seen = (kept**2 / variance).sum(axis=0)
        flux = np.divide((kept * light / variance).sum(axis=0), seen, out=np.zeros_like(flux), where=seen > 0)
    return share


def optimal_aperture(
    share: NDArray[np.float64], variance: NDArray[np.float64], good: NDArray[np.bool_], *, disperses: bool
) -> NDArray[np.float64]:
    """Return the weight of each pixel (y, x) that measures a channel's light with the least noise, 0 where not good.

    A channel is a column, or the whole image where the instrument does not disperse.
    """
    axis = 0 if disperses else None
    weight = np.where(good, share / variance, 0.0)
    total = (weight * share).sum(axis=axis)
    normalised: NDArray[np.float64] = np.divide(
        weight, total, out=np.zeros_like(weight), where=np.broadcast_to(total > 0, weight.shape)
    )
    return normalised


def _smooth_lines(values: NDArray[np.float64], weight: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the weighted straight line through ``width`` columns around each, in each row, at its column."""
    n_x = values.shape[1]
    side = min(width // 2, n_x - 1)
    x = np.arange(n_x) / max(n_x, 1)

    def window(terms: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.concatenate([np.zeros((len(terms), 1)), np.cumsum(terms, axis=1)], axis=1)
        place = np.arange(n_x)
        return np.asarray(total[:, np.minimum(place + side + 1, n_x)] - total[:, np.maximum(place - side, 0)])

    s0, s1, s2 = (window(weight * x**k) for k in range(3))
    t0, t1 = (window(weight * x**k * values) for k in range(2))
    mean_x = np.divide(s1, s0, out=np.zeros_like(s0), where=s0 > 0)
    mean = np.divide(t0, s0, out=np.zeros_like(s0), where=s0 > 0)
    spread = s2 - mean_x * s1
    slope: NDArray[np.float64] = np.divide(
        t1 - mean_x * t0, spread, out=np.zeros_like(s0), where=spread > _FLAT * np.maximum(s0, _TINY)
    )
    return np.asarray(mean + slope * (x - mean_x))
