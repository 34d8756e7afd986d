"""Frees what runs have stored; their results stay as they are."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from specframe.errors import RunError, UsageError
from specframe.pipeline.directory import FAILED, MANIFEST, RunDirectory, is_begun
from specframe.pipeline.stages.inventory import (
    CHECKPOINTS,
    FIT,
    FOLDS,
    LEARNING,
    TRIALS,
    Stored,
    name_in,
    stored_in,
    stored_steps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Freed", "Pruned", "prune_run"]

_MAPPING_KEYS = ("calibrate", "detrend")
#: What is stored besides results of steps on targets, and what it costs to be without.
_FITS = {
    FOLDS: "the same command fits these folds again",
    FIT: "the same command fits again; the model itself is in model/",
    LEARNING: "written again when models are fitted in several processes",
    CHECKPOINTS: "a fit that was broken off begins anew",
    TRIALS: "a search that was broken off judges its last trials again",
}
#: Bytes at the end of a log that hold its last line.
_TAIL = 2**20


@dataclass(frozen=True)
class Freed:
    """What was, or would be, freed of one step, and what it costs to be without."""

    step: str
    entries: int
    size: int
    price: str


@dataclass(frozen=True)
class Pruned:
    """What was, or would be, freed of one run's store."""

    path: Path
    freed: tuple[Freed, ...]
    #: Bytes that were stored, and bytes that stay.
    before: int
    after: int
    #: Whether the run is complete; one that was broken off keeps what it needs to go on, unless a size is asked for.
    complete: bool


def prune_run(path: Path, to: int | None = None, step: str | None = None, dry_run: bool = False) -> list[Pruned]:
    """Free what the run in a folder, and the predictions below it, have stored.

    Of a complete run that is everything. Of one that was broken off it is what it can go on without: half-written files
    and results of earlier mapping steps on targets whose last one is stored. Results (predictions, spectra, model,
    report) are not touched.

    Parameters
    ----------
    path
        The folder of a run, a prediction or a search.
    to
        Bytes that each store may keep: then only so much is freed, in the order half-written files and folders of steps
        that the pipeline has no longer, results of earlier mapping steps, results of the last one, folds and fits, the
        oldest first.
    step
        Free results of this step alone.
    dry_run
        Only say what would be freed.

    Raises
    ------
    UsageError
        When there is no run, another process works in it, or it has stored nothing of ``step``.
    RunError
        When something cannot be removed.
    """
    folders = [path, *sorted(folder for folder in path.glob("predictions/*") if _is_run(folder))]
    if not _is_run(path):
        raise UsageError(f"{path}: there is no run here; name the folder of one, or several")
    if step is not None and not any(step in stored_steps(RunDirectory(folder).stages) for folder in folders):
        there = sorted({name for folder in folders for name in stored_steps(RunDirectory(folder).stages)})
        raise UsageError(f"--step {step}: {path} has stored nothing of it; stored is {', '.join(there) or 'nothing'}")
    return [_pruned(folder, to, step, dry_run) for folder in folders]


def _is_run(folder: Path) -> bool:
    return is_begun(folder) or (folder / MANIFEST).is_file()


def _pruned(path: Path, to: int | None, step: str | None, dry_run: bool) -> Pruned:
    directory = RunDirectory(path)
    stages = directory.stages
    if not stages.is_dir():
        return Pruned(path, (), 0, 0, _Recipe.of(directory).complete)
    try:
        with nullcontext() if dry_run else directory.locked():
            if not dry_run:
                directory.recover()
            recipe = _Recipe.of(directory)
            found = [entry for name in stored_steps(stages) for entry in stored_in(stages, name)]
            before = after = sum(entry.size for entry in found)
            freed: list[Stored] = []
            for entry in _in_turn(found, recipe, to, step):
                if to is not None and after <= to:
                    break
                if not dry_run:
                    entry.remove(stages)
                after -= entry.size
                freed.append(entry)
            if not dry_run:
                for name in {entry.step for entry in freed}:
                    with suppress(OSError):
                        (stages / name).rmdir()  # where nothing is left in it
    except OSError as error:
        raise RunError(f"cannot free what {path} has stored: {error.strerror or error}") from error
    return Pruned(path, _by_step(freed, recipe), before, after, recipe.complete)


