"""The Keplerian orbit of a planet, seen against its star: separations, contacts, conjunctions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, isfinite, nan, pi, radians, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np
from exoplanet_core import kepler
from scipy.optimize import brentq, minimize_scalar

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ORBIT_PARAMETERS", "Orbit", "SkyPath"]

#: The parameters of an orbit, in the order of :class:`Orbit`.
ORBIT_PARAMETERS = (
    "period",
    "mid_transit",
    "semi_major_axis",
    "inclination",
    "eccentricity",
    "argument_of_periastron",
)

#: Steps per half orbit in which a contact is looked for, outward from the smallest separation.
_SEARCH_STEPS = 400
#: Relative accuracy of contact times, in units of the period.
_TIME_TOLERANCE = 1e-14


@dataclass(frozen=True)
class SkyPath:
    """Where the planet is on the sky.

    ``squared`` separation of the centres z^2 in R*^2 (n_time,), ``in_front`` of the star (n_time,) bool, and
    ``gradient`` of z^2 by the parameters asked for (n_parameter, n_time).
    """

    squared: NDArray[np.float64]
    in_front: NDArray[np.bool_]
    gradient: NDArray[np.float64]


@dataclass(frozen=True)
class Orbit:
    """A Keplerian orbit.

    Parameters
    ----------
    period
        d.
    mid_transit
        Time of inferior conjunction in d, of any epoch, on the clock of the times that are asked for. Take times
        relative to a reference near the data: a Julian date in float64 has steps of 40 microseconds.
    semi_major_axis
        In stellar radii.
    inclination
        deg; 90 is edge-on.
    eccentricity, argument_of_periastron
        The latter in deg, as the radial velocities of the star give it: 90 has the periastron at inferior conjunction.

    Raises
    ------
    DataError
        When an element cannot be, for instance an eccentricity of 1 or more.
    """

    period: float
    mid_transit: float
    semi_major_axis: float
    inclination: float
    eccentricity: float = 0.0
    argument_of_periastron: float = 90.0

    def __post_init__(self) -> None:
        for name in ORBIT_PARAMETERS:
            if not isfinite(getattr(self, name)):
                raise DataError(f"orbit: {name} must be a finite number, got {getattr(self, name)}")
        for name in ("period", "semi_major_axis"):
            if getattr(self, name) <= 0:
                raise DataError(f"orbit: {name} must be above 0, got {getattr(self, name)}")
        if not 0 <= self.eccentricity < 1:
            raise DataError(f"orbit: eccentricity must be at least 0 and below 1, got {self.eccentricity}")

    @property
    def impact_parameter(self) -> float:
        """Separation at inferior conjunction in R*: a cos i (1 - e^2) / (1 + e sin w) (Winn 2010, eq. 7)."""
        e, omega = self.eccentricity, radians(self.argument_of_periastron)
        return self.semi_major_axis * cos(radians(self.inclination)) * (1 - e**2) / (1 + e * sin(omega))

    @property
    def eclipse_impact_parameter(self) -> float:
        """Separation at superior conjunction in R*: a cos i (1 - e^2) / (1 - e sin w) (Winn 2010, eq. 8)."""
        e, omega = self.eccentricity, radians(self.argument_of_periastron)
        return self.semi_major_axis * cos(radians(self.inclination)) * (1 - e**2) / (1 - e * sin(omega))

    def separation(self, time: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the projected separation of the centres in R* and whether the planet is in front, both (n_time,)."""
        path = self.path(time)
        return np.sqrt(path.squared), path.in_front

    def path(self, time: NDArray[np.float64], parameters: Sequence[str] = ()) -> SkyPath:
        """Return z^2, the side, and the analytic derivatives of z^2 by ``parameters`` of :data:`ORBIT_PARAMETERS`."""
        time = np.asarray(time, dtype=float)
        e, a = self.eccentricity, self.semi_major_axis
        rate = 2.0 * pi / self.period
        anomaly = rate * (time - self.mid_transit) + self._conjunction_anomaly
        if e > 0:
            sin_f, cos_f = kepler(anomaly, e)
        else:
            sin_f, cos_f = np.sin(anomaly), np.cos(anomaly)
        omega, inclination = radians(self.argument_of_periastron), radians(self.inclination)
        sin_w, cos_w, sin_i, cos_i = sin(omega), cos(omega), sin(inclination), cos(inclination)
        # angle from the ascending node: 90 deg at inferior conjunction
        sin_t = sin_f * cos_w + cos_f * sin_w
        cos_t = cos_f * cos_w - sin_f * sin_w
        stretch = 1.0 + e * cos_f
        distance = a * (1.0 - e**2) / stretch
        squared = distance**2 * (cos_t**2 + (sin_t * cos_i) ** 2)
        gradient = np.empty((len(parameters), *time.shape))
        if parameters:
            by_angle = -2.0 * distance**2 * sin_t * cos_t * sin_i**2
            by_true = by_angle + 2.0 * squared * (e * sin_f / stretch)
            by_mean = by_true * (stretch**2 / (1.0 - e**2) ** 1.5)
            mean_by_e, mean_by_omega = self._conjunction_gradient
            for at, name in enumerate(parameters):
                if name == "period":
                    gradient[at] = by_mean * (-rate / self.period) * (time - self.mid_transit)
                elif name == "mid_transit":
                    gradient[at] = -rate * by_mean
                elif name == "semi_major_axis":
                    gradient[at] = 2.0 * squared / a
                elif name == "inclination":
                    gradient[at] = radians(1.0) * -2.0 * (distance * sin_t) ** 2 * cos_i * sin_i
                elif name == "eccentricity":
                    true_by_e = sin_f * (2.0 + e * cos_f) / (1.0 - e**2)
                    distance_by_e = -2.0 * e / (1.0 - e**2) - cos_f / stretch
                    gradient[at] = by_true * true_by_e + 2.0 * squared * distance_by_e + by_mean * mean_by_e
                elif name == "argument_of_periastron":
                    gradient[at] = radians(1.0) * (by_angle + by_mean * mean_by_omega)
                else:
                    raise DataError(f"orbit: no parameter {name!r}; there are {', '.join(ORBIT_PARAMETERS)}")
        return SkyPath(squared, sin_t > 0.0, gradient)

    def nearest_transit(self, near: float) -> float:
        """Return the time of the inferior conjunction nearest to ``near`` in d."""
        return self.mid_transit + round((near - self.mid_transit) / self.period) * self.period

    def mid_eclipse(self, near: float) -> float:
        """Return the time of the superior conjunction nearest to ``near`` in d, without light travel time."""
        e = self.eccentricity
        anomaly = _mean_anomaly(-0.5 * pi - radians(self.argument_of_periastron), e)
        first = self.mid_transit + (anomaly - self._conjunction_anomaly) / (2.0 * pi) * self.period
        return first + round((near - first) / self.period) * self.period

    def contacts(self, radius_ratio: float, near: float, eclipse: bool = False) -> NDArray[np.float64]:
        """Return first to fourth contact (4,) of the transit (or eclipse) nearest to ``near``, in d.

        All four are NaN where the planet misses the star, the inner two where it is never fully in front of it (or,
        larger than the star, never covers it).
        """
        centre = self.mid_eclipse(near) if eclipse else self.nearest_transit(near)
        quarter = 0.25 * self.period
        # on eccentric, inclined orbits the smallest separation is not exactly at conjunction
        search = minimize_scalar(
            lambda offset: self._squared_at(centre + offset, eclipse),
            bounds=(-0.5 * quarter, 0.5 * quarter),
            method="bounded",
            options={"xatol": 1e-9 * self.period},
        )
        closest = centre + float(search.x)
        if self._squared_at(centre, eclipse) <= search.fun:
            closest = centre
        outer, inner = 1.0 + radius_ratio, abs(1.0 - radius_ratio)
        times = [self._crossing(closest, edge, way, eclipse) for edge, way in ((outer, -1), (inner, -1))]
        times += [self._crossing(closest, edge, way, eclipse) for edge, way in ((inner, 1), (outer, 1))]
        return np.array(times)

    def duration(self, radius_ratio: float, eclipse: bool = False) -> float:
        """Return first to fourth contact T14 in d, NaN where the planet misses the star."""
        times = self.contacts(radius_ratio, self.mid_transit, eclipse)
        return float(times[3] - times[0])

    @cached_property
    def _conjunction_anomaly(self) -> float:
        """Mean anomaly at inferior conjunction."""
        return _mean_anomaly(0.5 * pi - radians(self.argument_of_periastron), self.eccentricity)

    @property
    def _conjunction_gradient(self) -> tuple[float, float]:
        """Derivatives of that by the eccentricity and by the argument of periastron in rad."""
        e = self.eccentricity
        true = 0.5 * pi - radians(self.argument_of_periastron)
        stretch = 1.0 + e * cos(true)
        return (
            -sin(true) * (1.0 + stretch) * sqrt(1.0 - e**2) / stretch**2,
            -((1.0 - e**2) ** 1.5) / stretch**2,
        )

    def _squared_at(self, time: float, eclipse: bool) -> float:
        path = self.path(np.array([time]))
        return float(path.squared[0]) if path.in_front[0] != eclipse else 1e3 + float(self.semi_major_axis) ** 2

    def _crossing(self, closest: float, edge: float, way: int, eclipse: bool) -> float:
        """Return the first time, outward from ``closest``, at which the separation is ``edge``."""

        def excess(time: float) -> float:
            return self._squared_at(time, eclipse) - edge**2

        if excess(closest) >= 0:
            return nan
        steps = closest + way * np.linspace(0.0, 0.5 * self.period, _SEARCH_STEPS)
        path = self.path(steps)
        outside = (path.squared > edge**2) | (path.in_front == eclipse)
        if not outside.any():
            return nan
        at = int(np.argmax(outside))
        return float(brentq(excess, steps[at - 1], steps[at], xtol=_TIME_TOLERANCE * self.period, rtol=1e-14))


def _mean_anomaly(true: float, e: float) -> float:
    """Return the mean anomaly in -pi ... pi of a true anomaly in rad."""
    eccentric = np.arctan2(sqrt(1.0 - e**2) * sin(true), e + cos(true))
    return float(eccentric - e * np.sin(eccentric))
