"""Quadratic limb darkening in Kipping's q1, q2: the unit square holds every physical pair u1, u2, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_quadratic", "jacobian", "to_quadratic"]

#: Least q1 and sum u1 + u2 that enter a quotient, so that a star without limb darkening has finite derivatives.
_SMALLEST = 1e-12


def to_quadratic(q1: NDArray[np.float64], q2: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return u1 = 2 sqrt(q1) q2 and u2 = sqrt(q1) (1 - 2 q2) of the shape of ``q1``.

    Kipping (2013, MNRAS 435, 2152), eq. 15-16. Physical are 0 <= q1 <= 1 and 0 <= q2 <= 1; a negative q1 counts as 0.
    """
    root = np.sqrt(np.maximum(q1, 0.0))
    return 2.0 * root * q2, root * (1.0 - 2.0 * np.asarray(q2))


def from_quadratic(u1: NDArray[np.float64], u2: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return q1 = (u1 + u2)^2 and q2 = u1 / (2 (u1 + u2)), Kipping (2013), eq. 17-18.

    Pairs with u1 + u2 <= 0, whose limb would be brighter than the centre, have no q1, q2 that lead back.
    """
    total = np.asarray(u1) + np.asarray(u2)
    return total**2, 0.5 * np.asarray(u1) / np.where(np.abs(total) < _SMALLEST, _SMALLEST, total)


def jacobian(q1: NDArray[np.float64], q2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return d(u1, u2) / d(q1, q2), shape (2, 2, ...): the first index is u, the second q."""
    root = np.sqrt(np.maximum(q1, _SMALLEST))
    q2 = np.asarray(q2, dtype=float)
    return np.array([[q2 / root, 2.0 * root], [0.5 * (1.0 - 2.0 * q2) / root, -2.0 * root]])
