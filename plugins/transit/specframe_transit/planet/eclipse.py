"""How much of a planet's disc is seen while it passes behind its star, with the derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.planet.exposure import sample_exposures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.planet.orbit import Orbit

__all__ = ["EclipseGradient", "visible_fraction", "visible_fraction_with_gradient"]

#: A planet smaller than this, in R*, is taken to be this large: it disappears within a second.
_SMALLEST = 1e-6


@dataclass(frozen=True)
class EclipseGradient:
    """Visible part of the planet's disc ``value`` (n_time,) and its derivatives.

    ``by_radius_ratio`` (n_time,) and ``by_orbit`` (n_orbit_parameter, n_time), in the order asked for.
    """

    value: NDArray[np.float64]
    by_radius_ratio: NDArray[np.float64]
    by_orbit: NDArray[np.float64]


def visible_fraction(
    orbit: Orbit, time: NDArray[np.float64], radius_ratio: float, exposure: float = 0.0
) -> NDArray[np.float64]:
    """Return the visible part of the planet's disc (n_time,): 1 fully in view, 0 behind the star.

    The planet is a uniform disc of ``radius_ratio`` Rp/R* (of which the size counts, not the sign); the flux of the
    system is that of the star x (1 + eclipse_depth x visible_fraction). Light travel time is not added: where it
    matters, move the time of the eclipse by 2 a / c.

    Parameters
    ----------
    orbit
        Orbit, on the clock of ``time``.
    time
        Mid-times of the exposures (n_time,) in d.
    radius_ratio
        Rp/R*.
    exposure
        Length of the exposures in d, over which the fraction is averaged; 0 takes it at mid-time.
    """
    return visible_fraction_with_gradient(orbit, time, radius_ratio, exposure).value


def visible_fraction_with_gradient(
    orbit: Orbit,
    time: NDArray[np.float64],
    radius_ratio: float,
    exposure: float = 0.0,
    orbit_parameters: Sequence[str] = (),
) -> EclipseGradient:
    """Return :func:`visible_fraction` with its derivatives by the radius ratio and by ``orbit_parameters``."""
    k = max(abs(float(radius_ratio)), _SMALLEST)
    sampling = sample_exposures(orbit, time, exposure, k, k, eclipse=True)
    path = orbit.path(sampling.time, orbit_parameters)
    hidden, by_squared, by_radius = _hidden_part(path.squared, k)
    behind = ~path.in_front
    by_orbit = -by_squared * behind * path.gradient
    n_time = len(time)
    return EclipseGradient(
        1.0 - sampling.mean(hidden * behind, n_time),
        sampling.mean(-by_radius * behind * np.sign(radius_ratio), n_time),
        sampling.mean(by_orbit, n_time),
    )


def _hidden_part(
    squared: NDArray[np.float64], k: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the part of a disc of radius k that a unit disc covers, and its derivatives by z^2 and by k."""
    z = np.sqrt(squared)
    # sixteen times the squared area of the triangle with sides 1, k, z (the discs' centres and a crossing)
    triangle = np.sqrt(np.maximum((1.0 + k + z) * (k + z - 1.0) * (1.0 + z - k) * (1.0 + k - z), 0.0))
    star_angle = np.arctan2(triangle, (1.0 - k) * (1.0 + k) + squared)
    planet_angle = np.arctan2(triangle, (k - 1.0) * (k + 1.0) + squared)
    overlap = star_angle + k**2 * planet_angle - 0.5 * triangle
    apart = z >= 1.0 + k
    overlap = np.where(apart, 0.0, overlap)
    planet_angle = np.where(apart, 0.0, planet_angle)
    area = np.pi * k**2
    by_squared = -0.5 * triangle / np.maximum(squared, _SMALLEST**2)
    return overlap / area, by_squared / area, (2.0 * k * planet_angle - 2.0 * overlap / k) / area
