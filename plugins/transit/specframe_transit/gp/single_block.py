"""The likelihood of a Gaussian process in time with a kernel of one block, and its gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.transition import LOG_TWO_PI, OSCILLATOR, compiled, transition, transition_by_damping

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Mask

__all__ = ["likelihood_of_block"]


@compiled
def likelihood_of_block(
    kind: int,
    block: Array,
    need_damping: bool,
    time: Array,
    variance: Array,
    residual: Array,
    use: Mask,
    by_residual: Array,
    by_variance: Array,
    by_block: Array,
    store: Array,
) -> float:
    """Return the log likelihood of a curve with a kernel of one block, and fill its derivatives.

    This is the case that matters most; all of it stays in registers. ``store (n_time, 12)`` is working space.
    """
    s2, rate, damping = block[0], block[1], block[2]
    n_time = time.shape[0]
    by_residual[:] = 0.0
    by_variance[:] = 0.0
    by_block[:] = 0.0
    m1 = m2 = p12 = 0.0
    p11 = s2
    p22 = s2 if kind == OSCILLATOR else 0.0
    s22 = p22
    total = 0.0
    last = time[0]
    first = True
    n_used = 0
    for i in range(n_time):
        if not use[i]:
            continue
        row = store[n_used]
        if first:
            first = False
            row[0] = row[1] = row[2] = row[3] = 0.0
            row[11] = 0.0
        else:
            u = rate * (time[i] - last)
            a11, a12, a21, a22, q11, q12, q22 = transition(kind, u, damping)
            row[0], row[1], row[2], row[3], row[11] = a11, a12, a21, a22, u
            m1, m2 = a11 * m1 + a12 * m2, a21 * m1 + a22 * m2
            b11, b12 = a11 * p11 + a12 * p12, a11 * p12 + a12 * p22
            b21, b22 = a21 * p11 + a22 * p12, a21 * p12 + a22 * p22
            p11 = b11 * a11 + b12 * a12 + s2 * q11
            p12 = b11 * a21 + b12 * a22 + s2 * q12
            p22 = b21 * a21 + b22 * a22 + s22 * q22
        last = time[i]
        v = residual[i] - m1
        f = p11 + variance[i]
        if not (f > 0.0 and f < np.inf):
            return -np.inf
        inverse = 1.0 / f
        row[4], row[5], row[6], row[7], row[8], row[9], row[10] = m1, m2, p11, p12, p22, v, inverse
        total += v * v * inverse + math.log(f)
        g1, g2 = p11 * inverse, p12 * inverse
        m1 += g1 * v
        m2 += g2 * v
        p22 -= p12 * g2
        p11 = g1 * variance[i]
        p12 = g2 * variance[i]
        n_used += 1
    total = -0.5 * (total + n_used * LOG_TWO_PI)
    if not abs(total) < np.inf:
        return -np.inf

    # bars: derivatives of log L by the state's mean and covariance
    mb1 = mb2 = pb11 = pb12 = pb22 = 0.0
    by_s2 = by_log_rate = by_damping = 0.0
    at = n_used
    for j in range(n_time):
        i = n_time - 1 - j
        if not use[i]:
            continue
        at -= 1
        row = store[at]
        p11, p12, p22, v, inverse = row[6], row[7], row[8], row[9], row[10]
        w = v * inverse
        gain_bar = (mb1 * p11 + mb2 * p12) * inverse
        vb = gain_bar - w
        t1, t2 = pb11 * p11 + pb12 * p12, pb12 * p11 + pb22 * p12
        fb = 0.5 * (w * w - inverse) - gain_bar * w + (p11 * t1 + p12 * t2) * inverse * inverse
        phib1 = mb1 * w - 2.0 * t1 * inverse + fb
        phib2 = mb2 * w - 2.0 * t2 * inverse
        by_residual[i] = vb
        by_variance[i] = fb
        by_s2 += phib1
        if at == 0:
            break
        mb1 -= vb
        pb11 += phib1
        pb12 += 0.5 * phib2
        a11, a12, a21, a22 = row[0], row[1], row[2], row[3]
        # dA/du = F A, with F the generator of the block
        if kind == OSCILLATOR:
            f22 = -2.0 * damping
            x11, x22 = p11 - s2, p22 - s2
            slope = mb1 * row[5] + mb2 * (f22 * row[5] - row[4])
            slope += 2.0 * (pb11 * p12 + pb12 * (x22 + f22 * p12 - x11) + pb22 * (f22 * x22 - p12))
        else:
            slope = -mb1 * row[4] - 2.0 * pb11 * (p11 - s2)
        by_log_rate += slope * row[11]
        # w = A^T Pbar, then Pbar A
        w11, w12 = a11 * pb11 + a21 * pb12, a11 * pb12 + a21 * pb22
        w21, w22 = a12 * pb11 + a22 * pb12, a12 * pb12 + a22 * pb22
        if need_damping:
            d11, d12, d21, d22 = transition_by_damping(row[11], damping)
            before = store[at - 1]
            bp11, bp12, bi, bv = before[6], before[7], before[10], before[9]
            y1, y2 = before[4] + bp11 * bi * bv, before[5] + bp12 * bi * bv
            c11, c12, c22 = bp11 - bp11 * bp11 * bi - s2, bp12 - bp11 * bp12 * bi, before[8] - bp12 * bp12 * bi - s2
            by_damping += mb1 * (d11 * y1 + d12 * y2) + mb2 * (d21 * y1 + d22 * y2)
            by_damping += 2.0 * (
                w11 * (d11 * c11 + d12 * c12)
                + w21 * (d11 * c12 + d12 * c22)
                + w12 * (d21 * c11 + d22 * c12)
                + w22 * (d21 * c12 + d22 * c22)
            )
        mb1, mb2 = a11 * mb1 + a21 * mb2, a12 * mb1 + a22 * mb2
        pb11 = w11 * a11 + w12 * a21
        pb12 = w11 * a12 + w12 * a22
        pb22 = w21 * a12 + w22 * a22
    by_block[0], by_block[1], by_block[2] = by_s2, by_log_rate, by_damping
    return total
