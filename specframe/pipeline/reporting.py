"""The report of a run, made from what lies in its folder."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.refusal import cannot_write, refuses_all
from specframe.api.spectrum import measured_spectrum
from specframe.errors import DataError
from specframe.pipeline.captions import figure_order, figure_place, figure_texts, has_covariance
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.downloaded import checked_output
from specframe.pipeline.drawn_steps import drawn_steps, score_meanings
from specframe.pipeline.parameters import parameter_lines
from specframe.pipeline.quality_numbers import numbers_of_one, numbers_of_targets, numbers_over_targets
from specframe.registry import Registry
from specframe.report import ReportFigure, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from specframe.pipeline.result import Run
    from specframe.pipeline.stages.store import StageStore

__all__ = ["report_folder", "report_run"]

#: Results that a report is made of, besides figures.
_READ = {"metrics.json", "predictions.nc", "quality.ecsv", "parameters.ecsv", "pipeline.yaml"}
#: The predictions of up to so many targets stand in the report itself.
_TARGETS = 20
#: Outputs that are named in the first sentence.
_NAMED = 8
#: Hashes of input files that are shown; manifest.json has all.
_HASHES = 40
#: What light curves alone say is read of so many targets, 10 ms each.
_MOST_ESTIMATES = 300


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
            return report_folder(path, run.path, manifest, directory.store)
        except OSError as error:
            if not refuses_all(error):
                raise
            raise cannot_write(path, error) from error


def report_folder(path: Path, folder: Path, manifest: Mapping[str, Any], store: StageStore) -> Path:
    """Write the report of the results in ``folder`` to ``path``; ``store`` holds what the steps made of each target."""
    import xarray as xr

    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    drawn = manifest.get("drawn", {})
    pipeline = manifest["pipeline"]
    parts = _part_titles(pipeline)
    parameters = metrics.get("parameters", {})
    registry = Registry.discover(files=manifest.get("plugin_files", {}))
    predictions = folder / "predictions.nc"
    prediction = xr.load_dataset(predictions, engine="h5netcdf") if predictions.is_file() else None
    return write_report(
        path,
        title=pipeline.get("description") or "specframe run",
        description=_description(manifest, prediction),
        summary=_summary(manifest, prediction),
        prediction=prediction,
        estimates=_estimates(manifest, prediction, store),
        steps=drawn_steps(pipeline, registry),
        about=_about(manifest, metrics),
        notes=_notes(prediction),
        meanings=score_meanings(pipeline, {**metrics["cv"], **metrics["test"]}, registry),
        scores={title: _of_all_outputs(metrics[part], parameters) for part, title in parts.items() if metrics[part]}
        | _comparisons(metrics),
        parameters=parameters,
        judged_on=", ".join(f"{metrics['targets']['judged']} targets, {parts[p]}" for p in parts if metrics[p]),
        predicted=_predicted(prediction) if (folder / "parameters.ecsv").is_file() else {},
        reasons=metrics["missing"],
        intervals={title: metrics.get("intervals", {}).get(part, {}) for part, title in parts.items()},
        interval_note=_interval_note(metrics.get("intervals", {})),
        classes=metrics.get("by"),
        flags=manifest.get("flags", {}),
        quality=numbers_over_targets(folder / "quality.ecsv"),
        found=numbers_of_one(folder / "quality.ecsv"),
        numbers=numbers_of_targets(folder / "quality.ecsv", manifest["products"]),
        figures=_figures(folder, drawn, bool(metrics.get("compare"))),
        drawn=drawn,
        set_aside=manifest["set_aside"],
        provenance=_provenance(manifest),
        repeat=_repeat(manifest),
        timings=manifest["timings"]["phases"],
        pipeline=(folder / "pipeline.yaml").read_text(encoding="utf-8"),
    )


def _description(manifest: Mapping[str, Any], prediction: xr.Dataset | None) -> str:
    """Say in a sentence what the run is of."""
    n_target, aside = len(manifest["products"]), len(manifest["set_aside"])
    text = f"{n_target} {'target' if n_target == 1 else 'targets'}"
    text += f" ({aside} more set aside)" if aside else ""
    if prediction is not None and "wavelength" in prediction.coords:
        at = prediction["wavelength"].values
        text += f", {at.size} {'channel' if at.size == 1 else 'channels'} from {at.min():.4g} to {at.max():.4g} µm"
    elif prediction is not None:
        names = [str(name) for name in prediction["output"].values]
        text += f", {len(names)} outputs: {', '.join(names[:_NAMED])}" + (" ..." if len(names) > _NAMED else "")
    return f"{text}."


def _about(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, str]:
    """Say what stands beside the diagram: the data, how the result was judged, and what else came of it."""
    pipeline = manifest["pipeline"]
    loader, evaluate = pipeline["steps"][0], pipeline.get("evaluate", {})
    data = manifest.get("data") or (loader.get("with") or {}).get("path")
    found = {"Data": f"{data} ({loader['load']})" if isinstance(data, str) else f"made by {loader['load']}"}
    if "predicted_with" in manifest:
        found["Predicted with"] = f"the models of {manifest['predicted_with']}"
    elif "cross_validation" in evaluate and metrics["cv"]:
        folds = evaluate["cross_validation"]
        found["Judged by"] = (
            f"cross-validation, {folds['folds']} folds by {folds['group']}: every prediction here is by models that "
            "had not seen its target"
        )
    elif "holdout" in evaluate:
        held = evaluate["holdout"]
        found["Judged by"] = (
            f"a hold-out of {100 * held['fraction']:g} % by {held['group']}, which no step learned from"
        )
    elif not any("model" in step for step in pipeline["steps"]):
        learned = "nothing is learned: the result is what the steps measured"
        found["Judged by"] = f"{learned}, beside published spectra" if metrics.get("compare") else learned
    found["Seed"] = f"{manifest['seed']}; the same pipeline, seed and data give the same results"
    exports = [entry if isinstance(entry, str) else entry["export"] for entry in pipeline.get("export", [])]
    if exports:
        found["Written besides"] = ", ".join(exports)
    found["Made with"] = f"specframe {manifest['specframe']}"
    return found


def _summary(manifest: Mapping[str, Any], prediction: xr.Dataset | None) -> dict[str, object]:
    flagged = {target for targets in manifest.get("flags", {}).values() for target in targets}
    facts: dict[str, object] = {"Targets": len(manifest["products"])}
    if prediction is not None and "truth" in prediction:
        facts["With known truth"] = int(np.isfinite(prediction["truth"].values).any(axis=1).sum())
    return facts | {
        "Set aside": len(manifest["set_aside"]),
        "Flagged": len(flagged),
        "Seed": manifest["seed"],
        "Finished": f"{datetime.fromisoformat(manifest['finished']).astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _notes(prediction: xr.Dataset | None) -> list[str]:
    """Say what is to be known of the prediction."""
    notes = []
    if prediction is not None and "covariance" in prediction:
        notes.append(
            "The errors of the channels are correlated: 'covariance' in predictions.nc holds the covariance of all "
            f"{'depths' if 'measured' in prediction.attrs else 'outputs'}."
        )
    if prediction is not None and "extrapolating" in prediction:
        unlike = [str(name) for name in prediction["target"].values[prediction["extrapolating"].values.astype(bool)]]
        if unlike:
            named = ", ".join(unlike[:_NAMED]) + (f" and {len(unlike) - _NAMED} more" if len(unlike) > _NAMED else "")
            notes.append(
                f"Unlike the targets of the training set, so that neither values nor errors were tested: {named}."
            )
    return notes


def _estimates(
    manifest: Mapping[str, Any], prediction: xr.Dataset | None, store: StageStore
) -> dict[str, tuple[Any, Any, Any]]:
    """Return what the light curves alone say of each target, where models learned from them.

    Of many targets none is read, since each is a file; nor where the stored results are gone.
    """
    steps = [step["id"] for step in manifest["pipeline"]["steps"] if step.keys() & {"calibrate", "detrend"}]
    if prediction is None or "measured" in prediction.attrs or "wavelength" not in prediction.coords or not steps:
        return {}
    found = {}
    for target, key in list(manifest["products"].items())[:_MOST_ESTIMATES]:
        observation = store.get_tree(steps[-1], target, key, ("depth", "depth_error"))
        try:
            spectrum = None if observation is None else measured_spectrum(observation)
        except DataError:
            spectrum = None
        if spectrum is None:
            break  # what one target lacks, all do
        found[target] = spectrum["wavelength"].values, spectrum["depth"].values, spectrum["depth_error"].values
    return found


def _figures(folder: Path, drawn: Mapping[str, str], compared: bool) -> list[ReportFigure]:
    """Return the figures in order: of the result, of scores and calibration, then target by target.

    Spectra are drawn by the report itself, but not over published ones: these figures belong to the result.
    """
    correlated = has_covariance(folder / "predictions.nc")
    figures = []
    for file in sorted((folder / "figures").glob("*.png"), key=lambda file: figure_order(file.stem, drawn)):
        place = figure_place(file.stem, drawn)
        if file.stem.startswith("spectrum-"):
            place = "result", ""
        if compared or not file.stem.startswith("spectrum-"):
            texts = figure_texts(file.stem, drawn, correlated)
            figures.append(ReportFigure(*texts, file, *place, keeps_colours=file.stem.startswith("residuals-")))
    return figures


def _repeat(manifest: Mapping[str, Any]) -> str:
    """Return the command that repeats a run; a prediction is repeated with its run's."""
    if "predicted_with" in manifest:
        return (
            f"specframe predict {quote(manifest['predicted_with'])} --data {quote(str(manifest.get('data', 'DATA')))}"
        )
    return "specframe replay RUN        # the folder that this report lies in"


