"""Fit models and uncertainty estimators together on one set of targets.

Nothing here ever fits on a target that it then judges: an uncertainty estimator, and a model that builds on another,
see *out-of-fold* predictions, made by models fitted without the target's group. All models of a pipeline share the
folds that these are made with, so that fits grow with the number of models and not with its power.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.api.splits import grouped_folds
from specframe.errors import DataError
from specframe.pipeline.bases import base_of, error_weights, inputs_of, outputs_of
from specframe.pipeline.chain import FittedChain, with_measured_errors, with_samples
from specframe.pipeline.keys import seed_for
from specframe.pipeline.learning import blamed_on
from specframe.pipeline.members import FittedModel, Plan, TrainingSet
from specframe.pipeline.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.draws import Draws
    from specframe.api.uncertainty import Uncertainty
    from specframe.pipeline.learning import LearningData, LearningStep

__all__ = ["fit_chain"]

#: Inner folds that make the out-of-fold predictions within a training set.
_INNER_FOLDS = 5


def fit_chain(
    steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray, seed: int, *names: str | int
) -> FittedChain:
    """Fit all steps on ``data`` and its ``labels (target, output)``, in the same order of targets.

    ``seed`` and ``names`` decide everything random: a stream per step and fold.
    """
    with one_blas_thread():
        grouped = labels.assign_coords(group=("target", data.groups.astype(str)))
        return _Fit(tuple(steps), data, grouped, seed, names).chain()


@dataclass
class _Fit:
    """The fit of one chain, as far as it has come."""

    steps: tuple[LearningStep, ...]
    data: LearningData
    labels: xr.DataArray
    seed: int
    names: tuple[str | int, ...]
    #: Out-of-fold predictions by model step.
    seen: dict[str, xr.Dataset] = field(default_factory=dict)
    #: Draws of the last model, out of fold.
    drawn: dict[Draws, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models = [step for step in self.steps if step.kind == "model"]
        self.estimators = [step for step in self.steps if step.kind == "uncertainty"]
        self.last = self.models[-1]
        self.seeds = {step.id: seed_for(self.seed, step.id, "draws", *self.names) for step in self.estimators}

    def chain(self) -> FittedChain:
        """Fit everything."""
        one = np.zeros(1, dtype=np.intp)
        chain = FittedChain(
            self.steps,
            self.labels.isel(target=one).drop_vars("group"),
            inputs={step.id: self.data.collections[step.id].isel(target=one) for step in self.models},
            seeds=self.seeds,
        )
        for step in self.models:
            plan = Plan.of(self.estimators) if step is self.last else Plan()
            chain.models[step.id] = self._model(step, plan)
        chain.estimators = self._estimators()
        return chain

    def _model(self, step: LearningStep, plan: Plan) -> FittedModel:
        training = self._training(step)
        fitted = FittedModel.fit(step, training, plan, self.seed, self.names)
        if self._judged(step):
            models = self._out_of_fold(step, training, plan)
            if plan.keeps_folds:
                fitted.folds = [model.members[0] for model in models]
        return fitted

    def _training(self, step: LearningStep) -> TrainingSet:
        """Return what a model is fitted on: the labels, or what out-of-fold predictions of its source leave of them."""
        like = outputs_of(self.data, self.labels)
        y = self.labels
        if step.learns == "residual":
            base = base_of(step, self.data, self.seen, like)
            y = y.copy(data=y.values - base.mean.values)
        X = inputs_of(step, self.data, self.seen, like)
        return TrainingSet(X, y, self.data.groups, error_weights(step, self.data))

    def _judged(self, step: LearningStep) -> bool:
        """Return whether anything asks for out-of-fold predictions of a model."""
        if any(step.id in other.sources for other in self.models):
            return True
        return step is self.last and any(
            cast("Uncertainty", e.component).learns or _of_folds(e.draws()) for e in self.estimators
        )

    @cached_property
    def folds(self) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """The inner folds (train, test), which all models share."""
        n_group = len(np.unique(self.data.groups))
        if n_group < 2:
            raise DataError(
                f"the training set of a fold holds only one group ({len(self.data.targets)} targets), and out-of-fold "
                "predictions within it need two: give more groups, or group by something finer"
            )
        return grouped_folds(self.data.groups, min(_INNER_FOLDS, n_group), seed_for(self.seed, "inner", *self.names))

    def _out_of_fold(self, step: LearningStep, training: TrainingSet, plan: Plan) -> list[FittedModel]:
        """Predict, and draw, every target by models that were fitted without its group; return these models."""
        import xarray as xr

        wanted = _drawn(self.estimators) if step is self.last else {}
        models, parts, order = [], [], []
        samples: dict[Draws, list[NDArray[np.float64]]] = {draws: [] for draws in wanted}
        for k, (train, test) in enumerate(self.folds):
            model = FittedModel.fit(step, training.take(train), plan, self.seed, (*self.names, "inner", k))
            held_out = self.data.take(test)
            seen = {name: prediction.isel(target=test) for name, prediction in self.seen.items()}
            part = model.predict_on(held_out, seen, self.labels)
            parts.append(part.assign(fold=("target", np.full(len(test), k))))
            for draws, step_id in wanted.items():
                samples[draws].append(model.draw_on(draws, held_out, seen, self.labels, self.seeds[step_id]))
            order.append(test)
            models.append(model)
        back = np.argsort(np.concatenate(order))
        joined = xr.concat(parts, dim="target", data_vars="minimal", coords="minimal", compat="override")
        self.seen[step.id] = joined.isel(target=back)
        self.drawn.update({draws: np.concatenate(drawn, axis=1)[:, back] for draws, drawn in samples.items()})
        return models

    def _estimators(self) -> dict[str, Uncertainty]:
        """Fit the uncertainty estimators in turn, each on what those before it make of the predictions."""
        fitted: dict[str, Uncertainty] = {}
        learners = [i for i, step in enumerate(self.estimators) if cast("Uncertainty", step.component).learns]
        seen = with_measured_errors(self.seen[self.last.id], self.data) if learners else None
        for i, step in enumerate(self.estimators):
            estimator = cast("Uncertainty", step.fresh())
            fitted[step.id] = estimator
            if seen is None or i > learners[-1]:
                continue
            draws = step.draws()
            if draws is not None:
                seen = with_samples(seen, self.drawn.get(draws))
            with blamed_on(step):
                if estimator.learns:
                    estimator.fit(seen, self.labels, seed=seed_for(self.seed, step.id, *self.names))
                if i < learners[-1]:
                    seen = estimator.apply(seen)
        return fitted


def _drawn(estimators: Sequence[LearningStep]) -> dict[Draws, str]:
    """Return which draws are made out of fold, and the first step that asks for each."""
    found: dict[Draws, str] = {}
    for step in estimators:
        draws = step.draws()
        if draws is not None and not _of_folds(draws):
            found.setdefault(draws, step.id)
    return found


def _of_folds(draws: Draws | None) -> Any:
    return draws is not None and draws.source == "out-of-fold"
