"""One correct uncertainty estimator, and some with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

from typing import Any

import numpy as np

from specframe.api import Component, Params, Uncertainty, hookimpl
from specframe.errors import DataError

FAULTS: list[tuple[type[Uncertainty], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Uncertainty]) -> type[Uncertainty]:
        FAULTS.append((cls, checks))
        return cls

    return register


@caught_by()
class Scatter(Uncertainty):
    """The rms error of every output."""

    name = "scatter"

    def fit(self, prediction: Any, truth: Any, *, seed: int = 0) -> Any:
        if truth.sizes["target"] < 2:
            raise DataError("needs two targets")
        self.std = self.size(np.asarray(prediction["mean"].values - truth.values))
        self.names = [str(name) for name in truth["output"].values]
        return self

    def size(self, error: Any) -> Any:
        return np.sqrt(np.nanmean(error**2, axis=0))

    def known(self, prediction: Any) -> Any:
        return [self.names.index(str(name)) for name in prediction["output"].values]

    def apply(self, prediction: Any) -> Any:
        if not hasattr(self, "std"):
            raise self._not_fitted()
        std = np.broadcast_to(self.std[self.known(prediction)], prediction["mean"].shape).copy()
        return prediction.assign(std=(("target", "output"), std, prediction["mean"].attrs))

    def get_state(self) -> Any:
        if not hasattr(self, "std"):
            raise self._not_fitted()
        return {"std": self.std}, {"names": self.names}

    def set_state(self, arrays: Any, values: Any) -> None:
        self.std, self.names = arrays["std"], values["names"]


@caught_by("std-given", "coverage", "units-free", "order-of-outputs")
class SaysNothing(Scatter):
    """Adds no errors."""

    def apply(self, prediction: Any) -> Any:
        return super().apply(prediction).drop_vars("std")


@caught_by("std-given")
class MovesTheMean(Scatter):
    """Rounds the predictions."""

    def apply(self, prediction: Any) -> Any:
        result = super().apply(prediction)
        result["mean"] = result["mean"].astype("f4").astype("f8")
        result["mean"].attrs = prediction["mean"].attrs
        return result


@caught_by("coverage")
class TooConfident(Scatter):
    """Takes the mean absolute error for the standard deviation."""

    def size(self, error: Any) -> Any:
        return np.nanmean(np.abs(error), axis=0)


@caught_by("coverage")
class PoolsOutputs(Scatter):
    """Gives every output the same error."""

    def size(self, error: Any) -> Any:
        return np.full(error.shape[1], np.sqrt(np.nanmean(error**2)))


@caught_by("coverage")
class NarrowIntervals(Scatter):
    """Gives intervals of 68 % that it calls 90 %."""

    def apply(self, prediction: Any) -> Any:
        result = super().apply(prediction)
        half = result["std"].expand_dims(level=[0.9], axis=-1)
        return result.assign(lower=result["mean"] - half, upper=result["mean"] + half)


@caught_by("units-free")
class KnowsTheUnits(Scatter):
    """Adds a floor of 2 ppm."""

    def size(self, error: Any) -> Any:
        return super().size(error) + 2e-6


@caught_by("one-output")
class NeedsTwoOutputs(Scatter):
    """Takes the first two outputs together."""

    def size(self, error: Any) -> Any:
        error[:, 1]
        return super().size(error)


@caught_by("order-of-outputs")
class TakesOutputsByPlace(Scatter):
    """Gives the first output the error of the output that was the first."""

    def known(self, prediction: Any) -> Any:
        return np.arange(prediction.sizes["output"])


@caught_by("unknown-truth")
class SpreadsNaN(Scatter):
    """Has no error for an output as soon as one true value of it is not known."""

    def size(self, error: Any) -> Any:
        return np.sqrt(np.mean(error**2, axis=0))


@caught_by("seed-decides")
class FixedSeed(Scatter):
    """Draws which targets it learns from, always the same ones."""

    def size(self, error: Any) -> Any:
        drawn = np.random.RandomState(0).permutation(len(error))
        return super().size(error[drawn])


@caught_by("few-targets")
class NeedsManyTargets(Scatter):
    """Fails on few targets with an error of its own."""

    def size(self, error: Any) -> Any:
        error[10]
        return super().size(error)


@caught_by("few-targets")
class InfiniteForFew(Scatter):
    """Gives infinite errors where it has few targets."""

    def size(self, error: Any) -> Any:
        return super().size(error) * (np.inf if len(error) < 5 else 1.0)


@caught_by("prediction-valid", "one-output", "few-targets", "coverage", "unknown-truth")
class ZeroErrors(Scatter):
    """Gives errors of zero."""

    def size(self, error: Any) -> Any:
        return np.zeros(error.shape[1])


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-")


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind="uncertainty",
            name=cls.name,
            target=f"uncertainties:{cls.__name__}",
            params=Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
