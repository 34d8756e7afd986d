"""The light of a star with Claret's four-parameter limb darkening that a planet occults, with its derivatives.

The intensity is a sum of powers mu^(n/2), n = 0 ... 4, of mu^2 = 1 - r^2. By Green's theorem the light of one power in
the occulted region is an integral along its border; on the planet's limb at angle phi, from the direction away from the
star's centre, with separation z and radius ratio k::

    r^2 = z^2 + k^2 + 2 z k cos phi
    J_n = 2 int_phi0^pi (1 - mu^p) / (p (1 - mu^2)) (k^2 + z k cos phi) dphi + 2 kappa / p,   p = n / 2 + 2

phi0 is where the limbs cross (0 where they do not) and kappa half of the stellar limb's arc that is occulted. The
derivatives are the intensity summed along the planet's limb: dJ_n / dk = 2 int mu^(n/2) k dphi, and with k cos phi in
place of k that by z. At the crossing mu^(n/2) is a power n / 4 of phi - phi0, a polynomial in x of
phi = phi0 + (pi - phi0) x^4, which Gauss-Legendre's rule takes exactly; well inside the star the equidistant rule for
periodic functions needs fewer points.
"""

from __future__ import annotations

from math import acosh, atan2, ceil, cos, pi, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.compiler import compiled
from specframe_transit.planet.exposure import gauss_legendre
from specframe_transit.planet.quadratic import Occultation

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nonlinear_occultation", "nonlinear_occulted"]

#: Points on half of the planet's limb, where it crosses the star's or nearly touches it: errors below 1e-12 of the
#: star's light for radius ratios up to 1.5.
_POINTS = 20
#: The equidistant rule's error is exp(-2 x points x width) where mu has no zero within ``width`` of the real angles.
_LOG_ACCURACY = 15.0
#: Fewer do not tell the two sides of the planet apart, whose difference is the derivative by z.
_FEWEST = 3

#: Separations below this are continued from here, linearly in their square.
_CENTRE = 1e-7


def nonlinear_occulted(
    squared: NDArray[np.float64], radius: NDArray[np.float64], limb_darkening: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the occulted part of the light (n_channel, n_point); parameters as :func:`nonlinear_occultation`."""
    return nonlinear_occultation(squared, radius, limb_darkening).value


def nonlinear_occultation(
    squared: NDArray[np.float64], radius: NDArray[np.float64], limb_darkening: NDArray[np.float64]
) -> Occultation:
    """Return the occultation of a star with I / I0 = 1 - sum_n c_n (1 - mu^(n/2)), Claret (2000, A&A 363, 1081).

    Parameters
    ----------
    squared
        Squared separation of the centres in stellar radii (n_point,); it may be slightly negative and is continued.
    radius
        Radius of the planet in stellar radii (n_channel,), >= 0.
    limb_darkening
        c1 ... c4 of each channel (4, n_channel).
    """
    shape = (len(radius), len(squared))
    value, by_squared, by_radius = np.zeros((3, *shape))
    by_limb_darkening = np.zeros((shape[0], 4, shape[1]))
    coefficients = np.ascontiguousarray(limb_darkening.T)
    x, weight = gauss_legendre(_POINTS)
    x, weight = 0.5 * (x + 1.0), 0.5 * weight
    _occult(
        squared, radius, coefficients, x**4, 4.0 * weight * x**3, value, by_squared, by_radius, by_limb_darkening
    )  # fmt: skip
    return Occultation(value, by_squared, by_radius, by_limb_darkening)


@compiled(fastmath={"reassoc", "contract"})
def _occult(
    squared: NDArray[np.float64],
    radius: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    graded: NDArray[np.float64],
    graded_weight: NDArray[np.float64],
    value: NDArray[np.float64],
    by_squared: NDArray[np.float64],
    by_radius: NDArray[np.float64],
    by_limb_darkening: NDArray[np.float64],
) -> None:
    """Write the occultation; ``graded`` are x^4 and the rule's weights times 4 x^3."""
    moments = np.empty(5)
    for channel in range(len(radius)):
        k = radius[channel]
        c = coefficients[channel]
        norm = pi
        for n in range(4):
            norm -= pi * c[n] * (n + 1.0) / (n + 5.0)
        rest = 1.0 - c[0] - c[1] - c[2] - c[3]
        for point in range(len(squared)):
            z2 = max(squared[point], _CENTRE**2)
            z = sqrt(z2)
            if z >= 1.0 + k or k == 0.0:
                continue
            if z <= k - 1.0:
                value[channel, point] = 1.0
                continue
            gap = (1.0 - z - k) * (1.0 + z + k)  # mu^2 where the planet is nearest to the limb
            moments[:] = 0.0
            phi0, count, equidistant = 0.0, len(graded), False
            if gap < 0.0:
                triangle = sqrt(max(-gap * (1.0 + z - k) * (1.0 + k - z), 0.0))
                phi0 = pi - atan2(triangle, (k - 1.0) * (k + 1.0) + z2)
                kappa = atan2(triangle, (1.0 - k) * (1.0 + k) + z2)
                for n in range(5):
                    moments[n] = 4.0 * kappa / (n + 4.0)
            else:
                width = acosh(1.0 + gap / (2.0 * z * k))
                if width * count >= _LOG_ACCURACY:
                    count, equidistant = max(ceil(_LOG_ACCURACY / width), _FEWEST), True
            inward, along = 0.0, 0.0
            for at in range(count):
                if equidistant:
                    phi, weight = pi * (at + 0.5) / count, 2.0 * pi / count
                else:
                    phi, weight = (pi - phi0) * graded[at], 2.0 * (pi - phi0) * graded_weight[at]
                # mu^2 without cancellation near the stellar limb
                mu2 = max(gap, 0.0) + 4.0 * z * k * sin(0.5 * phi + phi0) * sin(0.5 * phi)
                cos_phi = cos(phi + phi0)
                mu = sqrt(mu2)
                s = sqrt(mu)
                rate = weight * k * (k + z * cos_phi)
                # (1 - s^m) / (1 - s^4), written without 0 / 0 at disc centre
                half = rate / ((1.0 + s) * (1.0 + mu))
                moments[0] += rate / 2.0
                moments[1] += half * (1.0 + s * (1.0 + s * (1.0 + s * (1.0 + s)))) / 2.5
                moments[2] += rate * (1.0 + mu + mu2) / (3.0 * (1.0 + mu))
                moments[3] += half * (1.0 + s * (1.0 + s * (1.0 + s * (1.0 + s * (1.0 + s * (1.0 + s)))))) / 3.5
                moments[4] += rate * (1.0 + mu2) / 4.0
                intensity = rest + c[0] * s + c[1] * mu + c[2] * mu * s + c[3] * mu2
                inward += weight * intensity
                along += weight * intensity * cos_phi
            occulted = rest * moments[0]
            for n in range(4):
                occulted += c[n] * moments[n + 1]
            occulted /= norm
            slope = 0.5 * k * along / (z * norm)
            value[channel, point] = occulted + slope * min(squared[point] - _CENTRE**2, 0.0)
            by_squared[channel, point] = slope
            by_radius[channel, point] = k * inward / norm
            for n in range(4):
                lost = moments[n + 1] - moments[0] + occulted * pi * (n + 1.0) / (n + 5.0)
                by_limb_darkening[channel, n, point] = lost / norm
