"""Outliers in time and in wavelength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import masked_median
from specframe_transit.cleaning.neighbours import departures
from specframe_transit.cleaning.scatter import known_scatter
from specframe_transit.cleaning.series import direction_ratio, relative_flux, white_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Outliers", "find_outliers"]

#: With fewer channels an outlier of one is too large a part of their white curve to stand out from it.
_MIN_CHANNELS = 5


@dataclass(frozen=True)
class Outliers:
    """Where outliers are: of single channels by time and by wavelength (n_channel, n_time), of exposures (n_time,)."""

    time: NDArray[np.bool_]
    wavelength: NDArray[np.bool_]
    exposure: NDArray[np.bool_]


def find_outliers(
    flux: NDArray[np.float64],
    use: NDArray[np.bool_],
    stretch: NDArray[np.intp],
    *,
    sigma_time: float | None,
    sigma_wavelength: float | None,
    window: int,
    iterations: int,
    direction: NDArray[np.bool_] | None = None,
) -> Outliers:
    """Find samples that their neighbours in time or in wavelength do not allow, see :func:`departures`.

    Channels are first divided by their white curve, which takes the transit, ramps and jumps that they share out of
    them; with fewer than five channels they are judged as they are. Exposures that are outliers of the white curve
    are outliers of all channels. Scatter is from point to point, see :func:`known_scatter`.

    In wavelength, each exposure's flux over the median spectrum and the white curve, in units of each channel's
    scatter, is compared with the channels around it, in units of that exposure's own scatter or 1, the larger. A
    narrow line that the planet has also differs from its neighbours, for as long as the transit lasts. So only what
    departs from its neighbours in time as well, by half the limit, is an outlier.

    Parameters
    ----------
    flux, use
        (n_channel, n_time)
    stretch
        (n_time,), stretches without gaps.
    window
        Neighbours on both sides together.
    direction
        (n_time,), which of two alternating levels exposures are at, where there are two.
    """
    use = use.copy()
    half = window // 2
    by_time, by_wavelength = np.zeros_like(use), np.zeros_like(use)
    exposure = np.zeros(use.shape[1], bool)
    least = min(limit for limit in (sigma_time, sigma_wavelength and 0.5 * sigma_wavelength, np.inf) if limit)
    in_order = np.zeros(len(flux), np.intp)
    for _ in range(iterations):
        before = int(use.sum())
        if len(flux) >= _MIN_CHANNELS:
            white, level = white_curve(flux, use)
            known = np.isfinite(white) & (white > 0)
            if sigma_time is not None:
                series = _levelled(np.where(known, white, 1.0)[None], known[None], direction, stretch)
                new = _beyond(series, known[None], stretch, half, sigma_time)[0]
                exposure |= new
                use &= ~new
            values = relative_flux(flux, level) / np.where(known, white, 1.0)
            judged = use & known & (level > 0)[:, None]
        else:
            level = masked_median(flux, use)
            judged = use & (level > 0)[:, None]
            values = _levelled(relative_flux(flux, level), judged, direction, stretch)
        scatter = known_scatter(values, judged, stretch)[:, None]
        judged = judged & np.isfinite(scatter)
        scatter = np.where(np.isfinite(scatter), scatter, 1.0)
        depart = departures(values, judged, stretch, half, scatter[:, 0], least)
        if sigma_time is not None:
            new = judged & (np.abs(depart) >= sigma_time)
            by_time |= new
            use &= ~new
            judged = judged & ~new
        if sigma_wavelength is not None:
            scaled, of_exposure = np.ascontiguousarray(((values - 1.0) / scatter).T), np.ascontiguousarray(judged.T)
            along = known_scatter(scaled, of_exposure, in_order)
            noise = np.fmax(along, 1.0)
            across = departures(scaled, of_exposure, in_order, half, noise, sigma_wavelength) != 0.0
            new = across.T & (np.abs(depart) >= 0.5 * sigma_wavelength * noise)
            by_wavelength |= new
            use &= ~new
        if int(use.sum()) == before:
            break
    return Outliers(by_time, by_wavelength, exposure)


def _levelled(
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
    direction: NDArray[np.bool_] | None,
    stretch: NDArray[np.intp],
) -> NDArray[np.float64]:
    if direction is None:
        return values
    ratio = direction_ratio(values, use, direction, stretch)
    return np.where(direction, values / ratio[:, None], values)


def _beyond(
    values: NDArray[np.float64], use: NDArray[np.bool_], stretch: NDArray[np.intp], half: int, sigma: float
) -> NDArray[np.bool_]:
    scatter = known_scatter(values, use, stretch)
    judged = use & np.isfinite(scatter)[:, None]
    depart = departures(values, judged, stretch, half, np.where(np.isfinite(scatter), scatter, 1.0), sigma)
    return np.asarray(depart != 0.0)
