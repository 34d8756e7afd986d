"""How the state of a kernel's block goes from one time to the next.

A kernel is a sum of blocks, each a linear stochastic differential equation with two states: the process, and its slope
divided by the rate. So scaled, its stationary covariance is s^2 times the identity, and with u = rate x dt the
covariance goes over into (Hartikainen & Sarkka 2010)

    A(u) P A(u)^T + s^2 (1 - A(u) A(u)^T)

numba keeps the machine code of a recursion until the recursion's own file changes: after a change here, delete the
``__pycache__`` beside it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from specframe_transit.compiler import compiled as compiled_with

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Kinds = NDArray[np.int64]

__all__ = ["EXPONENTIAL", "LOG_TWO_PI", "OSCILLATOR", "compiled", "transition", "transition_by_damping"]

#: Kinds of blocks: exp(-u), whose second state is always 0; and the oscillator x'' + 2 damping x' + x = noise.
EXPONENTIAL, OSCILLATOR = 0, 1

LOG_TWO_PI = math.log(2.0 * math.pi)

#: For all recursions in time: division by zero gives inf, which they look for.
compiled = compiled_with(error_model="numpy", fastmath={"contract"})


@compiled
def transition(kind: int, u: float, damping: float) -> tuple[float, float, float, float, float, float, float]:
    """Return A (a11, a12, a21, a22) and 1 - A A^T (q11, q12, q22) of a block after u = rate x dt."""
    if kind == EXPONENTIAL:
        return math.exp(-u), 0.0, 0.0, 0.0, -math.expm1(-2.0 * u), 0.0, 0.0
    d2 = 1.0 - damping * damping
    if d2 == 0.0:  # Matern-3/2
        decay = math.exp(-u)
        x = 2.0 * u
        e = decay * decay
        if x < 0.5:
            # 1 - e^-x (1 + x + x^2 / 2), without its cancellation
            q11 = 1.0 + x / 10.0 * (1.0 + x / 11.0 * (1.0 + x / 12.0))
            q11 = 1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0 * q11)))
            q11 = e * (x * x * x / 6.0) * (1.0 + x / 4.0 * (1.0 + x / 5.0 * q11))
        else:
            q11 = 1.0 - e * (1.0 + x + 0.5 * x * x)
        s = u * decay
        return decay + s, s, -s, decay - s, q11, 2.0 * s * s, q11 + 2.0 * x * e
    if d2 > 0.0:
        d = math.sqrt(d2)
        decay = math.exp(-damping * u)
        c = decay * math.cos(d * u)
        s = decay * math.sin(d * u) / d
    else:
        d = math.sqrt(-d2)
        slow, ratio = math.exp(-(damping - d) * u), -math.expm1(-2.0 * d * u)
        c = slow * (1.0 - 0.5 * ratio)
        s = slow * ratio / (2.0 * d)
    lost = -math.expm1(-2.0 * damping * u)
    q11 = lost - 2.0 * damping * s * (c + damping * s)
    q22 = lost + 2.0 * damping * s * (c - damping * s)
    return c + damping * s, s, -s, c - damping * s, max(q11, 0.0), 2.0 * damping * s * s, q22


@compiled
def transition_by_damping(u: float, damping: float) -> tuple[float, float, float, float]:
    """Return dA / ddamping of an oscillator."""
    d2 = 1.0 - damping * damping
    if d2 > 0.0:
        d = math.sqrt(d2)
        decay = math.exp(-damping * u)
        c = decay * math.cos(d * u)
        s = decay * math.sin(d * u) / d
    elif d2 < 0.0:
        d = math.sqrt(-d2)
        slow, ratio = math.exp(-(damping - d) * u), -math.expm1(-2.0 * d * u)
        c = slow * (1.0 - 0.5 * ratio)
        s = slow * ratio / (2.0 * d)
    else:
        c = math.exp(-u)
        s = u * c
    x = d2 * u * u
    if abs(x) < 0.1:
        # (s - u c) / d^2 near critical damping
        t = 1.0 - x / 10.0 * (1.0 - x / 28.0 * (1.0 - x / 54.0 * (1.0 - x / 88.0)))
        t *= math.exp(-damping * u) * u * u * u / 3.0
    else:
        t = (s - u * c) / d2
    # dc = damping u s, ds = damping t (without the decay), and -u A from the decay
    dc = damping * u * s - u * c
    ds = damping * t - u * s
    return dc + damping * ds + s, ds, -ds, dc - damping * ds - s
