"""Fit models and uncertainty estimators together on one set of targets.

Nothing here ever fits on a target that it then judges: an uncertainty estimator, and a model that builds on another,
see *out-of-fold* predictions, made by chains of models of which none was fitted on the target's group. All models of a
pipeline share the folds that these are made with, and a model that two need is fitted once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.api.splits import grouped_folds
from specframe.config.spec import INNER_FOLDS
from specframe.errors import DataError
from specframe.executors.threads import one_thread
from specframe.pipeline.fit.bases import base_of, error_weights, inputs_of, outputs_of
from specframe.pipeline.fit.chain import FittedChain, with_measured_errors, with_posterior, with_samples
from specframe.pipeline.fit.fit_order import Folds, hidden_from
from specframe.pipeline.fit.learning import blamed_on
from specframe.pipeline.fit.members import FittedModel, Plan, TrainingSet, fit_part
from specframe.pipeline.fit.missing import most_complete
from specframe.pipeline.stages.keys import seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.draws import Draws
    from specframe.api.uncertainty import Uncertainty
    from specframe.pipeline.fit.fit_order import SingleFit
    from specframe.pipeline.fit.learning import LearningData, LearningStep

__all__ = ["fit_chain", "fit_single", "inner_folds_of"]

_ALL_SEEN: Folds = frozenset()


def fit_chain(
    steps: Sequence[LearningStep],
    data: LearningData,
    labels: xr.DataArray,
    seed: int,
    *names: str | int,
    inner_folds: int = INNER_FOLDS,
) -> FittedChain:
    """Fit all steps on ``data`` and its ``labels (target, output)``, in the same order of targets.

    ``seed`` and ``names`` decide everything random: a stream per step and fold. ``inner_folds`` make the out-of-fold
    predictions within the training set.
    """
    with one_thread():
        return _fit(steps, data, labels, seed, names, inner_folds).chain()


def fit_single(
    fit: SingleFit,
    steps: Sequence[LearningStep],
    data: LearningData,
    labels: xr.DataArray,
    seed: int,
    *names: str | int,
    inner_folds: int = INNER_FOLDS,
) -> None:
    """Make one of the fits that :func:`fit_chain` needs, and keep it in the workspace, where that will find it."""
    with one_thread():
        _fit(steps, data, labels, seed, names, inner_folds).single(fit)


def inner_folds_of(groups: NDArray[Any], wanted: int) -> int:
    """Return the number of folds within a training set of these groups."""
    return min(wanted, len(np.unique(groups)))


def _fit(
    steps: Sequence[LearningStep],
    data: LearningData,
    labels: xr.DataArray,
    seed: int,
    names: tuple[str | int, ...],
    inner_folds: int,
) -> _Fit:
    grouped = labels.assign_coords(group=("target", data.groups.astype(str)))
    return _Fit(tuple(steps), data, grouped, seed, names, inner_folds)


@dataclass
class _Fit:
    """The fit of one chain, as far as it has come.

    Models are known by their step and the inner folds that they did not see: the empty set is the model that predicts
    new targets, ``{k}`` makes the out-of-fold predictions of fold ``k``. A model without the folds ``E`` that builds on
    another learns from predictions of each further fold ``j`` by the other one without ``E`` and ``j``.
    """

    steps: tuple[LearningStep, ...]
    data: LearningData
    labels: xr.DataArray
    seed: int
    names: tuple[str | int, ...]
    inner_folds: int = INNER_FOLDS
    fitted: dict[tuple[str, Folds], FittedModel] = field(default_factory=dict)
    predicted: dict[tuple[str, Folds, int], xr.Dataset] = field(default_factory=dict)

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
            label_range=np.stack([self.labels.values.min(axis=0), self.labels.values.max(axis=0)]),
            inputs={step.id: _reference(self.data.collections[step.id]) for step in self.models},
            seeds=self.seeds,
        )
        for step in self.models:
            chain.models[step.id] = self._model(step, _ALL_SEEN)
        if Plan.of(self.estimators).keeps_folds:
            folds = [self._model(self.last, frozenset({k})) for k in range(len(self.folds))]
            chain.models[self.last.id].folds = [model.members[0] for model in folds]
        chain.estimators = self._estimators()
        return chain

    @cached_property
    def folds(self) -> list[NDArray[np.intp]]:
        """The targets of each inner fold, which all models share."""
        count = inner_folds_of(self.data.groups, self.inner_folds)
        if count < 2:
            raise DataError(
                f"the training set of a fold holds only one group ({len(self.data.targets)} targets), and out-of-fold "
                "predictions within it need two: give more groups, or group by something finer"
            )
        seed = seed_for(self.seed, "inner", *self.names)
        return [test for _, test in grouped_folds(self.data.groups, count, seed)]

    def _model(self, step: LearningStep, unseen: Folds) -> FittedModel:
        """Return a model fitted on all targets but those of the folds ``unseen``."""
        if (step.id, unseen) not in self.fitted:
            training = cache(partial(self._training, step, unseen))
            self.fitted[step.id, unseen] = FittedModel.fit(
                step, training, self._plan(step), self.seed, self._stream(unseen)
            )
        return self.fitted[step.id, unseen]

    def single(self, fit: SingleFit) -> None:
        """Make one fit and keep it in the workspace; those that it builds on are there, or are made."""
        step = next(step for step in self.models if step.id == fit.step)
        training = partial(self._training, step, fit.unseen)
        fit_part(step, training, self._plan(step), self.seed, self._stream(fit.unseen), fit.part, keep=True)

    def _plan(self, step: LearningStep) -> Plan:
        return Plan.of(self.estimators) if step is self.last else Plan()

    def _stream(self, unseen: Folds) -> tuple[str | int, ...]:
        return (*self.names, "inner", *sorted(unseen)) if unseen else self.names

    def _training(self, step: LearningStep, unseen: Folds) -> TrainingSet:
        """Return what a model is fitted on: the labels, or what out-of-fold predictions of its source leave of them."""
        kept = self._without(unseen)
        data, y = (self.data, self.labels) if not unseen else (self.data.take(kept), self.labels.isel(target=kept))
        seen = {model.id: self._out_of_fold(model, unseen) for model in self.models if model.id in step.sources}
        like = outputs_of(data, self.labels)
        X = inputs_of(step, data, seen, like)
        if step.learns == "residual":
            y = y.copy(data=y.values - base_of(step, data, seen, like).mean.values)
        return TrainingSet(X, y, data.groups, error_weights(step, data))

    def _without(self, unseen: Folds) -> NDArray[np.intp]:
        """Return the targets of all folds but ``unseen``, ascending."""
        if not unseen:
            return np.arange(len(self.data.targets))
        return np.sort(np.concatenate([fold for k, fold in enumerate(self.folds) if k not in unseen]))

    def _out_of_fold(self, step: LearningStep, unseen: Folds = _ALL_SEEN) -> xr.Dataset:
        """Predict every target outside the folds ``unseen`` by a model that saw neither these nor the target's own."""
        import xarray as xr

        inside = [k for k in range(len(self.folds)) if k not in unseen]
        parts = []
        for k in inside:
            part = self._predicted(step, hidden_from(unseen, k, len(self.folds)), k)
            parts.append(part.assign(fold=("target", np.full(part.sizes["target"], k))))
        joined = xr.concat(parts, dim="target", data_vars="minimal", coords="minimal", compat="override")
        return joined.isel(target=np.argsort(np.concatenate([self.folds[k] for k in inside])))

    def _predicted(self, step: LearningStep, unseen: Folds, k: int) -> xr.Dataset:
        """Predict the targets of fold ``k`` by a model that did not see the folds ``unseen``, ``k`` among them."""
        if (step.id, unseen, k) not in self.predicted:
            held_out = self.data.take(self.folds[k]).as_observed()
            model = self._model(step, unseen)
            self.predicted[step.id, unseen, k] = model.predict_on(held_out, self._bases(step, unseen, k), self.labels)
        return self.predicted[step.id, unseen, k]

    def _bases(self, step: LearningStep, unseen: Folds, k: int) -> dict[str, xr.Dataset]:
        return {model.id: self._predicted(model, unseen, k) for model in self.models if model.id in step.sources}

    def _drawn(self, draws: Draws, step_id: str) -> NDArray[np.float64]:
        """Draw every target by the last model without the target's fold, shape (count, n_target, n_output)."""
        parts = []
        for k, fold in enumerate(self.folds):
            unseen = frozenset({k})
            model, bases = self._model(self.last, unseen), self._bases(self.last, unseen, k)
            held_out = self.data.take(fold).as_observed()
            parts.append(model.draw_on(draws, held_out, bases, self.labels, self.seeds[step_id]))
        return np.concatenate(parts, axis=1)[:, np.argsort(np.concatenate(self.folds))]

    def _estimators(self) -> dict[str, Uncertainty]:
        """Fit the uncertainty estimators in turn, each on what those before it make of the predictions."""
        fitted = {step.id: cast("Uncertainty", step.fresh()) for step in self.estimators}
        learners = [i for i, step in enumerate(self.estimators) if fitted[step.id].learns]
        if not learners:
            return fitted
        seen = with_measured_errors(self._out_of_fold(self.last), self.data)
        for i, step in enumerate(self.estimators[: learners[-1] + 1]):
            estimator, draws, before = fitted[step.id], step.draws(), seen
            if draws is not None:
                out_of_fold = draws.source == "out-of-fold"
                seen = with_samples(seen, None if out_of_fold else self._drawn(draws, step.id))
            with blamed_on(step):
                if estimator.learns:
                    estimator.fit(seen, self.labels, seed=seed_for(self.seed, step.id, *self.names))
                if i < learners[-1]:
                    seen = estimator.apply(seen) if draws is None else with_posterior(estimator.apply(seen), before)
        return fitted


def _reference(X: xr.DataTree) -> xr.DataTree:
    """Return the inputs of the training target that lacks the fewest, which new targets must fit with."""
    return X.isel(target=[most_complete(X)])
