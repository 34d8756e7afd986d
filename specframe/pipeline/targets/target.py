"""One target through the steps that map over targets: load, calibrate, detrend."""

from __future__ import annotations

import glob
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from specframe.api.files import file_name
from specframe.errors import DataError, RunError, SpecframeError, UsageError
from specframe.executors.executor import Lost
from specframe.executors.job import Job, Worker
from specframe.executors.memory import out_of_memory
from specframe.pipeline.stages.keys import environment_digest, file_digest
from specframe.pipeline.stages.store import StageStore
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    import xarray as xr

    from specframe.api.loader import Loader
    from specframe.api.mapping import Calibrator, Detrender
    from specframe.executors.executor import Executor
    from specframe.pipeline.targets.recipe import Recipe, StepRecipe
    from specframe.registry import Registry

__all__ = ["Outcome", "TargetWorker", "map_targets", "reason_of"]


@dataclass(frozen=True)
class Outcome:
    """What became of one target."""

    target: str
    status: Literal["done", "stored", "set-aside"]
    key: str = ""
    step: str = ""
    reason: str = ""
    #: Traceback of an error that no component raised on purpose; for the log.
    detail: str = ""
    #: Time in each step's component alone, and in all that was done for the target.
    seconds: dict[str, float] = field(default_factory=dict)
    elapsed: float = 0.0
    #: Files in the store, ``step/name``, and their sizes, where the recipe asks for them.
    files: tuple[tuple[str, int], ...] = ()
    #: Why each mapping step was run, where the recipe asks for it.
    why: dict[str, str] = field(default_factory=dict)


