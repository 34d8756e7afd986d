"""Batman (Kreidberg 2015), an independent implementation, as the oracle of transits and eclipses."""

from __future__ import annotations

import batman
import numpy as np
import pytest

from specframe_transit.planet.orbit import Orbit


@pytest.fixture
def inclined():
    """An orbit of a given impact parameter at inferior conjunction, by its definition."""

    def orbit(impact, eccentricity=0.0, omega=90.0, axis=9.0, period=3.0, mid_transit=0.1):
        stretch = (1 - eccentricity**2) / (1 + eccentricity * np.sin(np.radians(omega)))
        inclination = np.degrees(np.arccos(impact / axis / stretch))
        return Orbit(period, mid_transit, axis, inclination, eccentricity, omega)

    return orbit


@pytest.fixture
def batman_flux():
    """Batman's flux (n_time,); exposures as the mean over the midpoints of ``points`` equal parts.

    Its own supersampling includes both ends of the exposure, which costs it accuracy of 1 / supersample_factor.
    """

    def flux(orbit, time, radius, coefficients=(), law="quadratic", exposure=0.0, points=1, eclipse=False, max_err=1.0):
        p = batman.TransitParams()
        p.t0, p.per, p.rp, p.a, p.inc = (
            orbit.mid_transit,
            orbit.period,
            radius,
            orbit.semi_major_axis,
            orbit.inclination,
        )
        p.ecc, p.w, p.u, p.limb_dark = orbit.eccentricity, orbit.argument_of_periastron, list(coefficients), law
        if eclipse:
            p.fp, p.t_secondary = 1.0, orbit.mid_eclipse(float(np.mean(time)))
        offset = exposure * ((np.arange(points) + 0.5) / points - 0.5)
        times = (time[:, None] + offset).ravel()
        model = batman.TransitModel(p, times, max_err=max_err, transittype="secondary" if eclipse else "primary")
        return model.light_curve(p).reshape(len(time), points).mean(axis=1)

    return flux
