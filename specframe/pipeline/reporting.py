"""The report of a run, made from what lies in its folder."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.refusal import cannot_write, refuses_all
from specframe.pipeline.captions import figure_order, figure_texts, has_covariance
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.downloaded import checked_output
from specframe.pipeline.parameters import parameter_lines
from specframe.report import ReportFigure, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from specframe.pipeline.result import Run

__all__ = ["numbers_of_one", "report_folder", "report_run"]

#: Results that a report is made of, besides figures.
_READ = {"metrics.json", "predictions.nc", "quality.ecsv", "parameters.ecsv", "pipeline.yaml"}
#: The predictions of up to so many targets stand in the report itself.
_TARGETS = 20


def report_run(run: Run, path: Path) -> Path:
    """Write the report of a complete run to ``path``.

    Raises
    ------
    UsageError
        When another specframe is working in the folder of the run, and ``path`` is in it.
    InputFileError
        When a result is not what the run wrote.
    RunError
        When another specframe replaced the results meanwhile.
    WriteError
        When the system refuses to write.
    """
    directory = RunDirectory(run.path)
    inside = path.resolve().parent == run.path.resolve()
    with directory.locked() if inside else nullcontext(), directory.unchanged() as manifest:
        for name in manifest["outputs"]:
            if name in _READ or name.startswith("figures/"):
                checked_output(run.path, name, manifest["outputs"])
        try:
            return report_folder(path, run.path, manifest)
        except OSError as error:
            if not refuses_all(error):
                raise
            raise cannot_write(path, error) from error


def report_folder(path: Path, folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Write the report of the results in ``folder`` to ``path``."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    drawn = manifest.get("drawn", {})
    figures = sorted((folder / "figures").glob("*.png"), key=lambda file: figure_order(file.stem, drawn))
    pipeline = manifest["pipeline"]
    correlated = has_covariance(folder / "predictions.nc")
    parts = _part_titles(pipeline)
    parameters = metrics.get("parameters", {})
    return write_report(
        path,
        title=pipeline.get("description") or "specframe run",
        description=" > ".join(step["id"] for step in pipeline["steps"]),
        summary={
            "targets": len(manifest["products"]),
            "set aside": len(manifest["set_aside"]),
            "flagged": len({target for targets in manifest.get("flags", {}).values() for target in targets}),
            "finished": f"{datetime.fromisoformat(manifest['finished']).astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            "seed": manifest["seed"],
        },
        scores={title: _of_all_outputs(metrics[part], parameters) for part, title in parts.items() if metrics[part]}
        | _comparisons(metrics),
        parameters=parameters,
        judged_on=", ".join(f"{metrics['targets']['judged']} targets, {parts[p]}" for p in parts if metrics[p]),
        predicted=_predicted(folder / "predictions.nc") if (folder / "parameters.ecsv").is_file() else {},
        reasons=metrics["missing"],
        intervals={title: metrics.get("intervals", {}).get(part, {}) for part, title in parts.items()},
        interval_note=_interval_note(metrics.get("intervals", {})),
        classes=metrics.get("by"),
        flags=manifest.get("flags", {}),
        quality=_numbers(folder / "quality.ecsv"),
        found=numbers_of_one(folder / "quality.ecsv"),
        figures=[ReportFigure(*figure_texts(file.stem, drawn, correlated), file) for file in figures],
        set_aside=manifest["set_aside"],
        provenance={
            "specframe": manifest["specframe"],
            "command": manifest["command"],
            "started": manifest["started"],
            "components": {
                name: f"{entry['distribution']} {entry['version']}, code {entry['code'][:12]}"
                for name, entry in manifest["components"].items()
            },
            "packages": manifest["packages"],
            "hardware": manifest["hardware"],
        },
        timings=manifest["timings"]["phases"],
        pipeline=(folder / "pipeline.yaml").read_text(encoding="utf-8"),
    )


def _part_titles(pipeline: Mapping[str, Any]) -> dict[str, str]:
    """Return what the parts of ``metrics.json`` are scores of."""
    once = "holdout" in pipeline.get("evaluate", {})
    return {"cv": "held-out folds", "test": "hold-out" if once else "measured, not learned"}


def _of_all_outputs(scores: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores without those of single parameters, which have a table of their own."""
    own = {f"{name}-{output}" for output, found in parameters.items() for name in found["scores"]}
    return {name: value for name, value in scores.items() if name not in own}


