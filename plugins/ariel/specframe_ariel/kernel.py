"""Compiled loops over the reads of each pixel: linearity, correlated double sampling and binning in one pass.

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
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

__all__ = [
    "compiled",
    "mark_high",
    "pair_coefficients",
    "raw_polynomial",
    "read_addresses",
    "read_coefficients",
    "sum_pairs",
    "sum_reads",
]

#: Number of coefficients of a linearity polynomial: the challenges' are of order 5.
N_COEFFICIENT = 6

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def compiled(function: _Function) -> _Function:
    """Compile at the first call, and keep the machine code on disk where there is a folder for it.

    Sums may be reordered into vector lanes, and products fused into sums; NaN stays NaN.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract"}}
    try:
        kernel: _Function = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that numba could write to: compile anew in each process
        kernel = numba.njit(**options)(function)
    return kernel


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


def _as_pointer(typing: Any, address: Any) -> Any:
    """Make an address a pointer that ``numba.carray`` takes."""
    del typing, address

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.uint64), generate


_pointer: Any = intrinsic(_as_pointer)


@compiled
def read_addresses(children: int, skip: int, item_size: int, addresses: NDArray[np.uint64]) -> int:
    """Write where the values of Arrow arrays begin, and return how many of the arrays have missing values.

    ``children`` is the address of a table of pointers to ``struct ArrowArray``, whose first fields are length,
    null_count, offset, n_buffers, n_children and buffers, 8 bytes each; buffers are a bitmap of what is valid, which
    may be absent, and the values. ``skip`` more values of each are passed over.
    """
    arrays = carray(_pointer(np.uint64(children)), (len(addresses),), np.uint64)
    missing = 0
    for i in range(len(addresses)):
        fields = carray(_pointer(arrays[i]), (6,), np.int64)
        buffers = carray(_pointer(np.uint64(fields[5])), (2,), np.uint64)
        if buffers[0] != 0 and fields[1] != 0:
            missing += 1
        addresses[i] = buffers[1] + np.uint64((fields[2] + skip) * item_size)
    return missing


@compiled
def sum_pairs(
    addresses: NDArray[np.uint64],
    like: NDArray[Any],
    coefficients: NDArray[Any],
    per_bin: int,
    sums: NDArray[np.float64],
) -> None:
    """Write into ``sums`` (n, n_bin) the sum over ``per_bin`` pairs of p(second read) - p(first read), in electrons.

    At each of the ``addresses`` (n,) are the raw reads of a pixel, at least 2 x per_bin x n_bin of them, of the type of
    ``like``. The type of ``coefficients`` (n, 9) decides the arithmetic; a bin's sum is in that type too.
    """
    real = coefficients.dtype.type
    n_bin = sums.shape[1]
    for n in range(len(addresses)):
        series = carray(_pointer(addresses[n]), (2 * per_bin * n_bin,), like.dtype)
        d1, d2, d3 = coefficients[n, 0], coefficients[n, 1], coefficients[n, 2]
        d4, d5 = coefficients[n, 3], coefficients[n, 4]
        e3, e4, e5, f5 = coefficients[n, 5], coefficients[n, 6], coefficients[n, 7], coefficients[n, 8]
        for k in range(n_bin):
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
            sums[n, k] = total


@compiled
def sum_reads(
    addresses: NDArray[np.uint64],
    like: NDArray[Any],
    coefficients: NDArray[Any],
    per_bin: int,
    sums: NDArray[np.float64],
) -> None:
    """Write into ``sums`` (n, n_bin) the sum over ``per_bin`` reads of p(read), in electrons.

    As :func:`sum_pairs`, with ``coefficients`` (n, 6) and at least per_bin x n_bin reads at each address.
    """
    real = coefficients.dtype.type
    n_bin = sums.shape[1]
    for n in range(len(addresses)):
        series = carray(_pointer(addresses[n]), (per_bin * n_bin,), like.dtype)
        c0, c1, c2 = coefficients[n, 0], coefficients[n, 1], coefficients[n, 2]
        c3, c4, c5 = coefficients[n, 3], coefficients[n, 4], coefficients[n, 5]
        for k in range(n_bin):
            reads = series[k * per_bin : (k + 1) * per_bin]
            total = real(0)
            for i in range(per_bin):
                x = real(reads[i])
                total += c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * c5))))
            sums[n, k] = total


@compiled
def mark_high(addresses: NDArray[np.uint64], top: NDArray[Any], reads_per_bin: int, high: NDArray[np.bool_]) -> None:
    """Write into ``high`` (n, n_bin) whether any of a bin's reads is ``top`` or above.

    As :func:`sum_reads`; ``top`` (1,) is of the reads' type.
    """
    n_bin = high.shape[1]
    for n in range(len(addresses)):
        series = carray(_pointer(addresses[n]), (reads_per_bin * n_bin,), top.dtype)
        for k in range(n_bin):
            reads = series[k * reads_per_bin : (k + 1) * reads_per_bin]
            highest = reads[0]
            for i in range(1, reads_per_bin):
                highest = reads[i] if reads[i] > highest else highest
            high[n, k] = highest >= top[0]