class TargetWorker:
    """Takes targets through a recipe, one at a time, storing the results of mapping steps and always of the last."""

    def __init__(self, recipe: Recipe, registry: Registry | None = None) -> None:
        self.recipe = recipe
        self.store = StageStore(recipe.store, recipe.keep_older, recipe.fresh)
        self._hooks = (registry or recipe.discover()).hooks
        self.loader = cast("Loader", recipe.load.make())
        if recipe.data is not None:
            self.loader = self.loader.relocated(recipe.data)
        self._maps = [cast("Calibrator | Detrender", step.make()) for step in recipe.maps]

    def keys(self, target: str) -> list[str]:
        """Return the keys of the load step and of every mapping step for this target."""
        files = [[file.name, file_digest(file)] for file in self.loader.files(target)]
        keys = [self.recipe.load.key([environment_digest(), target, files, str(self.recipe.data or "")])]
        for step in self.recipe.maps:
            keys.append(step.key(keys[-1]))
        return keys

    def process(self, target: str) -> Outcome:
        """Run what is not stored yet; never raises for a wrong target, which is set aside instead."""
        begin = time.perf_counter()
        with at(self.recipe.load.id, target):
            outcome = self._process(target)
        files = tuple(self._files(target)) if self.recipe.sized else ()
        return replace(outcome, elapsed=time.perf_counter() - begin, files=files)

    def _process(self, target: str) -> Outcome:
        seconds: dict[str, float] = {}
        why: dict[str, str] = {}
        step = self.recipe.load.id
        try:
            keys = self.keys(target)
            done = self.last_stored(target, keys)
            for i in range(done):
                if self.store.has(self.recipe.maps[i].id, target, keys[i + 1]):
                    self.store.replace_older(self.recipe.maps[i].id, target, keys[i + 1])
            if done == len(self._maps) and done > 0:
                return Outcome(target, "stored", keys[-1])
            if self.recipe.explained:
                why = {run.id: self.why_run(run, target) for run in self.recipe.maps[done:]}
            observation: xr.DataTree | None = None
            if done > 0:
                observation = self.store.get_tree(self.recipe.maps[done - 1].id, target, keys[done])
            if observation is None:
                done = 0
                observation = self._timed(step, target, seconds, partial(self._loaded, target))
            # while a result waits for the disk, the next step works
            with ThreadPoolExecutor(1) as disk:
                written = []
                for i in range(done, len(self._maps)):
                    step = self.recipe.maps[i].id
                    observation = self._timed(step, target, seconds, partial(self._mapped, i, observation))
                    if self._maps[i].stored or i + 1 == len(self._maps):
                        written.append(disk.submit(self.store.encoded(step, target, keys[i + 1], observation)))
            for future in written:
                future.result()
        except (UsageError, RunError):
            raise
        except Exception as error:
            self._hooks.on_step_error(step=step, target=target, error=error)
            return Outcome(target, "set-aside", "", step, reason_of(error), _detail(error), seconds, why=why)
        return Outcome(target, "done", keys[-1], seconds=seconds, why=why)

    def why_run(self, step: StepRecipe, target: str) -> str:
        """Return why a mapping step has to run, whose result is not stored."""
        folder = self.store.path(step.id, target, "").parent
        older = any(folder.glob(f"{glob.escape(file_name(target))}-*.nc")) if folder.is_dir() else False
        return "its input, parameters or code changed" if older else "not run yet"

    def _files(self, target: str) -> Iterator[tuple[str, int]]:
        """Yield what is stored of a target, whoever stored it."""
        with suppress(Exception):  # whose keys cannot be made has nothing stored
            for step, key in zip(self.recipe.maps, self.keys(target)[1:], strict=True):
                path = self.store.path(step.id, target, key)
                with suppress(FileNotFoundError):
                    yield f"{step.id}/{path.name}", path.stat().st_size

    def product(self, target: str, key: str, variables: Container[str] | None = None) -> xr.DataTree:
        """Return the result of the last mapping step, or what the loader gives when there is none.

        With ``variables``, no others need to be read, where reading less is possible.
        """
        if not self.recipe.maps:
            return self.load(target)
        last = self.recipe.maps[-1].id
        stored = self.store.get_tree(last, target, key, variables)
        if stored is None and self.process(target).status == "done":  # it was damaged: the store has dropped it
            stored = self.store.get_tree(last, target, key, variables)
        if stored is None:
            raise DataError(f"target {target}: its stored result in {self.store.folder} cannot be read or made again")
        return stored

    def load(self, target: str) -> xr.DataTree:
        """Load one target and check what the loader returned."""
        with at(self.recipe.load.id, target):
            return self._loaded(target)[0]

    def _loaded(self, target: str) -> tuple[xr.DataTree, float]:
        """Return the target and the seconds that the loader took."""
        from specframe.api.observation import validate_observation

        begin = time.perf_counter()
        observation = self.loader.load(target)
        seconds = time.perf_counter() - begin
        validate_observation(observation, self.recipe.load.id)
        if observation.attrs["target"] != target:
            raise DataError(f"the loader returned target {observation.attrs['target']!r} for {target!r}")
        return observation, seconds

    def last_stored(self, target: str, keys: Sequence[str]) -> int:
        """Return how many mapping steps need not run, because the result of the last of them is stored."""
        for i in range(len(self._maps), 0, -1):
            if self.store.has(self.recipe.maps[i - 1].id, target, keys[i]):
                return i
        return 0

    def _mapped(self, i: int, observation: xr.DataTree) -> tuple[xr.DataTree, float]:
        """Return a step's result and the seconds that its component took."""
        from specframe.api.observation import validate_observation

        step, component = self.recipe.maps[i].id, self._maps[i]
        validate_observation(observation, f"{step} (input)", component.consumes)
        begin = time.perf_counter()
        result = component.apply(observation)
        seconds = time.perf_counter() - begin
        validate_observation(result, step, component.produces)
        return result, seconds

    def _timed(
        self, step: str, target: str, seconds: dict[str, float], run: Callable[[], tuple[xr.DataTree, float]]
    ) -> xr.DataTree:
        self._hooks.before_step(step=step, target=target)
        with at(step, target):
            result, seconds[step] = run()
        self._hooks.after_step(step=step, target=target, result=result, seconds=seconds[step])
        return result


def map_targets(worker: Worker[str, Outcome], targets: Sequence[str], executor: Executor) -> Iterator[Outcome]:
    """Take ``targets`` through the worker's recipe and yield each outcome as it comes.

    The results are the same to the last bit whichever executor does it. A target that took its worker with it is set
    aside like any other that fails.
    """
    for target, outcome in executor.map(Job.of(worker), targets):
        if isinstance(outcome, Lost):
            yield Outcome(target, "set-aside", "", worker.recipe.load.id, outcome.reason)
        else:
            yield outcome


def reason_of(error: Exception) -> str:
    """Return why a target is set aside: the message, with the type where no component raised it on purpose."""
    if isinstance(error, SpecframeError):
        return str(error)
    memory = out_of_memory(error)
    return f"{type(error).__name__}: {error}" + (f" ({memory})" if memory else "")


def _detail(error: Exception) -> str:
    if isinstance(error, SpecframeError):
        return ""
    return "".join(traceback.format_exception(error))