def _predicted(path: Path) -> dict[str, dict[str, str]]:
    """Return the parameters of each target as text, where there are few targets."""
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as prediction:
        if prediction.sizes["target"] > _TARGETS:
            return {}
        found = parameter_lines(prediction)
        unlike = prediction["extrapolating"].values if "extrapolating" in prediction else np.zeros(len(found), bool)
    if not unlike.any():
        return found
    notes = ("(unlike the training set)" if beyond else "" for beyond in unlike)
    return {target: {**cells, "Note": note} for (target, cells), note in zip(found.items(), notes, strict=True)}


def _interval_note(intervals: Mapping[str, Any]) -> str:
    """Say how the intervals were made and which scores have none."""
    if not intervals:
        return ""
    text = ""
    if any(intervals[part] for part in ("cv", "test")):
        what = "targets" if intervals["resampled"] == "target" else f"values of {intervals['resampled']}"
        text = (
            f"In brackets: {100 * intervals['level']:g} % confidence interval, by a bootstrap (BCa) over "
            f"{intervals['groups']} {what} with {intervals['resamples']} resamples. "
        )
    without: dict[str, list[str]] = {}
    for name, reason in intervals["missing"].items():
        without.setdefault(reason, []).append(name)
    return text + " ".join(f"No interval for {', '.join(names)}: {reason}." for reason, names in without.items())


def _comparisons(metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {
        f"{target} against {label}": numbers
        for target, by_label in metrics.get("compare", {}).items()
        for label, numbers in by_label.items()
    }


def numbers_of_one(path: Path) -> dict[str, str]:
    """Return the numbers of a quality table that has a single target, those with an error first, beside it.

    Numbers that are 0, such as counts of what was masked, are left out; of several targets there are none.
    """
    if not path.is_file():
        return {}
    from astropy.table import Table

    table = Table.read(path, format="ascii.ecsv")
    if len(table) != 1:
        return {}
    values = {name: float(table[name][0]) for name in table.colnames if table[name].dtype.kind in "fi"}
    measured, shown = {}, {}
    for name, value in values.items():
        if (name.endswith("_error") and name.removesuffix("_error") in values) or value == 0:
            continue
        unit = f" {table[name].unit}" if table[name].unit else ""
        error = values.get(f"{name}_error", 0.0)
        if np.isfinite(error) and error > 0:
            digits = max(1 - math.floor(math.log10(error)), 0)
            measured[name] = f"{value:.{digits}f} ± {error:.{digits}f}{unit}"
        elif np.isfinite(value):
            shown[name] = f"{value:.10g}{unit}" if value == round(value) else f"{value:.6g}{unit}"
    return measured | shown


def _numbers(path: Path) -> list[dict[str, str]]:
    """Return the numbers of the quality table that differ between targets, summarised over them."""
    if not path.is_file():
        return []
    from astropy.table import Table

    table = Table.read(path, format="ascii.ecsv")
    targets = [str(target) for target in table["target"]]
    rows = []
    for name in table.colnames:
        if table[name].dtype.kind not in "fi":
            continue
        values = np.asarray(np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan), float)
        known = np.flatnonzero(np.isfinite(values))
        if known.size < 2 or np.ptp(values[known]) == 0:
            continue
        low, high = known[np.argmin(values[known])], known[np.argmax(values[known])]
        unit = f" ({table[name].unit})" if table[name].unit else ""
        rows.append(
            {
                "name": f"{name}{unit}",
                "median": f"{np.median(values[known]):.5g}",
                "lowest": f"{values[low]:.5g}",
                "lowest_target": targets[low],
                "highest": f"{values[high]:.5g}",
                "highest_target": targets[high],
            }
        )
    return rows
