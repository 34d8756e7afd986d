"""The light that a transit takes away, for many channels at once, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.planet.exposure import gauss_legendre
from specframe_transit.planet.quadratic import quadratic_occultation

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Dip", "Geometry", "limb_darkened_dip", "trapezoid_dip"]

#: Gauss-Legendre points per exposure, for each passage of the planet's own diameter over the limb.
_POINTS_PER_CROSSING = 16
_MIN_POINTS, _MAX_POINTS = 6, 24
#: Points elsewhere: exact where the flux is a cubic of the time during the exposure.
_INSIDE_POINTS = 2


@dataclass(frozen=True)
class Geometry:
    """A transit: times in d, ``impact_squared`` and ``radius`` in stellar radii.

    The projected separation z of the centres follows z^2 = b^2 (1 - x^2) + (1 + k)^2 x^2. On a circular orbit of
    ``period`` P the phase is x = sin(2 pi (t - t0) / P) / sin(pi T14 / P), without one x = 2 (t - t0) / T14, a straight
    chord at constant speed. ``duration`` T14 is that of a planet of radius ratio k = ``radius``.
    ``impact_squared`` b^2 may be slightly negative: the flux, a smooth function of z^2, is continued there, so that
    estimates of central transits have no edge at 0. For a trapezoid its place is taken by T12 / T14.
    """

    mid_transit: float
    duration: float
    impact_squared: float
    radius: float
    period: float = np.inf

    def phase(self, time: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the phase x, -1 and 1 at first and last contact, and its derivative by time."""
        if not np.isfinite(self.period):
            return 2.0 * (time - self.mid_transit) / self.duration, np.full(time.shape, 2.0 / self.duration)
        rate = 2.0 * np.pi / self.period
        # half an orbit away the planet passes behind the star
        angle = np.clip(rate * (time - self.mid_transit), -0.5 * np.pi, 0.5 * np.pi)
        contact = np.sin(0.5 * rate * self.duration)
        return np.sin(angle) / contact, rate * np.cos(angle) / contact

    def by_duration(self) -> float:
        """Return the derivative of ln x by the duration."""
        if not np.isfinite(self.period):
            return -1.0 / self.duration
        rate = np.pi / self.period
        return float(-rate / np.tan(rate * self.duration))

    def time_of(self, phase: float) -> float:
        """Return the time at which x has a value."""
        if not np.isfinite(self.period):
            return self.mid_transit + 0.5 * phase * self.duration
        angle = np.arcsin(phase * np.sin(np.pi * self.duration / self.period))
        return self.mid_transit + float(angle) * self.period / (2.0 * np.pi)


@dataclass(frozen=True)
class Dip:
    """Occulted part of the light and its derivatives, each (n_channel, n_time), means over the exposures."""

    value: NDArray[np.float64]
    by_depth: NDArray[np.float64]
    by_mid_transit: NDArray[np.float64]
    by_duration: NDArray[np.float64]
    by_impact: NDArray[np.float64]
    by_u1: NDArray[np.float64]
    by_u2: NDArray[np.float64]


@dataclass(frozen=True)
class _Points:
    """Where exposures are sampled.

    ``touched`` samples, phase x, its rate and the weight of each point, and the first point of each sample.
    """

    touched: NDArray[np.intp]
    phase: NDArray[np.float64]
    rate: NDArray[np.float64]
    weight: NDArray[np.float64]
    first: NDArray[np.intp]


