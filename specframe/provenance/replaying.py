"""A run repeated from what it recorded, and its results compared to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.config.size import read_size
from specframe.errors import InputFileError, UsageError
from specframe.executors.choice import executing
from specframe.pipeline.applying import predict_with
from specframe.pipeline.directory import MANIFEST, RunDirectory
from specframe.pipeline.manifest import made_with
from specframe.pipeline.pipeline import Pipeline
from specframe.pipeline.predict import model_digest
from specframe.pipeline.result import Run
from specframe.pipeline.results import ExportError
from specframe.pipeline.stages.keys import content_digest
from specframe.provenance.contents import PartDifference
from specframe.provenance.inputs import inputs_now
from specframe.provenance.outputs import OutputDifference, OutputsCompared, compare_outputs
from specframe.provenance.versions import hardware_changes, version_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from specframe.executors.executor import Executor

__all__ = ["Replay", "replay_run"]

#: So many names stand in a message.
_NAMED = 5
#: Of the hardware, what results are known to depend on.
_MATTERS = ("machine", "system", "python")


@dataclass(frozen=True)
class Replay:
    """A run that was repeated."""

    run: Path
    #: The folder of the repetition.
    path: Path
    #: What is not as it was when the run was made, a line each.
    warnings: tuple[str, ...]
    #: Results of the run, and of the prediction that its pipeline asks for by their folder: ``predictions/new``.
    outputs: dict[str, OutputsCompared]

    @property
    def identical(self) -> bool:
        """Whether all results are the same to the last bit."""
        return not any(compared.different for compared in self.outputs.values())


def replay_run(
    run: Path | str,
    out: Path | str | None = None,
    *,
    plugin_files: Sequence[Path] = (),
    executor: str | Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    memory: str | int | None = None,
    strict: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    tell: Callable[[str], None] = lambda warning: None,
) -> Replay:
    """Repeat a run or a prediction from its folder alone, and compare what comes of it.

    Nothing that the run stored is used: every step is computed again.

    Parameters
    ----------
    run
        The folder of a complete run, or of a prediction.
    out
        Folder of the repetition; ``replays/<name of the run>`` by default.
    plugin_files
        The local plugin files that the run used; they are not taken from where they were.
    executor, workers, scheduler, memory
        As for :meth:`Pipeline.run <specframe.Pipeline.run>`; the results are the same.
    strict
        Refuse to repeat where versions, code or input files are not as they were.
    quiet, verbose
        Report no progress; report every step of every target.
    tell
        Gets each warning before anything is computed.

    Raises
    ------
    UsageError
        When there is no complete run, something that it needs is gone or was not named, or, if ``strict``, anything
        is not as it was.
    DataError, RunError
        When the repetition fails.
    """
    original = Run(run)
    manifest = original.manifest
    place = Path("replays") / original.path.resolve().name if out is None else Path(out)
    if place.resolve() == original.path.resolve():
        raise UsageError(f"--out {place} is the run itself; name another folder")
    _check_plugins_named(manifest, plugin_files)
    try:
        RunDirectory(original.path).verify("pipeline.yaml")
    except InputFileError as error:
        raise UsageError(f"this run cannot be repeated: {error}") from None
    parts = {"": original, **{f"predictions/{own.path.name}": own for own in _predicted_by(original)}}
    warnings = [line for name, part in parts.items() for line in _of_inputs(part.manifest, name)]
    is_prediction = "predicted_with" in manifest
    pipeline = Pipeline.from_yaml(
        original.path / "pipeline.yaml", plugin_files=plugin_files, check_paths=not is_prediction
    )
    warnings = [*_of_versions(manifest, pipeline), *warnings, *_of_results(parts)]
    fitted = _fitted_run(original) if is_prediction else None
    if fitted is not None:
        warnings += _of_model(manifest, fitted)
    for line in warnings:
        tell(line)
    if strict and warnings:
        raise UsageError(
            f"{original.path} is not repeated, because {len(warnings)} "
            f"{'thing is' if len(warnings) == 1 else 'things are'} not as when it was made:\n  " + "\n  ".join(warnings)
        )
    options: dict[str, Any] = {"fresh": True, "quiet": quiet, "verbose": verbose, "command": "specframe replay"}
    try:
        with executing(executor, workers, scheduler, None if memory is None else read_size(memory)) as crews:
            if fitted is None:
                pipeline.run(place, executor=crews, **options)
            else:
                predict_with(pipeline, fitted, _data(manifest), place, executor=crews, **options)
    except ExportError:
        if not manifest.get("failed_exports"):
            raise
    outputs = {name: _compared(part, place / name) for name, part in parts.items()}
    return Replay(original.path, place, tuple(warnings), outputs)


def _compared(run: Run, place: Path) -> OutputsCompared:
    if not (place / MANIFEST).is_file():  # a prediction that failed leaves the run that it is of
        return OutputsCompared((), (OutputDifference(MANIFEST, (PartDifference("", "is gone: it failed"),)),))
    return compare_outputs(run, Run(place))


def _check_plugins_named(manifest: Mapping[str, Any], plugin_files: Sequence[Path]) -> None:
    """Code in a folder that somebody sent is not run because its manifest says so: people name it."""
    local = {
        Path(known["distribution"])
        for known in manifest.get("components", {}).values()
        if str(known["distribution"]).endswith(".py")
    }
    named = {file.stem for file in map(Path, plugin_files)}
    missing = sorted(file for file in local if file.stem not in named)
    if missing:
        listed = " ".join(f"--plugin {file}" for file in missing)
        raise UsageError(f"the run used local plugin files, which have to be named again: {listed}")


def _predicted_by(run: Run) -> list[Run]:
    """Return the prediction that the run's own pipeline asked for."""
    if "predict" not in run.manifest["pipeline"] or "predicted_with" in run.manifest:
        return []
    started = run.manifest["command"]
    return [
        own
        for own in run.predicted
        if own.manifest["command"] == started and own.manifest["pipeline"] == run.manifest["pipeline"]
    ][:1]


