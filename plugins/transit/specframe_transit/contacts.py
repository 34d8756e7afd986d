"""Find the four contacts of a transit in white light curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import median_filter
from scipy.optimize import least_squares

from specframe.api import MAD_TO_STD, masked_median
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "TOO_FEW_SAMPLES",
    "Transit",
    "WhiteCurve",
    "check_baseline",
    "find_transit",
    "limb_crossing",
    "trapezoid",
    "white_curve",
]

#: Samples to which a curve is binned for the search, and for the fit of the contacts; shorter curves keep theirs.
_SEARCH_SAMPLES, _FIT_SAMPLES = 256, 1024
#: Candidate times of ingress and egress in the search; all pairs are tried.
_CANDIDATES = 160
#: Samples that must lie before the first contact, between the second and the third, and after the fourth.
_MIN_SAMPLES = 3
#: A white light curve needs some samples before, in, and after a transit, and some to tell outliers.
_MIN_WHITE_SAMPLES = 4 * _MIN_SAMPLES
#: Why there is no white light curve to search.
TOO_FEW_SAMPLES = (
    f"too few usable samples to find a transit: no light curve has {_MIN_WHITE_SAMPLES} or more with most of the "
    "light; use shorter samples, or leave this target out"
)
#: Lowest order of the polynomial while searching: below, curved baselines look like transits.
_MIN_SEARCH_ORDER = 3
#: A box of which the polynomial explains all but this part says nothing.
_MIN_INDEPENDENT = 0.02
#: Ingress durations, as fractions of the transit, from which the fit of the contacts starts.
_INGRESS_STARTS = (0.05, 0.15, 0.4)
_OUTLIER_SIGMA = 5.0
#: Samples of the running median that outliers are measured from: it follows steps, and any transit that can be fitted.
_MEDIAN_SAMPLES = 5


@dataclass(frozen=True)
class WhiteCurve:
    """A light curve summed over wavelength, normalised to its median, without the samples that cannot be used.

    ``time`` and ``flux`` have the shape (n,). ``noise`` is the standard deviation of one sample, from the scatter of
    neighbours: that also holds where the errors that come with the data do not.
    """

    time: NDArray[np.float64]
    flux: NDArray[np.float64]
    noise: float


@dataclass(frozen=True)
class Transit:
    """Contacts (4,) in the curves' unit of time, and the dip's significance in sigma where it was searched for."""

    contacts: NDArray[np.float64]
    significance: float | None = None


def trapezoid(time: NDArray[np.float64], contacts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 out of transit, 1 between second and third contact, and straight lines between."""
    return np.interp(time, contacts, [0.0, 1.0, 1.0, 0.0])


