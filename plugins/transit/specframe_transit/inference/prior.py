"""Parameters of a model and their prior densities."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import ParameterError
from specframe_transit.inference.params import FreePrior, LogUniformPrior, NormalPrior, UniformPrior
from specframe_transit.inference.truncated_normal import log_mass, truncated_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from specframe_transit.inference.params import PriorParams

__all__ = ["Fixed", "Flat", "LogFlat", "Normal", "Parameter", "Prior", "make_parameter"]

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class Prior(ABC):
    """A prior density of one parameter, between ``lower`` and ``upper``; all methods take and return arrays alike.

    Gradient and curvature are those of the density's formula, inside its bounds as outside.
    """

    lower: float
    upper: float
    #: Whether the parameter has one value only.
    fixed: bool = False

    @property
    def proper(self) -> bool:
        """Whether the density integrates to 1, which evidence and :meth:`transform` need."""
        return True

    def log_density(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the normalised log density; -inf outside the bounds. An improper prior has 0 inside them."""
        x = np.asarray(x, dtype=float)
        inside = (x >= self.lower) & (x <= self.upper)
        return np.where(inside, self._log_density(np.where(inside, x, self._inside)), -np.inf)

    @property
    def _inside(self) -> float:
        return self.lower if math.isfinite(self.lower) else min(self.upper, 0.0)

    @abstractmethod
    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...

    @abstractmethod
    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return d log p / dx."""

    @abstractmethod
    def curvature(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return -d2 log p / dx2, or 0 where that is negative (log-uniform), as a minimiser needs it."""

    @abstractmethod
    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantile of ``u`` in 0 to 1 (the inverse of the cumulative distribution)."""


@dataclass(frozen=True)
class Fixed(Prior):
    """A parameter of one value."""

    value: float
    fixed = True

    @property
    def lower(self) -> float:  # type: ignore[override]
        """The value."""
        return self.value

    @property
    def upper(self) -> float:  # type: ignore[override]
        """The value."""
        return self.value

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.zeros_like(x)

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return 0."""
        return np.zeros_like(np.asarray(x, dtype=float))

    curvature = gradient

    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the value."""
        return np.full_like(np.asarray(u, dtype=float), self.value)


@dataclass(frozen=True)
class Flat(Prior):
    """Constant between two bounds; improper where one of them is infinite."""

    lower: float = -math.inf
    upper: float = math.inf

    @property
    def proper(self) -> bool:
        """Whether both bounds are finite."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(x, -math.log(self.upper - self.lower) if self.proper else 0.0)

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return 0."""
        return np.zeros_like(np.asarray(x, dtype=float))

    curvature = gradient

    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantile; raises :class:`ValueError` where the prior is improper."""
        if not self.proper:
            raise ValueError("an improper prior has no quantiles: both bounds must be finite")
        return self.lower + np.asarray(u, dtype=float) * (self.upper - self.lower)


