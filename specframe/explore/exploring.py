"""``specframe explore``: find out what was named, go through it, and write the page."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from specframe import __version__
from specframe.config import read_pipeline
from specframe.config.size import read_size
from specframe.errors import DataError, RunError, UsageError, printable
from specframe.executors.choice import executing
from specframe.explore.data_loader import data_pipeline, find_loader
from specframe.explore.explored import Described, PipelineData, RunData, explored_steps
from specframe.explore.folder import CONTENT, own_folder, remove_old
from specframe.pipeline.directory import MANIFEST, is_begun
from specframe.pipeline.outputs import write_json
from specframe.pipeline.premises import premises_of
from specframe.pipeline.result import Run
from specframe.pipeline.targets.gather import SetAside
from specframe.pipeline.targets.target import reason_of
from specframe.progress.progress import Progress
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.executors.executor import Executor
    from specframe.explore import Section
    from specframe.explore.explored import Explored

__all__ = ["Exploration", "explore_path"]

#: So many targets set aside are printed one by one.
_PRINTED = 10


@dataclass(frozen=True)
class Exploration:
    """What was found, and where it is written."""

    path: Path
    sections: tuple[Section, ...]
    explored: int
    targets: int
    set_aside: tuple[SetAside, ...]

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.path / "explore.html"

    @property
    def exit_status(self) -> int:
        """0, or 3 when targets were set aside."""
        return 3 if self.set_aside else 0


def explore_path(
    path: Path | str,
    out: Path | str | None = None,
    *,
    step: str | None = None,
    loader: str | None = None,
    parameters: Sequence[str] = (),
    overrides: Sequence[str] = (),
    plugin_files: Sequence[Path] = (),
    color: str | None = None,
    targets: int | None = None,
    file_format: Literal["png", "pdf", "svg"] = "png",
    executor: str | Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    memory: str | int | None = None,
    fresh: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    command: str = "explore_path",
) -> Exploration:
    """Explore a pipeline file, a run directory, or data.

    Parameters
    ----------
    path
        A pipeline file, the folder of a run, or data that a loader reads.
    out
        Folder for the page; ``explore/<name of path>`` by default.
    step
        Id of the step of a pipeline whose results are explored; the last that maps over targets by default.
    loader, parameters
        Of data: the name of a loader, and ``"key=value"`` for its parameters besides ``path``. Without a name, the
        only installed loader that reads the data is taken.
    overrides
        Of a pipeline: ``"step.param=value"``.
    plugin_files
        Local ``.py`` files to use as plugins.
    color
        Label to colour by; the first that varies by default.
    targets
        Explore a random sample of so many. By default as many as are read in some seconds.
    file_format
        Of the files of figures.
    executor, workers, scheduler, memory, fresh, quiet, verbose
        As :meth:`Pipeline.run <specframe.Pipeline.run>`.
    command
        What the page says it was made by.

    Raises
    ------
    UsageError, ConfigError
        When something is named that is not there, or it is not clear what to do.
    RunError, DataError
        When no target can be read, or files cannot be written.
    """
    path, started, begin = Path(path), datetime.now(UTC), time.perf_counter()
    kind = kind_of(path)
    _check_options(kind, path, loader, parameters, overrides)
    folder = Path("explore") / (path.absolute().stem or "data") if out is None else Path(out)
    progress = Progress(quiet=quiet, verbose=verbose)
    if kind == "run":
        Run(path)  # an incomplete one is told before anything is made
    room = None if memory is None else read_size(memory)
    with own_folder(folder, fresh), executing(executor, workers, scheduler, room) as crews:
        pipeline = _described(path, kind, loader, parameters, overrides, tuple(plugin_files), progress)
        crews.tell = progress.tell
        crews.premises = premises_of(folder, explored_steps(pipeline.spec, None), pipeline.plugin_files)
        data: Explored
        if kind == "run":
            data = RunData(Run(path), pipeline, step, progress)
        else:
            data = PipelineData(pipeline, step, folder / "stages", progress, crews)
        found = _survey(data, color, targets, progress)
        _write(
            folder,
            found,
            pipeline.spec.description or path.absolute().name,
            {
                kind: str(path),
                "steps": " > ".join(
                    f"{s.id} ({s.component.component.name})" for s in explored_steps(pipeline.spec, data.step)
                ),
                "command": command,
                "specframe": __version__,
                "started": f"{started:%Y-%m-%d %H:%M} UTC",
                "seconds": f"{time.perf_counter() - begin:.1f} before drawing",
            },
            file_format,
            progress,
        )
    return Exploration(folder, tuple(found.sections), len(found.explored), found.targets, tuple(found.set_aside))


def kind_of(path: Path) -> Literal["pipeline", "run", "data"]:
    """Return what a path is: a pipeline file, the folder of a run, or anything else, data.

    Raises
    ------
    UsageError
        When there is nothing.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; the working directory is {Path.cwd()}")
    if path.is_dir():
        complete = (path / MANIFEST).is_file() and (path / "pipeline.yaml").is_file()
        return "run" if complete or is_begun(path) else "data"
    return "pipeline" if path.suffix.lower() in (".yaml", ".yml") else "data"


