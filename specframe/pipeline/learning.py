"""Models and uncertainty estimators in their order, fitted together on some targets and applied to others.

Nothing here ever fits on a target that it then judges: an uncertainty estimator, and a model that learns the residual
of another, see *out-of-fold* predictions, made by models fitted without the target's group.
"""

from __future__ import annotations

import math
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.api.prediction import validate_prediction
from specframe.api.splits import grouped_folds
from specframe.errors import ContainerError, DataError, InputFileError, RunError, SpecframeError, UsageError
from specframe.pipeline.keys import seed_for
from specframe.pipeline.netcdf import read_tree, write_tree
from specframe.pipeline.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.model import Model
    from specframe.api.uncertainty import Uncertainty
    from specframe.config.spec import Step

__all__ = ["FittedChain", "LearningData", "LearningStep", "fit_chain", "learning_steps"]

#: Inner folds that make the out-of-fold predictions within a training set.
_INNER_FOLDS = 5
_INPUTS = "inputs.nc"


@dataclass(frozen=True)
class LearningStep:
    """A model or uncertainty step of the pipeline."""

    id: str
    kind: str
    component: Model | Uncertainty
    #: What a model that learns a residual builds on: the id of another model, or of a detrender (its depths).
    source: str | None = None

    def fresh(self) -> Model | Uncertainty:
        """Return an unfitted component with the same parameters."""
        return type(self.component).from_params(self.component.params)


@dataclass(frozen=True)
class LearningData:
    """What models read, by model step; every collection holds the same targets in the same order."""

    collections: dict[str, xr.DataTree]
    targets: tuple[str, ...]
    #: Group of each target, shape (n_target,).
    groups: NDArray[Any]
    #: Depths measured by a detrender ``(target, wavelength)``, for models that learn their residual.
    depths: xr.DataArray | None = None

    def take(self, index: NDArray[np.intp]) -> LearningData:
        """Return the data of some targets."""
        return replace(
            self,
            collections={step: tree.isel(target=index) for step, tree in self.collections.items()},
            targets=tuple(self.targets[i] for i in index),
            groups=self.groups[index],
            depths=None if self.depths is None else self.depths.isel(target=index),
        )


@dataclass
class FittedChain:
    """Fitted models and uncertainty estimators, to be applied to other targets."""

    steps: tuple[LearningStep, ...]
    fitted: dict[str, Model | Uncertainty] = field(default_factory=dict)
    #: One target's data by model step: the variables, shapes and wavelengths that the model takes.
    inputs: dict[str, xr.DataTree] = field(default_factory=dict)

    def predict(self, data: LearningData) -> xr.Dataset:
        """Return the Prediction of the last model, with the errors of the uncertainty estimators."""
        with one_blas_thread():
            return self._estimated(data)

    def _estimated(self, data: LearningData) -> xr.Dataset:
        prediction = self._mean(_last_model(self.steps), data)
        for step in self.steps:
            if step.kind == "uncertainty":
                with _blamed_on(step):
                    prediction = cast("Uncertainty", self.fitted[step.id]).apply(prediction)
                validate_prediction(prediction, step.id)
        return prediction

    def _mean(self, step: LearningStep, data: LearningData) -> xr.Dataset:
        model = cast("Model", self.fitted[step.id])
        with _blamed_on(step):
            prediction = model.predict(data.collections[step.id])
        validate_prediction(prediction, step.id)
        if tuple(prediction["target"].values) != data.targets:
            raise ContainerError(f"step {step.id!r}: the prediction's targets are not those that were asked for")
        if step.source is None:
            return prediction
        base = self._base(step, data, prediction)
        shift = {name: prediction[name] + base for name in ("mean", "lower", "upper", "samples") if name in prediction}
        attrs = {name: prediction[name].attrs for name in shift}
        return prediction.assign({name: array.assign_attrs(attrs[name]) for name, array in shift.items()})

    def _base(self, step: LearningStep, data: LearningData, like: xr.Dataset) -> xr.DataArray:
        earlier = {s.id: s for s in self.steps if s.kind == "model"}
        if step.source in earlier:
            return self._mean(earlier[step.source], data)["mean"]
        return _physical_estimate(step, data, like["mean"])

    def save(self, directory: Path) -> None:
        """Write every fitted component into a folder of its own below ``directory``."""
        for step in self.steps:
            self.fitted[step.id].save(directory / step.id)
        for step_id, tree in self.inputs.items():
            write_tree(directory / step_id / _INPUTS, tree)

    @classmethod
    def load(cls, directory: Path, steps: Sequence[LearningStep]) -> FittedChain:
        """Read what ``save`` wrote."""
        fitted = {step.id: type(step.component).load(directory / step.id) for step in steps}
        files = {step.id: directory / step.id / _INPUTS for step in steps if step.kind == "model"}
        missing = [file for file in files.values() if not file.is_file()]
        if missing:
            raise InputFileError(missing[0], "is missing; run the pipeline again")
        return cls(tuple(steps), fitted, {step_id: read_tree(file) for step_id, file in files.items()})


def learning_steps(steps: Sequence[Step]) -> tuple[LearningStep, ...]:
    """Make the model and uncertainty steps of a pipeline.

    Raises :class:`UsageError` for a model whose result nothing uses.
    """
    found = []
    models: list[str] = []
    for step in steps:
        kind = step.component.component.kind
        if kind not in ("model", "uncertainty"):
            continue
        component = cast("Model | Uncertainty", step.component.load().from_params(step.params))
        source = None
        if kind == "model":
            if step.learns == "residual":
                source = step.sources[0] if step.sources else (models[-1] if models else None)
                if source is None:
                    raise UsageError(
                        f"step {step.id!r} learns a residual, but there is no model before it; "
                        "name what it builds on with 'from:', a model's or a detrender's id"
                    )
            models.append(step.id)
        found.append(LearningStep(step.id, kind, component, source))
    sources = {step.source for step in found}
    idle = [model for model in models[:-1] if model not in sources]
    if idle:
        raise UsageError(
            f"model {idle[0]!r} is used by no later step: predictions are those of the last model, {models[-1]!r}. "
            f"Remove it, or let a later model build on it (from: {idle[0]}, learns: residual)."
        )
    return tuple(found)


