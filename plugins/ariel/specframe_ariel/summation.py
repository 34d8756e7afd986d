"""The sum over the pixels of each detector column: flux and its variance, bin by bin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from specframe_ariel.kernel import read_coefficients, sum_pairs, sum_reads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.buffers import ColumnBuffers

__all__ = ["PixelTable", "response_slopes", "sum_columns"]

#: Reads that show at what counts a pixel works.
_TYPICAL_READS = 64


@dataclass(frozen=True)
class PixelTable:
    """The pixels that are used, one per item of each array (n, ...), in C order of (y, x)."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    weight: NDArray[np.float64]
    #: Dark current in electron/s.
    dark: NDArray[np.float64]
    #: Of a single read, in electron.
    read_noise: NDArray[np.float64]
    #: For :func:`~specframe_ariel.kernel.sum_pairs` (n, 9), or for ``sum_reads`` (n, 6).
    coefficients: NDArray[Any]


def response_slopes(series: ColumnBuffers, polynomial: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean slope of each pixel's ``polynomial`` (6, n) at the first reads of its ``series``, shape (n,).

    In corrected electrons per adu. It is above 0 where the polynomial describes a detector: more light, more counts.
    """
    order = np.arange(1, len(polynomial))[:, None]
    derivative = np.concatenate([order * polynomial[1:], np.zeros_like(polynomial[:1])])
    number = min(series.length, _TYPICAL_READS)
    sums = np.empty((len(series), 1))
    like = np.empty(0, series.dtype)
    sum_reads(series.addresses, like, read_coefficients(derivative, np.float64), number, sums)
    return sums[:, 0] / number


def sum_columns(
    series: ColumnBuffers,
    pixels: PixelTable,
    n_x: int,
    exposure: NDArray[np.float64],
    per_bin: int,
    *,
    pairs: bool,
    converter: tuple[float, float] = (1.0, 0.0),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return flux and its variance by column and bin, (n_x, n_bin) each, as means over the ``per_bin`` samples.

    ``series`` holds the raw reads (time,) of each pixel, ``exposure`` (n_bin,) the time in s over which a sample
    collected dark current. Where the sums stay in adu, ``converter`` gives the gain g (adu/electron) and the offset
    that make electrons of them, adu / g + offset, since noise is known in electrons.

    Works on as many threads as numba is allowed (``NUMBA_NUM_THREADS``), each on columns of its own, so that the result
    does not depend on their number.
    """
    flux = np.zeros((n_x, len(exposure)))
    variance = np.zeros_like(flux)
    gain, offset = converter
    add, reads = (sum_pairs, 2) if pairs else (sum_reads, 1)
    like = np.empty(0, series.dtype)
    if series.length < reads * per_bin * len(exposure):
        raise ValueError(f"{series.length} reads do not fill {len(exposure)} bins of {per_bin}")

    def work(first: int, last: int) -> None:
        chosen = np.flatnonzero((pixels.column >= first) & (pixels.column < last))
        rows = np.flatnonzero(np.diff(pixels.row[chosen], prepend=-1))
        # one detector row at a time: its sums stay in the processor's cache
        for row in np.split(chosen, rows[1:]):
            sums = np.empty((len(row), len(exposure)))
            add(series.addresses[row], like, pixels.coefficients[row], per_bin, sums)
            mean = sums / per_bin
            column, weight = pixels.column[row], pixels.weight[row, None]
            flux[column] += weight * (mean - pixels.dark[row, None] * exposure)
            noise = np.maximum(mean / gain + offset, 0.0) + reads * pixels.read_noise[row, None] ** 2
            variance[column] += (gain * weight) ** 2 * (noise / per_bin)

    threads = min(int(numba.config.NUMBA_NUM_THREADS), n_x)  # type: ignore[attr-defined]
    edges = np.linspace(0, n_x, threads + 1).round().astype(int).tolist()
    if threads == 1:
        work(0, n_x)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, edges[:-1], edges[1:]))
    return flux, variance
