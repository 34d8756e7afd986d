"""Fits a fold, all targets, or one model of either, in any process: tasks are numbers, data lie in files."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from specframe.api.refusal import cannot_write
from specframe.api.splits import grouped_folds, validation_split
from specframe.api.workspaces import working_in
from specframe.config.spec import INNER_FOLDS
from specframe.executors.telling import tell
from specframe.executors.threads import one_thread
from specframe.pipeline.fit.fitting import fit_chain, fit_single
from specframe.pipeline.fit.learning import LearningStep
from specframe.pipeline.fit.learning_file import read_learning
from specframe.pipeline.stages.inventory import CHECKPOINTS, FIT, FOLDS
from specframe.pipeline.stages.keys import digest, seed_for
from specframe.pipeline.stages.store import StageStore, atomic_folder
from specframe.pipeline.targets.recipe import StepRecipe
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.model import Model
    from specframe.api.uncertainty import Uncertainty
    from specframe.config.spec import Step
    from specframe.pipeline.fit.fit_order import SingleFit
    from specframe.pipeline.fit.learning import LearningData

__all__ = ["FitTask", "FoldRecipe", "FoldWorker", "LearningRecipe", "Problem", "Splits"]


@dataclass(frozen=True)
class LearningRecipe:
    """A learning step as plain data, so that another process can make it again."""

    component: StepRecipe
    sources: tuple[str, ...]
    learns: Literal["target", "residual"]
    weights: Literal["equal", "errors"]
    noisy_copies: int

    @classmethod
    def of(cls, step: LearningStep, described: Step) -> LearningRecipe:
        """Describe a step, as the pipeline has it and as it was made of that."""
        return cls(StepRecipe.of(described), step.sources, step.learns, step.weights, step.noisy_copies)

    def make(self) -> LearningStep:
        """Make the step again."""
        component = cast("Model | Uncertainty", self.component.make())
        return LearningStep(
            self.component.id,
            self.component.kind,
            component,
            self.sources,
            self.learns,
            self.weights,
            self.noisy_copies,
        )

    def key(self) -> list[object]:
        """Return what a fit depends on."""
        return [
            self.component.id,
            [*self.sources],
            self.learns,
            self.weights,
            self.noisy_copies,
            self.component.key(None),
        ]


@dataclass(frozen=True)
class Splits:
    """Who is held out: folds in turn, or one part."""

    folds: int
    seed: int
    #: Of a hold-out, which is then the only fold.
    fraction: float | None = None

    def of(self, groups: NDArray[np.generic]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Return for each fold who is learned from and who is held out."""
        if self.fraction is not None:
            return [validation_split(groups, self.fraction, seed_for(self.seed, "holdout"))]
        return grouped_folds(groups, self.folds, seed_for(self.seed, "folds"))


@dataclass(frozen=True)
class Problem:
    """What is learned, in this process: the steps, the targets and their labels."""

    steps: tuple[LearningStep, ...]
    data: LearningData
    labels: xr.DataArray


@dataclass(frozen=True)
class FoldRecipe:
    """What a process needs to fit the folds of a problem."""

    steps: tuple[LearningRecipe, ...]
    #: The stage store.
    stages: Path
    #: The folder that the problem's data were written into.
    data: Path
    splits: Splits
    #: Of all that a fit depends on but its choice of targets.
    key: str
    seed: int
    inner_folds: int = INNER_FOLDS
    plugin_files: tuple[Path, ...] = ()
    block: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()

    def problem(self) -> Problem:
        """Make the steps and read the data, in another process."""
        from specframe.registry import Registry

        if self.plugin_files:  # their components can be imported then
            Registry.discover(block=self.block, pin=self.pin, files=self.plugin_files)
        return Problem(tuple(step.make() for step in self.steps), *read_learning(self.data))


