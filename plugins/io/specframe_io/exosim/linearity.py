"""From the response of pixels that ExoSim applied to the correction that a calibration needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["inverse_polynomial"]

#: Highest order of the correction.
_ORDER = 5
#: Each term of the response is at most this part of the linear one in the range that is inverted. ExoSim calls a pixel
#: full where the response is so far off a line.
_DEPARTURE = 0.05
#: Relative error of the inverse that is still taken: 1 ppm in a transit of 1 %.
_ACCURACY = 1e-4
_N_NODE = 16
#: Pixels that are worked on at once, so that large detectors take little more memory than their map.
_AT_ONCE = 16_384


def inverse_polynomial(response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert the response of each pixel by a polynomial.

    ExoSim's detector measures Q_det = sum_k response[k] Q^(k + 1) of the charge Q, both in electrons. Returns b of
    shape (6, ...), from low to high order with b[0] = 0, such that Q = sum_k b[k] Q_det^k: least squares of the
    relative error at Chebyshev nodes from 0 to the charge at which a term of the response is 5 % of the linear one.
    Where the response is ExoSim's default, c (1 - exp(-Q / c)) expanded to order 5, that is the full well.

    Pixels without a finite response that rises with the light are NaN.

    Parameters
    ----------
    response
        Coefficients of Q, Q^2 ... of shape (coefficient, ...).

    Raises
    ------
    ValueError
        When the inverse of a pixel is wrong by more than 1e-4 anywhere in that range.
    """
    shape = response.shape[1:]
    a = response.reshape(len(response), -1).T
    usable = np.isfinite(a).all(axis=1) & (a[:, 0] > 0)
    inverse = np.full((len(a), _ORDER + 1), np.nan)
    chosen = np.flatnonzero(usable)
    for first in range(0, len(chosen), _AT_ONCE):
        pixels = chosen[first : first + _AT_ONCE]
        inverse[pixels] = _fitted(a[pixels])
    return inverse.T.reshape(_ORDER + 1, *shape)


def _fitted(a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse (n, 6) of the response ``a`` (n, coefficient)."""
    top = _range(a)[:, None]
    node = (1 - np.cos(np.pi * (np.arange(_N_NODE) + 0.5) / _N_NODE)) / 2
    charge = top * node
    measured = _response(a, charge)
    full = _response(a, top)
    powers = (measured / full)[..., None] ** np.arange(_ORDER)  # shape: (n, node, order)
    terms = np.linalg.pinv(powers) @ (charge / measured)[..., None]
    inverse = np.zeros((len(a), _ORDER + 1))
    inverse[:, 1:] = terms[..., 0] / full ** np.arange(_ORDER)
    grid = top * np.linspace(0.0, 1.0, 4 * _N_NODE + 1)[1:]
    back = _response(inverse[:, 1:], _response(a, grid))
    error = np.abs(back / grid - 1).max(axis=1)
    bad = ~(error <= _ACCURACY)
    if bad.any():
        worst = int(np.argmax(np.where(bad, error, 0.0)))
        raise ValueError(
            f"the response of {int(bad.sum())} pixels cannot be inverted by a polynomial of order {_ORDER}: it would "
            f"be wrong by up to {error[worst]:.1e} below {float(top[worst, 0]):.3g} electrons; set linearity: false, "
            "here and in the calibration, to do without"
        )
    return inverse


def _range(a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the charge up to which the response is inverted, (n,)."""
    order = np.arange(1, a.shape[1])
    bend = np.abs(a[:, 1:] / a[:, :1])
    with np.errstate(divide="ignore"):
        limits = np.where(bend > 0, (_DEPARTURE / bend) ** (1 / order), np.inf)
    top: NDArray[np.float64] = limits.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(top), top, 1.0)  # any range will do for a line


def _response(a: NDArray[np.float64], charge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sum_k a[k] charge^(k + 1) for ``a`` (n, coefficient) and ``charge`` (n, m)."""
    value = np.zeros_like(charge)
    for coefficient in a.T[::-1]:
        value = (value + coefficient[:, None]) * charge
    return value
