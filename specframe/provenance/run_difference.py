"""Two runs held against each other: configuration, versions, inputs, machines and results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.pipeline.result import Run
from specframe.provenance.configuration import configuration_changes
from specframe.provenance.contents import changed_targets
from specframe.provenance.inputs import InputsDifference, compare_inputs
from specframe.provenance.versions import Change, changes, hardware_changes, version_changes

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["PredictionsDifference", "RunDifference", "ScoreDifference", "SetAsideDifference", "diff_runs"]


@dataclass(frozen=True)
class ScoreDifference:
    """A score in both runs; ``None`` where it is not known."""

    name: str
    before: float | None
    now: float | None
    difference: float | None


@dataclass(frozen=True)
class SetAsideDifference:
    """A target that only one of the runs set aside: its step and reason there."""

    target: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class PredictionsDifference:
    """How the predictions of two runs differ."""

    #: Targets that both predict, and those of them with another mean somewhere.
    common: int
    changed: int
    #: Largest change of a mean in units of its std in the first run, and the target; ``None`` where none changed.
    largest_in_std: float | None = None
    largest_target: str | None = None
    #: Targets that only one of them predicts.
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()
    #: Why they cannot be compared.
    reason: str = ""


@dataclass(frozen=True)
class RunDifference:
    """What :func:`diff_runs` found, from the first run to the second."""

    before: Path
    now: Path
    configuration: tuple[Change, ...]
    versions: tuple[Change, ...]
    inputs: InputsDifference
    hardware: tuple[Change, ...]
    #: Every score that either has.
    scores: tuple[ScoreDifference, ...]
    set_aside: tuple[SetAsideDifference, ...]
    predictions: PredictionsDifference

    @property
    def same_results(self) -> bool:
        """Whether scores, targets set aside and the means of all predictions are the same."""
        found = self.predictions
        same = not (found.changed or found.only_before or found.only_now or found.reason or self.set_aside)
        return same and all(score.before == score.now for score in self.scores)

    def to_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "before": str(self.before), "now": str(self.now), "same_results": self.same_results}


def diff_runs(before: Run | Path | str, now: Run | Path | str) -> RunDifference:
    """Tell what changed from one run, or prediction, to another.

    Raises
    ------
    UsageError
        When one of them is no complete run.
    InputFileError
        When files of a run cannot be read.
    """
    runs = [run if isinstance(run, Run) else Run(run) for run in (before, now)]
    first, second = (run.manifest for run in runs)
    return RunDifference(
        runs[0].path,
        runs[1].path,
        tuple(configuration_changes(first["pipeline"], second["pipeline"])),
        tuple(version_changes(first, second)),
        compare_inputs(first, second),
        tuple(hardware_changes(first, second)),
        tuple(_scores(*runs)),
        tuple(_set_aside(*runs)),
        _predictions(*runs),
    )


def _scores(first: Run, second: Run) -> list[ScoreDifference]:
    """Return all scores, of held-out targets first."""
    known = [{**run.metrics.get("test", {}), **run.metrics.get("cv", {})} for run in (first, second)]
    found = []
    for name in dict.fromkeys((*known[0], *known[1])):
        a, b = known[0].get(name), known[1].get(name)
        found.append(ScoreDifference(name, a, b, None if a is None or b is None else b - a))
    return found


def _set_aside(first: Run, second: Run) -> list[SetAsideDifference]:
    known = [
        {entry["target"]: f"step {entry['step']!r}: {entry['reason']}" for entry in run.set_aside}
        for run in (first, second)
    ]
    return [SetAsideDifference(change.key, change.before, change.now) for change in changes(*known)]


def _predictions(first: Run, second: Run) -> PredictionsDifference:
    missing = [run.path for run in (first, second) if not (run.path / "predictions.nc").is_file()]
    if len(missing) == 2:
        return PredictionsDifference(0, 0)
    if missing:
        return PredictionsDifference(0, 0, reason=f"{missing[0]} has no predictions.nc")
    datasets = [run.predictions for run in (first, second)]
    names = [[str(name) for name in data["target"].values] for data in datasets]
    both = [name for name in names[0] if name in set(names[1])]
    found = PredictionsDifference(
        common=len(both),
        changed=0,
        only_before=tuple(name for name in names[0] if name not in set(names[1])),
        only_now=tuple(name for name in names[1] if name not in set(names[0])),
    )
    outputs = [tuple(str(name) for name in data["output"].values) for data in datasets]
    if outputs[0] != outputs[1]:
        reason = f"they predict other outputs: {_listed(outputs[0])} and {_listed(outputs[1])}"
        return replace(found, reason=reason)
    units = [str(data["mean"].attrs.get("units", "")) for data in datasets]
    if units[0] != units[1]:
        reason = f"their units differ: {units[0]!r} and {units[1]!r}"
        return replace(found, reason=reason)
    differs, change = changed_targets(*(_of(data, own, both) for data, own in zip(datasets, names, strict=True)))
    largest = None
    if differs.any() and np.isfinite(change[differs]).any():
        largest = int(np.nanargmax(np.where(differs & np.isfinite(change), change, -1.0)))
    return replace(
        found,
        changed=int(differs.sum()),
        largest_in_std=None if largest is None else float(change[largest]),
        largest_target=None if largest is None else both[largest],
    )


def _of(data: xr.Dataset, names: list[str], wanted: list[str]) -> xr.Dataset:
    place = {name: i for i, name in enumerate(names)}
    return data.isel(target=np.array([place[name] for name in wanted], dtype=np.intp))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
