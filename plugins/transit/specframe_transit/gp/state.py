"""The state of a Gaussian process in time, carried from sample to sample.

A process with the transitions of :mod:`~specframe_transit.gp.transition`, observed with independent noise, has the
innovations v and their variances f of the Kalman filter, and log L = -1/2 sum(v^2 / f + ln(2 pi f)) exactly, at a cost
linear in the number of samples.

In all recursions a curve has ``blocks (n_block, 3)``: variance s^2, rate and damping, of the ``kinds (n_block,)``, and
a state of two numbers per block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.transition import OSCILLATOR, compiled, transition

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Kinds, Mask

__all__ = ["advance", "begin", "project", "transpose", "used_samples"]


@compiled
def used_samples(use: Mask) -> Kinds:
    """Return where ``use`` is True."""
    count = 0
    for value in use:
        count += value
    index = np.empty(count, dtype=np.int64)
    at = 0
    for i in range(len(use)):
        if use[i]:
            index[at] = i
            at += 1
    return index


@compiled
def begin(kinds: Kinds, blocks: Array, mean: Array, p: Array) -> None:
    """Set the state to what it is before the first sample."""
    mean[:] = 0.0
    p[:] = 0.0
    for b in range(len(kinds)):
        p[2 * b, 2 * b] = blocks[b, 0]
        if kinds[b] == OSCILLATOR:
            p[2 * b + 1, 2 * b + 1] = blocks[b, 0]


@compiled
def advance(kinds: Kinds, blocks: Array, dt: float, a: Array, mean: Array, p: Array) -> None:
    """Carry mean (n_state,) and covariance (n_state, n_state) over ``dt``; keep the transition ``a (n_block, 4)``."""
    for i in range(len(kinds)):
        a11, a12, a21, a22, q11, q12, q22 = transition(kinds[i], blocks[i, 1] * dt, blocks[i, 2])
        a[i, 0], a[i, 1], a[i, 2], a[i, 3] = a11, a12, a21, a22
        r, s2 = 2 * i, blocks[i, 0]
        mean[r], mean[r + 1] = a11 * mean[r] + a12 * mean[r + 1], a21 * mean[r] + a22 * mean[r + 1]
        for j in range(i + 1):
            c = 2 * j
            b11, b12 = a11 * p[r, c] + a12 * p[r + 1, c], a11 * p[r, c + 1] + a12 * p[r + 1, c + 1]
            b21, b22 = a21 * p[r, c] + a22 * p[r + 1, c], a21 * p[r, c + 1] + a22 * p[r + 1, c + 1]
            p[r, c], p[r, c + 1] = b11 * a[j, 0] + b12 * a[j, 1], b11 * a[j, 2] + b12 * a[j, 3]
            p[r + 1, c], p[r + 1, c + 1] = b21 * a[j, 0] + b22 * a[j, 1], b21 * a[j, 2] + b22 * a[j, 3]
            if j < i:
                p[c, r], p[c + 1, r], p[c, r + 1], p[c + 1, r + 1] = p[r, c], p[r, c + 1], p[r + 1, c], p[r + 1, c + 1]
        p[r, r] += s2 * q11
        p[r, r + 1] += s2 * q12
        p[r + 1, r] = p[r, r + 1]
        if kinds[i] == OSCILLATOR:
            p[r + 1, r + 1] += s2 * q22


@compiled
def project(p: Array, phi: Array) -> float:
    """Return the variance of the process, the sum of the blocks' first states, and its covariance with the state."""
    total = 0.0
    for k in range(len(phi)):
        phi[k] = 0.0
        for c in range(0, len(phi), 2):
            phi[k] += p[k, c]
        if k % 2 == 0:
            total += phi[k]
    return total


@compiled
def transpose(a: Array, x: Array) -> None:
    """Turn ``x (n_state, m)`` into A^T x."""
    for b in range(len(a)):
        r = 2 * b
        for k in range(x.shape[1]):
            x1, x2 = x[r, k], x[r + 1, k]
            x[r, k], x[r + 1, k] = a[b, 0] * x1 + a[b, 2] * x2, a[b, 1] * x1 + a[b, 3] * x2
