"""What the phases of one run or prediction share, and how a phase is timed and told."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from specframe.executors.serial import SerialExecutor
from specframe.pipeline.stages.inventory import stored_in
from specframe.pipeline.stages.limit import StoreLimit
from specframe.pipeline.targets.gather import Gathered, gather_targets
from specframe.pipeline.targets.recipe import Recipe, StepRecipe
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from specframe.config.spec import Part, PipelineSpec
    from specframe.executors.executor import Executor
    from specframe.pipeline.directory import RunDirectory
    from specframe.pipeline.targets.target import TargetWorker
    from specframe.progress.progress import Progress
    from specframe.registry import Registry

__all__ = ["Session"]

_MAPPING_KINDS = ("calibrator", "detrender")
#: Phases that store folds and fits.
_STORING = ("cross-validation", "fit")


@dataclass
class Session:
    """What the phases of one run or prediction share."""

    spec: PipelineSpec
    directory: RunDirectory
    progress: Progress
    registry: Registry
    plugin_files: tuple[Path, ...] = ()
    executor: Executor = field(default_factory=SerialExecutor)
    command: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    timings: dict[str, float] = field(default_factory=dict)
    #: Phases whose time says little, because something in them was taken from the store.
    reused: set[str] = field(default_factory=set)
    #: Whether results of the mapping steps with other parameters stay in the store.
    keep_older: bool = False
    #: Bytes that the stage store may have.
    store_limit: int | None = None
    room: StoreLimit | None = None

    def recipe(self, loader: Part | None = None) -> Recipe:
        """Return the mapping steps as plain data, with another loader in place of the pipeline's if one is given."""
        steps = self.spec.steps
        load = steps[0] if loader is None else replace(steps[0], component=loader.component, params=loader.params)
        maps = tuple(StepRecipe.of(s) for s in steps if s.component.component.kind in _MAPPING_KINDS)
        return Recipe(
            load=StepRecipe.of(load),
            maps=maps,
            store=self.directory.stages.absolute(),  # workers may be in other folders
            plugin_files=self.plugin_files,
            block=self.spec.plugins.block,
            pin=self.spec.plugins.pin,
            keep_older=self.keep_older,
            fresh=tuple(step.id for step in maps if next(stored_in(self.directory.stages, step.id), None) is None),
            sized=self.store_limit is not None,
            explained=self.progress.verbose,
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time work on all targets at once for the manifest, and tell the plugins' hooks."""
        hooks = self.registry.hooks
        hooks.before_step(step=name, target=None)
        start = time.perf_counter()
        try:
            with at(name), self.progress.stage(name):
                yield
        except Exception as error:
            hooks.on_step_error(step=name, target=None, error=error)
            raise
        finally:
            seconds = time.perf_counter() - start
            self.timings[name] = self.timings.get(name, 0.0) + seconds
        hooks.after_step(step=name, target=None, result=None, seconds=seconds)
        if self.room is not None and name in _STORING:
            self.room.settle()

    def gather(self, worker: TargetWorker) -> Gathered:
        """Take every target through the mapping steps."""
        with self.phase("targets"):
            if self.store_limit is not None:
                steps = [step.id for step in worker.recipe.maps]
                self.room = StoreLimit(self.directory.stages, self.store_limit, steps, self.progress.say)
            return gather_targets(worker, self.progress, self.executor, self.room)
