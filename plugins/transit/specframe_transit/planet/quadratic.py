"""The light of a quadratically limb-darkened star that a planet occults, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from exoplanet_core import driver

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Occultation", "quadratic_occultation", "quadratic_occulted"]

#: Separations below this are continued from here, linearly in their square: the solution is even in the separation.
_CENTRE = 1e-3

#: Separations are kept this far from the radius: within rounding of it exoplanet-core 0.3.1 loses all of the light.
_APART = 1e-13

#: Derivatives of the coefficients of Green's basis (Agol et al. 2020, eq. 19-20) by u1 and u2.
_BY_U1, _BY_U2 = np.array([-1.0, 1.0, 0.0]), np.array([-1.5, 2.0, -0.25])


@dataclass(frozen=True)
class Occultation:
    """Occulted part of the light of a star, ``value`` (n_channel, n_point), and its derivatives.

    ``by_squared`` and ``by_radius`` are (n_channel, n_point), by the squared separation and the radius ratio;
    ``by_limb_darkening`` is (n_channel, n_coefficient, n_point).
    """

    value: NDArray[np.float64]
    by_squared: NDArray[np.float64]
    by_radius: NDArray[np.float64]
    by_limb_darkening: NDArray[np.float64]


def quadratic_occulted(
    squared: NDArray[np.float64], radius: NDArray[np.float64], limb_darkening: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the occulted part of the light (n_channel, n_point), without derivatives.

    Parameters as of :func:`quadratic_occultation`, but ``squared`` >= 0.
    """
    z, r = _grid(np.sqrt(squared), radius)
    solution = np.empty((*z.shape, 3))
    driver.quad_solution_vector(z, r, solution)
    c, norm = _green(*limb_darkening)
    return 1.0 - (solution @ (c / norm).T[:, :, None])[..., 0]


def quadratic_occultation(
    squared: NDArray[np.float64], radius: NDArray[np.float64], limb_darkening: NDArray[np.float64]
) -> Occultation:
    """Return the exact solution of Agol, Luger & Foreman-Mackey (2020, AJ 159, 123), compiled in exoplanet-core.

    Parameters
    ----------
    squared
        Squared separation of the centres in stellar radii (n_point,). It may be slightly negative: the solution, a
        smooth function of it, is continued there.
    radius
        Radius of the planet in stellar radii (n_channel,), >= 0.
    limb_darkening
        u1, u2 of each channel (2, n_channel).
    """
    separation = np.sqrt(np.maximum(squared, _CENTRE**2))
    z, r = _grid(separation, radius)
    solution, by_z, by_r = np.empty((3, *z.shape, 3))
    driver.quad_solution_vector_with_grad(z, r, solution, by_z, by_r)
    c, norm = _green(*limb_darkening)
    weights = (c / norm).T[:, :, None]
    # Out of transit the basis gives 1 for any coefficients; derivatives of the flux have the sign turned.
    occulted = 1.0 - (solution @ weights)[..., 0]
    by_squared = -(by_z @ weights)[..., 0] / (2.0 * separation)
    by_radius = -(by_r @ weights)[..., 0]
    occulted += by_squared * np.minimum(squared - _CENTRE**2, 0.0)
    by_u = [(d[:, None] - c * (np.pi * (d[0] + d[1] / 1.5)) / norm) / norm for d in (_BY_U1, _BY_U2)]
    by_limb_darkening = np.stack([-(solution @ w.T[:, :, None])[..., 0] for w in by_u], axis=1)
    return Occultation(occulted, by_squared, by_radius, by_limb_darkening)


def _grid(
    separation: NDArray[np.float64], radius: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    grid = (len(radius), len(separation))
    r = np.ascontiguousarray(np.broadcast_to(radius[:, None], grid))
    return np.where(np.abs(separation - r) < _APART, r + _APART, separation), r


def _green(u1: NDArray[np.float64], u2: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coefficients c (3, n_channel) and the norm: flux = (c0 s0 + c1 s1 + c2 s2) / (pi (c0 + 2 c1 / 3))."""
    c = np.stack([1.0 - u1 - 1.5 * u2, u1 + 2.0 * u2, -0.25 * u2])
    return c, np.pi * (c[0] + c[1] / 1.5)
