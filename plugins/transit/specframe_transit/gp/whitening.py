"""Compiled whitening and solution of Gaussian processes in time, over all curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.state import advance, begin, project, transpose, used_samples
from specframe_transit.gp.transition import OSCILLATOR, compiled, transition

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Kinds, Mask

__all__ = ["whiten"]


@compiled
def _gains_of_block(
    kind: int, block: Array, time: Array, variance: Array, index: Kinds, a: Array, gain: Array, f: Array
) -> bool:
    """Do what :func:`_gains` does, for one block: faster, and exact where the noise is far below the process."""
    s2 = block[0]
    p11, p12, p22 = s2, 0.0, s2 if kind == OSCILLATOR else 0.0
    s22 = p22
    for at in range(len(index)):
        i = index[at]
        if at > 0:
            u = block[1] * (time[i] - time[index[at - 1]])
            a11, a12, a21, a22, q11, q12, q22 = transition(kind, u, block[2])
            a[at, 0, 0], a[at, 0, 1], a[at, 0, 2], a[at, 0, 3] = a11, a12, a21, a22
            b11, b12 = a11 * p11 + a12 * p12, a11 * p12 + a12 * p22
            b21, b22 = a21 * p11 + a22 * p12, a21 * p12 + a22 * p22
            p11 = b11 * a11 + b12 * a12 + s2 * q11
            p12 = b11 * a21 + b12 * a22 + s2 * q12
            p22 = b21 * a21 + b22 * a22 + s22 * q22
        f[at] = p11 + variance[i]
        if not (f[at] > 0.0 and f[at] < np.inf):
            return False
        gain[at, 0], gain[at, 1] = p11 / f[at], p12 / f[at]
        p22 -= p12 * gain[at, 1]
        p11, p12 = gain[at, 0] * variance[i], gain[at, 1] * variance[i]
    return True


@compiled
def _gains(
    kinds: Kinds, blocks: Array, time: Array, variance: Array, index: Kinds, a: Array, gain: Array, f: Array
) -> bool:
    """Fill transition, gain and innovation variance of the used samples; False where the covariance is not positive."""
    if len(kinds) == 1:
        return _gains_of_block(kinds[0], blocks[0], time, variance, index, a, gain, f)
    n_state = 2 * len(kinds)
    mean, p, phi = np.empty(n_state), np.empty((n_state, n_state)), np.empty(n_state)
    begin(kinds, blocks, mean, p)
    for at in range(len(index)):
        i = index[at]
        if at > 0:
            advance(kinds, blocks, time[i] - time[index[at - 1]], a[at], mean, p)
        f[at] = project(p, phi) + variance[i]
        if not (f[at] > 0.0 and f[at] < np.inf):
            return False
        for k in range(n_state):
            gain[at, k] = phi[k] / f[at]
            for c in range(n_state):
                p[k, c] -= gain[at, k] * phi[c]
    return True


@compiled
def _innovations(n: int, a: Array, gain: Array, y: Array) -> None:
    """Turn ``y (n, n_column)``, columns at the used samples, into their innovations."""
    n_column, n_state = y.shape[1], gain.shape[1]
    mean = np.zeros((n_state, n_column))
    for at in range(n):
        for b in range(0, n_state, 2):
            a11, a12, a21, a22 = a[at, b // 2, 0], a[at, b // 2, 1], a[at, b // 2, 2], a[at, b // 2, 3]
            # side by side in the lanes of the processor
            for column in range(n_column):
                m1, m2 = mean[b, column], mean[b + 1, column]
                mean[b, column] = a11 * m1 + a12 * m2
                mean[b + 1, column] = a21 * m1 + a22 * m2
                y[at, column] -= mean[b, column]
        for k in range(n_state):
            g = gain[at, k]
            for column in range(n_column):
                mean[k, column] += g * y[at, column]


@compiled
def _weights(n: int, a: Array, gain: Array, f: Array, y: Array) -> None:
    """Turn innovations ``y (n, n_column)`` into K^-1 times the columns they are of."""
    n_column, n_state = y.shape[1], gain.shape[1]
    bar = np.zeros((n_state, n_column))
    for reverse in range(n):
        at = n - 1 - reverse
        inverse = 1.0 / f[at]
        for column in range(n_column):
            y[at, column] *= inverse
        for k in range(n_state):
            g = gain[at, k]
            for column in range(n_column):
                y[at, column] -= bar[k, column] * g
        for k in range(0, n_state, 2):
            for column in range(n_column):
                bar[k, column] += y[at, column]
        transpose(a[at], bar)


@compiled
def whiten(
    kinds: Kinds, blocks: Array, time: Array, variance: Array, columns: Array, use: Mask, solve: bool
) -> tuple[Array, Array]:
    """Return L^-1 ``columns (n_curve, n_column, n_time)``, K = L L^T, and the log determinants ``(n_curve,)``.

    With ``solve`` K^-1 columns. A log determinant of -inf where a covariance is not positive definite.
    """
    n_curve, n_column, n_time = columns.shape
    result, log_determinant = np.zeros(columns.shape), np.zeros(n_curve)
    a, gain = np.zeros((n_time, len(kinds), 4)), np.empty((n_time, 2 * len(kinds)))
    f, y = np.empty(n_time), np.empty((n_time, n_column))
    for curve in range(n_curve):
        index = used_samples(use[curve])
        n = len(index)
        if not _gains(kinds, blocks[curve], time, variance[curve], index, a, gain, f):
            log_determinant[curve] = -np.inf
            continue
        for column in range(n_column):
            for at in range(n):
                y[at, column] = columns[curve, column, index[at]]
        _innovations(n, a, gain, y)
        if solve:
            _weights(n, a, gain, f, y)
        for at in range(n):
            log_determinant[curve] += math.log(f[at])
            f[at] = 1.0 if solve else 1.0 / math.sqrt(f[at])
        for column in range(n_column):
            for at in range(n):
                result[curve, column, index[at]] = y[at, column] * f[at]
    return result, log_determinant
