"""Arrays as the recursions of Gaussian processes in time take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ascending", "prepared"]


def ascending(time: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return times (n_time,) as the recursions take them; DataError unless they are finite and ascend."""
    time = np.ascontiguousarray(time, dtype=float)
    if time.ndim != 1 or not np.isfinite(time).all():
        raise DataError(f"{what} of a Gaussian process must be finite numbers of shape (n_time,), got {time.shape}")
    if len(time) and np.diff(time).min(initial=0.0) < 0:
        wrong = int(np.argmax(np.diff(time) < 0)) + 1
        raise DataError(
            f"{what} of a Gaussian process must ascend; number {wrong}, {time[wrong]:.8g}, does not: sort them"
        )
    return time


def prepared(
    blocks: NDArray[np.float64],
    time: NDArray[np.float64],
    variance: NDArray[np.float64],
    values: NDArray[np.float64],
    use: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return arrays as the recursions take them: of as many curves each, contiguous and checked.

    Raises
    ------
    DataError
        Where shapes do not fit, or a variance in use is negative or not finite.
    """
    time = ascending(time, "times")
    values = np.asarray(values, dtype=float)
    if values.ndim == 1:
        values = values[None]
    variance, use = np.atleast_2d(np.asarray(variance, dtype=float)), np.atleast_2d(np.asarray(use, dtype=bool))
    n_curve = max(len(blocks), len(variance), len(values), len(use))
    shapes = {"variance": variance.shape, "use": use.shape, "residuals or columns": values.shape, "hyper": blocks.shape}
    for what, shape in shapes.items():
        if shape[0] not in (1, n_curve) or (what != "hyper" and shape[-1] != len(time)):
            raise DataError(
                f"{what} of a Gaussian process must be of {n_curve} curves (or 1) and {len(time)} times, got {shape}"
            )
    if not ((variance >= 0) & (variance < np.inf) | ~use).all():
        raise DataError("variances of a Gaussian process must be finite and not negative at the samples in use")
    return (
        _for_all(blocks, n_curve),
        time,
        _for_all(variance, n_curve),
        _for_all(values, n_curve),
        _for_all(use, n_curve),
    )


def _for_all(array: NDArray[Any], n_curve: int) -> NDArray[Any]:
    """Return an array of ``n_curve`` rows, contiguous, from as many or from one."""
    if len(array) != n_curve:
        array = np.broadcast_to(array, (n_curve, *array.shape[1:]))
    return np.ascontiguousarray(array)
