"""The continuum of a spectrum: a smooth curve above its bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["polynomial_continuum", "quantile_continuum"]

#: The running quantile is taken this many times per window, and interpolated between.
_PER_WINDOW = 4
#: Fewer pixels in a window than this say nothing about a quantile.
_FEWEST = 3


def quantile_continuum(
    wavelength: NDArray[np.float64], flux: NDArray[np.float64], good: NDArray[np.bool_], window: float, quantile: float
) -> NDArray[np.float64]:
    """Return the running quantile of good pixels in windows of full width ``window`` (um), shape (n,).

    It is taken at four places per window and interpolated linearly. Windows with fewer than three good pixels give
    none; raises :class:`~specframe.errors.DataError` when all do.
    """
    used, values = wavelength[good], flux[good]
    count = max(int(np.ceil((used[-1] - used[0]) / window * _PER_WINDOW)) + 1, 2)
    place = np.linspace(used[0], used[-1], count)
    first = np.searchsorted(used, place - 0.5 * window)
    end = np.searchsorted(used, place + 0.5 * window, side="right")
    full = end - first >= _FEWEST
    if not full.any():
        raise DataError(
            f"no window of {window:g} um holds {_FEWEST} pixels that can be used; make it wider than the pixels"
        )
    level = [_quantile(np.sort(values[a:b]), quantile) for a, b in zip(first[full], end[full], strict=True)]
    return np.asarray(np.interp(wavelength, place[full], level))


def _quantile(ordered: NDArray[np.float64], quantile: float) -> float:
    """Return the quantile of sorted values, interpolated linearly as numpy does; np.quantile takes 30 times as long."""
    at = quantile * (len(ordered) - 1)
    below = min(int(at), len(ordered) - 2)
    return float(ordered[below] + (at - below) * (ordered[below + 1] - ordered[below]))


def polynomial_continuum(
    wavelength: NDArray[np.float64], flux: NDArray[np.float64], good: NDArray[np.bool_], degree: int
) -> NDArray[np.float64]:
    """Return exp of the polynomial in wavelength fitted to the log of good pixels above 0, shape (n,).

    Raises :class:`~specframe.errors.DataError` when fewer such pixels than coefficients are there.
    """
    used = good & (flux > 0.0)
    if used.sum() <= degree:
        raise DataError(f"{used.sum()} pixels have flux above 0, too few for a polynomial of degree {degree}")
    ends = wavelength[used][[0, -1]]
    place = (2.0 * wavelength - ends.sum()) / (ends[1] - ends[0] or 1.0)
    basis = np.polynomial.legendre.legvander(np.clip(place, -1.0, 1.0), degree)
    found, *_ = np.linalg.lstsq(basis[used], np.log(flux[used]), rcond=None)
    return np.asarray(np.exp(basis @ found))
