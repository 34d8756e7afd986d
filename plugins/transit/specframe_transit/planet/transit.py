"""The light curves of a transit in many channels at once, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import DataError
from specframe_transit.planet.exposure import sample_exposures
from specframe_transit.planet.nonlinear import nonlinear_occultation, nonlinear_occulted
from specframe_transit.planet.quadratic import quadratic_occultation, quadratic_occulted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from specframe_transit.planet.orbit import Orbit

__all__ = ["Law", "TransitGradient", "transit_flux", "transit_flux_with_gradient"]

#: Limb-darkening laws: ``quadratic`` u1, u2; ``nonlinear`` c1 ... c4 of Claret (2000).
Law = Literal["quadratic", "nonlinear"]

_COEFFICIENTS = {"quadratic": 2, "nonlinear": 4}
_VALUE = {"quadratic": quadratic_occulted, "nonlinear": nonlinear_occulted}
_GRADIENT = {"quadratic": quadratic_occultation, "nonlinear": nonlinear_occultation}
#: A separation in R* at which no planet touches the star.
_FAR = 1e6
#: Points that are evaluated together, few enough for the processor's cache.
_BLOCK = 8192


@dataclass(frozen=True)
class TransitGradient:
    """Relative flux ``value`` (n_channel, n_time) and its derivatives.

    ``by_radius_ratio`` (n_channel, n_time), ``by_limb_darkening`` (n_channel, n_coefficient, n_time) and ``by_orbit``
    (n_channel, n_orbit_parameter, n_time), the last in the order of the ``orbit_parameters`` asked for.
    """

    value: NDArray[np.float64]
    by_radius_ratio: NDArray[np.float64]
    by_limb_darkening: NDArray[np.float64]
    by_orbit: NDArray[np.float64]


def transit_flux(
    orbit: Orbit,
    time: NDArray[np.float64],
    radius_ratio: NDArray[np.float64],
    limb_darkening: NDArray[np.float64],
    law: Law = "quadratic",
    exposure: float = 0.0,
) -> NDArray[np.float64]:
    """Return the relative flux (n_channel, n_time): 1 out of transit.

    Parameters
    ----------
    orbit
        Orbit of the planet, on the clock of ``time``.
    time
        Mid-times of the exposures (n_time,) in d.
    radius_ratio
        Rp/R* of each channel (n_channel,). A negative one adds the light that its size would take away, so that the
        depth k |k| of noisy channels is not cut off at 0.
    limb_darkening
        (n_coefficient, n_channel): u1, u2 of I / I0 = 1 - u1 (1 - mu) - u2 (1 - mu)^2, or c1 ... c4 of
        I / I0 = 1 - sum_n c_n (1 - mu^(n/2)).
    law
        ``quadratic`` or ``nonlinear``.
    exposure
        Length of the exposures in d, over which the flux is averaged; 0 takes it at mid-time.

    Raises
    ------
    DataError
        When the coefficients do not fit the law or the channels.
    """
    radius_ratio, limb_darkening = _checked(radius_ratio, limb_darkening, law)
    size = np.abs(radius_ratio)
    sampling = sample_exposures(orbit, time, exposure, size.min(), size.max())
    squared, _ = _occulting_side(orbit, sampling.time, ())
    occulted_light = _VALUE[law]
    flux = np.ones((len(size), len(time)))
    for block in _blocks(len(size), len(squared)):
        occulted = occulted_light(squared, size[block], limb_darkening[:, block])
        occulted *= np.sign(radius_ratio[block])[:, None]
        flux[block] -= sampling.mean(occulted, len(time))
    return flux


def transit_flux_with_gradient(
    orbit: Orbit,
    time: NDArray[np.float64],
    radius_ratio: NDArray[np.float64],
    limb_darkening: NDArray[np.float64],
    law: Law = "quadratic",
    exposure: float = 0.0,
    orbit_parameters: Sequence[str] = (),
) -> TransitGradient:
    """Return :func:`transit_flux` with its derivatives, those by ``orbit_parameters`` of the orbit among them."""
    radius_ratio, limb_darkening = _checked(radius_ratio, limb_darkening, law)
    size, sign = np.abs(radius_ratio), np.sign(radius_ratio)
    sampling = sample_exposures(orbit, time, exposure, size.min(), size.max())
    squared, squared_by_orbit = _occulting_side(orbit, sampling.time, orbit_parameters)
    occultation = _GRADIENT[law]
    n_channel, n_time = len(size), len(time)
    result = TransitGradient(
        np.ones((n_channel, n_time)),
        np.zeros((n_channel, n_time)),
        np.zeros((n_channel, len(limb_darkening), n_time)),
        np.zeros((n_channel, len(orbit_parameters), n_time)),
    )
    for block in _blocks(n_channel, len(squared)):
        light = occultation(squared, size[block], limb_darkening[:, block])
        turned = -sign[block][:, None]
        result.value[block] += sampling.mean(light.value * turned, n_time)
        result.by_radius_ratio[block] = sampling.mean(-light.by_radius, n_time)
        result.by_limb_darkening[block] = sampling.mean(light.by_limb_darkening * turned[:, :, None], n_time)
        if orbit_parameters:
            by_orbit = (light.by_squared * turned)[:, None, :] * squared_by_orbit
            result.by_orbit[block] = sampling.mean(by_orbit, n_time)
    return result


def _occulting_side(
    orbit: Orbit, time: NDArray[np.float64], parameters: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return z^2 and its derivatives, with the planet far away where it is behind the star."""
    path = orbit.path(time, parameters)
    return np.where(path.in_front, path.squared, _FAR**2), path.gradient * path.in_front


def _blocks(n_channel: int, n_point: int) -> Iterator[slice]:
    """Yield the channels that are evaluated together; none where there are no points."""
    if n_point:
        step = max(_BLOCK // n_point, 1)
        for first in range(0, n_channel, step):
            yield slice(first, first + step)


def _checked(
    radius_ratio: NDArray[np.float64], limb_darkening: NDArray[np.float64], law: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if law not in _COEFFICIENTS:
        raise DataError(f"limb-darkening law {law!r} is not known; there are {', '.join(_COEFFICIENTS)}")
    radius_ratio = np.atleast_1d(np.asarray(radius_ratio, dtype=float))
    limb_darkening = np.asarray(limb_darkening, dtype=float)
    expected = (_COEFFICIENTS[law], len(radius_ratio))
    if limb_darkening.shape != expected:
        raise DataError(
            f"the {law} law of {expected[1]} channels needs limb_darkening (coefficient, channel) of shape {expected}, "
            f"got {limb_darkening.shape}"
        )
    return radius_ratio, limb_darkening