def fit_chain(
    steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray, seed: int, *names: str | int
) -> FittedChain:
    """Fit all steps on ``data`` and its ``labels (target, output)``, in the same order of targets.

    ``seed`` and ``names`` decide everything random: a stream per step and fold.
    """
    with one_blas_thread():
        return _fit_chain(steps, data, labels, seed, *names)


def _fit_chain(
    steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray, seed: int, *names: str | int
) -> FittedChain:
    models = [step for step in steps if step.kind == "model"]
    estimators = [step for step in steps if step.kind == "uncertainty"]
    chain = _fit_models(models, data, labels, seed, *names)
    chain.steps = tuple(steps)
    if estimators:
        seen = _out_of_fold(models, _last_model(models), data, labels, seed, *names)
        for step in estimators:
            estimator = cast("Uncertainty", step.fresh())
            with _blamed_on(step):
                estimator.fit(seen, labels, seed=seed_for(seed, step.id, *names))
                seen = estimator.apply(seen)
            chain.fitted[step.id] = estimator
    return chain


def _fit_models(
    models: Sequence[LearningStep], data: LearningData, labels: xr.DataArray, seed: int, *names: str | int
) -> FittedChain:
    one = np.zeros(1, dtype=np.intp)
    chain = FittedChain(tuple(models), inputs={s.id: data.collections[s.id].isel(target=one) for s in models})
    for i, step in enumerate(models):
        learned = labels
        if step.source is not None:
            base = next((s for s in models[:i] if s.id == step.source), None)
            if base is None:
                learned = labels - _physical_estimate(step, data, labels)
            else:
                learned = labels - _out_of_fold(models[:i], base, data, labels, seed, *names)["mean"]
            learned = learned.assign_attrs(labels.attrs)
        model = cast("Model", step.fresh())
        with _blamed_on(step):
            model.fit(data.collections[step.id], learned, seed=seed_for(seed, step.id, *names))
        chain.fitted[step.id] = model
    return chain


def _out_of_fold(
    models: Sequence[LearningStep],
    last: LearningStep,
    data: LearningData,
    labels: xr.DataArray,
    seed: int,
    *names: str | int,
) -> xr.Dataset:
    """Predict every target by models that were fitted without its group."""
    import xarray as xr

    n_group = len(np.unique(data.groups))
    if n_group < 2:
        raise DataError(
            f"the training set of a fold holds only one group ({len(data.targets)} targets), and out-of-fold "
            "predictions within it need two: give more groups, or group by something finer"
        )
    folds = min(_INNER_FOLDS, n_group)
    parts, order = [], []
    for k, (train, test) in enumerate(grouped_folds(data.groups, folds, seed_for(seed, "inner", *names))):
        chain = _fit_models(models, data.take(train), labels.isel(target=train), seed, *names, "inner", k)
        parts.append(chain._mean(last, data.take(test)))
        order.append(test)
    joined = xr.concat(parts, dim="target", data_vars="minimal", coords="minimal", compat="override")
    return joined.isel(target=np.argsort(np.concatenate(order)))


def _physical_estimate(step: LearningStep, data: LearningData, like: xr.DataArray) -> xr.DataArray:
    """Return the detrender's depths on the outputs of ``like``: by wavelength, or their mean for a single output."""
    if data.depths is None:
        raise ContainerError(f"step {step.id!r} builds on {step.source!r}, which measured no depths")
    measured = data.depths
    if like.sizes["output"] == 1:
        return like.copy(data=measured.mean("wavelength").values[:, None])
    if "wavelength" not in like.coords:
        raise ContainerError(f"step {step.id!r} builds on depths, but its outputs have no wavelength")
    wanted, there = like["wavelength"].values, measured["wavelength"].values
    nearest = np.abs(there[None, :] - wanted[:, None]).argmin(axis=1)
    gap = np.abs(there[nearest] - wanted)
    spacing = np.median(np.diff(np.sort(wanted)))
    if np.any(gap > spacing / 2):
        at = int(gap.argmax())
        raise ContainerError(
            f"step {step.id!r}: output {like['output'].values[at]} is at {wanted[at]:g} um, but the nearest depth that "
            f"{step.source!r} measured is at {there[nearest[at]]:g} um"
        )
    values = measured.values[:, nearest]
    bad = ~np.isfinite(values)
    if bad.any():
        # a channel without a depth starts from the mean of the target's others
        values = np.where(bad, np.nanmean(np.where(bad, math.nan, values), axis=1, keepdims=True), values)
    return like.copy(data=values)


@contextmanager
def _blamed_on(step: LearningStep) -> Iterator[None]:
    """Say of an error from a component which step it comes from, and of a bug in which line."""
    try:
        yield
    except DataError as error:
        raise DataError(f"step {step.id!r}: {error}") from error
    except (SpecframeError, MemoryError):
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise RunError(
            f"step {step.id!r}: {type(step.component).__name__} raised {type(error).__name__}: {error} "
            f"({frame.filename}:{frame.lineno}); log.jsonl has the traceback"
        ) from error


def _last_model(steps: Sequence[LearningStep]) -> LearningStep:
    return [step for step in steps if step.kind == "model"][-1]