def limb_crossing(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a small disc that has crossed a straight limb, as ``phase`` goes from -1 to 1."""
    phase = np.clip(phase, -1.0, 1.0)
    return (np.arccos(-phase) + phase * np.sqrt(1.0 - phase**2)) / np.pi


def white_curve(
    time: NDArray[np.float64], flux: NDArray[np.float64], flux_error: NDArray[np.float64], use: NDArray[np.bool_]
) -> WhiteCurve | None:
    """Combine channels (n_channel, n_time) into one curve, each with the weight of its relative errors.

    Moments at which most of the light is masked are left out, for their mix of channels is another one, and so are
    single outliers, of a channel and of the sum. Returns ``None`` when too few samples are left.
    """
    use = use & ~_outliers(flux, use)
    level = masked_median(flux, use)[:, None]
    lit = use & (level > 0)
    scale = np.where(level > 0, level, 1.0)
    weight = np.where(lit, np.square(scale / np.where(lit, flux_error, 1.0)), 0.0)
    total = weight.sum(axis=0)
    keep = (total > 0.5 * np.median(total[total > 0])) if np.any(total > 0) else np.zeros(len(time), bool)
    if keep.sum() < _MIN_WHITE_SAMPLES:
        return None
    white = np.sum(np.where(lit, flux / scale, 0.0) * weight, axis=0)[keep] / total[keep]
    white, time = white / np.median(white), time[keep]
    ordinary = ~_outliers(white[None], np.ones((1, len(white)), bool))[0]
    white, time = white[ordinary], time[ordinary]
    steps = np.diff(white)
    noise = MAD_TO_STD * float(np.median(np.abs(steps - np.median(steps)))) / np.sqrt(2.0)
    # Noise-free curves (simulations) would divide by zero.
    return WhiteCurve(time, white, max(noise, 1e-12))


def _outliers(flux: NDArray[np.float64], use: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which samples (n_channel, n_time) lie far from the running median of their own channel.

    Averaged over channels, a single cosmic ray is small enough to hide in the white curve and large enough to spoil
    it. Ingress and egress stay: the running median follows whatever rises or falls over several samples.
    """
    # The median runs over each channel's used samples, moved to the front, and their mirror image behind the last.
    index = np.arange(flux.shape[1])
    order = np.argsort(~use, axis=1, kind="stable")
    last = use.sum(axis=1, keepdims=True) - 1
    front = np.where(index <= last, index, np.maximum(2 * last - index, 0))
    running = np.take_along_axis(np.where(use, flux, 0.0), np.take_along_axis(order, front, axis=1), axis=1)
    running = median_filter(running, (1, _MEDIAN_SAMPLES), mode="mirror")
    median = np.empty_like(running)
    np.put_along_axis(median, order, running, axis=1)
    distance = np.where(use, np.abs(flux - median), 0.0)
    # Where most samples equal their neighbours (few photons, no noise) the scatter says nothing.
    spread = MAD_TO_STD * masked_median(distance, use)[:, None]
    return use & (spread > 0) & (distance > _OUTLIER_SIGMA * spread)


def find_transit(curves: Sequence[WhiteCurve], order: int, min_significance: float, partial: bool = False) -> Transit:
    """Find the contacts that ``curves``, of instruments that watched the same transit, have in common.

    First every pair of ingress and egress on a grid is fitted by a box on top of a polynomial in time, with a depth
    and a polynomial per curve. From the best pair on, the times of ingress and egress and their common duration are
    fitted as a disc that crosses a straight limb. With ``partial`` a transit may lack a baseline, or an ingress or
    egress: contacts that were not seen are placed as if two thirds of the transit had been.

    Raises
    ------
    DataError
        When no dip reaches ``min_significance``, or the transit has no baseline on both sides.
    """
    # Derivatives are differences by a part of the time itself: of a Julian date that would be an hour.
    origin = float(np.floor(min(curve.time[0] for curve in curves)))
    transit = _find([replace(curve, time=curve.time - origin) for curve in curves], order, min_significance, partial)
    transit = Transit(transit.contacts + origin, transit.significance)
    if not partial:
        for curve in curves:
            check_baseline(curve.time, transit.contacts)
    return transit


def _find(curves: Sequence[WhiteCurve], order: int, min_significance: float, partial: bool) -> Transit:
    """Find the contacts of curves whose times are small numbers."""
    order = max(order, _MIN_SEARCH_ORDER)
    ingress, egress, significance = _search([_binned(curve, _SEARCH_SAMPLES) for curve in curves], order)
    within = np.isfinite(ingress) and np.isfinite(egress)
    if within:
        contacts, significance = _fit([_binned(curve, _FIT_SAMPLES) for curve in curves], order, ingress, egress)
    if significance < min_significance:
        raise DataError(
            f"no transit found: the deepest dip in the white light curve has {significance:.1f} sigma, less than "
            f"min_significance ({min_significance:g}). If one is there, lower min_significance or give the data a "
            "contact_time (contacts: given); else leave this target out"
        )
    if not within and partial and (np.isfinite(ingress) or np.isfinite(egress)):
        return Transit(_unseen_contacts(curves, ingress, egress), significance)
    if not within:
        side = "last" if np.isfinite(ingress) else "first"
        raise DataError(
            f"the transit touches the {side} sample of the light curve, but a depth needs a baseline on both sides; "
            "leave this target out, or fit it with a transit model of known times"
        )
    return Transit(contacts, significance)


def _unseen_contacts(curves: Sequence[WhiteCurve], ingress: float, egress: float) -> NDArray[np.float64]:
    """Return contacts of a box of which one side lies beyond the observation."""
    start, stop = min(c.time[0] for c in curves), max(c.time[-1] for c in curves)
    if np.isfinite(ingress):
        egress = ingress + 1.5 * (stop - ingress)
    else:
        ingress = egress - 1.5 * (egress - start)
    half = 0.03 * (egress - ingress)
    return np.array([ingress - half, ingress + half, egress - half, egress + half])


def check_baseline(time: NDArray[np.float64], contacts: NDArray[np.float64]) -> None:
    """Raise :class:`DataError` unless there are samples before, in and after the transit."""
    first, second, third, fourth = contacts
    counts = (int(np.sum(time <= first)), int(np.sum((time >= second) & (time <= third))), int(np.sum(time >= fourth)))
    if min(counts) < _MIN_SAMPLES:
        raise DataError(
            f"the light curve ({time[0]:.6g} to {time[-1]:.6g}) does not cover the transit (contacts at {first:.6g} to "
            f"{fourth:.6g}): {counts[0]} usable samples before it, {counts[1]} between second and third contact and "
            f"{counts[2]} after it, expected at least {_MIN_SAMPLES} each"
        )


def _binned(curve: WhiteCurve, limit: int) -> WhiteCurve:
    """Average neighbours so that at most ``limit`` samples remain; what does not fill a bin at the end is dropped."""
    factor = -(-len(curve.time) // limit)
    if factor == 1:
        return curve
    n = len(curve.time) // factor * factor
    time, flux = (values[:n].reshape(-1, factor).mean(axis=1) for values in (curve.time, curve.flux))
    return WhiteCurve(time, flux, curve.noise / np.sqrt(factor))


def _orthonormal(time: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return polynomials up to ``order`` that are orthonormal on the samples, shape (n, order + 1)."""
    phase = 2.0 * (time - time[0]) / (time[-1] - time[0]) - 1.0
    basis: NDArray[np.float64] = np.linalg.qr(np.polynomial.legendre.legvander(phase, order))[0]
    return basis


def _search(curves: Sequence[WhiteCurve], order: int) -> tuple[float, float, float]:
    """Return ingress, egress and significance of the best box; infinite where it goes on beyond the observation."""
    start, stop = min(c.time[0] for c in curves), max(c.time[-1] for c in curves)
    candidates = np.concatenate([[-np.inf], np.linspace(start, stop, _CANDIDATES), [np.inf]])
    score = np.sum([_box_scores(curve, candidates, order) for curve in curves], axis=0)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    return float(candidates[row]), float(candidates[column]), float(np.sqrt(score[row, column]))


def _box_scores(curve: WhiteCurve, candidates: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return by how much a dip between each two candidates lowers the chi-square; 0 where there is none.

    With the polynomials Q projected out, a box b lowers it by (b.r)^2 / (b.b - |Q'b|^2), r being the residual without
    a box; all three terms are differences of cumulative sums.
    """
    n = len(curve.time)
    basis = _orthonormal(curve.time, order)
    residual = curve.flux - basis @ (basis.T @ curve.flux)
    index = np.searchsorted(curve.time, candidates)
    # One row per gap between samples: sums of each polynomial and of the residual up to there.
    sums = np.concatenate([np.zeros((1, order + 2)), np.cumsum(np.column_stack([basis, residual]), axis=0)])
    between = sums[index][None, :] - sums[index][:, None]
    inside = index[None, :] - index[:, None]
    independent = inside - np.sum(np.square(between[..., :-1]), axis=-1)
    dip = between[..., -1]
    whole = ((index == 0) | (index >= _MIN_SAMPLES))[:, None] & ((index == n) | (index <= n - _MIN_SAMPLES))[None, :]
    valid = whole & (dip < 0) & (inside >= _MIN_SAMPLES) & (independent > _MIN_INDEPENDENT * np.maximum(inside, 1))
    return np.where(valid, np.square(dip) / np.where(valid, independent, 1.0), 0.0) / curve.noise**2


def _fit(curves: Sequence[WhiteCurve], order: int, ingress: float, egress: float) -> tuple[NDArray[np.float64], float]:
    """Fit mid-ingress, mid-egress and the duration of both; return contacts (4,) and the dip's significance."""
    bases = [_orthonormal(curve.time, order) for curve in curves]
    residuals = [(c.flux - basis @ (basis.T @ c.flux)) / c.noise for c, basis in zip(curves, bases, strict=True)]
    cadence = min(float(np.median(np.diff(curve.time))) for curve in curves)
    duration = max(egress - ingress, 4.0 * cadence)

    def misfit(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        mid_ingress, mid_egress, crossing = parameters
        parts = []
        for curve, basis, residual in zip(curves, bases, residuals, strict=True):
            shape = limb_crossing(2.0 * (curve.time - mid_ingress) / crossing)
            shape = shape * limb_crossing(2.0 * (mid_egress - curve.time) / crossing)
            shape = shape - basis @ (basis.T @ shape)
            norm = shape @ shape
            parts.append(residual - shape * (shape @ residual / norm if norm > 0 else 0.0))
        return np.concatenate(parts)

    low = [ingress - 0.25 * duration, egress - 0.25 * duration, 0.5 * cadence]
    high = [ingress + 0.25 * duration, egress + 0.25 * duration, 0.9 * duration]
    fits = [
        least_squares(misfit, [ingress, egress, max(part * duration, cadence)], bounds=(low, high), x_scale=cadence)
        for part in _INGRESS_STARTS
    ]
    best = min(fits, key=lambda fit: float(fit.cost))
    mid_ingress, mid_egress, crossing = best.x
    crossing = min(crossing, mid_egress - mid_ingress)
    without, with_dip = sum(float(r @ r) for r in residuals), 2.0 * float(best.cost)
    free = sum(len(r) for r in residuals) - len(curves) * (order + 2) - 3
    significance = np.sqrt((without - with_dip) / max(with_dip / max(free, 1), 1e-30))
    half = 0.5 * crossing
    contacts = np.array([mid_ingress - half, mid_ingress + half, mid_egress - half, mid_egress + half])
    return contacts, float(significance)
