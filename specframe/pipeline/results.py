"""Everything that a run or a prediction leaves in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.errors import RunError
from specframe.evaluate.bootstrap import LEVEL
from specframe.pipeline.comparing import compared, comparison_table, published_spectra, summary
from specframe.pipeline.exporting import run_exporters
from specframe.pipeline.figures import FigureSources, draw_figures, drawn_targets
from specframe.pipeline.manifest import make_manifest
from specframe.pipeline.outputs import (
    write_json,
    write_light_curves,
    write_predictions,
    write_quality,
    write_spectra,
    write_text,
)
from specframe.pipeline.parameters import parameter_scores, write_parameters
from specframe.pipeline.reporting import report_folder
from specframe.pipeline.stages.keys import seed_for
from specframe.pipeline.targets.quality import flagged
from specframe.report import save_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.evaluate.bootstrap import Intervals
    from specframe.evaluate.comparison import SpectrumComparison
    from specframe.evaluate.evaluation import Evaluation
    from specframe.pipeline.exporting import AnyExporter, Training
    from specframe.pipeline.fit.chain import FittedChain
    from specframe.pipeline.session import Session
    from specframe.pipeline.targets.gather import Gathered, SetAside

__all__ = ["ExportError", "write_results"]

#: So many targets are named in a message.
_NAMED = 10


class ExportError(RunError):
    """Exporters failed in a run whose other results are complete, in ``path``."""

    def __init__(self, reasons: Sequence[str], path: Path) -> None:
        super().__init__("\n".join((*reasons, f"All other results are complete: {path}")))
        self.path = path


def write_results(
    session: Session,
    gathered: Gathered,
    prediction: xr.Dataset | None,
    exporters: Sequence[AnyExporter],
    training: Callable[[], Training],
    chain: FittedChain | None,
    evaluation: Evaluation,
    learned: bool,
    **more: Any,
) -> None:
    """Write all results into the run directory; they appear together, when all of them are complete.

    ``prediction`` is ``None`` for a pipeline that ends with light curves: those are then the result.
    """
    from specframe.config import to_yaml

    spec, progress = session.spec, session.progress
    gathered.note_predicted(prediction)
    with session.directory.writing() as folder, progress.stage("results"):
        with session.phase("write"):
            if prediction is None:
                write_light_curves(folder / "light_curves", gathered)
            else:
                write_predictions(folder / "predictions.nc", prediction)
                write_spectra(folder / "spectra", prediction, gathered.quality, description=spec.description)
                table = folder / "parameters.ecsv"
                write_parameters(table, prediction, gathered.quality, description=spec.description)
            write_quality(folder / "quality.ecsv", gathered)
            published = published_spectra(spec.compared, progress) if prediction is not None else []
            comparisons = {} if prediction is None else compared(published, prediction, progress)
            if comparisons:
                write_text(folder / "comparison.ecsv", comparison_table(comparisons))
            write_text(folder / "pipeline.yaml", to_yaml(spec))
            in_turn = learned and spec.holdout is None
            metrics = _metrics(evaluation, gathered.set_aside, in_turn, comparisons, spec.group)
            seed = seed_for(spec.seed, "bootstrap")
            parameters = parameter_scores(prediction, evaluation, spec.bootstrap, seed)
            metrics |= {"parameters": parameters} if parameters else {}
            write_json(folder / "metrics.json", metrics)
            if chain is not None and prediction is not None:
                chain.save(folder / "model")
                _write_outputs(folder / "model", prediction)
        with session.phase("export"):
            failed = run_exporters(exporters, gathered, prediction, training, folder, progress)
        with session.phase("figures"):
            targets = drawn_targets(gathered, prediction)
            trained = {} if chain is None else chain.histories()
            sources = FigureSources(prediction, tuple(targets), gathered.product, published, evaluation.by, trained)
            _, missing = draw_figures(sources, lambda fig, name: save_figure(fig, folder / "figures" / f"{name}.png"))
            for name, reason in missing.items():
                progress.say(f"figure {name} was not drawn: {reason}")
        for name, reason in evaluation.reasons.items():
            progress.say(f"score {name} could not be computed: {reason}")
        if evaluation.incomplete:
            named, rest = evaluation.incomplete[:_NAMED], len(evaluation.incomplete) - _NAMED
            progress.say(
                f"not judged, because some output has no value: {', '.join(named)}"
                + (f" and {rest} more" if rest > 0 else "")
            )
        manifest = make_manifest(
            spec,
            session.command,
            session.started,
            gathered,
            session.registry,
            session.timings,
            run=session.progress.run,
            flags=flagged(gathered.quality, list(gathered.keys)),
            drawn=targets,
            failed_exports=failed,
            reused=session.reused,
            **more,
        )
        with progress.stage("report"):
            report_folder(folder / "report.html", folder, manifest, session.directory.store)
        session.directory.finish(folder, manifest)
    if failed:
        raise ExportError(failed, session.directory.path)


def _metrics(
    evaluation: Evaluation,
    set_aside: Sequence[SetAside],
    in_turn: bool,
    comparisons: dict[str, dict[str, SpectrumComparison]],
    group: str,
) -> dict[str, Any]:
    """Scores of targets that no fitted step had seen: of folds, ``in_turn``, or of a hold-out; or nothing is fitted."""
    by_target = {
        target: {label: summary(comparison) for label, comparison in by_label.items()}
        for target, by_label in comparisons.items()
    }
    return {
        **({"compare": by_target} if by_target else {}),
        "cv": evaluation.values if in_turn else {},
        "test": {} if in_turn else evaluation.values,
        "targets": {
            "judged": evaluation.n_target,
            "unlabelled": len(evaluation.unlabelled),
            "incomplete": len(evaluation.incomplete),
            "set_aside": len(set_aside),
        },
        "missing": evaluation.reasons,
        **({"intervals": _intervals(evaluation.intervals, in_turn, group)} if evaluation.intervals else {}),
        **({"by": {name: _by_class(classes) for name, classes in evaluation.by.items()}} if evaluation.by else {}),
    }


def _intervals(intervals: Intervals, in_turn: bool, group: str) -> dict[str, Any]:
    return {
        "level": LEVEL,
        "resamples": intervals.n_draw,
        "resampled": group,
        "groups": intervals.n_group,
        "cv": intervals.bounds if in_turn else {},
        "test": {} if in_turn else intervals.bounds,
        "missing": intervals.reasons,
    }


def _by_class(classes: Mapping[str, Evaluation]) -> dict[str, Any]:
    return {
        label: {
            "targets": evaluation.n_target,
            "scores": evaluation.values,
            "intervals": evaluation.intervals.bounds if evaluation.intervals else {},
        }
        for label, evaluation in classes.items()
    }


def _write_outputs(folder: Path, prediction: xr.Dataset) -> None:
    """Say what the model predicts, for whoever opens the folder."""
    outputs: dict[str, Any] = {
        "outputs": [str(name) for name in prediction["output"].values],
        "units": prediction["mean"].attrs.get("units", ""),
    }
    if "unit" in prediction.coords:
        outputs["unit"] = [str(unit) for unit in prediction["unit"].values]
    if "wavelength" in prediction.coords:
        outputs["wavelength_um"] = prediction["wavelength"].values.tolist()
    write_json(folder / "outputs.json", outputs)