def _of_inputs(manifest: Mapping[str, Any], name: str) -> list[str]:
    now = inputs_now(manifest)
    of = f" of {name}" if name else ""
    if now.gone:
        raise UsageError(
            f"{_count(now.gone, 'input file')}{of} {'is' if len(now.gone) == 1 else 'are'} gone, so the run cannot be "
            f"repeated: {_listed(now.gone)}"
        )
    return [f"input file{of} has other content now: {file}" for file in now.changed[:_NAMED]] + (
        [f"and {len(now.changed) - _NAMED} more input files{of} have other content"]
        if len(now.changed) > _NAMED
        else []
    )


def _of_versions(manifest: Mapping[str, Any], pipeline: Pipeline) -> list[str]:
    now = made_with(pipeline.spec, pipeline.registry)
    used = {name.partition("/")[0] for name in manifest.get("components", {})}
    found = [
        change
        for change in version_changes(manifest, now)
        if not change.key.startswith("plugin ") or change.key.removeprefix("plugin ").rpartition(":")[2] in used
    ]
    found += [change for change in hardware_changes(manifest, now) if change.key in _MATTERS]
    return [f"{change.key} was {_shown(change.before)}, now {_shown(change.now)}" for change in found]


def _of_results(parts: Mapping[str, Run]) -> list[str]:
    """Tell of results that were changed or removed since the run wrote them; its hashes are what is compared."""
    found = []
    for run in parts.values():
        for name, digest in run.manifest["outputs"].items():
            path = run.path / name
            if not path.is_file():
                found.append(f"{path} was removed since the run")
            elif content_digest(path) != digest:
                found.append(f"{path} was changed since the run wrote it")
    return found


def _fitted_run(prediction: Run) -> RunDirectory:
    """Return the run whose model made a prediction: where it was, or above the prediction."""
    known = Path(prediction.manifest["predicted_with"])
    above = prediction.path.resolve().parent.parent
    for folder in (known, above):
        if (folder / MANIFEST).is_file():
            return RunDirectory(folder)
    raise UsageError(f"the run that this is a prediction of is gone: {known}")


def _of_model(manifest: Mapping[str, Any], fitted: RunDirectory) -> list[str]:
    now = model_digest(fitted.run_manifest())
    if manifest.get("model", now) == now:
        return []
    return [f"the model of {fitted.path} was fitted anew since the prediction was made"]


def _data(manifest: Mapping[str, Any]) -> Path | None:
    """Return the data that a prediction was given, ``None`` where its pipeline says what they are."""
    named = manifest["data"]
    own = manifest["pipeline"].get("predict", {}).get("with", {}).get("path")
    if not named or named == own:
        return None
    if not Path(named).exists():
        raise UsageError(f"the data of this prediction are gone: {named}")
    return Path(named)


def _shown(value: Any) -> str:
    return "not there" if value is None else str(value)


def _count(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