@dataclass(frozen=True)
class Normal(Prior):
    """A Gaussian of ``mean`` and ``std`` before it is cut at the bounds."""

    mean: float
    std: float
    lower: float = -math.inf
    upper: float = math.inf

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        mass = log_mass((self.lower - self.mean) / self.std, (self.upper - self.mean) / self.std)
        constant = -_HALF_LOG_TWO_PI - math.log(self.std) - float(mass)
        return np.asarray(-0.5 * ((x - self.mean) / self.std) ** 2 + constant)

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return ``(mean - x) / std^2``."""
        return np.asarray((self.mean - np.asarray(x, dtype=float)) / self.std**2)

    def curvature(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return ``1 / std^2``."""
        return np.full_like(np.asarray(x, dtype=float), self.std**-2)

    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantile of the Gaussian between its bounds."""
        return truncated_quantile(u, self.mean, self.std, self.lower, self.upper)


@dataclass(frozen=True)
class LogFlat(Prior):
    """Flat in the logarithm between two positive bounds."""

    lower: float
    upper: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return -np.log(x) - math.log(math.log(self.upper / self.lower))

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return ``-1 / x``."""
        return -1.0 / np.asarray(x, dtype=float)

    def curvature(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return 0: the density is convex in ``x``."""
        return np.zeros_like(np.asarray(x, dtype=float))

    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantile."""
        ratio = self.upper / self.lower
        return np.clip(self.lower * ratio ** np.asarray(u, dtype=float), self.lower, self.upper)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a model."""

    name: str
    unit: str
    #: Where a fit starts.
    start: float
    prior: Prior
    #: Over such a change the model changes slightly: for finite differences and to scatter walkers.
    step: float


def make_parameter(
    name: str,
    spec: PriorParams,
    unit: str = "",
    lower: float = -math.inf,
    upper: float = math.inf,
    step: float | None = None,
) -> Parameter:
    """Return the parameter that YAML describes.

    Parameters
    ----------
    name, unit
        As results name it.
    spec
        A number (fixed) or a prior. Validated here again: it may come from Python as plain data.
    lower, upper
        What the parameter can be at all. A Gaussian and a free parameter are cut there.
    step
        See :class:`Parameter`. By default a tenth of the prior's width, or a hundredth of ``start``.

    Raises
    ------
    ParameterError
        Where the prior cannot be: outside what the parameter can be, or badly written.
    """
    prior, start = _prior(name, spec, unit, lower, upper)
    if not lower <= start <= upper:
        raise ParameterError(
            f"{name}: {_quantity(start, unit)} is outside what it can be, {_range(lower, upper, unit)}"
        )
    if step is None:
        step = _width(prior, start)
    return Parameter(name, unit, start, prior, step)


def _prior(name: str, spec: Any, unit: str, lower: float, upper: float) -> tuple[Prior, float]:
    if isinstance(spec, FreePrior | NormalPrior):
        low = lower if spec.lower is None else max(lower, spec.lower)
        high = upper if spec.upper is None else min(upper, spec.upper)
        if low >= high:
            raise ParameterError(f"{name}: the bounds leave nothing of what it can be, {_range(lower, upper, unit)}")
        if isinstance(spec, FreePrior):
            return Flat(low, high), spec.free
        mean, std = spec.normal
        return Normal(mean, std, low, high), min(max(mean, low), high) if spec.start is None else spec.start
    if isinstance(spec, UniformPrior | LogUniformPrior):
        low, high = spec.uniform if isinstance(spec, UniformPrior) else spec.log_uniform
        if low < lower or high > upper:
            form = "uniform" if isinstance(spec, UniformPrior) else "log_uniform"
            raise ParameterError(
                f"{name}: {form}: [{low:.15g}, {high:.15g}] reaches beyond what it can be, {_range(lower, upper, unit)}"
            )
        if isinstance(spec, UniformPrior):
            return Flat(low, high), 0.5 * (low + high) if spec.start is None else spec.start
        return LogFlat(low, high), math.sqrt(low * high) if spec.start is None else spec.start
    return Fixed(float(spec)), float(spec)


def _width(prior: Prior, start: float) -> float:
    if isinstance(prior, Normal):
        return 0.1 * min(prior.std, prior.upper - prior.lower)
    if isinstance(prior, LogFlat):
        return 0.1 * start * min(1.0, math.log(prior.upper / prior.lower))
    scale = 0.01 * abs(start) or 0.01
    return min(scale, 0.1 * (prior.upper - prior.lower)) if not prior.fixed else scale


def _quantity(value: float, unit: str) -> str:
    return f"{value:.15g} {unit}".rstrip()


def _range(lower: float, upper: float, unit: str) -> str:
    if math.isinf(lower) and math.isinf(upper):
        return "any number"
    if math.isinf(upper):
        return f"at least {_quantity(lower, unit)}"
    if math.isinf(lower):
        return f"at most {_quantity(upper, unit)}"
    return f"{lower:.15g} to {_quantity(upper, unit)}"
