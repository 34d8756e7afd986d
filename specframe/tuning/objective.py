"""Judges one combination of values: cross-validation or a hold-out, without the final fit."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from specframe.api.refusal import refuses_all
from specframe.config import pipeline_from_data
from specframe.errors import DataError, SpecframeError, UsageError
from specframe.evaluate.evaluation import evaluate_scores
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.fit.crossval import join_folds, predicted_folds
from specframe.pipeline.fit.learning import LearningStep, learning_steps
from specframe.pipeline.run import gathered_inputs, learning_problem, made_scores, with_groups
from specframe.pipeline.session import Session
from specframe.pipeline.stages.inventory import TRIALS
from specframe.pipeline.stages.keys import digest, seed_for
from specframe.progress.progress import Progress
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.api.score import Score
    from specframe.config.spec import PipelineSpec
    from specframe.pipeline.fit.learning import LearningData

__all__ = ["Judge", "JudgeRecipe", "Judgement", "Task", "trial_folder"]

#: Products of the mapping steps, collated, that a process keeps in memory.
_KEPT = 2


@dataclass(frozen=True)
class Task:
    """What a process needs to judge a trial as far as some fold."""

    number: int
    #: The pipeline with the trial's values, as plain data.
    pipeline: dict[str, Any]
    #: Number of folds, from the first one, that are judged; ``None``: all.
    folds: int | None = None
    #: The run on the lines of the log.
    run: str = ""


@dataclass(frozen=True)
class Judgement:
    """What came of a task; ``score`` is missing where there is a reason."""

    score: float | None
    interval: tuple[float, float] | None = None
    reason: str = ""
    #: Time of this task alone.
    seconds: float = 0.0
    #: Names of all scores that there are, where the one that is searched by is not among them.
    known: tuple[str, ...] = ()


def trial_folder(out: Path, number: int) -> Path:
    """Return where a trial keeps its folds until it is done."""
    return out / "stages" / TRIALS / f"{number:05d}"


@dataclass(frozen=True)
class JudgeRecipe:
    """What a process needs to judge the trials of a search."""

    #: The folder of the search. Results of mapping steps are shared by all trials there.
    out: Path
    #: The score, as metrics.json names it.
    score: str
    plugin_files: tuple[Path, ...] = ()


class Judge:
    """Judges trials of a search in one process."""

    def __init__(self, recipe: JudgeRecipe) -> None:
        self.recipe = recipe
        self.directory = RunDirectory(recipe.out)
        self.score = recipe.score
        self.plugin_files = recipe.plugin_files
        self._collated: OrderedDict[str, tuple[LearningData, xr.DataArray]] = OrderedDict()
        self._registries: dict[tuple[tuple[str, ...], ...], Registry] = {}

    def process(self, task: Task) -> Judgement:
        """Fit and judge; whatever is wrong with the trial is told as its reason.

        Raises
        ------
        WriteError, OSError
            When the system writes nothing more, which is no trial's fault.
        """
        begin = time.perf_counter()
        try:
            score, interval, known = self._judged(task)
        except Exception as error:  # a trial may fail in any way that its values bring about
            if refuses_all(error):
                raise
            reason = str(error) if isinstance(error, SpecframeError) else f"{type(error).__name__}: {error}"
            return Judgement(None, reason=reason, seconds=time.perf_counter() - begin)
        seconds = time.perf_counter() - begin
        if known is not None:
            return Judgement(None, reason=f"there is no score {self.score!r}", seconds=seconds, known=known)
        return Judgement(score, interval, seconds=seconds)

    def _judged(self, task: Task) -> tuple[float | None, tuple[float, float] | None, tuple[str, ...] | None]:
        session = self._session(task)
        spec = session.spec
        steps = learning_steps(spec.steps)
        scores = made_scores(spec)
        data, labels = self._data(session, steps)
        own = Session(
            spec,
            RunDirectory(trial_folder(self.directory.path, task.number)),
            session.progress,
            session.registry,
            self.plugin_files,
        )
        parts = list(islice(predicted_folds(own, steps, data, labels), task.folds))
        prediction = with_groups(join_folds(parts, data), data, spec.group)
        found = evaluate_scores(scores, prediction, labels)
        if self.score not in found.values:
            failed = found.reasons.get(self.score.partition("-")[0]) or next(
                (reason for score, reason in found.reasons.items() if self.score.startswith(score)), ""
            )
            if failed:
                raise DataError(failed)
            return None, None, tuple(found.values)
        value = found.values[self.score]
        last = task.folds is None or task.folds == _n_folds(spec)
        if value is None:
            if last:
                raise DataError(f"{self.score}: {found.reasons.get(self.score, 'it is not known')}")
            return None, None, None
        return value, self._interval(spec, scores, prediction, labels) if last else None, None

    def _session(self, task: Task) -> Session:
        found: list[Registry] = []

        def discover(block: Sequence[str], pin: Sequence[str]) -> Registry:
            key = (tuple(block), tuple(pin))
            if key not in self._registries:  # plugins are the same for all trials
                self._registries[key] = Registry.discover(block=block, pin=pin, files=self.plugin_files)
            found.append(self._registries[key])
            return found[-1]

        spec = pipeline_from_data(task.pipeline, discover)
        progress = Progress(self.directory.log, quiet=True, run=task.run)
        return Session(spec, self.directory, progress, found[-1], self.plugin_files, keep_older=True)

    def _data(self, session: Session, steps: Sequence[LearningStep]) -> tuple[LearningData, xr.DataArray]:
        """Return what the models of a trial read, from memory where another trial read the same."""
        reads = [
            [
                *(str(value) for name, value in sorted(vars(step).items()) if name != "component"),
                list(step.component.inputs()) if step.kind == "model" else str(step.draws()),  # type: ignore[union-attr]
            ]
            for step in steps
        ]
        recipe = session.recipe()
        mapping = [[step.id, step.key(None)] for step in (recipe.load, *recipe.maps)]
        key = digest(mapping, reads, session.spec.group, session.spec.seed)
        if key not in self._collated:
            gathered, labels, catalogue = gathered_inputs(session, steps)
            if labels is None:
                raise UsageError("a search needs a model and labels to judge it by")
            self._collated[key] = learning_problem(session, steps, gathered, labels, catalogue)
            while len(self._collated) > _KEPT:
                self._collated.popitem(last=False)
        self._collated.move_to_end(key)
        return self._collated[key]

    def _interval(
        self, spec: PipelineSpec, scores: Sequence[Score], prediction: xr.Dataset, labels: xr.DataArray
    ) -> tuple[float, float] | None:
        if not spec.bootstrap:
            return None
        offering = [score for score in scores if self.score in evaluate_scores([score], prediction, labels).values]
        found = evaluate_scores(offering, prediction, labels, spec.bootstrap, seed_for(spec.seed, "bootstrap"))
        bounds = found.intervals.bounds.get(self.score) if found.intervals else None
        return None if bounds is None else (float(bounds[0]), float(bounds[1]))


def _n_folds(spec: PipelineSpec) -> int | None:
    return None if spec.holdout or spec.cross_validation is None else spec.cross_validation.folds
