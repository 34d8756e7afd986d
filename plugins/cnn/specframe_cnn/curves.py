"""Light curves relative to their level out of transit, averaged over wavelengths and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from specframe.api import MAD_TO_STD, masked_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Level", "binned", "group_starts", "out_of_transit_level", "relative_errors"]

Level = Literal["edges", "line", "contacts", "none"]

#: Part of the samples at each end that is taken for out of transit where nothing is known of the transit.
_EDGE = 1 / 8
#: Fewer samples than this before the first or after the last contact do not tell a level.
_FEW = 3


def out_of_transit_level(
    flux: NDArray[np.float64],
    level: Level,
    time: NDArray[np.float64] | None = None,
    contacts: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the level that curves (n, wavelength, time) are divided by, (n, wavelength, time or 1).

    Parameters
    ----------
    flux
        NaN where missing.
    level
        ``edges``: median of the first and last eighth of the samples. ``line``: straight line through the medians of
        both. ``contacts``: the same through the medians of what lies before the first and after the last contact;
        the edges where fewer than three samples do.
    time, contacts
        Times of the samples (time,) and the contacts (n, contact), in the same unit, for ``contacts``.
    """
    n, n_wavelength, n_time = flux.shape
    edge = max(round(_EDGE * n_time), 1)
    samples = np.arange(n_time)
    before = np.broadcast_to(samples < edge, (n, n_time))
    after = np.broadcast_to(samples >= n_time - edge, (n, n_time))
    if level == "contacts" and contacts is not None and time is not None:
        early = time < contacts[:, :1]
        late = time > contacts[:, -1:]
        before = np.where(early.sum(axis=1, keepdims=True) >= _FEW, early, before)
        after = np.where(late.sum(axis=1, keepdims=True) >= _FEW, late, after)
    finite = np.isfinite(flux)
    rows = flux.reshape(-1, n_time)

    def median(use: NDArray[np.bool_]) -> NDArray[np.float64]:
        used = finite & use[:, None, :]
        values = masked_median(rows, used.reshape(-1, n_time)).reshape(n, n_wavelength)
        return np.where(used.any(axis=2), values, np.nan)

    if level == "edges":
        return median(before | after)[:, :, None]
    first, last = median(before), median(after)
    first, last = np.where(np.isnan(first), last, first), np.where(np.isnan(last), first, last)
    start = (before * samples).sum(axis=1) / before.sum(axis=1)
    end = (after * samples).sum(axis=1) / after.sum(axis=1)
    part = (samples - start[:, None]) / (end - start)[:, None]  # shape: (n, time)
    return np.asarray(first[:, :, None] + (last - first)[:, :, None] * part[:, None, :])


def relative_errors(
    relative: NDArray[np.float64], level: NDArray[np.float64], flux_error: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the noise of a sample of each relative curve (n, wavelength, time), shape (n, wavelength, 1).

    That is the median of the errors over the level, and without errors what neighbouring samples scatter by. NaN
    where neither is known.
    """
    shape = relative.shape
    if flux_error is not None:
        errors = flux_error / level
        good = np.isfinite(errors) & (errors > 0)
        noise = masked_median(errors.reshape(-1, shape[2]), good.reshape(-1, shape[2])).reshape(shape[:2])
        if good.any():
            return np.where(noise > 0, noise, np.nan)[:, :, None]
    if shape[2] < 2:
        return np.full((*shape[:2], 1), np.nan)
    steps = np.abs(np.diff(relative, axis=2)).reshape(-1, shape[2] - 1)
    scatter = masked_median(steps, np.isfinite(steps)).reshape(shape[:2]) * MAD_TO_STD / np.sqrt(2.0)
    return np.where(scatter > 0, scatter, np.nan)[:, :, None]


def group_starts(length: int, groups: int | None) -> NDArray[np.intp]:
    """Return where each of ``groups`` neighbouring groups of about equal size begins; ``None``: one for each."""
    groups = length if groups is None else min(groups, length)
    return (np.arange(groups) * length // groups).astype(np.intp)


def binned(
    values: NDArray[np.float64], errors: NDArray[np.float64], starts: NDArray[np.intp], axis: int, weigh: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average groups of neighbours along an axis, and propagate their errors.

    ``values`` are NaN where missing; ``errors`` broadcast to them. With ``weigh`` weights are 1 / error^2, of a value
    without an error that of the target's median one; else they are equal.
    """
    if len(starts) == values.shape[axis]:
        return values, errors
    finite = np.isfinite(values)
    weight: Any = 1.0
    if weigh:
        known = np.isfinite(errors) & (errors > 0)
        flat = np.where(known, errors, np.nan).reshape(len(errors), -1)
        typical = masked_median(flat, known.reshape(len(errors), -1))
        typical = np.where(typical > 0, typical, 1.0).reshape(-1, *[1] * (errors.ndim - 1))
        weight = 1.0 / np.square(np.where(known, errors, typical))
    weights = np.where(finite, weight, 0.0)
    total = np.add.reduceat(weights, starts, axis=axis)
    there = total > 0
    safe = np.where(there, total, 1.0)
    mean = np.add.reduceat(weights * np.where(finite, values, 0.0), starts, axis=axis) / safe
    variance = np.add.reduceat(np.square(weights * np.where(np.isfinite(errors), errors, 0.0)), starts, axis=axis)
    return np.where(there, mean, np.nan), np.where(there, np.sqrt(variance) / safe, np.nan)
