"""Run the exporters; a failure of one must not cost the results of everything before it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from specframe.api.exporter import Exporter, ObservationExporter, Results, ResultsExporter
from specframe.api.refusal import cannot_write, refuses_all
from specframe.errors import DataError, WriteError
from specframe.pipeline.targets.target import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.pipeline.targets.gather import Gathered
    from specframe.pipeline.targets.target import TargetWorker
    from specframe.progress.progress import Progress

__all__ = ["AnyExporter", "Training", "run_exporters"]

AnyExporter: TypeAlias = Exporter | ObservationExporter | ResultsExporter

#: So many targets that an exporter could not write are named.
_NAMED = 3
#: Where an exporter writes, within the folder that its files belong into.
_UNFINISHED = ".exporting"


@dataclass(frozen=True)
class Training:
    """The targets that models learned from: who reads them, the key of each, and their labels."""

    worker: TargetWorker
    keys: dict[str, str]
    labels: xr.DataArray | None = None

    def observations(self) -> Iterator[xr.DataTree]:
        """Read them one by one."""
        for target, key in self.keys.items():
            yield self.worker.product(target, key)


def run_exporters(
    exporters: Sequence[AnyExporter],
    gathered: Gathered,
    prediction: xr.Dataset | None,
    training: Callable[[], Training],
    folder: Path,
    progress: Progress,
) -> list[str]:
    """Let every exporter write into ``folder``; return why some wrote nothing, or not all.

    ``training`` is asked when an exporter wants to see what was learned from. What an exporter wrote before it failed
    is not kept.

    Raises
    ------
    WriteError
        When the system writes nothing more, which is no exporter's fault.
    """
    failed = []
    for exporter in exporters:
        if isinstance(exporter, ObservationExporter):
            message = _export_targets(exporter, gathered, folder, progress)
        elif prediction is None:
            message = (
                f"exporter {exporter.name!r} wrote nothing: the pipeline ends with light curves, add a detrend step"
            )
        else:
            message = _export(exporter, gathered, prediction, training, folder, progress)
        if message:
            failed.append(message)
    return failed


def _export(
    exporter: Exporter | ResultsExporter,
    gathered: Gathered,
    prediction: xr.Dataset,
    training: Callable[[], Training],
    folder: Path,
    progress: Progress,
) -> str:
    predicted = set(prediction["target"].values.astype(str))

    def observations() -> Iterator[xr.DataTree]:
        return (one for one in gathered.observations() if one.attrs["target"] in predicted)

    try:
        if isinstance(exporter, ResultsExporter):
            learned = training()
            results = Results(prediction, observations, learned.observations, learned.labels)
            with _whole(folder) as own:
                files = exporter.export_results(results, own)
        else:
            with _whole(folder) as own:
                files = exporter.export(prediction, own)
    except WriteError:
        raise
    except Exception as error:
        return f"exporter {exporter.name!r} wrote nothing: {reason_of(error)}"
    progress.event("export", exporter=exporter.name, files=[file.name for file in files])
    return ""


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; what is in it moves to ``folder`` after the block, and goes where that fails."""
    own = folder / _UNFINISHED
    try:
        own.mkdir(parents=True)
        yield own
        for file in [file for file in own.rglob("*") if file.is_file()]:
            place = folder / file.relative_to(own)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
    except OSError as error:
        if refuses_all(error):
            raise cannot_write(error.filename or folder, error) from error
        raise
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _check_own(target: str, files: Sequence[Path], whose: dict[Path, str]) -> None:
    """Note whose files these are; raise :class:`DataError` where another target has one of the same name."""
    for file in files:
        if whose.setdefault(file, target) != target:
            raise DataError(f"its file {file} would take the place of target {whose[file]}'s; rename one of them")


def _export_targets(exporter: ObservationExporter, gathered: Gathered, folder: Path, progress: Progress) -> str:
    failed: dict[str, str] = {}
    written: list[str] = []
    whose: dict[Path, str] = {}
    for target, key in gathered.keys.items():
        try:
            with _whole(folder) as own:
                files = exporter.export_target(gathered.worker.product(target, key), own)
                _check_own(target, [file.relative_to(own) for file in own.rglob("*") if file.is_file()], whose)
        except WriteError:
            raise
        except Exception as error:
            failed[target] = str(error) if isinstance(error, DataError) else reason_of(error)
            continue
        written += [file.name for file in files]
    progress.event("export", exporter=exporter.name, files=written)
    if not failed:
        return ""
    reasons = "; ".join(f"{target}: {reason}" for target, reason in list(failed.items())[:_NAMED])
    more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    what = "nothing" if not written else f"nothing of {len(failed)} of {len(gathered.keys)} targets"
    return f"exporter {exporter.name!r} wrote {what}: {reasons}{more}"
