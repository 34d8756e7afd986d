"""What YAML says about priors and samplers."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, SerializerFunctionWrapHandler, model_serializer

from specframe.api import Field, Params

__all__ = [
    "DynestyParams",
    "EmceeParams",
    "FreePrior",
    "LaplaceParams",
    "LogUniformPrior",
    "MethodParams",
    "NormalPrior",
    "PriorParams",
    "UniformPrior",
]


class _Prior(Params):
    @model_serializer(mode="wrap")
    def _without_nulls(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write back what a user would write: what is not given is left out."""
        return {name: value for name, value in written(self).items() if value is not None}


class FreePrior(_Prior):
    """Fitted without a prior, from a starting value: ``{free: 0.1}``."""

    free: float = Field(description="Where the fit starts. The prior is flat: any value the parameter can have.")
    lower: float | None = Field(None, description="Least value allowed.")
    upper: float | None = Field(None, description="Largest value allowed.")


class NormalPrior(_Prior):
    """Fitted with a Gaussian prior: ``{normal: [0.1, 0.02]}``."""

    normal: tuple[float, float] = Field(description="Mean and standard deviation.")
    lower: float | None = Field(None, description="Least value allowed.")
    upper: float | None = Field(None, description="Largest value allowed.")
    start: float | None = Field(None, description="Where the fit starts; by default the mean.")


class UniformPrior(_Prior):
    """Fitted with a flat prior between two values: ``{uniform: [0, 1]}``."""

    uniform: tuple[float, float] = Field(description="Lowest and highest value.")
    start: float | None = Field(None, description="Where the fit starts; by default the middle.")


class LogUniformPrior(_Prior):
    """Fitted with a prior flat in the logarithm: ``{log_uniform: [0.001, 1]}``."""

    log_uniform: tuple[float, float] = Field(description="Lowest and highest value, both above 0.")
    start: float | None = Field(None, description="Where the fit starts; by default the geometric mean.")


_EXAMPLES = {
    "free": "{free: 0.1}, the value the fit starts from",
    "normal": "{normal: [0.1, 0.02]}, mean and standard deviation",
    "uniform": "{uniform: [0.05, 0.2]}, lowest and highest value",
    "log_uniform": "{log_uniform: [0.001, 1.0]}, lowest and highest value, both above 0",
}
_CLASSES: dict[str, type[_Prior]] = {
    "free": FreePrior,
    "normal": NormalPrior,
    "uniform": UniformPrior,
    "log_uniform": LogUniformPrior,
}
_FORMS = (
    "a number (the parameter is fixed), {free: 0.1}, {normal: [0.1, 0.02]}, {uniform: [0.05, 0.2]} "
    "or {log_uniform: [0.001, 1.0]}"
)
_BESIDE = {
    "free": ("lower", "upper"),
    "normal": ("lower", "upper", "start"),
    "uniform": ("start",),
    "log_uniform": ("start",),
}


def _checked(value: Any) -> Any:
    """Return the prior, or refuse with one message where a union would give one per form."""
    if isinstance(value, _Prior) or _is_number(value):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"expected {_FORMS}; got {_spelled(value)}")
    form = next((name for name in _BESIDE if name in value), None)
    if form is None or sum(name in value for name in _BESIDE) > 1:
        near = get_close_matches(str(next(iter(value), "")), _BESIDE, 1, 0.6) if form is None else []
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"expected {_FORMS}; got {_spelled(value)}{meant}")
    for name in value:
        if name != form and name not in _BESIDE[form]:
            allowed = ", ".join(_BESIDE[form])
            raise ValueError(f"{form} may have {allowed} beside it, not {name!r}; expected {_EXAMPLES[form]}")
    beside = {name: value[name] for name in _BESIDE[form] if value.get(name) is not None}
    for name, number in beside.items():
        if not _is_number(number):
            raise ValueError(f"{name} of {form} must be a number, got {_spelled(number)}")
    low, high = beside.get("lower", -math.inf), beside.get("upper", math.inf)
    if low >= high:
        raise ValueError(f"lower must be below upper, got lower: {low:.15g} and upper: {high:.15g}")
    start = value[form] if form == "free" else beside.get("start")
    given = value[form]
    if form == "free":
        if not _is_number(start):
            raise ValueError(f"expected {_EXAMPLES[form]}; got {_spelled(value)}")
    else:
        first, second = _pair(form, value[form], value)
        if form == "normal" and second <= 0:
            raise ValueError(
                f"the standard deviation of normal must be above 0, got {second:.15g}; a parameter that is known "
                f"exactly is written as a number: {first:.15g}"
            )
        if form != "normal":
            if first >= second:
                raise ValueError(
                    f"the lowest value must come first and be below the highest, got {_spelled(value)}; "
                    f"expected {_EXAMPLES[form]}"
                )
            if form == "log_uniform" and first <= 0:
                raise ValueError(f"the values of log_uniform must be above 0, got {_spelled(value)}")
            low, high = first, second
        given = (first, second)
    if start is not None and not low <= start <= high:
        raise ValueError(f"the fit cannot start at {start:.15g}, outside the allowed {_interval(low, high)}")
    return _CLASSES[form](**{form: given, **beside})


