"""The weights with which pixels of one grid make the pixels of another, sharp or blurred by a line spread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.special import ndtr

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FWHM_PER_SIGMA", "Rebinning", "rebinning_between"]

#: FWHM of a Gaussian in standard deviations: 2 sqrt(2 ln 2).
FWHM_PER_SIGMA = 2.0 * float(np.sqrt(2.0 * np.log(2.0)))
#: The Gaussian is cut off this many standard deviations from the edges of a pixel; 6e-5 of it lies beyond.
_REACH = 4.0
#: A pixel both of whose edges are this part of a pixel from those of one given is that one: wavelengths are often
#: stored in single precision.
_SNAP = 1e-4
#: Rounding of a pixel's covered part.
_ROUNDING = 1e-6
#: Weights of one grid, about 1 GB.
_MOST_WEIGHTS = 40_000_000


@dataclass(frozen=True)
class Rebinning:
    """How spectra (n_in,) become spectra (n_out,).

    Parameters
    ----------
    weights
        Sparse (n_out, n_in): the part of an output pixel, or of its line spread, that an input pixel covers.
    reached
        (n_out,): sum of the weights, 1 where the input covers the pixel.
    selection
        (n_out,): the input pixel that an output pixel is, where each is exactly one; else ``None``.
    """

    weights: csr_array
    squared: csr_array
    reached: NDArray[np.float64]
    selection: NDArray[np.intp] | None

    def covered(self, good: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the part of each output pixel that good input pixels cover, shape (n_out,)."""
        return self.reached if good.all() else np.asarray(self.weights @ good.astype(float))

    def usable(self, covered: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
        """Return the output pixels of which at least this part is covered, within rounding."""
        return np.asarray(covered >= least - _ROUNDING)

    def mean(
        self, value: NDArray[np.float64], good: NDArray[np.bool_], covered: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the mean of good pixels over each output pixel (n_out,), NaN where there are none."""
        return _divided(self.weights @ np.where(good, value, 0.0), covered)

    def error(
        self, error: NDArray[np.float64], good: NDArray[np.bool_], covered: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the standard deviation of :meth:`mean` for independent errors: sqrt(sum_i w_ij^2 sigma_i^2)."""
        return _divided(np.sqrt(self.squared @ np.square(np.where(good, error, 0.0))), covered)

    def covariance(
        self, covariance: NDArray[np.float64], good: NDArray[np.bool_], covered: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the covariance of :meth:`mean`, W C W^T, shape (n_out, n_out)."""
        used = np.where(good[:, None] & good, covariance, 0.0)
        return _divided(self.weights @ (self.weights @ used).T, covered[:, None] * covered)


def _divided(values: NDArray[np.float64], covered: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(covered > 0.0, values / covered, np.nan))


def rebinning_between(
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    wanted: tuple[NDArray[np.float64], NDArray[np.float64]],
    fwhm: NDArray[np.float64] | None = None,
    frequency: bool = False,
) -> Rebinning:
    """Return how pixels between edges (lower, upper) become those between others; kept for the next spectrum.

    A spectrum is taken to be constant within a pixel. An output pixel is its mean over the pixel, so the integral over
    wavelength is conserved; with ``frequency`` that over frequency. With ``fwhm``, shape (n_out,) in um, it is the mean
    of the spectrum convolved with a Gaussian of this FWHM: the integral of both boxes and the Gaussian is analytic, no
    sampling enters. The Gaussian is cut off at four standard deviations and normalised.
    """
    return _rebinning(
        *(_packed(edge) for edge in (*given, *wanted)), None if fwhm is None else _packed(fwhm), frequency
    )


def _packed(values: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(values, float).tobytes()


@lru_cache(maxsize=8)
def _rebinning(
    lower: bytes, upper: bytes, wanted_lower: bytes, wanted_upper: bytes, fwhm: bytes | None, frequency: bool
) -> Rebinning:
    low, high, out_low, out_high = (np.frombuffer(edge) for edge in (lower, upper, wanted_lower, wanted_upper))
    known = np.union1d(low, high)
    within = _SNAP * min(float(np.min(high - low)), float(np.min(out_high - out_low)))
    snapped_low, snapped_high = _nearest(known, out_low), _nearest(known, out_high)
    same = (np.abs(snapped_low - out_low) <= within) & (np.abs(snapped_high - out_high) <= within)
    out_low, out_high = np.where(same, snapped_low, out_low), np.where(same, snapped_high, out_high)
    sigma = np.zeros(len(out_low)) if fwhm is None else np.frombuffer(fwhm) / FWHM_PER_SIGMA
    if frequency:  # -1 / wavelength ascends with wavelength, and its differences are those of the frequency
        sigma = sigma / np.square(0.5 * (out_low + out_high))
        low, high, out_low, out_high = (-1.0 / edge for edge in (low, high, out_low, out_high))
    weights = _weights(low, high, out_low, out_high, sigma)
    reached = np.asarray(weights.sum(axis=1)).ravel()
    alone = np.diff(weights.indptr) == 1
    selection = weights.indices.astype(np.intp) if alone.all() and np.all(weights.data == 1.0) else None
    return Rebinning(weights, weights.power(2), reached, selection)


def _nearest(known: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest of ascending ``known`` edges to each edge."""
    after = np.clip(np.searchsorted(known, edges), 1, len(known) - 1)
    return np.where(edges - known[after - 1] < known[after] - edges, known[after - 1], known[after])


def _weights(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    out_low: NDArray[np.float64],
    out_high: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> csr_array:
    """Return the weights (n_out, n_in); all edges ascend."""
    begin, end = out_low - _REACH * sigma, out_high + _REACH * sigma
    first = np.searchsorted(high, begin, side="right")
    count = np.maximum(np.searchsorted(low, end, side="left") - first, 0)
    if count.sum() > _MOST_WEIGHTS:
        raise DataError(
            f"{len(low)} pixels onto {len(out_low)} would take {count.sum():.2g} weights, more than fit into memory; "
            "ask for fewer pixels (step, or resolving_power with range)"
        )
    row = np.repeat(np.arange(len(out_low)), count)
    column = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
    left, right = np.maximum(low[column], begin[row]), np.minimum(high[column], end[row])
    values = _shared(left, right, out_low[row], out_high[row], sigma[row])
    values /= _shared(begin, end, out_low, out_high, sigma)[row]
    there = values > 0.0
    pieces = csr_array((values[there], (row[there], column[there])), shape=(len(out_low), len(low)))
    pieces.sort_indices()
    return pieces


def _shared(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    out_low: NDArray[np.float64],
    out_high: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the integral over output pixels of the boxes from ``low`` to ``high`` blurred by Gaussians of ``sigma``.

    Without blur that is the overlap. With it, two integrals over the Gaussian's cumulative distribution remain.
    """
    overlap = np.maximum(np.minimum(high, out_high) - np.maximum(low, out_low), 0.0)
    if not sigma.any():
        return np.asarray(overlap)
    blurred = (
        _twice_integrated(out_high - low, sigma)
        - _twice_integrated(out_high - high, sigma)
        - _twice_integrated(out_low - low, sigma)
        + _twice_integrated(out_low - high, sigma)
    )
    return np.asarray(np.where(sigma > 0.0, np.maximum(blurred, 0.0), overlap))


def _twice_integrated(x: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Gaussian of ``sigma`` integrated twice: x Phi(x / sigma) + sigma phi(x / sigma)."""
    z = x / np.where(sigma > 0.0, sigma, 1.0)
    return np.asarray(x * ndtr(z) + sigma * np.exp(-0.5 * np.square(z)) / np.sqrt(2.0 * np.pi))
