"""Cross-validation and the final fit, each fold stored so that a run that was broken off goes on from there."""

from __future__ import annotations

import hashlib
import math
import shutil
from typing import TYPE_CHECKING, cast

import numpy as np

from specframe.config.spec import INNER_FOLDS, CrossValidation
from specframe.errors import DataError, InputFileError, RunError
from specframe.executors.executor import Lost
from specframe.executors.job import Job
from specframe.executors.premises import look_anew
from specframe.executors.serial import SerialExecutor
from specframe.executors.telling import listening
from specframe.pipeline.fit.chain import FittedChain
from specframe.pipeline.fit.fit_order import single_fits
from specframe.pipeline.fit.fitting import inner_folds_of
from specframe.pipeline.fit.fold_worker import (
    FitTask,
    FoldRecipe,
    FoldWorker,
    LearningRecipe,
    Problem,
    Splits,
)
from specframe.pipeline.fit.learning_file import write_learning
from specframe.pipeline.stages.inventory import FIT, FOLDS, LEARNING
from specframe.pipeline.stages.keys import digest, environment_digest
from specframe.progress.durations import duration
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import xarray as xr

    from specframe.api.uncertainty import Uncertainty
    from specframe.config.spec import Holdout
    from specframe.executors.executor import Executor
    from specframe.pipeline.fit.fit_order import SingleFit
    from specframe.pipeline.fit.learning import LearningData, LearningStep
    from specframe.pipeline.session import Session

__all__ = ["check_enough_targets", "cross_validate", "join_folds", "learn", "predicted_folds"]

#: With fewer folds than this many for each worker, single fits go out before them.
_ROUNDS = 2
#: Seconds of a task from which its fit is worth being sent out alone: saving and finding it again take some 20 ms.
_SHORT = 0.2


def check_enough_targets(session: Session, steps: Sequence[LearningStep], n_target: int) -> None:
    """Raise :class:`DataError` where an uncertainty estimator needs more targets than the smallest fold leaves it.

    That there are no targets at all is found by whoever asks for them.
    """
    if n_target == 0:
        return
    holdout = session.spec.holdout
    folds = max(min((session.spec.cross_validation or CrossValidation()).folds, n_target), 1)
    held_out = math.ceil(n_target * holdout.fraction if holdout else n_target / folds)
    left = n_target - held_out
    for step in steps:
        least = cast("Uncertainty", step.component).least_targets() if step.kind == "uncertainty" else 0
        if least > left:
            raise DataError(
                f"step {step.id!r}: {step.component.name} needs at least {least} calibration targets with known truth, "
                f"but of {n_target} targets {_splits(holdout, folds)} leaves it {left}; give more targets, or "
                "ask for lower levels or fewer classes"
            )


def _splits(holdout: Holdout | None, folds: int) -> str:
    return f"a hold-out of {holdout.fraction:g}" if holdout else f"cross-validation in {folds} folds"


def learn(
    session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
) -> tuple[xr.Dataset, FittedChain]:
    """Cross-validate, and fit on all targets: the Prediction of those held out, and the chain that predicts new ones.

    An executor with several workers has both done at the same time.
    """
    learning = Learning(session, steps, data, labels)
    with session.phase("cross-validation"):
        prediction = join_folds(list(learning.folds(final=True)), data)
    with session.phase("fit"):
        return prediction, learning.chain()


def cross_validate(
    session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
) -> xr.Dataset:
    """Predict every target, or those of the hold-out, by a chain that was fitted without its group.

    Returns the Prediction in the order of ``data``, with the fold of each target as ``fold (target)``.
    """
    return join_folds(list(predicted_folds(session, steps, data, labels)), data)


def predicted_folds(
    session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
) -> Iterator[xr.Dataset]:
    """Predict fold after fold; whoever has seen enough need not take the others. A hold-out is one fold."""
    return Learning(session, steps, data, labels).folds()


def join_folds(parts: Sequence[xr.Dataset], data: LearningData) -> xr.Dataset:
    """Return the predictions of folds as one, in the order of ``data``."""
    import xarray as xr

    joined = xr.concat(parts, dim="target", data_vars="minimal", coords="minimal", compat="override")
    order = {target: i for i, target in enumerate(data.targets)}
    return joined.isel(target=np.argsort([order[str(target)] for target in joined["target"].values]))


