"""Relative flux of star and planet for the curves of one node, and its derivatives by the free parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from specframe_transit.planet.eclipse import visible_fraction, visible_fraction_with_gradient
from specframe_transit.planet.orbit import ORBIT_PARAMETERS
from specframe_transit.planet.transit import transit_flux, transit_flux_with_gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.fit.elements import Elements
    from specframe_transit.fit.stars import LimbDarkening
    from specframe_transit.planet.orbit import Orbit

    Array = NDArray[np.float64]

__all__ = ["ChannelEclipse", "ChannelTransit", "Signal", "WhiteSignal"]

#: Least |depth| whose radius ratio is taken: below it a transit is proportional to its depth to all digits.
_SMALLEST_DEPTH = 1e-10


class Signal(Protocol):
    """Relative flux of each curve (n_row, n_time); ``rows`` (n_row,) says which curve each row of values is of."""

    @property
    def size_column(self) -> int | None:
        """Which of the values is the size or depth; None where that is fixed."""

    def flux(self, values: Array, rows: NDArray[np.intp]) -> Array:
        """Return the flux (n_row, n_time) for values (n_row, n)."""

    def flux_with_gradient(self, values: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return also the derivatives by each parameter (n_row, n, n_time)."""


@dataclass(frozen=True)
class ChannelTransit:
    """A transit in channels whose orbit is known: per channel its depth (Rp/R*)^2 and limb darkening.

    A negative depth is a transit turned upside down, so that the noise of a shallow one may go either way.
    """

    orbit: Orbit
    time: Array
    exposure: float
    stars: LimbDarkening
    size_column: int = 0

    def flux(self, values: Array, rows: NDArray[np.intp]) -> Array:
        """Return (n_row, n_time) for values depth, limb darkening (n_row, n)."""
        coefficients = self.stars.coefficients(values[:, 1:], rows)
        return transit_flux(self.orbit, self.time, _ratio(values), coefficients, self.stars.law, self.exposure)

    def flux_with_gradient(self, values: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return flux (n_row, n_time) and its derivatives (n_row, n, n_time)."""
        ratio = _ratio(values)
        coefficients = self.stars.coefficients(values[:, 1:], rows)
        transit = transit_flux_with_gradient(self.orbit, self.time, ratio, coefficients, self.stars.law, self.exposure)
        gradient = np.empty((len(values), values.shape[1], len(self.time)))
        gradient[:, 0] = transit.by_radius_ratio / (2.0 * np.abs(ratio[:, None]))
        gradient[:, 1:] = self.stars.chain(values[:, 1:], transit.by_limb_darkening)
        return transit.value, gradient


def _ratio(values: Array) -> Array:
    """Return Rp/R* of depths (n_row,), the first of the values; with the sign of the depth."""
    depth = values[:, 0]
    ratio: Array = np.sqrt(np.maximum(np.abs(depth), _SMALLEST_DEPTH)) * np.where(depth < 0, -1.0, 1.0)
    return ratio


@dataclass(frozen=True)
class ChannelEclipse:
    """An eclipse in channels whose orbit is known: star x (1 + depth x visible part of the planet)."""

    orbit: Orbit
    time: Array
    exposure: float
    radius_ratio: float
    size_column: int = 0
    _visible: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        visible = visible_fraction(self.orbit, self.time, self.radius_ratio, self.exposure)
        object.__setattr__(self, "_visible", visible)

    def flux(self, values: Array, rows: NDArray[np.intp]) -> Array:
        """Return (n_row, n_time) for values depth (n_row, 1)."""
        return 1.0 + values[:, :1] * self._visible

    def flux_with_gradient(self, values: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return flux (n_row, n_time) and its derivatives (n_row, 1, n_time)."""
        gradient = np.broadcast_to(self._visible, (len(values), 1, len(self._visible)))
        return self.flux(values, rows), gradient


@dataclass(frozen=True)
class WhiteSignal:
    """The white curve of one node. Values: all orbital parameters that are free, size (Rp/R* or depth), limb darkening.

    ``fixed`` (n_orbital,) has the values of those that are not free; ``free`` says which are. ``size`` is the fixed
    Rp/R* of an eclipse, or the fixed value of a size that is not free.
    """

    kind: Literal["transit", "eclipse"]
    elements: Elements
    node: int
    fixed: Array
    free: tuple[int, ...]
    time: Array
    exposure: float
    stars: LimbDarkening
    radius_ratio: float
    size: float | None = None

    @property
    def size_column(self) -> int | None:
        """Which of the values is the size; None where it is fixed."""
        return None if self.size is not None else len(self.free)

    def _parts(self, values: Array) -> tuple[Array, float, Array]:
        whole = self.fixed.copy()
        n = len(self.free)
        whole[list(self.free)] = values[:n]
        if self.size is not None:
            return whole, self.size, values[n:]
        return whole, float(values[n]), values[n + 1 :]

    def size_at(self, values: Array) -> float:
        """Return Rp/R* of a transit, or the depth of an eclipse, for values (n,)."""
        return self._parts(values)[1]

    def orbit(self, values: Array) -> Orbit:
        """Return the orbit on the node's clock for values (n,)."""
        whole, size, _ = self._parts(values)
        return self.elements.orbit(whole, self.node, size if self.kind == "transit" else self.radius_ratio)

    def flux(self, values: Array, rows: NDArray[np.intp]) -> Array:
        """Return (n_row, n_time): each row is another sample of the parameters of the one curve."""
        return np.stack([self._flux(row) for row in values])

    def _flux(self, values: Array) -> Array:
        _, size, star = self._parts(values)
        orbit = self.orbit(values)
        if self.kind == "eclipse":
            return 1.0 + size * visible_fraction(orbit, self.time, self.radius_ratio, self.exposure)
        coefficients = self.stars.coefficients(star[None], np.zeros(1, np.intp))
        ratio = np.array([size])
        return np.asarray(transit_flux(orbit, self.time, ratio, coefficients, self.stars.law, self.exposure)[0])

    def flux_with_gradient(self, values: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return flux (1, n_time) and its derivatives (1, n, n_time)."""
        own = values[0]
        whole, size, star = self._parts(own)
        orbit = self.orbit(own)
        n, ratio = len(self.free), size if self.kind == "transit" else self.radius_ratio
        chain = self.elements.gradient(whole, self.node, ratio, self.free)
        # only what moves needs derivatives
        moving = [name for name, row in zip(ORBIT_PARAMETERS, chain, strict=True) if np.any(row != 0)]
        chain = chain[[ORBIT_PARAMETERS.index(name) for name in moving]]
        gradient = np.zeros((1, len(own), len(self.time)))
        if self.kind == "eclipse":
            eclipse = visible_fraction_with_gradient(orbit, self.time, ratio, self.exposure, moving)
            gradient[0, :n] = size * (chain[:, :-1].T @ eclipse.by_orbit)
            if self.size is None:
                gradient[0, n] = eclipse.value
            return 1.0 + size * eclipse.value[None], gradient
        coefficients = self.stars.coefficients(star[None], np.zeros(1, np.intp))
        transit = transit_flux_with_gradient(
            orbit, self.time, np.array([ratio]), coefficients, self.stars.law, self.exposure, moving
        )
        gradient[0, :n] = chain[:, :-1].T @ transit.by_orbit[0]
        first = n
        if self.size is None:
            # a duration makes the orbit depend on the radius ratio
            gradient[0, n] = transit.by_radius_ratio[0] + chain[:, -1] @ transit.by_orbit[0]
            first = n + 1
        gradient[:, first:] = self.stars.chain(star[None], transit.by_limb_darkening)
        return transit.value, gradient
