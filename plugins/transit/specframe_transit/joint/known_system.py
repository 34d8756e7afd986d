"""What an Observation's attributes tell of the star and the orbit, as priors of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, inf, isfinite, radians
from typing import TYPE_CHECKING, Any

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specframe_transit.params import TransitJointParams

__all__ = ["KnownSystem", "known_system"]

#: Effective temperature in K where nothing is known: that of the law's own star.
_TEMPERATURE = 5500.0
#: Smallest standard deviation of b^2 from a catalogue: near b = 0 the error of b says little about that of b^2.
_MIN_STD = 0.02
#: Prior of a trapezoid's T12 / T14: none to speak of.
_INGRESS_PRIOR = (0.1, 0.5)


@dataclass(frozen=True)
class KnownSystem:
    """``period`` in d (infinite: a straight chord), ``temperature`` in K, mean and std of b^2 (or T12 / T14)."""

    period: float
    temperature: float
    impact_prior: tuple[float, float]


def known_system(attrs: Mapping[Any, Any], params: TransitJointParams) -> KnownSystem:
    """Return what is known of a target with the root attributes ``attrs``.

    Raises
    ------
    DataError
        When an attribute is not a number that can be.
    """
    prior = params.impact_prior if params.shape == "limb-darkened" else _INGRESS_PRIOR
    if params.system == "ignore":
        return KnownSystem(inf, _TEMPERATURE, prior)
    axis, inclination = _number(attrs, "semi_major_axis"), _number(attrs, "inclination")
    if axis is not None and inclination is not None and params.shape == "limb-darkened":
        impact = abs(axis * cos(radians(inclination)))
        prior = (impact**2, max(2.0 * impact * params.impact_std, _MIN_STD))
    return KnownSystem(_number(attrs, "period") or inf, _number(attrs, "stellar_temperature") or _TEMPERATURE, prior)


def _number(attrs: Mapping[Any, Any], name: str) -> float | None:
    value = attrs.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -inf
    if not isfinite(number) or number <= 0:
        raise DataError(
            f"attribute {name} of the observation must be a positive number, got {value!r}; correct the catalogue, or "
            "set system: ignore"
        )
    return number
