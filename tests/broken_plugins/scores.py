"""One correct score, and scores with one fault each; the tags name the checks that must catch it.

Scores are the smallest components, so that faults of components of any kind are here too.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import numpy as np
from pydantic import ConfigDict, field_serializer

from specframe.api import Component, Field, Params, Score, hookimpl
from specframe.errors import ParameterError

FAULTS: list[tuple[type[Score], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Score]) -> type[Score]:
        FAULTS.append((cls, checks))
        return cls

    return register


class PowerParams(Params):
    power: float = Field(2.0, gt=0, description="Power of the errors.")


@caught_by()
class Power(Score):
    """Mean power of the errors."""

    name = "power"
    Params: Any = PowerParams

    def score(self, prediction: Any, truth: Any) -> Any:
        return float(np.nanmean(np.abs(prediction["mean"].values - truth.values) ** getattr(self.params, "power", 2.0)))


@caught_by("numbers-returned")
class InfiniteWhenPerfect(Power):
    """Takes the logarithm of zero."""

    def score(self, prediction: Any, truth: Any) -> Any:
        with np.errstate(divide="ignore"):
            return float(np.log(super().score(prediction, truth)))


@caught_by(
    *("numbers-returned", "perfect-is-best", "order-free", "order-of-outputs"),
    *("missing-std", "one-output", "unknown-truth"),
)
class ReturnsArray(Power):
    """Returns an array where a float is expected."""

    def score(self, prediction: Any, truth: Any) -> Any:
        return np.asarray([super().score(prediction, truth)])


@caught_by("perfect-is-best")
class BestWhenHalfWrong(Power):
    """Is least for errors as large as stated."""

    def score(self, prediction: Any, truth: Any) -> Any:
        return abs(super().score(prediction, truth) - 1.5e-8)


@caught_by("perfect-is-best")
class Constant(Power):
    """Says the same of everything."""

    def score(self, prediction: Any, truth: Any) -> Any:
        return 1.0


@caught_by("order-free")
class TrustsTheFirst(Power):
    """Judges by the first half of the targets."""

    def score(self, prediction: Any, truth: Any) -> Any:
        half = slice(0, max(truth.sizes["target"] // 2, 1))
        return super().score(prediction.isel(target=half), truth.isel(target=half))


@caught_by("order-of-outputs")
class WeighsByPlace(Power):
    """Counts the first output ten times, wherever it is."""

    def score(self, prediction: Any, truth: Any) -> Any:
        weight = np.where(np.arange(truth.sizes["output"]) == 0, 10.0, 1.0)
        return float(np.nanmean(weight * np.abs(prediction["mean"].values - truth.values)))


@caught_by("shared-by-threads")
class KeepsTheTruth(Power):
    """Puts what it is given on itself while it works on it."""

    def score(self, prediction: Any, truth: Any) -> Any:
        self.truth = truth
        time.sleep(0.02)
        return super().score(prediction, self.truth)


@caught_by("missing-std")
class NeedsStdSilently(Power):
    """Reads std without saying that it needs it."""

    def score(self, prediction: Any, truth: Any) -> Any:
        prediction["std"]
        return super().score(prediction, truth)


@caught_by("missing-std")
class NeedsStdInVain(Power):
    """Says that it needs std, and does not."""

    needs_std = True


@caught_by("one-output")
class NeedsTwoOutputs(Power):
    """Takes the slope between the first outputs."""

    def score(self, prediction: Any, truth: Any) -> Any:
        truth.values[:, 1]
        return super().score(prediction, truth)


@caught_by("unknown-truth")
class SpreadsNaN(Power):
    """Is NaN as soon as one true value is."""

    def score(self, prediction: Any, truth: Any) -> Any:
        return float(np.mean((prediction["mean"].values - truth.values) ** 2))


@caught_by("runs")
class AlwaysFails(Power):
    """Has a bug."""

    def score(self, prediction: Any, truth: Any) -> Any:
        return prediction["maen"]


@caught_by("input-not-mutated")
class AddsAttributes(Power):
    """Leaves a note on the truth that it was given."""

    def score(self, prediction: Any, truth: Any) -> Any:
        truth.attrs["scored"] = True
        return super().score(prediction, truth)


@caught_by("no-global-random-state")
class AdvancesPythonsRandom(Power):
    """Draws from Python's global random numbers, and does not even use what it draws."""

    def score(self, prediction: Any, truth: Any) -> Any:
        random.random()
        return super().score(prediction, truth)


@caught_by("no-global-settings")
class SetsEnvironment(Power):
    """Sets the number of threads for the whole process."""

    def score(self, prediction: Any, truth: Any) -> Any:
        os.environ["OMP_NUM_THREADS"] = "17"
        return super().score(prediction, truth)


@caught_by("documented")
class Undocumented(Power):
    def score(self, prediction: Any, truth: Any) -> Any:
        return super().score(prediction, truth)


class SilentParams(Params):
    power: float = Field(2.0, gt=0)


@caught_by("parameters-described")
class SilentParameter(Power):
    """Does not say what its parameter means."""

    Params = SilentParams


class RequiredParams(Params):
    power: float = Field(gt=0, description="Power of the errors, without a default.")


@caught_by("parameters-valid")
class NeedsAParameter(Power):
    """Cannot be made from its defaults, and is checked without parameters."""

    Params = RequiredParams


class RoundedParams(PowerParams):
    power: float = Field(2.5, gt=0, description="Power of the errors.")

    @field_serializer("power")
    def _rounded(self, power: float) -> float:
        return round(power)


class NumpyParams(PowerParams):
    def canonical(self) -> dict[str, Any]:
        return {"power": np.float64(self.power)}


@caught_by("parameters-round-trip")
class WritesNumpy(Power):
    """Writes a number of numpy's, which JSON takes for a float, and YAML does not."""

    Params = NumpyParams


@caught_by("parameters-round-trip")
class RoundsParameters(Power):
    """Writes its parameter rounded."""

    Params = RoundedParams


class CallableParams(PowerParams):
    weight: Any = Field(None, description="Weight of a target.")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        return {"default": object()}


@caught_by("parameters-schema")
class HasNoSchema(Power):
    """Has parameters that no JSON schema describes."""

    Params = CallableParams


class LooseParams(PowerParams):
    model_config = ConfigDict(extra="ignore")


@caught_by("unknown-parameter-refused")
class TakesAnything(Power):
    """Ignores misspelt parameters."""

    Params = LooseParams


@caught_by("unknown-parameter-refused")
class SaysLittle(Power):
    """Refuses a misspelt parameter without naming the right one."""

    def __init__(self, **params: Any) -> None:
        try:
            super().__init__(**params)
        except ParameterError:
            raise ParameterError("wrong parameters") from None


@caught_by("pickles")
class HoldsALambda(Power):
    """Cannot be sent to a worker."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.power = lambda error: error**2


@caught_by("methods-implemented", "parameters-valid")
class Unfinished(Score):
    """Does not implement ``score``."""

    Params = PowerParams


@caught_by("record-matches-class")
class MisNamed(Power):
    """Has another name than its plugin says."""


@caught_by("loads")
class WrongKind(Power):
    """Is offered as a score, and says that it is a model."""

    kind = "model"  # type: ignore[assignment]


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-").replace("na-n", "nan")


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)
MisNamed.name = "misnamed"


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind="score",
            name=name_of(cls),
            target=f"scores:{cls.__name__}",
            params=cls.Params,
            summary=cls.__doc__ or "one line",
            tags=checks,
        )
