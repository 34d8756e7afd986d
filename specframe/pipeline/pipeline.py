"""The pipeline as people hold it in Python: made from YAML or from components, written back, run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.api import BaseComponent
from specframe.config import pipeline_from_data, read_pipeline, to_yaml
from specframe.config.size import read_size
from specframe.errors import SpecframeError, UsageError
from specframe.registry import Registry

if TYPE_CHECKING:
    from specframe.config.spec import PipelineSpec
    from specframe.executors.executor import Executor
    from specframe.pipeline.plan import PlannedStep
    from specframe.pipeline.result import Run
    from specframe.pipeline.session import Session
    from specframe.pipeline.simulation import Simulation
    from specframe.tuning.result import Search

__all__ = ["Pipeline", "load_pipeline", "make"]

_STEP_KEY = {
    "loader": "load",
    "calibrator": "calibrate",
    "detrender": "detrend",
    "model": "model",
    "uncertainty": "uncertainty",
    "exporter": "export",
}


def make(kind: str, name: str, /, **params: Any) -> BaseComponent:
    """Make an installed component by its kind and name, e.g. ``make("model", "ridge", alpha=1.0)``."""
    return Registry.discover().resolve(kind, name).load()(**params)


def load_pipeline(path: Path | str, overrides: Sequence[str] = (), plugin_files: Sequence[Path] = ()) -> Pipeline:
    """Read and validate a pipeline file; see :meth:`Pipeline.from_yaml`."""
    return Pipeline.from_yaml(path, overrides, plugin_files)


class Pipeline:
    """An ordered list of components, ready to run.

    Parameters
    ----------
    steps
        Components in order (a loader first), or ``(id, component)`` pairs, or mappings as in YAML
        (``{"id": "fit", "model": "ridge", "with": {"alpha": 1.0}}``), mixed as you like.
    seed
        Decides everything random.
    description
        One line on what it is for.
    evaluate
        As in YAML: ``{"cross_validation": {"folds": 5, "group": "target"}, "scores": ["rmse-ppm"]}``.
    tune
        As in YAML, what :meth:`tune` searches: ``{"trials": 50, "space": {"fit.alpha": {"low": 0.1, "high": 10.0}}}``.
    predict
        Loader of other data that the fitted pipeline is applied to, or as in YAML:
        ``{"load": "observed-spectra", "with": {"path": "observed.txt"}}``.
    export
        Names of exporters, exporter components, or mappings as in YAML.
    plugin_files
        Local ``.py`` files to use as plugins.

    Raises
    ------
    UsageError
        When a step is no component, or of a class that no plugin offers.
    ConfigError
        With every problem found.
    """

    def __init__(
        self,
        steps: Sequence[BaseComponent | tuple[str, BaseComponent] | Mapping[str, Any]],
        *,
        seed: int = 0,
        description: str = "",
        evaluate: Mapping[str, Any] | None = None,
        tune: Mapping[str, Any] | None = None,
        predict: BaseComponent | Mapping[str, Any] | None = None,
        export: Sequence[str | BaseComponent | Mapping[str, Any]] = (),
        plugin_files: Sequence[Path] = (),
    ) -> None:
        registry = Registry.discover(files=plugin_files).require_files(plugin_files)
        recipe = [_step_data(step, registry) for step in steps]
        data: dict[str, Any] = {"specframe": 1, "seed": seed, "steps": recipe}
        if description:
            data["description"] = description
        if evaluate is not None:
            data["evaluate"] = dict(evaluate)
        if tune is not None:
            data["tune"] = dict(tune)
        if predict is not None:
            data["predict"] = _step_data(predict, registry)
        if export:
            data["export"] = [
                entry if isinstance(entry, str | Mapping) else _step_data(entry, registry) for entry in export
            ]
        self._hold(pipeline_from_data(data, lambda block, pin: registry), registry, tuple(plugin_files))

    @classmethod
    def from_yaml(
        cls,
        path: Path | str,
        overrides: Sequence[str] = (),
        plugin_files: Sequence[Path] = (),
        *,
        check_paths: bool = True,
    ) -> Pipeline:
        """Read a pipeline file.

        Parameters
        ----------
        path
            The YAML file.
        overrides
            ``"step.param=value"``, as ``--set`` on the command line.
        plugin_files
            Local ``.py`` files to use as plugins, as ``--plugin``.
        check_paths
            Whether files that the pipeline names must exist now.

        Raises
        ------
        ConfigError
            With every problem found, each with its place in the file.
        """
        if plugin_files:
            Registry.discover(files=plugin_files).require_files(plugin_files)
        found: dict[str, Registry] = {}

        def discover(block: Sequence[str], pin: Sequence[str]) -> Registry:
            found["registry"] = Registry.discover(block=block, pin=pin, files=plugin_files)
            return found["registry"]

        spec = read_pipeline(Path(path), discover, overrides=tuple(overrides), check_paths=check_paths)
        return cls._from_spec(spec, found["registry"], tuple(plugin_files))

    @classmethod
    def _from_spec(cls, spec: PipelineSpec, registry: Registry, plugin_files: tuple[Path, ...]) -> Pipeline:
        self = cls.__new__(cls)
        self._hold(spec, registry, plugin_files)
        return self

    def _hold(self, spec: PipelineSpec, registry: Registry, plugin_files: tuple[Path, ...]) -> None:
        #: The validated description.
        self.spec = spec
        self._registry = registry
        self._plugin_files = tuple(Path(file).absolute() for file in plugin_files)

    @property
    def registry(self) -> Registry:
        """The plugins and components that it was made with."""
        return self._registry

    def to_yaml(self) -> str:
        """Return YAML that reads back to this pipeline, with every default written out.

        Variables are filled in, and a ``tune`` section, which may search them, is left out.
        """
        return to_yaml(self.spec)

    def plan(self, out: Path | str | None = None) -> list[PlannedStep]:
        """Say what :meth:`run` would do with this output folder, without doing it."""
        from specframe.pipeline.plan import plan_pipeline

        return plan_pipeline(self.session(self._out(out), quiet=True, command="plan"))

    def run(
        self,
        out: Path | str | None = None,
        *,
        executor: str | Executor | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
        memory: str | int | None = None,
        store_limit: str | int | None = None,
        fresh: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        command: str = "Pipeline.run",
    ) -> Run:
        """Run everything and return the run directory, opened.

        Where the pipeline has data to ``predict``, the fitted steps are then applied to them, into the run's
        ``predictions`` (:attr:`Run.predicted <specframe.pipeline.result.Run.predicted>`).

        Parameters
        ----------
        out
            The run directory; ``runs/<name of the YAML file>`` by default. What an earlier run stored there and is
            still valid is not computed again.
        executor, workers, scheduler
            ``"serial"``; ``"process"``, with this many processes (all cores by default); ``"dask"``, on the cluster of
            the scheduler at this address, or on so many workers of this machine. ``workers`` alone are processes,
            a scheduler alone is Dask's, neither is serial. Or an executor that you made, which stays open. The results
            are the same.
        memory
            What this process and its workers may have together, such as ``"8GB"``, or bytes. A target that needs more
            than the share of its process is set aside.
        store_limit
            What the stage store may have, such as ``"20GB"``, or bytes. Results of steps before the last are then
            removed again, oldest first, of targets that are done.
        fresh
            Forget what is stored and compute everything.
        quiet, verbose
            Report no progress; report every step of every target, and where warnings come from.
        command
            What the manifest says this run was started by.

        Raises
        ------
        DataError, RunError, UsageError
            When the run cannot be done. Targets that fail are set aside instead.
        """
        from specframe.executors.choice import executing
        from specframe.pipeline.applying import PredictionError, predict
        from specframe.pipeline.result import Run
        from specframe.pipeline.run import run_pipeline
        from specframe.pipeline.working import in_directory

        with executing(executor, workers, scheduler, None if memory is None else read_size(memory)) as crews:
            session = self.session(self._out(out), crews, quiet, command, verbose)
            session.store_limit = None if store_limit is None else read_size(store_limit)
            in_directory(session, fresh, partial(run_pipeline, session))
            run = Run(session.directory.path)
            if self.spec.predicted is not None:
                try:
                    predict(
                        run.path,
                        executor=crews,
                        store_limit=store_limit,
                        fresh=fresh,
                        quiet=quiet,
                        verbose=verbose,
                        plugin_files=self._plugin_files,
                        command=command,
                    )
                except SpecframeError as error:
                    raise PredictionError(str(error), run.path) from error
        return run

    def tune(
        self,
        out: Path | str | None = None,
        *,
        executor: str | Executor | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
        memory: str | int | None = None,
        fresh: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        command: str = "Pipeline.tune",
    ) -> Search:
        """Search the parameters that the ``tune`` section names, and return what was found.

        Parameters
        ----------
        out
            The folder; ``runs/<name of the YAML file>-tune`` by default. A search that was broken off there goes on.
        executor, workers, scheduler, memory
            As in :meth:`run`; each worker has a trial of its own. With one, the same seed gives the same search.
        fresh
            Forget the trials in the folder and begin anew.
        quiet, verbose
            Report no progress; report every step of every target, and where warnings come from.
        command
            What the manifest says this search was started by.

        Raises
        ------
        UsageError
            When there is no ``tune`` section, optuna is not installed, or the folder holds another search.
        DataError, RunError
            When the pipeline cannot be judged at all, or no trial came to an end.
        """
        from specframe.executors.choice import executing
        from specframe.pipeline.working import in_directory
        from specframe.tuning.result import Search
        from specframe.tuning.search import tune_pipeline

        if self.spec.tuning is None:
            raise UsageError("the pipeline has no 'tune' section, which says what is to be searched")
        default = self._out(None)
        folder = default.with_name(f"{default.name}-tune") if out is None else Path(out)
        with executing(executor, workers, scheduler, None if memory is None else read_size(memory)) as crews:
            session = self.session(folder, crews, quiet, command, verbose)
            session.keep_older = True
            in_directory(session, fresh, partial(tune_pipeline, session), "search")
        return Search(session.directory.path)

    def simulate(
        self,
        out: Path | str,
        *,
        executor: str | Executor | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
        memory: str | int | None = None,
        quiet: bool = False,
        verbose: bool = False,
    ) -> Simulation:
        """Write the targets of the loader, a :class:`~specframe.api.Simulator`, as files; other steps are not used.

        Parameters
        ----------
        out
            The folder. Targets that are complete there are not made again.
        executor, workers, scheduler, memory
            As in :meth:`run`. The files are the same to the last byte.
        quiet, verbose
            Report no progress; report every step of every target, and where warnings come from.

        Raises
        ------
        UsageError
            When the loader simulates nothing, or the folder cannot be used or holds anything else.
        RunError, DataError
            When files cannot be written, or no target can be made. Targets that fail alone are in the result.
        """
        from specframe.executors.choice import executing
        from specframe.pipeline.simulation import simulate
        from specframe.progress.progress import Progress

        progress = Progress(quiet=quiet, verbose=verbose)
        with executing(executor, workers, scheduler, None if memory is None else read_size(memory)) as crews:
            return simulate(self.spec, self._registry, Path(out), progress, crews, self._plugin_files)

    def _out(self, out: Path | str | None) -> Path:
        if out is not None:
            return Path(out)
        return Path("runs") / (self.spec.path.stem if self.spec.path else "pipeline")

    def session(
        self,
        out: Path,
        executor: Executor | None = None,
        quiet: bool = False,
        command: str = "",
        verbose: bool = False,
    ) -> Session:
        """Return what the phases of a run in the folder ``out`` share; nothing is done or written yet."""
        from specframe.executors.serial import SerialExecutor
        from specframe.pipeline.directory import RunDirectory
        from specframe.pipeline.session import Session
        from specframe.progress.progress import Progress

        directory = RunDirectory(out)
        progress = Progress(directory.log if command != "plan" else None, quiet=quiet, verbose=verbose)
        crews = executor or SerialExecutor()
        return Session(self.spec, directory, progress, self._registry, self._plugin_files, crews, command)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and self.spec.to_data() == other.spec.to_data()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Pipeline({' > '.join(step.id for step in self.spec.steps)})"


def _step_data(step: Any, registry: Registry) -> dict[str, Any]:
    """Return a step as in YAML.

    A component is known by its class: one of the same name, a subclass say, must not run in its place.
    """
    if isinstance(step, Mapping):
        return dict(step)
    name, component = step if isinstance(step, tuple) and len(step) == 2 else (None, step)
    if not isinstance(component, BaseComponent) or component.kind not in _STEP_KEY:
        raise UsageError(
            f"a step is a component such as Ridge(alpha=1.0), a pair (id, component) or a mapping, got {component!r}"
        )
    cls = type(component)
    target = f"{cls.__module__}:{cls.__qualname__}"
    named = [r for r in registry.components(component.kind) if r.component.name == component.name and r.usable]
    offered = [r for r in named if r.load() is cls]
    if not offered:
        raise UsageError(
            f"no plugin offers the {component.kind} {target}; offer it in a plugin, or name its file in plugin_files"
        )
    data: dict[str, Any] = {} if name is None else {"id": name}
    data[_STEP_KEY[component.kind]] = offered[0].qualified_name
    params = component.params.model_dump(mode="json", exclude_unset=True)
    return {**data, "with": params} if params else data