def limb_darkened_dip(
    time: NDArray[np.float64],
    exposure: float,
    geometry: Geometry,
    depth: NDArray[np.float64],
    shape_depth: NDArray[np.float64],
    shape_slope: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> Dip:
    """Return depth x occultation(shape_depth) / shape_depth of a quadratically limb-darkened star.

    Where ``shape_depth`` equals ``depth`` this is the exact solution of Agol, Luger & Foreman-Mackey (2020, AJ 159,
    123; exoplanet-core). Channels whose depth is mostly noise, or negative, take the shape of ingress and egress from
    elsewhere and are linear in their depth.

    Parameters
    ----------
    time, exposure
        Mid-times (n_time,) and length of the exposures in d.
    geometry
        Orbit.
    depth, shape_depth, shape_slope
        (Rp/R*)^2 of each channel, that which gives the shape (> 0), and its derivative by ``depth``; (n_channel,).
    u1, u2
        Limb-darkening coefficients (n_channel,).
    """
    reach = 1.0 + float(np.sqrt(shape_depth.max()))
    limb = (1.0 + geometry.radius) ** 2 - geometry.impact_squared
    edge = np.sqrt(max(reach**2 - geometry.impact_squared, 0.0) / limb)
    inner = np.sqrt(max((2.0 - reach) * abs(2.0 - reach) - geometry.impact_squared, 0.0) / limb)
    crossing = max(edge - inner, 1e-3)
    points = _points(time, exposure, geometry, edge, inner, crossing)
    x = points.phase
    z2 = geometry.impact_squared * (1.0 - x**2) + (1.0 + geometry.radius) ** 2 * x**2
    radius = np.sqrt(shape_depth)
    light = quadratic_occultation(z2, radius, np.stack([u1, u2]))

    scale = (depth / shape_depth)[:, None]
    by_shape = light.by_radius / (2.0 * radius[:, None]) - light.value / shape_depth[:, None]
    by_shape *= scale * shape_slope[:, None]
    by_z2 = scale * light.by_squared
    by_x = by_z2 * (2.0 * x * limb)
    values = (
        scale * light.value,
        light.value / shape_depth[:, None] + by_shape,
        by_x * -points.rate,
        by_x * (x * geometry.by_duration()),
        by_z2 * (1.0 - x**2),
        scale * light.by_limb_darkening[:, 0],
        scale * light.by_limb_darkening[:, 1],
    )
    return Dip(*(_exposed(value, points, len(time)) for value in values))


def trapezoid_dip(time: NDArray[np.float64], exposure: float, geometry: Geometry, depth: NDArray[np.float64]) -> Dip:
    """Return depth x trapezoid, with straight ingress and egress that last ``impact_squared`` x T14 each."""
    ingress = geometry.impact_squared
    inner = 1.0 - 2.0 * ingress
    points = _points(time, exposure, geometry, 1.0, inner, 2.0 * ingress)
    x = np.abs(points.phase)
    sloped = ((x > inner) & (x < 1.0)).astype(float)
    shape = np.clip((1.0 - x) / (2.0 * ingress), 0.0, 1.0)
    by_x = -sloped / (2.0 * ingress) * np.sign(points.phase)
    by_part = -sloped * shape / ingress
    d = depth[:, None]
    values = (
        d * shape,
        np.broadcast_to(shape, (len(depth), len(x))),
        d * (by_x * -points.rate),
        d * (by_x * points.phase * geometry.by_duration()),
        d * by_part,
    )
    value, by_depth, by_mid_transit, by_duration, by_ingress = (_exposed(v, points, len(time)) for v in values)
    zero = np.zeros_like(value)
    return Dip(value, by_depth, by_mid_transit, by_duration, by_ingress, zero, zero)


def _points(
    time: NDArray[np.float64], exposure: float, geometry: Geometry, edge: float, inner: float, crossing: float
) -> _Points:
    """Sample every exposure in transit, twice where the flux hardly changes and often at the limb."""
    far, rate = geometry.phase(time)
    far, width = np.abs(far), float(rate.max()) * exposure
    touched = np.flatnonzero(far < edge + 0.5 * width)
    often = far[touched] > inner - 0.5 * width - crossing
    number = int(np.clip(np.ceil(_POINTS_PER_CROSSING * width / crossing), _MIN_POINTS, _MAX_POINTS))
    rule = [gauss_legendre(_INSIDE_POINTS), gauss_legendre(number)]
    offset = np.concatenate([rule[at][0] for at in often.astype(int)] or [np.zeros(0)])
    weight = np.concatenate([rule[at][1] for at in often.astype(int)] or [np.zeros(0)])
    count = np.where(often, number, _INSIDE_POINTS)
    first = (np.cumsum(count) - count).astype(np.intp)
    x, rate = geometry.phase(np.repeat(time[touched], count) + 0.5 * exposure * offset)
    return _Points(touched, x, rate, 0.5 * weight, first)


def _exposed(values: NDArray[np.float64], points: _Points, n_time: int) -> NDArray[np.float64]:
    """Average values at the points (n_channel, n_point) over each exposure, 0 where nothing is occulted."""
    result = np.zeros((len(values), n_time))
    if len(points.touched):
        result[:, points.touched] = np.add.reduceat(values * points.weight, points.first, axis=1)
    return result
