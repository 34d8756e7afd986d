"""Limb-darkening laws fitted to the profile of a stellar disc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.planet.transit import Law

__all__ = ["COEFFICIENTS", "disc_mean", "fit_law", "steepest_limb"]

#: Names of the coefficients of each law.
COEFFICIENTS: dict[Law, tuple[str, ...]] = {"quadratic": ("u1", "u2"), "nonlinear": ("c1", "c2", "c3", "c4")}
#: Steps in mu of the profile, interpolated by a cubic spline, to which a law is fitted (Claret & Bloemen 2011).
_STEPS = 100


def steepest_limb(mu: NDArray[np.float64], profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the radius at which each profile falls most steeply, in units of the outermost one, (n_channel,).

    Spherical model stars reach beyond the limb that a transit sees, in a thin dark rim; this is where their disc ends
    (Wittkowski et al. 2004, A&A 413, 711; Espinoza & Jordan 2015). ``mu`` ascends.
    """
    radius = np.sqrt(1.0 - mu**2)
    slope = np.abs(np.diff(profiles, axis=1) / np.diff(radius))
    at = np.argmax(slope, axis=1)
    return np.asarray(0.5 * (radius[at] + radius[at + 1]))


def fit_law(
    mu: NDArray[np.float64],
    profiles: NDArray[np.float64],
    law: Law,
    mu_min: float = 0.0,
    limb: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients (n_coefficient, n_channel) and the rms of what is left, in units of the centre (n_channel,).

    Least squares of I(mu) / I(1), which the law has as 1, with all of 100 equidistant mu counting alike, cubic splines
    between those given: method A100 of Claret & Bloemen (2011, A&A 529, A75) and Espinoza & Jordan (2015, MNRAS 450,
    1879).

    Parameters
    ----------
    mu, profiles
        (n_mu,), ascending, and light (n_channel, n_mu).
    law
        ``quadratic``: 1 - u1 (1 - mu) - u2 (1 - mu)^2; ``nonlinear``: 1 - sum_n c_n (1 - mu^(n/2)).
    mu_min
        The fit goes from here, or from the least mu given, to 1.
    limb
        Radius at which the disc of each channel ends, in units of the model star's (n_channel,); mu is then that of a
        disc of this radius. None: 1.
    """
    points = np.linspace(max(mu_min, float(mu[0])), 1.0, _STEPS)
    lost = np.empty((len(profiles), _STEPS))
    for channel, profile in enumerate(profiles):
        spline = CubicSpline(mu, profile)
        edge = 1.0 if limb is None else limb[channel]
        lost[channel] = 1.0 - spline(np.sqrt(1.0 - edge**2 * (1.0 - points**2))) / spline(1.0)
    if law == "quadratic":
        design = np.stack([1.0 - points, (1.0 - points) ** 2], axis=1)
    else:
        design = np.stack([1.0 - points ** (0.5 * n) for n in range(1, 5)], axis=1)
    coefficients = np.asarray(np.linalg.lstsq(design, lost.T, rcond=None)[0], dtype=np.float64)
    return coefficients, np.asarray(np.sqrt(np.mean((design @ coefficients - lost.T) ** 2, axis=0)))


def disc_mean(mu: NDArray[np.float64], profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the disc, 2 int I mu dmu, (n_channel,); the profile is continued to mu = 0."""
    spline = CubicSpline(mu, profiles, axis=1)
    points, weights = np.polynomial.legendre.leggauss(64)
    x = 0.5 * (points + 1.0)
    return np.asarray(spline(x) * x @ weights)
