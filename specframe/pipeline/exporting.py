"""Run the exporters; a failure of one must not cost the results of everything before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.exporter import Exporter, ObservationExporter
from specframe.errors import DataError
from specframe.pipeline.target import reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.pipeline.gather import Gathered
    from specframe.pipeline.progress import Progress

__all__ = ["run_exporters"]

#: So many targets that an exporter could not write are named.
_NAMED = 3


def run_exporters(
    exporters: Sequence[Exporter | ObservationExporter],
    gathered: Gathered,
    prediction: xr.Dataset | None,
    folder: Path,
    progress: Progress,
) -> list[str]:
    """Let every exporter write into ``folder``; return why some wrote nothing, or not all."""
    failed = []
    for exporter in exporters:
        if isinstance(exporter, ObservationExporter):
            message = _export_targets(exporter, gathered, folder, progress)
        else:
            message = _export(exporter, prediction, folder, progress)
        if message:
            failed.append(message)
    return failed


def _export(exporter: Exporter, prediction: xr.Dataset | None, folder: Path, progress: Progress) -> str:
    if prediction is None:
        return f"exporter {exporter.name!r} wrote nothing: the pipeline ends with light curves, add a detrend step"
    try:
        files = exporter.export(prediction, folder)
    except Exception as error:
        return f"exporter {exporter.name!r} wrote nothing: {reason_of(error)}"
    progress.event("export", exporter=exporter.name, files=[file.name for file in files])
    return ""


def _export_targets(exporter: ObservationExporter, gathered: Gathered, folder: Path, progress: Progress) -> str:
    failed: dict[str, str] = {}
    written: list[str] = []
    for target, key in gathered.keys.items():
        try:
            files = exporter.export_target(gathered.worker.product(target, key), folder)
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
