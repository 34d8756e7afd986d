"""Writes the targets of a pipeline's simulator as files, in this process or in several."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specframe.errors import DataError, RunError, UsageError, printable
from specframe.pipeline.directory import locked
from specframe.pipeline.premises import premises_of
from specframe.pipeline.targets.recipe import Recipe, StepRecipe
from specframe.pipeline.targets.target import Outcome, map_targets, reason_of
from specframe.progress.durations import duration

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.api.simulator import Simulator
    from specframe.config.spec import PipelineSpec
    from specframe.executors.executor import Executor
    from specframe.progress.progress import Progress
    from specframe.registry import Registry

__all__ = ["Simulation", "TargetWriter", "simulate"]

_LOCK = ".simulate.lock"


@dataclass(frozen=True)
class Simulation:
    """What became of a simulation."""

    path: Path
    #: Targets that are complete, in the simulator's order.
    targets: tuple[str, ...]
    #: How many of them were there already.
    stored: int
    #: Targets that could not be made, with the reason.
    failed: tuple[Outcome, ...]

    @property
    def exit_status(self) -> int:
        """0, or 3 when targets failed."""
        return 3 if self.failed else 0


class TargetWriter:
    """Writes targets of a simulator, which the recipe's loader is, into the folder that is the recipe's store."""

    def __init__(self, recipe: Recipe, registry: Registry | None = None) -> None:
        self.recipe = recipe
        self.registry = registry or recipe.discover()
        self.simulator = _simulator(recipe.load, self.registry)

    def process(self, target: str) -> Outcome:
        """Write one target; an error of its own sets it aside.

        Raises
        ------
        RunError
            When the system refuses to write, as it would refuse the next target too.
        """
        step = self.recipe.load.id
        start = time.perf_counter()
        try:
            self.simulator.write_target(target, self.recipe.store)
        except (UsageError, RunError):
            raise
        except OSError as error:
            raise RunError(
                f"cannot write target {target} into {self.recipe.store}: {error.strerror or error}. Targets that are "
                "complete stay; the same command goes on from them"
            ) from error
        except Exception as error:
            return Outcome(target, "set-aside", "", step, reason_of(error))
        return Outcome(target, "done", seconds={step: time.perf_counter() - start})


def simulate(
    spec: PipelineSpec,
    registry: Registry,
    out: Path,
    progress: Progress,
    executor: Executor,
    plugin_files: tuple[Path, ...] = (),
) -> Simulation:
    """Write the targets that are not complete in ``out``, then the tables.

    The files are the same to the last byte whoever works on them, and whether it was interrupted.

    Raises
    ------
    UsageError
        When the loader is no simulator, or ``out`` cannot be used.
    RunError, DataError
        When files cannot be written, or no target could be made.
    """
    recipe = Recipe(
        load=StepRecipe.of(spec.steps[0]),
        maps=(),
        store=out.absolute(),
        plugin_files=plugin_files,
        block=spec.plugins.block,
        pin=spec.plugins.pin,
    )
    writer = TargetWriter(recipe, registry)
    try:
        if out.exists() and not out.is_dir():
            raise UsageError(f"--out {out} is a file; name a folder")
        writer.simulator.check_folder(out)
        out.mkdir(parents=True, exist_ok=True)
        with locked(out / _LOCK):
            executor.tell = progress.tell
            executor.premises = premises_of(out, spec.steps[:1], plugin_files)
            try:
                return _simulate(writer, progress, executor)
            finally:
                (out / _LOCK).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be used: {error.strerror or error}") from None


def _simulate(writer: TargetWriter, progress: Progress, executor: Executor) -> Simulation:
    simulator, out, step = writer.simulator, writer.recipe.store, writer.recipe.load.id
    simulator.check_folder(out)  # again: another process may have written before the lock was ours
    targets = simulator.targets()
    there = set(simulator.written(out))
    missing = [target for target in targets if target not in there]
    failed: dict[str, Outcome] = {}
    if missing:
        with progress.track(step, len(missing), executor.workers) as advance:
            for outcome in map_targets(writer, missing, executor):
                if outcome.status == "set-aside":
                    failed[outcome.target] = outcome
                    progress.say(f"could not make {printable(outcome.target)}: {outcome.reason}")
                else:
                    progress.detail(f"{printable(outcome.target)}: {duration(outcome.seconds[step])}, written")
                advance()
    complete = tuple(target for target in targets if target not in failed)
    if not complete:
        first = next(iter(failed.values()))
        raise DataError(f"step {step!r}: no target could be made; {first.target}: {first.reason}")
    try:
        simulator.write_tables(out, complete)
    except OSError as error:
        raise RunError(f"cannot write the tables into {out}: {error.strerror or error}") from error
    return Simulation(out, complete, len(there), tuple(failed[target] for target in targets if target in failed))


def _simulator(load: StepRecipe, registry: Registry) -> Simulator:
    from specframe.api import Simulator

    loader = load.make()
    if isinstance(loader, Simulator):
        return loader
    raise UsageError(
        f"step {load.id!r}: the loader {load.name!r} reads data and cannot simulate any; loaders that can: "
        f"{', '.join(_simulators(registry)) or 'none is installed'}"
    )


def _simulators(registry: Registry) -> list[str]:
    from specframe.api import Simulator
    from specframe.errors import PluginError

    names = []
    for registered in registry.components("loader"):
        try:
            simulates = registered.usable and issubclass(registered.load(), Simulator)
        except PluginError:
            continue
        if simulates:
            clash = registered.status == "clash"
            names.append(registered.qualified_name if clash else registered.component.name)
    return names
