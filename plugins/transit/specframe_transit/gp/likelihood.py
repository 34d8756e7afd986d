"""Compiled likelihood of Gaussian processes in time, over all curves, with its gradient.

Derivatives are those of the filter run backwards (reverse mode): one pass for all of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.single_block import likelihood_of_block
from specframe_transit.gp.state import advance, begin, project, transpose, used_samples
from specframe_transit.gp.transition import LOG_TWO_PI, OSCILLATOR, compiled, transition_by_damping

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Kinds, Mask

__all__ = ["likelihood", "likelihood_of_sum"]


@compiled
def _likelihood_of_sum(
    kinds: Kinds,
    blocks: Array,
    need_damping: bool,
    time: Array,
    variance: Array,
    residual: Array,
    use: Mask,
    by_residual: Array,
    by_variance: Array,
    by_block: Array,
) -> float:
    """Return the log likelihood of a curve, any number of blocks, and fill its derivatives."""
    by_residual[:] = 0.0
    by_variance[:] = 0.0
    by_block[:] = 0.0
    index = used_samples(use)
    n, n_block, n_state = len(index), len(kinds), 2 * len(kinds)
    a, steps = np.zeros((n, n_block, 4)), np.zeros(n)
    means, ps, phis = np.empty((n, n_state)), np.empty((n, n_state, n_state)), np.empty((n, n_state))
    vs, inverses = np.empty(n), np.empty(n)
    mean, p = np.empty(n_state), np.empty((n_state, n_state))
    begin(kinds, blocks, mean, p)
    total = 0.0
    for at in range(n):
        i = index[at]
        if at > 0:
            steps[at] = time[i] - time[index[at - 1]]
            advance(kinds, blocks, steps[at], a[at], mean, p)
        phi = phis[at]
        f = project(p, phi) + variance[i]
        if not (f > 0.0 and f < np.inf):
            return -np.inf
        v = residual[i]
        for k in range(0, n_state, 2):
            v -= mean[k]
        vs[at], inverses[at] = v, 1.0 / f
        total += v * v / f + math.log(f)
        for k in range(n_state):
            means[at, k] = mean[k]
            mean[k] += phi[k] * v / f
            for c in range(n_state):
                ps[at, k, c] = p[k, c]
                p[k, c] -= phi[k] * phi[c] / f
    total = -0.5 * (total + n * LOG_TWO_PI)
    if not abs(total) < np.inf:
        return -np.inf

    # bars: derivatives of log L by the state's mean and covariance
    mean_bar, p_bar = np.zeros((n_state, 1)), np.zeros((n_state, n_state))
    phi_bar, product = np.empty(n_state), np.empty(n_state)
    before = np.empty((n_state, n_state))
    for reverse in range(n):
        at = n - 1 - reverse
        i, v, inverse, phi = index[at], vs[at], inverses[at], phis[at]
        w = v * inverse
        gain_bar, spread = 0.0, 0.0
        for k in range(n_state):
            gain_bar += mean_bar[k, 0] * phi[k] * inverse
            product[k] = 0.0
            for c in range(n_state):
                product[k] += p_bar[k, c] * phi[c]
            spread += phi[k] * product[k]
        v_bar = gain_bar - w
        f_bar = 0.5 * (w * w - inverse) - gain_bar * w + spread * inverse * inverse
        by_residual[i], by_variance[i] = v_bar, f_bar
        for k in range(n_state):
            phi_bar[k] = mean_bar[k, 0] * w - 2.0 * product[k] * inverse
            if k % 2 == 0:
                phi_bar[k] += f_bar
                # by s^2: the sum over samples of tr(P'bar - A^T P'bar A), of which this is left
                by_block[k // 2, 0] += phi_bar[k]
        if at == 0:
            break
        for k in range(n_state):
            if k % 2 == 0:
                mean_bar[k, 0] -= v_bar
            for c in range(n_state):
                p_bar[k, c] += 0.5 * ((phi_bar[k] if c % 2 == 0 else 0.0) + (phi_bar[c] if k % 2 == 0 else 0.0))
        for b in range(n_block):
            by_block[b, 1] += steps[at] * blocks[b, 1] * _slope(b, kinds, blocks, means[at], ps[at], mean_bar, p_bar)
        transpose(a[at], p_bar)
        if need_damping:
            m0, p0, phi0, i0, v0 = means[at - 1], ps[at - 1], phis[at - 1], inverses[at - 1], vs[at - 1]
            for k in range(n_state):
                product[k] = m0[k] + phi0[k] * i0 * v0
                for c in range(n_state):
                    before[k, c] = p0[k, c] - phi0[k] * phi0[c] * i0
                before[k, k] -= blocks[k // 2, 0]
            for b in range(n_block):
                if kinds[b] != OSCILLATOR:
                    continue
                r = 2 * b
                d11, d12, d21, d22 = transition_by_damping(blocks[b, 1] * steps[at], blocks[b, 2])
                bar = mean_bar[r, 0] * (d11 * product[r] + d12 * product[r + 1])
                bar += mean_bar[r + 1, 0] * (d21 * product[r] + d22 * product[r + 1])
                for k in range(n_state):
                    bar += 2.0 * p_bar[k, r] * (d11 * before[r, k] + d12 * before[r + 1, k])
                    bar += 2.0 * p_bar[k, r + 1] * (d21 * before[r, k] + d22 * before[r + 1, k])
                by_block[b, 2] += bar
        transpose(a[at], mean_bar)
        transpose(a[at], p_bar.T)
    return total


@compiled
def _slope(b: int, kinds: Kinds, blocks: Array, mean: Array, p: Array, mean_bar: Array, p_bar: Array) -> float:
    """Return the derivative of log L by the u of block ``b``: dA/du = F A, so that it needs only what comes after."""
    r, s2 = 2 * b, blocks[b, 0]
    total: float = 0.0
    if kinds[b] == OSCILLATOR:
        lost = -2.0 * blocks[b, 2]
        total = mean_bar[r, 0] * mean[r + 1] + mean_bar[r + 1, 0] * (lost * mean[r + 1] - mean[r])
        for k in range(len(p)):
            x1 = p[r, k] - (s2 if k == r else 0.0)
            x2 = p[r + 1, k] - (s2 if k == r + 1 else 0.0)
            total += 2.0 * (p_bar[r, k] * x2 + p_bar[r + 1, k] * (lost * x2 - x1))
    else:
        total = -mean_bar[r, 0] * mean[r]
        for k in range(len(p)):
            total -= 2.0 * p_bar[r, k] * (p[r, k] - (s2 if k == r else 0.0))
    return total


@compiled
def likelihood(
    kinds: Kinds, blocks: Array, need_damping: bool, time: Array, variance: Array, residual: Array, use: Mask
) -> tuple[Array, Array, Array, Array]:
    """Return the log likelihood of each curve and its derivatives by residual, variance and blocks: one block.

    ``blocks`` is ``(n_curve, n_block, 3)``; the derivatives by blocks are by s^2, by ln rate and by damping.
    """
    n_curve, n_time = residual.shape
    value = np.empty(n_curve)
    by_residual, by_variance = np.empty((n_curve, n_time)), np.empty((n_curve, n_time))
    by_block = np.empty(blocks.shape)
    store = np.empty((n_time, 12))
    for curve in range(n_curve):
        value[curve] = likelihood_of_block(
            kinds[0],
            blocks[curve, 0],
            need_damping,
            time,
            variance[curve],
            residual[curve],
            use[curve],
            by_residual[curve],
            by_variance[curve],
            by_block[curve, 0],
            store,
        )
    return value, by_residual, by_variance, by_block


@compiled
def likelihood_of_sum(
    kinds: Kinds, blocks: Array, need_damping: bool, time: Array, variance: Array, residual: Array, use: Mask
) -> tuple[Array, Array, Array, Array]:
    """Return the same as :func:`likelihood` of a kernel of any number of blocks."""
    n_curve, n_time = residual.shape
    value = np.empty(n_curve)
    by_residual, by_variance = np.empty((n_curve, n_time)), np.empty((n_curve, n_time))
    by_block = np.empty(blocks.shape)
    for curve in range(n_curve):
        value[curve] = _likelihood_of_sum(
            kinds,
            blocks[curve],
            need_damping,
            time,
            variance[curve],
            residual[curve],
            use[curve],
            by_residual[curve],
            by_variance[curve],
            by_block[curve],
        )
    return value, by_residual, by_variance, by_block