class Learning:
    """Folds and the final fit of one run, done by its executor.

    Whatever is stored already is not done again. All results go through the store, so that they are the same to the
    last bit whoever made them, and when.
    """

    def __init__(
        self, session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
    ) -> None:
        n_group = len(np.unique(data.groups))
        if n_group < 2:
            raise DataError(
                f"cross-validation groups by {session.spec.group!r}, of which there is only one value among "
                f"{len(data.targets)} targets: group by something else, or give more targets"
            )
        spec, holdout = session.spec, session.spec.holdout
        wanted = spec.cross_validation or CrossValidation()
        described = {step.id: step for step in spec.steps}
        recipes = tuple(LearningRecipe.of(step, described[step.id]) for step in steps)
        key = _data_key(session, recipes, data, labels)
        stages = session.directory.stages.absolute()
        recipe = FoldRecipe(
            recipes,
            stages,
            stages / LEARNING / key[:16],
            Splits(
                wanted.folds if spec.cross_validation else min(wanted.folds, n_group),
                spec.seed,
                holdout.fraction if holdout else None,
            ),
            key,
            spec.seed,
            spec.inner_folds,
            session.plugin_files,
            spec.plugins.block,
            spec.plugins.pin,
        )
        self._session = session
        self._worker = FoldWorker(recipe, Problem(tuple(steps), data, labels))
        #: Whether this run has fitted on all targets.
        self._fitted = False

    def folds(self, final: bool = False) -> Iterator[xr.Dataset]:
        """Yield the Prediction of each fold; with ``final``, workers that are free fit on all targets meanwhile."""
        session, worker = self._session, self._worker
        shutil.rmtree(worker.recipe.data.parent, ignore_errors=True)  # of a run that was killed
        found = {k: part for k in range(len(worker.splits)) if (part := self._part(k)) is not None}
        missing = [k for k in range(len(worker.splits)) if k not in found]
        if len(missing) < len(worker.splits):
            session.reused.add(FOLDS)
        for k in found:
            worker.store.replace_older(FOLDS, f"fold-{k}", worker.key(k))
        worker.store.keep_only(FOLDS, [f"fold-{k}" for k in range(len(worker.splits))])
        sent_out = not isinstance(session.executor, SerialExecutor)
        last = [None] if sent_out and final and self._stored() is None else []
        if sent_out and (missing or last):
            self._send([*last, *missing], len(worker.splits) - len(missing))
            self._fitted = bool(last)
            yield from (found[k] if k in found else self._made(k) for k in range(len(worker.splits)))
            return
        with session.progress.track(self._label, len(worker.splits)) as advance:
            for k in range(len(worker.splits)):
                if k in missing:
                    self._fit_here(k)
                else:
                    session.progress.detail(f"fold {k}: from the store")
                advance(stored=k not in missing)
                yield found[k] if k in found else self._made(k)

    @property
    def _label(self) -> str:
        return "hold-out" if self._session.spec.holdout else FOLDS

    def chain(self) -> FittedChain:
        """Return the chain fitted on all targets."""
        session = self._session
        with session.progress.track("final fit", 1) as advance:
            chain = self._stored()
            if chain is not None and not self._fitted:
                session.reused.add(FIT)
                session.progress.detail("final fit: from the store")
            if chain is None:
                self._fit_here(None)
                chain = self._stored()
            advance()
        if chain is None:
            raise RunError(f"all targets were fitted, but {session.directory.stages} does not hold the result")
        return chain

    def _fit_here(self, fold: int | None) -> None:
        progress = self._session.progress
        with listening(progress.tell):
            seconds = self._worker.process(FitTask(fold))
        progress.detail(f"{FitTask(fold)}: {duration(seconds)}, computed")

    def _part(self, k: int) -> xr.Dataset | None:
        return self._worker.store.get_dataset(FOLDS, f"fold-{k}", self._worker.key(k))

    def _made(self, k: int) -> xr.Dataset:
        part = self._part(k)
        if part is None:
            raise RunError(f"fold {k} was fitted, but {self._session.directory.stages} does not hold its result")
        return part

    def _stored(self) -> FittedChain | None:
        """Return the stored fit on all targets, ``None`` when there is none or it is damaged."""
        folder = self._worker.final
        if not (folder / "complete").is_file():
            return None
        try:
            return FittedChain.load(folder, self._worker.problem.steps)
        except InputFileError:
            return None

    def _send(self, wanted: Sequence[int | None], done: int) -> None:
        """Have folds, and all targets for ``None``, fitted by the executor's workers; ``done`` are stored already."""
        recipe, problem = self._worker.recipe, self._worker.problem
        job: Job[FitTask, float] = Job(FoldWorker, recipe)
        executor, progress = self._session.executor, self._session.progress

        def told(text: str) -> None:
            with at(FOLDS):  # whoever listens to workers does so in a thread of his own
                progress.tell(text)

        executor.tell = told
        try:
            write_learning(recipe.data, problem.data, problem.labels)
            self._send_single(job, wanted)
            with progress.track(self._label, len(self._worker.splits), executor.workers) as advance:
                for _ in range(done):
                    advance(stored=True)
                for task, result in executor.map(job, [FitTask(fold) for fold in wanted]):
                    progress.detail(f"{task}: {duration(_found(task, result))}, computed")
                    if task.fold is not None:
                        advance()
            for folder in (recipe.stages, recipe.stages / FOLDS, recipe.stages / FIT):
                look_anew(folder)  # we looked for results before others wrote them
        finally:
            executor.tell = progress.tell
            shutil.rmtree(recipe.data.parent, ignore_errors=True)

    def _send_single(self, job: Job[FitTask, float], wanted: Sequence[int | None]) -> None:
        """Have the single fits of few folds made first, so that no worker is idle; short ones are not worth it."""
        executor = self._session.executor
        if executor.workers < 2 or len(wanted) >= _ROUNDS * executor.workers:
            return
        rounds: list[list[FitTask]] = []
        for fold in wanted:
            for number, fits in enumerate(self._single_fits(fold)):
                rounds += [[]] if number == len(rounds) else []
                rounds[number] += [FitTask(fold, fit) for fit in fits]
        total = sum(map(len, rounds))
        if total <= len(wanted):
            return
        with self._session.progress.track("fits", total, executor.workers) as advance:
            for tasks in rounds:
                if not _all_made(executor, job, tasks, advance):
                    return

    def _single_fits(self, fold: int | None) -> list[list[SingleFit]]:
        groups = self._worker.problem.data.groups
        if fold is not None:
            groups = groups[self._worker.splits[fold][0]]
        return single_fits(self._worker.problem.steps, inner_folds_of(groups, self._worker.recipe.inner_folds))


