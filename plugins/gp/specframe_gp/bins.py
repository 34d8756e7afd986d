"""Spectra in bins of neighbouring channels, on which hyper-parameters are learned in a fraction of the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_gp.spectra import Axis, Spectra

__all__ = ["MOST_BINS", "Binned"]

#: Most bins; a likelihood takes the cube of their number for each target and amplitude.
MOST_BINS = 40
#: Variance of a bin that was not measured, in units of typical features: it tells nothing.
_NOTHING = 1e8


@dataclass(frozen=True)
class Binned:
    """Weighted means of neighbouring channels.

    ``depth (n_target, n_bin)``, the covariance ``noise (n_target, n_bin, n_bin)`` of its errors, and ``white
    (n_target, n_bin)``, by which the variance of what is independent in every channel is smaller in a bin. ``points``
    and ``average`` place the bins as an :class:`~specframe_gp.spectra.Axis` does: a bin lies at the mean position of
    its channels, which is accurate where features are wider than bins.
    """

    depth: NDArray[np.float64]
    noise: NDArray[np.float64]
    white: NDArray[np.float64]
    points: NDArray[np.float64]
    average: NDArray[np.float64]

    @classmethod
    def of(cls, spectra: Spectra, values: NDArray[np.float64], axis: Axis, unit: float) -> Self:
        """Bin ``values (n_target, n_channel)``, which have the errors of ``spectra``; divide them by ``unit``."""
        bins = _bins(axis)
        n_bin, known = int(bins.max()) + 1, spectra.known
        assert spectra.error is not None
        least = np.min(spectra.error, axis=1, keepdims=True, where=known, initial=np.inf)
        weight = np.where(known, np.square(least / np.where(known, spectra.error, 1.0)), 0.0)
        member = np.eye(n_bin)[bins]  # shape: (n_channel, n_bin)
        total = weight @ member
        there = total > 0
        depth = np.where(there, ((weight * np.where(known, values, 0.0)) @ member) / np.where(there, total, 1.0), 0.0)
        white = np.where(there, (np.square(weight) @ member) / np.square(np.where(there, total, 1.0)), 1.0)
        noise = np.zeros((len(depth), n_bin, n_bin))
        for target in range(len(depth)):
            have = known[target]
            mean = (weight[target][:, None] * member)[have] / np.where(there, total, 1.0)[target]
            noise[target] = mean.T @ spectra.noise(target) @ mean / unit**2
        noise[:, np.arange(n_bin), np.arange(n_bin)] += np.where(there, 0.0, _NOTHING)
        # bands keep their points, bins of narrow channels have their mean position
        order, rows, points = np.argsort(bins, kind="stable"), [], []
        for number in range(n_bin):
            channels = order[bins[order] == number]
            own = axis.points[axis.average[channels[0]] > 0] if len(channels) == 1 else axis.centre[channels].mean()
            points.append(np.atleast_1d(own))
            rows += [number] * len(points[-1])
        average = np.zeros((n_bin, len(rows)))
        average[rows, np.arange(len(rows))] = 1.0
        average /= average.sum(axis=1, keepdims=True)
        return cls(depth / unit, noise, white, np.concatenate(points), average)


def _bins(axis: Axis) -> NDArray[np.int64]:
    """Return the bin of each channel (n_channel,): neighbours share one, a wide band has one for itself."""
    wide = (axis.average > 0).sum(axis=1) > 1
    narrow = np.flatnonzero(~wide)
    order = narrow[np.argsort(axis.centre[narrow], kind="stable")]
    count = min(len(order), MOST_BINS)
    bins = np.empty(len(wide), np.int64)
    bins[order] = np.arange(len(order)) * count // max(len(order), 1)
    bins[wide] = count + np.arange(wide.sum())
    return bins
