"""From reads to light: each pixel's mean signal by bin, and the weighted sum over the pixels of each column."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from specframe_ariel.kernel import compiled, mark_high, read_coefficients, sum_pairs, sum_reads
from specframe_ariel.repair import find_outliers, pointing_jumps, replace_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from specframe_ariel.buffers import ColumnBuffers

__all__ = ["BinnedPixels", "PixelTable", "Sampling", "bin_pixels", "response_slopes", "sum_columns"]

#: Reads that show at what counts a pixel works.
_TYPICAL_READS = 64
#: Samples that a thread works on at a time.
_BLOCK = 32_768


@dataclass(frozen=True)
class PixelTable:
    """The pixels that are used, one per item of each array (n, ...), in C order of (y, x)."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    #: Dark current in electron/s.
    dark: NDArray[np.float64]
    #: Of a single read, in electron.
    read_noise: NDArray[np.float64]
    #: For :func:`~specframe_ariel.kernel.sum_pairs` (n, 9), or for ``sum_reads`` (n, 6).
    coefficients: NDArray[Any]


@dataclass(frozen=True)
class Sampling:
    """How reads make samples and samples make bins."""

    #: Time in s over which a sample of each bin collected dark current, (n_bin,).
    exposure: NDArray[np.float64]
    per_bin: int
    #: Whether a sample is the difference of two reads, or a read.
    pairs: bool
    #: Gain g (adu/electron) and offset (electron) that make electrons of the samples, adu / g + offset, where they
    #: stay in adu: noise is known in electrons.
    converter: tuple[float, float] = (1.0, 0.0)

    @property
    def reads(self) -> int:
        """Reads in a sample."""
        return 2 if self.pairs else 1


@dataclass(frozen=True)
class BinnedPixels:
    """What the reads of each pixel come to: its mean sample by bin (n, n_bin), dark current included."""

    mean: NDArray[np.float64]
    #: Pixels in which too many bins have saturated reads, (n,).
    saturated: NDArray[np.bool_]
    #: Cosmic rays, and bins with some saturated reads, that were repaired in each pixel, (n,).
    cosmic_rays: NDArray[np.int64]
    clipped: NDArray[np.int64]


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


def bin_pixels(
    series: ColumnBuffers,
    pixels: PixelTable,
    sampling: Sampling,
    *,
    top: float,
    saturated_share: float,
    cosmic_ray_sigma: float | None,
) -> BinnedPixels:
    """Reduce the raw reads (time,) of each pixel to its bins, and repair what cosmic rays and saturation did to them.

    A read of ``top`` or above is saturated, and so is a pixel in more than ``saturated_share`` of whose bins there is
    one. ``cosmic_ray_sigma`` is that of :func:`~specframe_ariel.repair.find_outliers`; ``None`` looks for no cosmic
    rays.

    Works on as many threads as numba is allowed (``NUMBA_NUM_THREADS``), each on pixels of its own, so that the result
    does not depend on their number.
    """
    n_bin = len(sampling.exposure)
    per_bin = sampling.per_bin
    in_bin = sampling.reads * per_bin
    if series.length < in_bin * n_bin:
        raise ValueError(f"{series.length} reads do not fill {n_bin} bins of {per_bin}")
    add = sum_pairs if sampling.pairs else sum_reads
    like = np.array([_as_type(top, series.dtype)])
    read_variance = sampling.reads * pixels.read_noise**2
    mean = np.empty((len(series), n_bin))
    high = np.empty(mean.shape, np.bool_)
    outlier = np.zeros(mean.shape, np.int8)

    def work(first: int, last: int) -> None:
        block = max(_BLOCK // n_bin, 1)  # what one step makes is in the processor's cache for the next
        for begin in range(first, last, block):
            some = slice(begin, min(begin + block, last))
            addresses, sums = series.addresses[some], mean[some]
            add(addresses, like, pixels.coefficients[some], per_bin, sums)
            sums /= per_bin
            mark_high(addresses, like, in_bin, high[some])
            if cosmic_ray_sigma is not None:
                converter = sampling.converter
                find_outliers(sums, read_variance[some], per_bin, *converter, cosmic_ray_sigma, outlier[some])

    _in_threads(work, len(series))
    saturated = high.sum(axis=1) > saturated_share * n_bin
    high &= ~saturated[:, None]
    hits = (outlier > 0) & ~high & ~saturated[:, None] & ~pointing_jumps(outlier)
    replace_samples(mean, high | hits)
    return BinnedPixels(mean, saturated, hits.sum(axis=1), high.sum(axis=1))


def _as_type(top: float, dtype: np.dtype[Any]) -> Any:
    """Return ``top`` in the reads' type; the top of an integer type that cannot reach it."""
    if dtype.kind == "f":
        return dtype.type(top)
    limits = np.iinfo(dtype)
    return dtype.type(min(max(np.ceil(top), limits.min), limits.max))


def sum_columns(
    binned: BinnedPixels, pixels: PixelTable, weight: NDArray[np.float64], n_x: int, sampling: Sampling
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum over pixels with ``weight`` (n,), and its variance, by column and bin, (n_x, n_bin) each."""
    flux = np.zeros((n_x, len(sampling.exposure)))
    variance = np.zeros_like(flux)
    variance_read = sampling.reads * pixels.read_noise**2
    gain, offset = sampling.converter

    def work(first: int, last: int) -> None:
        chosen = np.flatnonzero((pixels.column >= first) & (pixels.column < last) & (weight != 0.0))
        _add(
            binned.mean, chosen, pixels.column, weight, pixels.dark, variance_read, sampling.exposure, gain, offset,
            flux, variance,
        )  # fmt: skip

    _in_threads(work, n_x)
    variance /= sampling.per_bin
    return flux, variance


@compiled
def _add(
    mean: NDArray[np.float64],
    chosen: NDArray[np.intp],
    column: NDArray[np.intp],
    weight: NDArray[np.float64],
    dark: NDArray[np.float64],
    read_variance: NDArray[np.float64],
    exposure: NDArray[np.float64],
    gain: float,
    offset: float,
    flux: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> None:
    n_bin = mean.shape[1]
    for n in chosen:
        sums, squares, samples = flux[column[n]], variance[column[n]], mean[n]
        square = (gain * weight[n]) ** 2
        for k in range(n_bin):
            sums[k] += weight[n] * (samples[k] - dark[n] * exposure[k])
            squares[k] += square * (max(samples[k] / gain + offset, 0.0) + read_variance[n])


def _in_threads(work: Callable[[int, int], None], number: int) -> None:
    threads = min(int(numba.config.NUMBA_NUM_THREADS), number)  # type: ignore[attr-defined]
    if threads == 1:
        work(0, number)
        return
    edges = np.linspace(0, number, threads + 1).round().astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
