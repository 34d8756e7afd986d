"""Sudden changes of level in residuals: a tilt of a mirror segment, a move of the antenna."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["find_steps"]

#: Samples used on each side of a step: a step of fewer is a run of outliers.
_MIN_SAMPLES = 5
#: Rounds in which each step is sought again, the others known.
_ROUNDS = 3
#: A step whose part that the fit does not know is smaller than this (of its own size squared) is not sought there.
_KNOWN = 1e-6


def find_steps(
    time: Array, residual: Array, use: NDArray[np.bool_], n: int = 1, columns: Array | None = None
) -> tuple[float, ...]:
    """Return the times of the ``n`` steps that lower the sum of squared residuals most, ascending.

    The sum for a step before every sample is exact, all columns being fitted again with it; several steps are found
    one after the other, then each again with the others known.

    Parameters
    ----------
    time, residual, use
        Shape (n_time,): times in order, residuals of a fit without steps, and which are used.
    n
        How many steps.
    columns
        Columns of that fit, (n_column, n_time), which the residual knows already, with that of the depth if it was
        fitted; by default a constant.

    Raises
    ------
    DataError
        When there are too few samples for so many steps.
    """
    good = np.asarray(use, bool)
    if good.sum() < (n + 1) * _MIN_SAMPLES:
        raise DataError(
            f"step: {int(good.sum())} usable times for {n} steps, expected at least {(n + 1) * _MIN_SAMPLES}"
        )
    values, times = np.asarray(residual, float)[good], np.asarray(time, float)[good]
    known = np.ones((1, len(values))) if columns is None else np.asarray(columns, float)[:, good]
    found: list[int] = []
    for _ in range(n):
        found.append(_best(values, known, found))
    for _ in range(_ROUNDS if n > 1 else 0):
        before = sorted(found)
        for number in range(n):
            others = found[:number] + found[number + 1 :]
            found[number] = _best(values, known, others)
        if sorted(found) == before:
            break
    return tuple(float(0.5 * (times[first - 1] + times[first])) for first in sorted(found))


def _best(values: Array, known: Array, others: list[int]) -> int:
    """Return the index of the first sample after the best step, the ``others`` being known."""
    index = np.arange(len(values))
    steps = np.array([index >= first for first in others], float).reshape(-1, len(values))
    # an orthogonal basis of what is known: columns and other steps
    _, singular, right = np.linalg.svd(np.concatenate([known, steps]), full_matrices=False)
    basis = right[singular > singular[0] * 1e-10]
    rest = values - (values @ basis.T) @ basis
    # a step before sample k is the sum of all samples from k on
    along = np.cumsum(rest[::-1])[::-1]
    size = (len(values) - index).astype(float)
    unknown = size - np.square(np.cumsum(basis[:, ::-1], axis=1)[:, ::-1]).sum(axis=0)
    allowed = (index >= _MIN_SAMPLES) & (index <= len(values) - _MIN_SAMPLES) & (unknown > _KNOWN * size)
    for first in others:
        allowed &= np.abs(index - first) >= _MIN_SAMPLES
    gain = np.where(allowed, np.square(along) / np.where(allowed, unknown, 1.0), -1.0)
    return int(gain.argmax())