def _all_made(
    executor: Executor, job: Job[FitTask, float], tasks: Sequence[FitTask], advance: Callable[[], None]
) -> bool:
    """Have single fits made until they turn out to be short; return whether all are made."""
    waiting, running = list(reversed(tasks)), 0
    seconds: list[float] = []
    with executor.crew(job) as crew:
        while running or waiting:
            while waiting and crew.has_room():
                crew.submit(waiting.pop())
                running += 1
            for task, result in crew.finished():
                running -= 1
                seconds.append(_found(task, result))
                advance()
            if sum(seconds) < _SHORT * len(seconds):
                waiting.clear()
    return len(seconds) == len(tasks)


def _found(task: FitTask, result: float | Lost) -> float:
    if isinstance(result, Lost):
        raise RunError(
            f"{task}: {result.reason}. What was fitted before is stored: the same command goes on from there, with "
            "fewer --workers if memory is short"
        )
    return result


def _data_key(session: Session, recipes: Sequence[LearningRecipe], data: LearningData, labels: xr.DataArray) -> str:
    """Return the key of everything that a fit depends on but its choice of targets."""
    chain = [recipe.key() for recipe in recipes]
    content = hashlib.sha256()
    for step in sorted(data.collections):
        for node in data.collections[step].subtree:
            content.update(f"{step}/{node.path}".encode())
            _update(content, node.to_dataset(inherit=False))
    for array in (labels, data.depths, data.depth_errors):
        if array is not None:
            _update(content, array.to_dataset(name="values"))
    groups = [str(group) for group in data.groups]
    spec = session.spec
    found = [spec.seed, chain, content.hexdigest(), list(data.targets), groups]
    return digest(environment_digest(), *found, *([] if spec.inner_folds == INNER_FOLDS else [spec.inner_folds]))


def _update(content: hashlib._Hash, data: xr.Dataset) -> None:
    """Hash names, dims, types, attributes and values of all variables, coordinates among them."""
    for name, variable in sorted(data.variables.items(), key=lambda item: str(item[0])):
        values = np.asarray(variable.values)
        if values.dtype.kind == "O":
            values = values.astype(str)
        attrs = sorted((str(key), str(value)) for key, value in variable.attrs.items())
        content.update(f"{name}{variable.dims}{values.dtype}{values.shape}{attrs}".encode())
        if values.size:
            content.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
