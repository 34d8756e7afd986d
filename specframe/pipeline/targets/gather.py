"""Take every target through the mapping steps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from specframe.api.collection import variables_read
from specframe.api.observation import nodes
from specframe.errors import ContainerError, RunError, UsageError, printable
from specframe.executors.serial import SerialExecutor
from specframe.pipeline.targets.quality import NOTED, Quality, quality_of, quality_predicted
from specframe.pipeline.targets.target import Outcome, TargetWorker, map_targets, reason_of
from specframe.progress.durations import duration
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr

    from specframe.executors.executor import Executor
    from specframe.pipeline.stages.limit import StoreLimit
    from specframe.progress.progress import Progress

__all__ = [
    "Gathered",
    "SetAside",
    "check_catalogue",
    "gather_targets",
    "leave_out_ungrouped",
]

#: So many targets set aside are printed one by one.
_PRINTED = 20


@dataclass(frozen=True)
class SetAside:
    """A target that was left out, at which step, and why."""

    target: str
    step: str
    reason: str

    def alone(self, n_target: int) -> str:
        """Return that no target is left of ``n_target``, of which this was the first."""
        if n_target == 1:
            return f"the only target, {printable(self.target)}, was set aside: {self.reason}"
        return f"all {n_target} targets were set aside; the first, {printable(self.target)}: {self.reason}"


@dataclass
class Gathered:
    """The targets that came through the mapping steps."""

    worker: TargetWorker
    progress: Progress
    #: Key of each target's product, in the loader's order.
    keys: dict[str, str] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    stored: int = 0
    #: What the steps found out about each target, noted as its product is read.
    quality: dict[str, Quality] = field(default_factory=dict)
    #: What models said about each target besides its outputs.
    predicted: dict[str, Quality] = field(default_factory=dict)

    def observations(self, inputs: Sequence[str] = (), also: frozenset[str] = frozenset()) -> Iterator[xr.DataTree]:
        """Read the products one by one; a target that fails now is set aside.

        With ``inputs``, as :func:`~specframe.api.collate` takes them, only what is made of them is read, and the
        variables ``also``.
        """
        for target in list(self.keys):
            try:
                observation = self._read(target, inputs, also)
                self.quality[target] = quality_of(observation).joined(self.predicted.get(target, Quality()))
            except (UsageError, RunError):
                raise
            except Exception as error:
                self.leave_out(target, self.worker.recipe.load.id, reason_of(error))
                continue
            yield observation

    def product(self, target: str) -> xr.DataTree:
        """Return what came of a target, whole."""
        return self.worker.product(target, self.keys[target])

    def note_predicted(self, prediction: xr.Dataset | None) -> None:
        """Add what models said about each target besides its outputs to its numbers and flags."""
        self.predicted = quality_predicted(prediction)
        for target, found in self.predicted.items():
            self.quality[target] = self.quality.get(target, Quality()).joined(found)

    def _read(self, target: str, inputs: Sequence[str], also: frozenset[str]) -> xr.DataTree:
        key = self.keys[target]
        if not inputs:
            return self.worker.product(target, key)
        named, besides = variables_read(inputs)
        observation = self.worker.product(target, key, named | besides | also | NOTED)
        there = {str(name) for _, data in nodes(observation) for name in data.variables}
        # where something is missing, the error is to tell all that is there
        return observation if named <= there else self.worker.product(target, key)

    def leave_out(self, target: str, step: str, reason: object) -> None:
        """Set a target aside and say so; of many, only the first are printed."""
        self.keys.pop(target, None)
        self.set_aside.append(SetAside(target, step, str(reason)))
        self.progress.event("set-aside", target=target, step=step, reason=str(reason))
        if len(self.set_aside) <= _PRINTED:
            with at(step, target):
                self.progress.say(f"set aside {printable(target)} at step {step!r}: {reason}")
        elif len(self.set_aside) == _PRINTED + 1:
            self.progress.say("more targets are set aside; manifest.json lists all with their reasons")


def gather_targets(
    worker: TargetWorker, progress: Progress, executor: Executor | None = None, room: StoreLimit | None = None
) -> Gathered:
    """Run the mapping steps on every target of the loader; ``room`` keeps the store below a size meanwhile.

    Raises
    ------
    RunError
        When the loader has no targets, or none comes through.
    """
    targets = worker.loader.targets()
    if not targets:
        raise RunError(f"step {worker.recipe.load.id!r}: the loader {worker.recipe.load.name!r} found no targets")
    _check_unique(targets, worker)
    gathered = Gathered(worker, progress)
    if not worker.recipe.maps:
        for target in targets:
            try:
                gathered.keys[target] = worker.keys(target)[-1]
            except (UsageError, RunError):
                raise
            except Exception as error:
                gathered.leave_out(target, worker.recipe.load.id, reason_of(error))
        return _not_empty(gathered, targets)
    outcomes: dict[str, Outcome] = {}
    label = " > ".join(step.id for step in (worker.recipe.load, *worker.recipe.maps))
    progress.event("mapping", steps=[step.id for step in worker.recipe.maps])
    executor = executor or SerialExecutor()
    with progress.track(label, len(targets), executor.workers) as advance:
        for outcome in map_targets(worker, targets, executor):
            outcomes[outcome.target] = outcome
            progress.event("target", **{k: v for k, v in vars(outcome).items() if v and k != "files"})
            if room is not None:
                room.note(outcome, len(targets))
            for line in _details(worker, outcome) if progress.verbose else ():
                progress.detail(line)
            if outcome.status == "set-aside":
                gathered.leave_out(outcome.target, outcome.step, outcome.reason)
            advance(stored=outcome.status == "stored")
    for target in targets:
        outcome = outcomes[target]
        for step, seconds in outcome.seconds.items():
            gathered.seconds.setdefault(step, []).append(seconds)
        if outcome.status != "set-aside":
            gathered.keys[target] = outcome.key
            gathered.stored += outcome.status == "stored"
    order = {target: i for i, target in enumerate(targets)}
    gathered.set_aside.sort(key=lambda entry: order[entry.target])  # outcomes came as they were done
    return _not_empty(gathered, targets)


def _details(worker: TargetWorker, outcome: Outcome) -> Iterator[str]:
    """Yield a line for each step: how long it took and why it was run, or that it was not."""
    target = printable(outcome.target)
    for step in (worker.recipe.load, *worker.recipe.maps):
        seconds, why = outcome.seconds.get(step.id), outcome.why.get(step.id, "")
        if seconds is not None:
            yield f"{target}: {step.id} {duration(seconds)}, computed{f': {why}' if why else ''}"
        elif outcome.status != "set-aside" and step is not worker.recipe.load:
            yield f"{target}: {step.id} from the store"


def _not_empty(gathered: Gathered, targets: Sequence[str]) -> Gathered:
    if not gathered.keys:
        first = gathered.set_aside[0]
        raise RunError(first.alone(len(targets)))
    return gathered


def check_catalogue(catalogue: xr.Dataset | None, group: str) -> None:
    """Raise :class:`ContainerError` when the catalogue is ambiguous, or has no variable to group by."""
    if catalogue is not None:
        known = [str(target) for target in catalogue["target"].values] if "target" in catalogue.coords else []
        repeated = next((target for target, count in Counter(known).items() if count > 1), None)
        if repeated is not None:
            raise ContainerError(f"the loader's catalogue has target {repeated!r} more than once")
    there = ["target", *(map(str, catalogue.data_vars) if catalogue is not None else ())]
    if group not in there:
        raise ContainerError(
            f"targets are held out by group {group!r}, but the loader's catalogue has no such variable "
            f"(there: {', '.join(there)})"
        )


def leave_out_ungrouped(gathered: Gathered, catalogue: xr.Dataset | None, group: str) -> None:
    """Set aside the targets whose group is not known: they could land on both sides of a fold."""
    if group == "target" or catalogue is None:
        return
    known = {str(name) for name in catalogue[group].dropna("target")["target"].values}
    for target in [target for target in gathered.keys if target not in known]:
        gathered.leave_out(target, gathered.worker.recipe.load.id, f"the catalogue has no {group!r} to group it by")
    _not_empty(gathered, [*gathered.keys, *(entry.target for entry in gathered.set_aside)])


def _check_unique(targets: Sequence[str], worker: TargetWorker) -> None:
    seen: set[str] = set()
    for target in targets:
        if target in seen:
            raise RunError(f"step {worker.recipe.load.id!r}: the loader lists target {target!r} twice")
        seen.add(target)
