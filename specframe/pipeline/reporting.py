"""The report of a run, made from what lies in its folder."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from specframe.api.files import file_name
from specframe.api.refusal import cannot_write, refuses_all
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.downloaded import checked_output
from specframe.pipeline.parameters import parameter_lines
from specframe.report import ReportFigure, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from specframe.pipeline.result import Run

__all__ = ["numbers_of_one", "report_folder", "report_run"]

_CAPTIONS = {
    "comparison": "Predicted against true values, and their difference; of a model, on held-out targets.",
    "calibration": "Left: how often the truth lies within intervals of a nominal coverage. Right: the probability "
    "that was predicted below the truth; flat when error bars are right.",
    "error-spectrum": "Above: root mean square of the real and of the predicted errors by wavelength; equal when error "
    "bars are right. Below: the mean of predicted minus true. Bands are 68 % intervals by a bootstrap over targets.",
    "error-by-sigma": "Real against predicted errors. Their root mean square in bins of predicted error lies on the "
    "dashed line when error bars are right, with 95 % intervals by a bootstrap over targets; where it is level, the "
    "predicted errors do not tell good from bad.",
    "scores-by": "Scores of classes of the targets with 95 % intervals by a bootstrap. A dotted line is the nominal "
    "coverage.",
    "training": "Losses of the training that made the final model, by epoch. A dotted line is the epoch whose weights "
    "were kept.",
    "parameters": "Predicted against true values of each parameter, on held-out targets. Error bars are 68 % "
    "intervals. Triangles: the prediction lies at the edge of the training labels or beyond. Rings: targets unlike "
    "those of the training set.",
    "parameter-residuals": "Predicted minus true over the true value. The line is the mean in bins, with its standard "
    "error and the scatter of the residuals; a falling line is a model that draws predictions to the middle of its "
    "training set.",
    "parameter-histograms": "Predicted minus true, and the distribution that the stated errors promise. The dotted "
    "line is a normal distribution as wide as the residuals; skew is 0 for errors alike to both sides.",
    "parameter-calibration": "For each parameter, left: how often the truth lies within intervals of a nominal "
    "coverage. Right: the probability that was predicted below the truth; flat when error bars are right.",
    "parameter-correlations": "Predicted minus true of the parameters against each other, and their correlations ρ, "
    "beside those that follow from the stated covariances or samples, where there are such.",
    "predicted-parameters": "Mean and 68 % interval (thinner: 95 %) of each target. Triangles lie at the edge of the "
    "training labels or beyond, rings are targets unlike those of the training set.",
    "parameter-posterior": "Joint posterior of the parameters of a target. Contours hold 39 and 86 %, dashed lines are "
    "median and 68 % interval, full lines the truth where it is known.",
    "spectrum": "Spectrum with its 68 % error bars, the truth where it is known, and published spectra to compare "
    "with.",
    "light-curve": "White light curve. Where a step fitted it, from top to bottom: raw with the model, detrended with "
    "the transit, and the residuals. Dotted lines are the contacts, crosses samples that were clipped.",
    "residuals": "Above: the light of each channel relative to its median, by wavelength and time. Below: what is left "
    "after the model, in units of the flux error.",
    "posterior": "Parameters of the white-light fit against each other. Contours hold 39 and 86 % of the draws, dashed "
    "lines are the median and the 68 % interval.",
    "allan": "Scatter of white-light residuals averaged over bins (Pont et al. 2006, Winn et al. 2008). Above the line "
    "of white noise there is red noise, and errors of averages are larger by the factor β.",
}
_COVARIANCE = (
    " The errors of the channels are correlated: 'covariance' in predictions.nc holds the covariance of all depths."
)
#: Results that a report is made of, besides figures.
_READ = {"metrics.json", "predictions.nc", "quality.ecsv", "parameters.ecsv", "pipeline.yaml"}
#: Figures of all targets come first, those of a target together.
_OF_ALL = (
    "predicted-parameters",
    "parameters",
    "parameter-residuals",
    "parameter-histograms",
    "parameter-calibration",
    "parameter-correlations",
    "comparison",
    "calibration",
    "error-spectrum",
    "error-by-sigma",
    "scores-by",
    "training",
)
_OF_TARGET = ("parameter-posterior", "spectrum", "light-curve", "residuals", "posterior", "allan")

#: Figures whose file is named after the rank of the target, too.
_RANKED = ("parameter-posterior", "spectrum")

#: The predictions of up to so many targets stand in the report itself.
_TARGETS = 20

_RANKS = {"best": "smallest error", "median": "median error", "worst": "largest error"}


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
    figures = sorted((folder / "figures").glob("*.png"), key=lambda file: _order(file.stem, drawn))
    pipeline = manifest["pipeline"]
    captions = dict(_CAPTIONS)
    if _has_covariance(folder / "predictions.nc"):
        captions["spectrum"] += _COVARIANCE
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
        figures=[ReportFigure(_title(file.stem, drawn), captions.get(_kind(file.stem), ""), file) for file in figures],
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


def _has_covariance(path: Path) -> bool:
    if not path.is_file():
        return False
    with h5py.File(path, "r") as file:
        return "covariance" in file


def _kind(stem: str) -> str:
    return next((kind for kind in _CAPTIONS if stem == kind or stem.startswith(f"{kind}-")), "")


def _order(stem: str, drawn: Mapping[str, str]) -> tuple[int, int, int, str]:
    kind, target, _ = _parts(stem, drawn)
    if kind in _OF_ALL:
        return 0, _OF_ALL.index(kind), 0, stem
    targets = list(drawn)
    return (
        1 if kind else 2,
        targets.index(target) if target in drawn else len(targets),
        _OF_TARGET.index(kind) if kind in _OF_TARGET else 0,
        stem,
    )


def _parts(stem: str, drawn: Mapping[str, str]) -> tuple[str, str, str]:
    """Return kind, target and what else the name of a figure's file says."""
    kind = _kind(stem)
    rest = stem.removeprefix(kind).removeprefix("-")
    if kind in _RANKED:
        rest = rest.partition("-")[2]
    # the longest, since a name may begin like another
    found = [target for target in drawn if rest == file_name(target) or rest.startswith(f"{file_name(target)}-")]
    target = max(found, key=len, default=rest if kind in _RANKED else "")
    return kind, target, rest.removeprefix(file_name(target)).removeprefix("-") if target else rest


def _title(stem: str, drawn: Mapping[str, str]) -> str:
    kind, target, rest = _parts(stem, drawn)
    name = kind.replace("-", " ").capitalize() or stem
    if kind == "allan":
        name = "Allan curve"
    if not target:
        return f"{name}: {rest}" if rest else name
    node, _, visit = rest.rpartition("-")
    where = f", {node}/{visit}" if node else ""
    why = drawn.get(target, "")
    return f"{name} of target {target}{where}" + (f" ({_RANKS.get(why, why)})" if why and why != "first" else "")


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