@dataclass(frozen=True)
class FitTask:
    """A fold, or all targets; the whole chain, or one of its fits."""

    #: ``None``: all targets.
    fold: int | None
    single: SingleFit | None = None

    def __str__(self) -> str:
        where = "the final fit" if self.fold is None else f"fold {self.fold}"
        if self.single is None:
            return where
        part = " ".join(map(str, self.single.part.stream))
        return f"{where}, step {self.single.step!r}" + (f" {part}" if part else "")


class FoldWorker:
    """Fits folds and stores what comes of them; a fold is found by its key, whoever fitted it."""

    def __init__(self, recipe: FoldRecipe, problem: Problem | None = None) -> None:
        self.recipe = recipe
        self.problem = problem or recipe.problem()
        self.store = StageStore(recipe.stages)

    @cached_property
    def splits(self) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Who is learned from and who is held out, by fold."""
        return self.recipe.splits.of(self.problem.data.groups)

    def key(self, fold: int | None) -> str:
        """Return the key of a fold's result, or of the fit on all targets."""
        if fold is None:
            return digest(self.recipe.key, "final")
        return digest(self.recipe.key, "fold", fold, [self.problem.data.targets[i] for i in self.splits[fold][0]])

    @property
    def final(self) -> Path:
        """The folder of the fit on all targets."""
        return self.recipe.stages / FIT / self.key(None)[:16]

    def process(self, task: FitTask) -> float:
        """Do a task and return the seconds that it took; an error in it ends the run."""
        begin = time.perf_counter()
        with at(FOLDS if task.fold is not None else FIT), one_thread():
            if task.single is not None:
                self._single(task.fold, task.single)
            elif task.fold is None:
                self._final()
            else:
                self._fold(task.fold)
        return time.perf_counter() - begin

    def _fold(self, k: int) -> None:
        steps, recipe = self.problem.steps, self.recipe
        held_out = self.splits[k][1]
        with self._working(k, done=True):
            data, labels, names = self._training(k)
            chain = fit_chain(steps, data, labels, recipe.seed, *names, inner_folds=recipe.inner_folds)
            part = chain.predict(self.problem.data.take(held_out).as_observed())
            part = part.assign(fold=("target", np.full(len(held_out), k)))
            self.store.put(FOLDS, f"fold-{k}", self.key(k), part)

    def _final(self) -> None:
        recipe = self.recipe
        with self._working(None, done=True):
            data, labels, names = self._training(None)
            chain = fit_chain(self.problem.steps, data, labels, recipe.seed, *names, inner_folds=recipe.inner_folds)
            try:
                with atomic_folder(self.final) as beside:  # a worker that was given up may be at the same
                    chain.save(beside)
                    (beside / "complete").touch()
            except OSError as error:
                raise cannot_write(self.final, error) from error
            for older in self.final.parent.glob("[!.]*"):
                if older != self.final:
                    shutil.rmtree(older, ignore_errors=True)

    def _single(self, fold: int | None, single: SingleFit) -> None:
        recipe = self.recipe
        with self._working(fold):
            data, labels, names = self._training(fold)
            fit_single(single, self.problem.steps, data, labels, recipe.seed, *names, inner_folds=recipe.inner_folds)

    def _training(self, fold: int | None) -> tuple[LearningData, xr.DataArray, tuple[str | int, ...]]:
        """Return who a chain is fitted on, their labels, and the names of its random numbers."""
        data, labels = self.problem.data, self.problem.labels
        if fold is None:
            return data, labels, ("final",)
        train = self.splits[fold][0]
        return data.take(train), labels.isel(target=train), ("fold", fold)

    @contextmanager
    def _working(self, fold: int | None, done: bool = False) -> Iterator[None]:
        """Give fits a folder, which any process finds under the same key; remove it when all is ``done`` and stored."""
        folder = self.recipe.stages / CHECKPOINTS / self.key(fold)[:16]
        with working_in(folder, tell):
            yield
        if done:
            shutil.rmtree(folder, ignore_errors=True)
