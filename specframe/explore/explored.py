"""Where explored data come from: the mapping steps of a pipeline, or what a run has stored."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from specframe.api.files import file_name
from specframe.api.observation import level_of, nodes
from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import DataError, InputFileError, RunError, SpecframeError, UsageError
from specframe.executors.serial import SerialExecutor
from specframe.pipeline.stages.keys import seed_for
from specframe.pipeline.stages.store import StageStore
from specframe.pipeline.targets.gather import SetAside
from specframe.pipeline.targets.recipe import Recipe, StepRecipe
from specframe.pipeline.targets.target import TargetWorker, map_targets, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.config.spec import PipelineSpec, Step
    from specframe.executors.executor import Executor
    from specframe.pipeline.result import Run
    from specframe.progress.progress import Progress
    from specframe.registry import Registry

__all__ = ["Described", "Explored", "PipelineData", "RunData", "explored_steps"]

#: Of targets that are not asked for by number: values of all together, targets whose frames are read, and targets whose
#: frames are reduced.
_VALUES, _FRAMES, _FROM_FRAMES = 10_000_000, 2, 40
_FEWEST, _MOST = 50, 5000
#: Targets that are tried to find out how large they are.
_TRIED = 5
_MAPPING_KINDS = ("calibrator", "detrender")

Refuse = Callable[[SetAside], None]


@dataclass(frozen=True)
class Described:
    """A pipeline, and the plugins that its components are of."""

    spec: PipelineSpec
    registry: Registry
    plugin_files: tuple[Path, ...] = ()

    def worker(self, steps: Sequence[Step], store: Path) -> TargetWorker:
        """Return what takes targets through these steps."""
        recipe = Recipe(
            load=StepRecipe.of(steps[0]),
            maps=tuple(map(StepRecipe.of, steps[1:])),
            store=store.absolute(),  # workers may be in other folders
            plugin_files=self.plugin_files,
            block=self.spec.plugins.block,
            pin=self.spec.plugins.pin,
        )
        return TargetWorker(recipe, self.registry)


class Explored(Protocol):
    """Data to explore."""

    #: Name of the step that they come out of.
    step: str
    seed: int

    def labels(self) -> xr.DataArray | None:
        """Return the labels of all targets, also of those that are not explored."""

    def prediction(self) -> xr.Dataset | None:
        """Return what was predicted of them."""

    def targets(self) -> list[str]:
        """Return the names of all targets."""

    def chosen(self, count: int | None) -> list[str]:
        """Return the targets to explore: all, or a sample where they are many or ``count`` says so."""

    def observations(self, targets: Sequence[str], refuse: Refuse) -> Iterator[xr.DataTree]:
        """Yield the data of targets; those that fail are refused."""


def explored_steps(spec: PipelineSpec, step: str | None) -> tuple[Step, ...]:
    """Return the steps up to the one explored: by default, up to the last that maps over targets.

    Raises
    ------
    UsageError
        When there is no such step, or it works on all targets at once.
    """
    mapping = [s for s in spec.steps if s.component.component.kind in ("loader", *_MAPPING_KINDS)]
    ids = [s.id for s in mapping]
    if step is None:
        return tuple(mapping)
    if step not in ids:
        other = next((s for s in spec.steps if s.id == step), None)
        why = f"is a step of kind {other.component.component.kind}" if other else "is no step of the pipeline"
        raise UsageError(f"--step {step}: it {why}; what comes out of these can be explored: {', '.join(ids)}")
    return tuple(mapping[: ids.index(step) + 1])


class PipelineData:
    """What comes out of a mapping step of a pipeline.

    Parameters
    ----------
    pipeline, step
        The pipeline, and the id of the step; the last that maps over targets by default.
    store
        Folder in which results of mapping steps are kept.
    progress, executor
        As in a run.
    """

    def __init__(
        self,
        pipeline: Described,
        step: str | None,
        store: Path,
        progress: Progress,
        executor: Executor | None = None,
    ) -> None:
        steps = explored_steps(pipeline.spec, step)
        self.step = steps[-1].id
        self.seed = seed_for(pipeline.spec.seed, "explore")
        self._worker = pipeline.worker(steps, store)
        self._progress, self._executor = progress, executor or SerialExecutor()

    def labels(self) -> xr.DataArray | None:
        """Return the loader's labels."""
        return labels_of_loader(self._worker)

    def prediction(self) -> None:
        """Return nothing: a pipeline that has not run predicted nothing."""

    def targets(self) -> list[str]:
        """Return the loader's targets."""
        return self._worker.loader.targets()

    def chosen(self, count: int | None) -> list[str]:
        """Return the targets to explore."""
        return sample_of(self.targets(), count, self._worker, self.seed)

    def observations(self, targets: Sequence[str], refuse: Refuse) -> Iterator[xr.DataTree]:
        """Take targets through the steps and yield what comes out."""
        if not self._worker.recipe.maps:
            yield from loaded(self._worker, targets, refuse, self._progress)
            return
        keys: dict[str, str] = {}
        recipe = self._worker.recipe
        label = " > ".join(step.id for step in (recipe.load, *recipe.maps))
        with self._progress.track(label, len(targets)) as advance:
            for outcome in map_targets(self._worker, targets, self._executor):
                if outcome.status == "set-aside":
                    refuse(SetAside(outcome.target, outcome.step, outcome.reason))
                else:
                    keys[outcome.target] = outcome.key
                advance()
        for target in targets:
            if target in keys:
                yield self._worker.product(target, keys[target])


