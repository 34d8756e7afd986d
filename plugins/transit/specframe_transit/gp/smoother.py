"""Compiled smoother of Gaussian processes in time, over all curves.

It is that of Bryson & Frazier (1963), which inverts no covariance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.gp.state import advance, begin, project, transpose
from specframe_transit.gp.transition import compiled

if TYPE_CHECKING:
    from specframe_transit.gp.transition import Array, Kinds, Mask

__all__ = ["smooth"]


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
        begin(kinds, blocks[curve], mean, p)
        for i in range(n):
            if i > 0:
                advance(kinds, blocks[curve], time[i] - time[i - 1], a[i], mean, p)
            phi = phis[i]
            prior[i] = project(p, phi)
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
            transpose(a[i], bar)
            transpose(a[i], curvature)
            transpose(a[i], curvature.T)
            # rounding, where the samples leave next to nothing open
            spread[curve, i] = max(spread[curve, i], 0.0)
    return result, spread
