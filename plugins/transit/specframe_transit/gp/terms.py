"""Kernel terms in time, turned into blocks of the recursions, and their hyper-parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ParameterError
from specframe_transit.gp.params import ExponentialParams, MaternParams, RotationParams, ShoParams
from specframe_transit.gp.transition import EXPONENTIAL, OSCILLATOR
from specframe_transit.inference.prior import Fixed, Flat, LogFlat, Parameter, Prior, make_parameter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from specframe_transit.gp.params import KernelParams
    from specframe_transit.inference.params import PriorParams

__all__ = ["HYPER_STEP", "LogOf", "Term", "log_parameter", "make_term"]

#: A change of a logarithm over which the likelihood changes slightly.
HYPER_STEP = 0.05
#: Largest logarithm of a value, so that its exponential is finite.
_MAX_LOG = 300.0


@dataclass(frozen=True)
class LogOf(Prior):
    """The density of ln x, where x > 0 has the density ``prior``."""

    prior: Prior

    @property
    def lower(self) -> float:  # type: ignore[override]
        """Logarithm of the lower bound."""
        return math.log(self.prior.lower) if self.prior.lower > 0 else -math.inf

    @property
    def upper(self) -> float:  # type: ignore[override]
        """Logarithm of the upper bound."""
        return math.log(self.prior.upper)

    @property
    def proper(self) -> bool:
        """Whether the density of x integrates to 1."""
        return self.prior.proper

    def _value(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return exp(x), which rounding must not put outside the bounds."""
        return np.clip(np.exp(np.minimum(x, _MAX_LOG)), self.prior.lower, self.prior.upper)

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.prior.log_density(self._value(x)) + x

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return d log p / dx."""
        value = self._value(x)
        return self.prior.gradient(value) * value + 1.0

    def curvature(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return -d2 log p / dx2, or 0 where that is negative."""
        value = self._value(x)
        return np.maximum(self.prior.curvature(value) * value**2 - self.prior.gradient(value) * value, 0.0)

    def transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantile."""
        return np.log(self.prior.transform(u))


def log_parameter(name: str, label: str, spec: PriorParams, unit: str = "") -> Parameter:
    """Return the parameter ``name_log_label``, the natural logarithm of what YAML describes, which must be positive.

    Raises
    ------
    ParameterError
        Where the prior is not that of a positive number.
    """
    parameter = make_parameter(f"{name}_{label}", spec, unit=unit, lower=0.0)
    if not parameter.start > 0.0:
        raise ParameterError(
            f"{name}_{label}: must be above 0, and start there; got {parameter.start:g} {unit}".rstrip()
            + ". Give a prior such as {log_uniform: [low, high]}, or a start beside it"
        )
    log_start = math.log(parameter.start)
    density: Prior
    if isinstance(parameter.prior, Fixed):
        density = Fixed(log_start)
    elif isinstance(parameter.prior, LogFlat):
        density = Flat(math.log(parameter.prior.lower), math.log(parameter.prior.upper))
    else:
        density = LogOf(parameter.prior)
    step = HYPER_STEP if density.fixed else min(HYPER_STEP, 0.1 * (density.upper - density.lower))
    return replace(parameter, name=f"{name}_log_{label}", unit="", start=log_start, prior=density, step=step)


@dataclass(frozen=True)
class Term:
    """A term of a kernel: its kinds of blocks, and its hyper-parameters, free or fixed, as logarithms."""

    params: KernelParams
    parameters: tuple[Parameter, ...]

    @property
    def kinds(self) -> tuple[int, ...]:
        """Kinds of the blocks."""
        if isinstance(self.params, ExponentialParams):
            return (EXPONENTIAL,)
        return (OSCILLATOR, OSCILLATOR) if isinstance(self.params, RotationParams) else (OSCILLATOR,)

    @property
    def has_quality(self) -> bool:
        """Whether a free hyper-parameter changes the damping."""
        return any(not parameter.prior.fixed for parameter in self.parameters if "quality" in parameter.name)

    def blocks(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return blocks and their derivatives at hyper-parameters ``values (n_curve, n)``.

        ``(n_curve, n_block, 3)`` of s^2, rate and damping; ``(n_curve, n_block, 3, n)`` of s^2, ln rate and damping.
        """
        n_curve, n = values.shape
        natural = np.exp(values)
        n_block = len(self.kinds)
        block, slope = np.zeros((n_curve, n_block, 3)), np.zeros((n_curve, n_block, 3, n))
        s2, timescale = natural[:, 0] ** 2, natural[:, 1]
        if isinstance(self.params, RotationParams):
            self._rotation(natural, block, slope)
            return block, slope
        block[:, 0, 0], block[:, 0, 2] = s2, 1.0
        slope[:, 0, 0, 0], slope[:, 0, 1, 1] = 2.0 * s2, -1.0
        if isinstance(self.params, ShoParams):
            block[:, 0, 1], block[:, 0, 2] = 2.0 * np.pi / timescale, 0.5 / natural[:, 2]
            slope[:, 0, 2, 2] = -block[:, 0, 2]
        else:
            block[:, 0, 1] = (math.sqrt(3.0) if isinstance(self.params, MaternParams) else 1.0) / timescale
        return block, slope

    @staticmethod
    def _rotation(natural: NDArray[np.float64], block: NDArray[np.float64], slope: NDArray[np.float64]) -> None:
        """Fill two oscillators whose damped periods are the rotation period and half of it."""
        amplitude, period, low, difference, mix = natural.T
        qualities = (0.5 + low + difference, 0.5 + low)
        s2 = amplitude**2 / (1.0 + mix)
        for b, quality in enumerate(qualities):
            damping = 0.5 / quality
            block[:, b, 0] = s2 * (mix if b else 1.0)
            # the damped frequency, rate x sqrt(1 - damping^2), is 2 pi / period
            block[:, b, 1] = (b + 1) * 2.0 * np.pi / (period * np.sqrt(1.0 - damping**2))
            block[:, b, 2] = damping
            slope[:, b, 0, 0] = 2.0 * block[:, b, 0]
            slope[:, b, 0, 4] = block[:, b, 0] * (1.0 if b else -mix) / (1.0 + mix)
            slope[:, b, 1, 1] = -1.0
            by_quality = -damping / quality
            for column, part in ((2, low), (3, difference if b == 0 else 0.0)):
                slope[:, b, 2, column] = by_quality * part
                slope[:, b, 1, column] = damping / (1.0 - damping**2) * by_quality * part


def make_term(params: KernelParams, name: str, default_amplitude: PriorParams, default_timescale: PriorParams) -> Term:
    """Return a term whose hyper-parameters begin with ``name``."""
    parameters = [
        log_parameter(name, "amplitude", default_amplitude if params.amplitude is None else params.amplitude),
        log_parameter(name, "timescale", default_timescale if params.timescale is None else params.timescale, "d"),
    ]
    if isinstance(params, ShoParams | RotationParams):
        parameters.append(log_parameter(name, "quality", params.quality))
    if isinstance(params, RotationParams):
        parameters.append(log_parameter(name, "quality_difference", params.quality_difference))
        parameters.append(log_parameter(name, "mix", params.mix))
    return Term(params, tuple(parameters))