def _provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    inputs = {file: digest for files in manifest.get("inputs", {}).values() for file, digest in files.items()}
    hashes = dict(list((manifest.get("files", {}) | inputs).items())[:_HASHES])
    more = len(manifest.get("files", {}) | inputs) - len(hashes)
    origins = {name: origin for name, origin in manifest.get("origins", {}).items() if origin}
    return {
        "specframe": manifest["specframe"],
        "command": manifest["command"],
        "seed": manifest["seed"],
        "started": manifest["started"],
        "finished": manifest["finished"],
        "code of specframe (SHA-256)": manifest.get("core", ""),
        **{name: manifest[name] for name in ("predicted_with", "data", "model") if name in manifest},
        "where settings come from": origins,
        "components": {
            name: f"{entry['distribution']} {entry['version']}, code {entry['code'][:12]}"
            for name, entry in manifest["components"].items()
        },
        "input files (SHA-256)": hashes | ({"and more": f"{more} in manifest.json"} if more > 0 else {}),
        "packages": manifest["packages"],
        "hardware": manifest["hardware"],
    }


def _part_titles(pipeline: Mapping[str, Any]) -> dict[str, str]:
    """Return what the parts of ``metrics.json`` are scores of."""
    once = "holdout" in pipeline.get("evaluate", {})
    return {"cv": "held-out folds", "test": "hold-out" if once else "measured, not learned"}


def _of_all_outputs(scores: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores without those of single parameters, which have a table of their own."""
    own = {f"{name}-{output}" for output, found in parameters.items() for name in found["scores"]}
    return {name: value for name, value in scores.items() if name not in own}


def _predicted(prediction: xr.Dataset | None) -> dict[str, dict[str, str]]:
    """Return the parameters of each target as text, where there are few targets."""
    if prediction is None or prediction.sizes["target"] > _TARGETS:
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