@dataclass(frozen=True)
class _Recipe:
    """What is known of the pipeline whose results are stored."""

    #: Mapping steps in order, ``None`` where nothing says which there were.
    steps: tuple[str, ...] | None
    complete: bool
    #: Seconds of each step in all, and for how many targets.
    timings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, directory: RunDirectory) -> _Recipe:
        """Read it from the manifest, or from what a run that did not end so well left."""
        path = directory.path
        last = _last_event(directory.log)
        # whatever fails before the results are complete leaves failed.json; an exporter alone does not
        ended = last in ("finished", "") or (last == "failed" and not (path / FAILED).is_file())
        if (path / MANIFEST).is_file() and ended:
            manifest = directory.manifest()
            return cls(_mapping(manifest["pipeline"]), True, manifest["timings"].get("steps", {}))
        steps = _logged(directory.log)
        if steps is None and (path / FAILED).is_file():
            with suppress(ValueError, KeyError, TypeError):
                steps = _mapping(json.loads((path / FAILED).read_text(encoding="utf-8"))["pipeline"])
        return cls(steps, False)


def _mapping(pipeline: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(step["id"] for step in pipeline["steps"] if step.keys() & set(_MAPPING_KEYS))


def _last_event(log: Path) -> str:
    """Return the last event in a log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _TAIL, 0))
            lines = file.read().splitlines()
        return str(json.loads(lines[-1])["event"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return ""


def _logged(log: Path) -> tuple[str, ...] | None:
    """Return the mapping steps that the last run in a folder logged before it began with its targets."""
    found = None
    with suppress(OSError), log.open("rb") as file:
        for line in file:
            if b'"mapping"' in line:
                with suppress(ValueError, KeyError, TypeError):
                    event = json.loads(line)
                    found = tuple(map(str, event["steps"])) if event["event"] == "mapping" else found
    return found


def _in_turn(found: Sequence[Stored], recipe: _Recipe, to: int | None, step: str | None) -> Iterator[Stored]:
    """Yield what may be freed, what is missed least first."""
    steps = recipe.steps
    last = steps[-1] if steps else None
    products = {name_in(entry.name) for entry in found if entry.step == last}

    def rank(entry: Stored) -> int:
        if entry.is_leftover or (steps is not None and entry.step not in steps and entry.step not in _FITS):
            return 0
        if entry.step == CHECKPOINTS and recipe.complete:
            return 0
        if steps is not None and entry.step in steps[:-1]:
            return 1 if recipe.complete or name_in(entry.name) in products else 2
        return 4 if entry.step in _FITS else 3

    ranked = sorted(((rank(entry), entry.changed, i) for i, entry in enumerate(found)), key=lambda item: item)
    for rank_of, _, i in ranked:
        if step is not None and found[i].step != step:
            continue
        if rank_of > 1 and step is None and to is None and not recipe.complete:
            continue
        yield found[i]


def _by_step(freed: Sequence[Stored], recipe: _Recipe) -> tuple[Freed, ...]:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for entry in freed:
        counts[entry.step] += 1
        sizes[entry.step] += entry.size
    return tuple(Freed(step, counts[step], sizes[step], _price(step, recipe)) for step in counts)


def _price(step: str, recipe: _Recipe) -> str:
    if step in _FITS:
        return _FITS[step]
    if recipe.steps is None or step not in recipe.steps:
        return "nothing: the pipeline has no such step" if recipe.steps is not None else "made again when it is needed"
    took = recipe.timings.get(step)
    seconds = f" ({took['total']:.3g} s for {took['targets']} targets)" if took else ""
    if step == recipe.steps[-1]:
        return f"the same command makes it again{seconds}, and so do exporters of 'predict' that read it"
    return f"made again{seconds} when a later step is changed, or its result is gone"
