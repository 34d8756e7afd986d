"""Light curves summed or averaged over bins in wavelength and in time, with what is masked filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.api import masked_median
from specframe_transit.cleaning.series import white_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Binned", "Weights", "bin_in_time", "bin_in_wavelength", "channel_weights", "time_bins", "time_means"]

How = Literal["sum", "width", "inverse-variance"]


@dataclass(frozen=True)
class Binned:
    """``flux``, ``flux_error`` and ``use``, (n_bin, n_time); flux is 0 and its error 1 where it is not to be used."""

    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]
    use: NDArray[np.bool_]


@dataclass(frozen=True)
class Weights:
    """What makes bins of channels: ``flux_bin = matrix @ flux``, and ``share`` of each channel in the light of a bin.

    Both have the shape (n_bin, n_channel). Rows of ``share`` sum to 1, or to 0 in bins without light.
    """

    matrix: NDArray[np.float64]
    share: NDArray[np.float64]


def channel_weights(
    part: NDArray[np.float64],
    width: NDArray[np.float64],
    flux: NDArray[np.float64],
    flux_error: NDArray[np.float64],
    use: NDArray[np.bool_],
    how: How,
) -> Weights:
    """Return the weights of channels in bins; none of them changes in time, so that no light curve changes its shape.

    ``sum`` adds counts. ``width`` takes the mean over wavelength, which conserves the energy of a flux density.
    ``inverse-variance`` takes the mean of least noise of the channels' relative light curves, times the bin's mean
    level: of curves that were divided by their stars' level it makes what adding the counts would have made, for with
    photon noise one over the variance of a relative flux is the number of photons.

    Channels that are never used, or have no light, count for nothing in means.

    Shapes: ``part`` (n_bin, n_channel), ``width`` (n_channel,), the others (n_channel, n_time).
    """
    _, level = white_curve(flux, use)
    live = use.any(axis=1)
    if how == "sum":
        matrix = part * live
    elif how == "width":
        matrix = _normalised(part * (width * live))
    else:
        error = masked_median(flux_error, use)
        good = live & (level > 0) & (error > 0)
        signal = np.where(good, np.square(level / np.where(good, error, 1.0)), 0.0)
        mean_level = _normalised(part * (width * good)) @ level
        matrix = mean_level[:, None] * _normalised(part * signal) / np.where(good, level, 1.0)
    return Weights(matrix, _normalised(matrix * level))


def bin_in_wavelength(
    flux: NDArray[np.float64],
    flux_error: NDArray[np.float64],
    use: NDArray[np.bool_],
    weights: Weights,
    max_masked: float,
) -> Binned:
    """Return bins of channels, (n_bin, n_time).

    Where channels of a bin are masked at one time, what they would have given is taken from the rest of the bin: by
    their share of the median spectrum, so that the bin does not dim when a bright channel is masked. Where more than
    ``max_masked`` of the light is missing, the bin is masked. Errors are those of the sum, channels being independent;
    ``flux_error`` of a channel that is cut in two is cut likewise, so the two bins' errors are correlated.

    Shapes: ``flux``, ``flux_error`` and ``use`` (n_channel, n_time); what is not used may hold anything.
    """
    present = weights.share @ use
    kept = (present >= 1.0 - max_masked - 1e-12) & (present > 0)
    filled = np.where(kept, present, 1.0)
    total = weights.matrix @ np.where(use, flux, 0.0) / filled
    variance = np.square(weights.matrix) @ np.where(use, np.square(flux_error), 0.0)
    return _binned(total, np.sqrt(variance) / filled, kept)


def time_bins(
    time: NDArray[np.float64], stretch: NDArray[np.intp], width: float | None = None, samples: int | None = None
) -> NDArray[np.intp]:
    """Return the number of the bin that each exposure lies in, (n_time,), ascending from 0 without gaps.

    Bins do not reach over the end of a stretch, and within one they are equally long: as near to ``width``, in the unit
    of ``time``, or to ``samples`` exposures as a whole number of them fits.
    """
    number = np.zeros(len(time), np.intp)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    first = 0
    for which in np.unique(stretch):
        here = np.flatnonzero(stretch == which)
        n = len(here)
        if samples is not None:
            count = max(round(n / samples), 1)
            inside = np.arange(n) * count // n
        else:
            assert width is not None
            begin, length = time[here[0]] - 0.5 * step, time[here[-1]] - time[here[0]] + step
            count = max(round(length / width), 1)
            inside = np.minimum(((time[here] - begin) / length * count).astype(int), count - 1)
        number[here] = first + inside
        first += count
    return np.unique(number, return_inverse=True)[1].astype(np.intp)


def bin_in_time(binned: Binned, number: NDArray[np.intp], max_masked: float) -> tuple[Binned, NDArray[np.bool_]]:
    """Return the means over bins in time, (n_channel, n_bin), and which times (n_time,) count at all.

    It is the flux per exposure, so its unit stays and bins of fewer exposures are as bright. What is masked in a bin is
    filled in with the white curve: a channel masked in the first half of a bin in ingress does not seem fainter. Where
    more than ``max_masked`` of the exposures of a bin are masked, it is. Times at which no channel is used do not
    count.
    """
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    flux, error, use = binned.flux, binned.flux_error, binned.use
    white, _ = white_curve(flux, use)
    counts = np.isfinite(white) & (white > 0)
    light = np.where(counts, white, 0.0)
    total = np.add.reduceat(light, starts)
    number_counted = np.add.reduceat(counts.astype(float), starts)
    use = use & counts
    present = np.add.reduceat(np.where(use, light, 0.0), starts, axis=1) / np.where(total > 0, total, 1.0)
    used = np.add.reduceat(use.astype(float), starts, axis=1)
    kept = (used >= (1.0 - max_masked) * number_counted - 1e-9) & (present > 0)
    scale = np.where(kept, present, 1.0) * np.maximum(number_counted, 1.0)
    mean = np.add.reduceat(np.where(use, flux, 0.0), starts, axis=1) / scale
    variance = np.add.reduceat(np.where(use, np.square(error), 0.0), starts, axis=1)
    return _binned(mean, np.sqrt(variance) / scale, kept), counts


def time_means(values: NDArray[np.float64], number: NDArray[np.intp], counts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the means of ``values`` (..., n_time) over bins in time.

    They are of the times that count, and of all times of a bin where none does. NaN stand for missing values.
    """
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    any_counts = np.add.reduceat(counts.astype(int), starts) > 0
    wanted = (counts | ~any_counts[number]) & np.isfinite(values)
    n = np.add.reduceat(wanted.astype(float), starts, axis=-1)
    # offsets keep the digits of full Julian dates
    offset = np.nanmin(values) if np.isfinite(values).any() else 0.0
    total = np.add.reduceat(np.where(wanted, values - offset, 0.0), starts, axis=-1)
    return np.asarray(np.where(n > 0, offset + total / np.maximum(n, 1.0), np.nan))


def _normalised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    total = rows.sum(axis=1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1.0), 0.0)


def _binned(flux: NDArray[np.float64], error: NDArray[np.float64], kept: NDArray[np.bool_]) -> Binned:
    use = kept & (error > 0)
    return Binned(np.where(use, flux, 0.0), np.where(use, error, 1.0), use)
