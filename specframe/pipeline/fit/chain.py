"""Fitted models and uncertainty estimators in their order, to be applied to targets and kept on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.api.prediction import validate_prediction
from specframe.errors import InputFileError
from specframe.executors.threads import one_thread
from specframe.pipeline.fit.bases import measured_base
from specframe.pipeline.fit.learning import blamed_on
from specframe.pipeline.fit.members import FittedModel
from specframe.pipeline.fit.missing import missing_inputs
from specframe.pipeline.stages.netcdf import read_tree, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.model import Model
    from specframe.api.uncertainty import Uncertainty
    from specframe.pipeline.fit.learning import LearningData, LearningStep

__all__ = ["FittedChain", "with_measured_errors", "with_posterior", "with_samples"]

_INPUTS = "inputs.nc"
_OUTPUTS = "outputs.nc"
_CHAIN = "chain.json"
_HISTORY = "training.csv"
#: First columns of the history; a model that was loaded may tell its own in another order than one that was fitted.
_LOSSES = ("training_loss", "validation_loss")


@dataclass
class FittedChain:
    """Fitted models and uncertainty estimators, to be applied to other targets."""

    steps: tuple[LearningStep, ...]
    #: Labels of one target: the outputs that are predicted.
    outputs: xr.DataArray
    models: dict[str, FittedModel] = field(default_factory=dict)
    estimators: dict[str, Uncertainty] = field(default_factory=dict)
    #: One target's data by model step: the variables, shapes and wavelengths that the model takes.
    inputs: dict[str, xr.DataTree] = field(default_factory=dict)
    #: Decides the draws of an estimator, by its step.
    seeds: dict[str, int] = field(default_factory=dict)
    #: Lowest and highest label of each output that the models learned from, shape (2, n_output).
    label_range: NDArray[np.float64] | None = None

    @property
    def fitted(self) -> dict[str, Model | Uncertainty]:
        """The component of every step; of an ensemble the first member."""
        return {**{step: model.members[0] for step, model in self.models.items()}, **self.estimators}

    def predict(self, data: LearningData) -> xr.Dataset:
        """Return the Prediction of the last model, with the errors of the uncertainty estimators."""
        with one_thread():
            predicted: dict[str, xr.Dataset] = {}
            models = [step for step in self.steps if step.kind == "model"]
            for step in models:
                predicted[step.id] = self.models[step.id].predict_on(data, predicted, self.outputs)
            last = self.models[models[-1].id]
            prediction = with_measured_errors(predicted[models[-1].id], data)
            for step in self.steps:
                if step.kind == "uncertainty":
                    prediction = self._estimated(step, prediction, last, data, predicted)
        prediction = self._with_missing(prediction.drop_vars("measured_error", errors="ignore"), data)
        return self._with_edges(prediction)

    def _with_missing(self, prediction: xr.Dataset, data: LearningData) -> xr.Dataset:
        """Say which part of their inputs the targets lack: models fill in what the training set has on average."""
        parts = [missing_inputs(data.collections[step], like) for step, like in self.inputs.items()]
        return prediction.assign(missing_inputs=("target", np.max(parts, axis=0))) if parts else prediction

    def _with_edges(self, prediction: xr.Dataset) -> xr.Dataset:
        """Say which parameters lie at the edge of what was learned, or beyond; of channels that says nothing."""
        if self.label_range is None or "wavelength" in prediction.coords:
            return prediction
        mean = prediction["mean"].values
        margin = prediction["std"].values if "std" in prediction else 0.0
        low, high = self.label_range
        at_edge = (mean + margin >= high).astype(np.int8) - (mean - margin <= low).astype(np.int8)
        return prediction.assign(at_edge=(("target", "output"), at_edge))

    def _estimated(
        self,
        step: LearningStep,
        prediction: xr.Dataset,
        last: FittedModel,
        data: LearningData,
        predicted: Mapping[str, xr.Dataset],
    ) -> xr.Dataset:
        draws, before = step.draws(), prediction
        if draws is not None:
            samples = last.draw_on(draws, data, predicted, self.outputs, self.seeds[step.id])
            prediction = with_samples(prediction, samples)
        with blamed_on(step):
            prediction = self.estimators[step.id].apply(prediction)
        if draws is not None:
            prediction = with_posterior(prediction, before)
        validate_prediction(prediction, step.id)
        return prediction

    def histories(self) -> dict[str, xr.Dataset]:
        """Return how the training of each model went that tells; of an ensemble its first member."""
        told = {step: model.members[0].history() for step, model in self.models.items()}
        return {step: history for step, history in told.items() if history is not None}

    def save(self, directory: Path) -> None:
        """Write every fitted component into a folder of its own below ``directory``."""
        import xarray as xr

        directory.mkdir(parents=True, exist_ok=True)
        for step_id, model in self.models.items():
            model.save(directory / step_id)
        for step_id, estimator in self.estimators.items():
            estimator.save(directory / step_id)
        for step_id, tree in self.inputs.items():
            write_tree(directory / step_id / _INPUTS, tree)
        for step_id, history in self.histories().items():
            _write_history(directory / step_id / _HISTORY, history)
        outputs = self.outputs.to_dataset(name="labels")
        if self.label_range is not None:
            outputs["label_range"] = (("bound", "output"), self.label_range)
        write_tree(directory / _OUTPUTS, xr.DataTree(outputs))
        values = {"models": {step: model.counts() for step, model in self.models.items()}, "seeds": self.seeds}
        (directory / _CHAIN).write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, steps: Sequence[LearningStep]) -> FittedChain:
        """Read what ``save`` wrote."""
        file = directory / _CHAIN
        models = [step for step in steps if step.kind == "model"]
        try:
            values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            counts = {step.id: values["models"][step.id] for step in models}
            seeds = {step: int(seed) for step, seed in values["seeds"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputFileError(file, "is missing or damaged; run the pipeline again") from None
        files = [directory / _OUTPUTS, *(directory / step.id / _INPUTS for step in models)]
        missing = [path for path in files if not path.is_file()]
        if missing:
            raise InputFileError(missing[0], "is missing; run the pipeline again")
        outputs = read_tree(directory / _OUTPUTS).to_dataset()
        return cls(
            tuple(steps),
            outputs["labels"],
            {step.id: FittedModel.load(directory / step.id, step, counts[step.id]) for step in models},
            {
                step.id: cast("Uncertainty", type(step.component).load(directory / step.id))
                for step in steps
                if step.kind == "uncertainty"
            },
            {step.id: read_tree(directory / step.id / _INPUTS) for step in models},
            seeds,
            outputs["label_range"].values if "label_range" in outputs else None,
        )


def _write_history(file: Path, history: xr.Dataset) -> None:
    """Write a table with a line for every epoch."""
    names = [str(name) for name, array in history.data_vars.items() if array.dims == ("epoch",)]
    names.sort(key=lambda name: (_LOSSES.index(name) if name in _LOSSES else len(_LOSSES), name))
    columns = [history[name].values for name in names]
    lines = [",".join(("epoch", *names))]
    lines += [",".join(map(repr, (i + 1, *map(float, row)))) for i, row in enumerate(zip(*columns, strict=True))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def with_samples(prediction: xr.Dataset, samples: NDArray[np.float64] | None) -> xr.Dataset:
    """Return the prediction with these draws (count, n_target, n_output) instead of any that it has."""
    without = prediction.drop_dims("sample", errors="ignore")
    if samples is None:
        return without
    mean = prediction["mean"]
    return without.assign(samples=(("sample", *mean.dims), samples, mean.attrs)).assign_coords(
        sample=np.arange(len(samples))
    )


def with_posterior(prediction: xr.Dataset, before: xr.Dataset) -> xr.Dataset:
    """Return a prediction with the posterior samples that stood there ``before`` draws took their place.

    They keep their shape, about their own mean and between outputs, and are scaled to the ``std`` that there is now.
    Samples that the estimator itself made stay.
    """
    if "samples" in prediction or "samples" not in before or before.sizes["sample"] < 2:
        return prediction
    samples = before["samples"].transpose("sample", "target", "output")
    if "std" in prediction:
        own = samples.values.std(axis=0, ddof=1)
        ratio = np.divide(prediction["std"].values, own, out=np.ones_like(own), where=own > 0)
        middle = samples.values.mean(axis=0)
        samples = samples.copy(data=middle + (samples.values - middle) * ratio)
    return prediction.assign_coords(sample=before["sample"].values).assign(samples=samples)


def with_measured_errors(prediction: xr.Dataset, data: LearningData) -> xr.Dataset:
    """Return the prediction with the errors of the depths measured there, as ``measured_error (target, output)``."""
    base = measured_base(data, prediction["mean"])
    if base is None or base.std is None:
        return prediction
    return prediction.assign(measured_error=base.std)