def _pair(form: str, pair: Any, whole: Any) -> tuple[float, float]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(map(_is_number, pair)):
        raise ValueError(f"expected {_EXAMPLES[form]}; got {_spelled(whole)}")
    return float(pair[0]), float(pair[1])


def _interval(low: float, high: float) -> str:
    if math.isinf(high):
        return f"{low:.15g} and above"
    return f"{high:.15g} and below" if math.isinf(low) else f"{low:.15g} to {high:.15g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _spelled(value: Any) -> str:
    """Write a value as YAML has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_spelled, value)) + "]"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    return repr(value) if isinstance(value, str) else f"{value:.15g}"


#: A parameter of a model: a number fixes it, a mapping says how it is fitted.
PriorParams: TypeAlias = Annotated[
    float | FreePrior | NormalPrior | UniformPrior | LogUniformPrior, BeforeValidator(_checked)
]


class LaplaceParams(Params):
    """The posterior taken as the Gaussian at its maximum."""

    method: Literal["laplace"] = "laplace"
    draws: int = Field(2000, ge=100, le=100_000, description="Number of posterior draws.")


class EmceeParams(Params):
    """Markov chains of the affine-invariant ensemble sampler (package emcee)."""

    method: Literal["emcee"] = "emcee"
    walkers: int | None = Field(
        None, ge=4, description="Walkers; by default four per parameter, at least 32. Even, at least two per parameter."
    )
    n_effective: int = Field(1000, ge=100, description="The chains run until they are worth so many independent draws.")
    max_steps: int = Field(10_000, ge=100, description="Most steps per walker; then the result is flagged.")
    draws: int = Field(2000, ge=100, le=100_000, description="Most posterior draws that are kept.")


class DynestyParams(Params):
    """Nested sampling (package dynesty), which also gives the evidence; every prior must be proper."""

    method: Literal["dynesty"] = "dynesty"
    live_points: int = Field(400, ge=50, description="Live points: more give a more exact evidence, slower.")
    evidence_tolerance: float = Field(
        0.05, gt=0.0, description="Ends when what is left can change the log evidence by less than this."
    )
    max_calls: int = Field(2_000_000, ge=1000, description="Most evaluations; then the result is flagged.")
    draws: int = Field(2000, ge=100, le=100_000, description="Most posterior draws that are kept.")


def _method(value: Any) -> Any:
    """Refuse an unknown ``method`` in plain words."""
    if isinstance(value, Params) or (isinstance(value, dict) and value.get("method") in _METHODS):
        return value
    raise ValueError(f"expected {{method: laplace}}, {{method: emcee}} or {{method: dynesty}}; got {_spelled(value)}")


_METHODS = ("laplace", "emcee", "dynesty")

#: How the posterior is explored, chosen by ``method``.
MethodParams: TypeAlias = Annotated[
    Annotated[LaplaceParams | EmceeParams | DynestyParams, Field(discriminator="method")], BeforeValidator(_method)
]
