"""The single fits that a chain is made of, in an order in which each finds those it builds on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from specframe.pipeline.fit.members import Part, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.api.uncertainty import Uncertainty
    from specframe.pipeline.fit.learning import LearningStep

__all__ = ["Folds", "SingleFit", "hidden_from", "single_fits"]

#: Inner folds that a model was not fitted on.
Folds = frozenset[int]


@dataclass(frozen=True)
class SingleFit:
    """One fit of a model step: without some inner folds, for one member of its ensemble, or on one sample."""

    step: str
    unseen: Folds
    part: Part


def hidden_from(unseen: Folds, k: int, n_fold: int) -> Folds:
    """Return the folds that a model must not have seen which predicts fold ``k`` for models without ``unseen``."""
    hidden = unseen | {k}
    # of so few folds nothing would be left: then at least the target's own is not seen
    return hidden if len(hidden) < n_fold else frozenset({k})


def single_fits(steps: Sequence[LearningStep], n_fold: int) -> list[list[SingleFit]]:
    """Return all fits of a chain with ``n_fold`` inner folds; those of one list build on earlier lists only."""
    return _Order(steps, n_fold).rounds()


class _Order:
    def __init__(self, steps: Sequence[LearningStep], n_fold: int) -> None:
        self._models = [step for step in steps if step.kind == "model"]
        self._estimators = [step for step in steps if step.kind == "uncertainty"]
        self._n_fold = n_fold
        #: By fit, the round that it belongs to: one after the last of those that it builds on.
        self._round: dict[tuple[str, Folds], int] = {}

    def rounds(self) -> list[list[SingleFit]]:
        last, plan = self._models[-1], Plan.of(self._estimators)
        for step in self._models:
            self._fit(step, frozenset())
        if plan.keeps_folds or any(cast("Uncertainty", step.component).learns for step in self._estimators):
            self._out_of_fold(last, frozenset())
        rounds: list[list[SingleFit]] = [[] for _ in range(max(self._round.values()) + 1)]
        for (step_id, unseen), number in self._round.items():
            parts = (plan if step_id == last.id else Plan()).parts()
            rounds[number] += [SingleFit(step_id, unseen, part) for part in parts]
        return rounds

    def _fit(self, step: LearningStep, unseen: Folds) -> int:
        if (step.id, unseen) not in self._round:
            before = [self._out_of_fold(source, unseen) for source in self._sources(step)]
            self._round[step.id, unseen] = max(before, default=-1) + 1
        return self._round[step.id, unseen]

    def _out_of_fold(self, step: LearningStep, unseen: Folds) -> int:
        inside = [k for k in range(self._n_fold) if k not in unseen]
        return max((self._predicted(step, hidden_from(unseen, k, self._n_fold)) for k in inside), default=-1)

    def _predicted(self, step: LearningStep, unseen: Folds) -> int:
        return max(self._fit(step, unseen), *(self._predicted(source, unseen) for source in self._sources(step)), -1)

    def _sources(self, step: LearningStep) -> list[LearningStep]:
        return [model for model in self._models if model.id in step.sources]