class RunData:
    """What a run has stored: results of a mapping step, predictions and labels.

    Parameters
    ----------
    run
        A complete run or prediction.
    step
        As :class:`PipelineData`. What the loader gives is read from where the data were.
    pipeline
        The run's own.
    """

    def __init__(self, run: Run, pipeline: Described, step: str | None, progress: Progress) -> None:
        self.run, self._pipeline, self._progress = run, pipeline, progress
        self.seed = seed_for(int(run.manifest.get("seed", 0)), "explore")
        self._store = StageStore(run.path / "stages")
        steps = explored_steps(pipeline.spec, step)
        self.step = steps[-1].id
        self._stored = len(steps) > 1
        self._products: dict[str, str] = run.manifest["products"]
        if self._stored and not any((self._store.folder / self.step).glob("*.nc")):
            raise UsageError(
                f"nothing of step {self.step!r} is stored any more in {run.path}: it was pruned. Run the pipeline "
                "again, or explore its pipeline file or its data"
            )
        if not self._stored and "predicted_with" in run.manifest:
            raise UsageError(
                f"{run.path} is a prediction without stored results of step {self.step!r}; explore the data it was "
                f"made of: {run.manifest.get('data', '')}"
            )
        self._worker = None if self._stored else pipeline.worker(steps, run.path / "stages")

    def labels(self) -> xr.DataArray | None:
        """Return the loader's labels, or else those that stand beside the predictions."""
        if "predicted_with" not in self.run.manifest:
            try:
                first = self._pipeline.spec.steps[:1]
                labels = labels_of_loader(self._pipeline.worker(first, self._store.folder))
            except (SpecframeError, OSError) as error:
                self._progress.say(f"labels of the run's data cannot be read again: {error}")
            else:
                if labels is not None:
                    return labels
        prediction = self.prediction()
        return None if prediction is None else prediction.get("truth")

    def prediction(self) -> xr.Dataset | None:
        """Return the run's predictions."""
        return self.run.predictions if (self.run.path / "predictions.nc").is_file() else None

    def targets(self) -> list[str]:
        """Return the targets that the run did not set aside."""
        return list(self._products)

    def chosen(self, count: int | None) -> list[str]:
        """Return the targets to explore."""
        if self._worker is not None:
            return sample_of(self.targets(), count, self._worker, self.seed)
        names = self.targets()
        for name in names[:_TRIED] if count is None else ():
            with suppress(DataError):  # it is told when it is explored
                count = fitting(self._read(name))
                break
        return sampled(names, count, self.seed)

    def observations(self, targets: Sequence[str], refuse: Refuse) -> Iterator[xr.DataTree]:
        """Yield the stored results."""
        if self._worker is not None:
            yield from loaded(self._worker, targets, refuse, self._progress)
            return
        with self._progress.track(self.step, len(targets)) as advance:
            for target in targets:
                try:
                    found = self._read(target)
                except DataError as error:
                    refuse(SetAside(target, self.step, str(error)))
                else:
                    yield found
                advance()

    def _read(self, target: str) -> xr.DataTree:
        from specframe.pipeline.stages.netcdf import read_tree

        path = self._store.path(self.step, target, self._products[target])
        if not path.is_file():  # the key that the manifest has is that of the last step
            path = self._files.get(file_name(target), path)
        try:
            check_hdf5_sizes(path)
            return read_tree(path)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            why = "is not there any more" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
            raise InputFileError(path, f"{why}; run the pipeline again") from None

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The newest stored result of the step by the name that a target has in files."""
        files = sorted((self._store.folder / self.step).glob("*.nc"), key=lambda path: path.stat().st_mtime)
        return {path.name[: -len(f"-{'0' * 16}.nc")]: path for path in files}


def labels_of_loader(worker: TargetWorker) -> xr.DataArray | None:
    """Return the labels of a loader, checked."""
    from specframe.api.prediction import validate_labels

    labels = worker.loader.labels()
    if labels is not None:
        validate_labels(labels, worker.recipe.load.id)
    return labels


def loaded(worker: TargetWorker, targets: Sequence[str], refuse: Refuse, progress: Progress) -> Iterator[xr.DataTree]:
    """Yield what the loader gives, one target at a time."""
    with progress.track(worker.recipe.load.id, len(targets)) as advance:
        yield from _loaded(worker, targets, refuse, advance)


def _loaded(
    worker: TargetWorker, targets: Sequence[str], refuse: Refuse, advance: Callable[[], None] = lambda: None
) -> Iterator[xr.DataTree]:
    for target in targets:
        try:
            found = worker.load(target)
        except (UsageError, RunError):
            raise
        except Exception as error:
            refuse(SetAside(target, worker.recipe.load.id, reason_of(error)))
        else:
            yield found
        advance()


def sample_of(names: Sequence[str], count: int | None, worker: TargetWorker, seed: int) -> list[str]:
    """Return a sample of targets: so many that they are read in some seconds, where ``count`` does not say."""
    if count is None:
        # a target that fails is told when it is explored
        refused: list[SetAside] = []
        first = next(_loaded(worker, names[:_TRIED], refused.append), None)
        count = None if first is None else fitting(first, reduced=bool(worker.recipe.maps))
    return sampled(names, count, seed)


def fitting(observation: xr.DataTree, reduced: bool = False) -> int:
    """Return how many such targets are explored when nobody says."""
    found = list(nodes(observation))
    if any(level_of(data) == "frames" for _, data in found):
        return _FROM_FRAMES if reduced else _FRAMES
    values = sum(int(data[name].size) for _, data in found for name in ("flux", "depth") if name in data.variables)
    return int(np.clip(_VALUES // max(values, 1), _FEWEST, _MOST))


def sampled(names: Sequence[str], count: int | None, seed: int) -> list[str]:
    """Return ``count`` of the names at random, in their order."""
    if count is None or count >= len(names):
        return list(names)
    rows: Any = np.sort(np.random.default_rng(seed).choice(len(names), count, replace=False))
    return [names[i] for i in rows]
