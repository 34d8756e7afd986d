"""Compiled loops over the reads of one pixel: linearity, correlated double sampling and binning in one pass.

The linearity polynomial, with gain and offset folded in, is p(x) of the raw value x in adu. The difference of a pair's
reads a and b, p(b) - p(a), is evaluated in s = a + b and t = b - a::

    p(b) - p(a) = t [ d1 + d2 s + 3/4 d3 s^2 + 1/2 d4 s^3 + 5/16 d5 s^4
                      + t^2 (1/4 d3 + 1/2 d4 s + 5/8 d5 s^2) + 1/16 d5 t^4 ]

which costs what two Horner schemes do, never subtracts large numbers from each other (so single precision is enough:
s and t are exact) and does not need d0, the pixel's bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

__all__ = ["pair_coefficients", "raw_polynomial", "read_coefficients", "sum_pairs", "sum_reads"]

#: Number of coefficients of a linearity polynomial: the challenges' are of order 5.
N_COEFFICIENT = 6

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _compiled(function: _Function) -> _Function:
    """Compile at the first call, and keep the machine code on disk where there is a folder for it.

    Sums may be reordered into vector lanes, and products fused into sums; NaN stays NaN.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract"}}
    try:
        compiled: _Function = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that numba could write to: compile anew in each process
        compiled = numba.njit(**options)(function)
    return compiled


def raw_polynomial(
    linearity: NDArray[np.float64] | None, gain: float, offset: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Fold electrons = adu / gain + offset into the linearity polynomial of each pixel.

    ``linearity`` has shape (coefficient, *shape), from low to high order; ``None`` leaves electrons as they are.
    Returns the coefficients of the polynomial in adu, shape (6, *shape).

    Raises
    ------
    DataError
        When ``linearity`` is of an order above 5.
    """
    if linearity is None:
        linearity = np.zeros((2, *shape))
        linearity[1] = 1.0
    if len(linearity) > N_COEFFICIENT:
        raise DataError(f"expected at most {N_COEFFICIENT} linearity coefficients per pixel, got {len(linearity)}")
    folded = np.zeros((N_COEFFICIENT, *shape))
    for coefficient in linearity[::-1]:  # Horner's scheme with (offset + x / gain) in place of a number
        times_x = np.roll(folded, 1, axis=0) / gain
        times_x[0] = 0.0
        folded = folded * offset + times_x
        folded[0] += coefficient
    return folded


def pair_coefficients(polynomial: NDArray[np.float64], dtype: DTypeLike) -> NDArray[Any]:
    """Return what :func:`sum_pairs` takes for the polynomials in adu (6, ...): shape (..., 9)."""
    _, d1, d2, d3, d4, d5 = polynomial
    terms = (d1, d2, 0.75 * d3, 0.5 * d4, 0.3125 * d5, 0.25 * d3, 0.5 * d4, 0.625 * d5, 0.0625 * d5)
    return np.ascontiguousarray(np.stack(terms, axis=-1), dtype)


def read_coefficients(polynomial: NDArray[np.float64], dtype: DTypeLike) -> NDArray[Any]:
    """Return what :func:`sum_reads` takes for the polynomials in adu (6, ...): shape (..., 6)."""
    return np.ascontiguousarray(np.moveaxis(polynomial, 0, -1), dtype)


@_compiled
def sum_pairs(series: NDArray[Any], coefficients: NDArray[Any], per_bin: int, sums: NDArray[np.float64]) -> None:
    """Write into ``sums`` (n_bin,) the sum over ``per_bin`` pairs of p(second read) - p(first read), in electrons.

    ``series`` (time,) is one pixel's raw reads. The type of ``coefficients`` (9,) decides the arithmetic; a bin's sum
    is in that type too.
    """
    real = coefficients.dtype.type
    d1, d2, d3, d4, d5 = coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4]
    e3, e4, e5, f5 = coefficients[5], coefficients[6], coefficients[7], coefficients[8]
    for k in range(sums.shape[0]):
        reads = series[2 * k * per_bin : 2 * (k + 1) * per_bin]
        total = real(0)
        for i in range(per_bin):
            a = real(reads[2 * i])
            b = real(reads[2 * i + 1])
            s = a + b
            t = b - a
            slope = d1 + s * (d2 + s * (d3 + s * (d4 + s * d5)))
            bend = e3 + s * (e4 + s * e5)
            tt = t * t
            total += t * (slope + tt * (bend + tt * f5))
        sums[k] = total


@_compiled
def sum_reads(series: NDArray[Any], coefficients: NDArray[Any], per_bin: int, sums: NDArray[np.float64]) -> None:
    """Write into ``sums`` (n_bin,) the sum over ``per_bin`` reads of p(read), in electrons."""
    real = coefficients.dtype.type
    c0, c1, c2 = coefficients[0], coefficients[1], coefficients[2]
    c3, c4, c5 = coefficients[3], coefficients[4], coefficients[5]
    for k in range(sums.shape[0]):
        reads = series[k * per_bin : (k + 1) * per_bin]
        total = real(0)
        for i in range(per_bin):
            x = real(reads[i])
            total += c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * c5))))
        sums[k] = total