def _check_options(
    kind: str, path: Path, loader: str | None, parameters: Sequence[str], overrides: Sequence[str]
) -> None:
    if kind != "data" and (loader or parameters):
        raise UsageError(f"--loader and --with are for data; {path} is a {kind}, which says itself how it is loaded")
    if kind != "pipeline" and overrides:
        hint = "use --with key=value for the loader's parameters" if kind == "data" else "its results are stored"
        raise UsageError(f"--set is for pipeline files; {path} is no such file: {hint}")
    if parameters and not loader:
        raise UsageError("--with sets parameters of a loader: name it by --loader")


def _described(
    path: Path,
    kind: str,
    loader: str | None,
    parameters: Sequence[str],
    overrides: Sequence[str],
    plugin_files: tuple[Path, ...],
    progress: Progress,
) -> Described:
    """Return the pipeline of a file, a run, or data."""
    made: dict[str, Registry] = {}

    def discover(block: Sequence[str], pin: Sequence[str]) -> Registry:
        made["registry"] = Registry.discover(block=block, pin=pin, files=plugin_files).require_files(plugin_files)
        return made["registry"]

    if kind == "data":
        if loader is None:
            loader = find_loader(path, discover((), ()), progress)
        spec = data_pipeline(path, loader, discover((), ()), parameters)
    elif kind == "run":
        spec = read_pipeline(path / "pipeline.yaml", discover, check_paths=False)
    else:
        spec = read_pipeline(path, discover, overrides=tuple(overrides))
    return Described(spec, made["registry"], tuple(file.absolute() for file in plugin_files))


@dataclass
class _Found:
    """What came of going through the data."""

    targets: int
    explored: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def _survey(data: Explored, color: str | None, count: int | None, progress: Progress) -> _Found:
    from specframe.explore import Survey

    names = data.targets()
    if not names:
        raise RunError(f"step {data.step!r}: the loader found no targets")
    found = _Found(len(names))

    def refuse(entry: SetAside) -> None:
        found.set_aside.append(entry)
        if len(found.set_aside) <= _PRINTED:
            progress.say(f"set aside {printable(entry.target)} at step {entry.step!r}: {entry.reason}")
        elif len(found.set_aside) == _PRINTED + 1:
            progress.say("more targets are set aside; explore.html lists all with their reasons")

    try:
        survey = Survey(data.labels(), color, data.prediction(), data.seed)
    except DataError as error:
        if color is not None and str(error).startswith("no label"):
            raise UsageError(f"--color {color}: {error}") from None
        raise
    for observation in data.observations(data.chosen(count), refuse):
        target = str(observation.attrs["target"])
        try:
            survey.add(observation)
        except (UsageError, RunError):
            raise
        except Exception as error:
            refuse(SetAside(target, data.step, reason_of(error)))
        else:
            found.explored.append(target)
    for target, reason in survey.left_out:
        refuse(SetAside(target, data.step, reason))
    if not found.explored and data.prediction() is None:
        first = found.set_aside[0]
        raise RunError(first.alone(len(found.set_aside)))
    order = {name: i for i, name in enumerate(names)}
    found.set_aside.sort(key=lambda entry: order.get(entry.target, len(order)))
    found.sections = survey.sections()
    return found


def _write(
    folder: Path,
    found: _Found,
    title: str,
    provenance: dict[str, str],
    file_format: Literal["png", "pdf", "svg"],
    progress: Progress,
) -> None:
    from specframe.explore import write_exploration

    remove_old(folder)
    explored = len(found.explored)
    sample = explored + len(found.set_aside) < found.targets
    files = write_exploration(
        folder,
        found.sections,
        title=title,
        description=provenance["steps"]
        + (f"; a random sample of the targets, --targets {found.targets} takes all" if sample else ""),
        summary={
            "targets": found.targets,
            "explored": explored,
            "set aside": len(found.set_aside),
            "made": provenance["started"],
        },
        set_aside=[vars(entry) for entry in found.set_aside],
        provenance=provenance,
        file_format=file_format,
        tell=progress.say,
    )
    write_json(
        folder / CONTENT,
        {
            **provenance,
            "targets": found.targets,
            "explored": found.explored,
            "set_aside": [vars(entry) for entry in found.set_aside],
            "sections": {
                section.name: {"title": section.title, "findings": section.findings, "missing": section.missing}
                for section in found.sections
            },
            "files": [file.relative_to(folder).as_posix() for file in files],
        },
    )
