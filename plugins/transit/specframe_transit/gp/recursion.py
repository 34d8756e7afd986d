"""Compiled recursions of Gaussian processes in time, over all curves: likelihood, whitening, solution, smoother.

A process with the transitions of :mod:`~specframe_transit.gp.transition`, observed with independent noise, has the
innovations v and their variances f of the Kalman filter, and log L = -1/2 sum(v^2 / f + ln(2 pi f)) exactly, at a cost
linear in the number of samples. Derivatives are those of the same recursion run backwards (reverse mode): one pass for
all of them. The smoother is that of Bryson & Frazier (1963), which inverts no covariance.

In all functions a curve has ``blocks (n_block, 3)``: variance s^2, rate and damping, of the ``kinds (n_block,)``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.single_block import likelihood_of_block
from specframe_transit.gp.transition import (
    EXPONENTIAL,
    LOG_TWO_PI,
    OSCILLATOR,
    compiled,
    transition,
    transition_by_damping,
)

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Kinds, Mask

__all__ = ["EXPONENTIAL", "likelihood", "likelihood_of_sum", "smooth", "whiten"]


@compiled
def _used(use: Mask) -> Kinds:
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
def _begin(kinds: Kinds, blocks: Array, mean: Array, p: Array) -> None:
    """Set the state to what it is before the first sample."""
    mean[:] = 0.0
    p[:] = 0.0
    for b in range(len(kinds)):
        p[2 * b, 2 * b] = blocks[b, 0]
        if kinds[b] == OSCILLATOR:
            p[2 * b + 1, 2 * b + 1] = blocks[b, 0]


@compiled
def _advance(kinds: Kinds, blocks: Array, dt: float, a: Array, mean: Array, p: Array) -> None:
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
def _project(p: Array, phi: Array) -> float:
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
def _transposed(a: Array, x: Array) -> None:
    """Turn ``x (n_state, m)`` into A^T x."""
    for b in range(len(a)):
        r = 2 * b
        for k in range(x.shape[1]):
            x1, x2 = x[r, k], x[r + 1, k]
            x[r, k], x[r + 1, k] = a[b, 0] * x1 + a[b, 2] * x2, a[b, 1] * x1 + a[b, 3] * x2


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
    index = _used(use)
    n, n_block, n_state = len(index), len(kinds), 2 * len(kinds)
    a, steps = np.zeros((n, n_block, 4)), np.zeros(n)
    means, ps, phis = np.empty((n, n_state)), np.empty((n, n_state, n_state)), np.empty((n, n_state))
    vs, inverses = np.empty(n), np.empty(n)
    mean, p = np.empty(n_state), np.empty((n_state, n_state))
    _begin(kinds, blocks, mean, p)
    total = 0.0
    for at in range(n):
        i = index[at]
        if at > 0:
            steps[at] = time[i] - time[index[at - 1]]
            _advance(kinds, blocks, steps[at], a[at], mean, p)
        phi = phis[at]
        f = _project(p, phi) + variance[i]
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
        _transposed(a[at], p_bar)
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
        _transposed(a[at], mean_bar)
        _transposed(a[at], p_bar.T)
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
    _begin(kinds, blocks, mean, p)
    for at in range(len(index)):
        i = index[at]
        if at > 0:
            _advance(kinds, blocks, time[i] - time[index[at - 1]], a[at], mean, p)
        f[at] = _project(p, phi) + variance[i]
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
        _transposed(a[at], bar)


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
        index = _used(use[curve])
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


@compiled
def smooth(
    kinds: Kinds, blocks: Array, time: Array, variance: Array, residual: Array, use: Mask
) -> tuple[Array, Array]:
    """Return mean and variance of the process at all samples, used or not, given the used ones: (n_curve, n_time)."""
    n_curve, n = residual.shape
    n_block, n_state = len(kinds), 2 * len(kinds)
    result, spread = np.empty((n_curve, n)), np.empty((n_curve, n))
    a, means, phis = np.zeros((n, n_block, 4)), np.empty(n), np.empty((n, n_state))
    fs, vs, prior = np.empty(n), np.empty(n), np.empty(n)
    mean, p = np.empty(n_state), np.empty((n_state, n_state))
    bar, curvature = np.empty((n_state, 1)), np.empty((n_state, n_state))
    product = np.empty(n_state)
    for curve in range(n_curve):
        _begin(kinds, blocks[curve], mean, p)
        for i in range(n):
            if i > 0:
                _advance(kinds, blocks[curve], time[i] - time[i - 1], a[i], mean, p)
            phi = phis[i]
            prior[i] = _project(p, phi)
            means[i] = 0.0
            for k in range(0, n_state, 2):
                means[i] += mean[k]
            if use[curve, i]:
                fs[i], vs[i] = prior[i] + variance[curve, i], residual[curve, i] - means[i]
                for k in range(n_state):
                    mean[k] += phi[k] * vs[i] / fs[i]
                    for c in range(n_state):
                        p[k, c] -= phi[k] * phi[c] / fs[i]
        bar[:] = 0.0
        curvature[:] = 0.0
        for reverse in range(n):
            i = n - 1 - reverse
            phi = phis[i]
            if use[curve, i]:
                # (1 - K H)^T x (1 - K H) + H^T H / f
                scale, value = 1.0 / fs[i], vs[i] / fs[i]
                for k in range(n_state):
                    value -= bar[k, 0] * phi[k] * scale
                    product[k] = 0.0
                    for c in range(n_state):
                        product[k] += curvature[k, c] * phi[c] * scale
                corner = scale
                for k in range(n_state):
                    corner += product[k] * phi[k] * scale
                for k in range(n_state):
                    if k % 2 == 0:
                        bar[k, 0] += value
                    for c in range(n_state):
                        even, even_c = k % 2 == 0, c % 2 == 0
                        curvature[k, c] += (corner if even and even_c else 0.0) - (product[c] if even else 0.0)
                        curvature[k, c] -= product[k] if even_c else 0.0
            result[curve, i], spread[curve, i] = means[i], prior[i]
            for k in range(n_state):
                result[curve, i] += phi[k] * bar[k, 0]
                for c in range(n_state):
                    spread[curve, i] -= phi[k] * curvature[k, c] * phi[c]
            _transposed(a[i], bar)
            _transposed(a[i], curvature)
            _transposed(a[i], curvature.T)
            # rounding, where the samples leave next to nothing open
            spread[curve, i] = max(spread[curve, i], 0.0)
    return result, spread
