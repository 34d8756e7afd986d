"""Light curves as time series: stretches without gaps, the white curve, and levels that alternate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["direction_ratio", "relative_flux", "stretches", "white_curve"]

#: A step this many times the median one is a gap: buffer dumps, Earth occultations, clouds.
_GAP = 5.0
#: Samples this many robust standard deviations off the other channels do not enter the white curve.
_WHITE_CLIP = 5.0


def stretches(time: NDArray[np.float64], gap: float | None = None) -> NDArray[np.intp]:
    """Return the number of the stretch without gaps that each of the ascending ``time`` (n_time,) lies in.

    ``gap`` is in the unit of ``time``; ``None`` takes 5 times the median step.
    """
    step = np.diff(time)
    if not len(step):
        return np.zeros(len(time), np.intp)
    limit = _GAP * float(np.median(step)) if gap is None else gap
    return np.concatenate([[0], np.cumsum(step > limit)]).astype(np.intp)


def white_curve(flux: NDArray[np.float64], use: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the relative light curve that channels share, and the level of each channel on its scale.

    ``flux`` and ``use`` have the shape (n_channel, n_time), the results (n_time,) and (n_channel,). The curve is the
    mean of the channels weighted with their scatter around it, without outliers; NaN where no channel is used. The
    level is the median of flux / curve, so that neither a transit nor a drift moves it for a channel that misses part
    of the time; 0 for channels that are never used or have no light.
    """
    level = np.maximum(masked_median(flux, use), 0.0)
    curve = np.full(flux.shape[1], np.nan)
    for _ in range(2):
        lit = use & (level > 0)[:, None]
        relative = relative_flux(flux, level)
        middle = masked_median(np.ascontiguousarray(relative.T), np.ascontiguousarray(lit.T))
        residual = relative - middle
        scatter = MAD_TO_STD * masked_median(np.abs(residual), lit)
        typical = float(np.median(scatter[scatter > 0])) if np.any(scatter > 0) else 1.0
        # a channel on its own is its own median and would have all the weight
        scatter = np.maximum(scatter, 0.1 * typical)[:, None]
        weight = np.where(lit & (np.abs(residual) <= _WHITE_CLIP * scatter), 1.0 / scatter**2, 0.0)
        total = weight.sum(axis=0)
        mean = np.einsum("ct,ct->t", weight, np.where(lit, relative, 0.0)) / np.where(total > 0, total, 1.0)
        curve = np.where(total > 0, mean, np.where(lit.any(axis=0), middle, np.nan))
        known = use & (curve > 0)
        level = np.maximum(masked_median(flux / np.where(curve > 0, curve, 1.0), known), 0.0)
    return curve, level


def relative_flux(flux: NDArray[np.float64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``flux`` (n_channel, n_time) over the channels' ``level`` (n_channel,), 1 where that is not positive."""
    lit = (level > 0)[:, None]
    return np.where(lit, flux / np.where(lit, level[:, None], 1.0), 1.0)


def direction_ratio(
    values: NDArray[np.float64], use: NDArray[np.bool_], direction: NDArray[np.bool_], stretch: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return how much brighter exposures with ``direction`` are than the others, one factor per series (n_series,).

    HST scans a star up and down in turn, and the two differ by up to a percent. The ratio is the median of an
    exposure over the mean of the two around it that went the other way, which a transit or a drift does not change.
    ``values`` and ``use`` have the shape (n_series, n_time), ``direction`` and ``stretch`` (n_time,).
    """
    if values.shape[1] < 3:
        return np.ones(len(values))
    alternate = (direction[1:-1] != direction[:-2]) & (direction[1:-1] != direction[2:]) & (stretch[2:] == stretch[:-2])
    around = 0.5 * (values[:, :-2] + values[:, 2:])
    good = use[:, 1:-1] & use[:, :-2] & use[:, 2:] & alternate & (around > 0) & (values[:, 1:-1] > 0)
    log = np.log(np.where(good, values[:, 1:-1], 1.0) / np.where(good, around, 1.0))
    return np.exp(masked_median(np.where(direction[1:-1], log, -log), good))
