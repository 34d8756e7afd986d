"""Run a pipeline: targets through the mapping steps, cross-validation, the final fit, and everything written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.errors import DataError
from specframe.evaluate.evaluation import Evaluation, evaluate_scores
from specframe.pipeline.classes import scores_by_class
from specframe.pipeline.exporting import Training
from specframe.pipeline.fit.collected import learning_data
from specframe.pipeline.fit.crossval import check_enough_targets, learn
from specframe.pipeline.fit.learning import learning_steps
from specframe.pipeline.fit.noise import with_observations
from specframe.pipeline.measured import measured_depths
from specframe.pipeline.results import write_results
from specframe.pipeline.stages.keys import seed_for
from specframe.pipeline.targets.gather import check_catalogue, leave_out_ungrouped
from specframe.pipeline.targets.target import TargetWorker
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from specframe.api.loader import Loader
    from specframe.api.score import Score
    from specframe.config.spec import Part, PipelineSpec
    from specframe.pipeline.exporting import AnyExporter
    from specframe.pipeline.fit.chain import FittedChain
    from specframe.pipeline.fit.learning import LearningData, LearningStep
    from specframe.pipeline.session import Session
    from specframe.pipeline.targets.gather import Gathered

__all__ = ["gathered_inputs", "learning_problem", "made_scores", "run_pipeline", "with_groups"]


def run_pipeline(session: Session) -> None:
    """Run everything that the pipeline says and fill the run directory.

    Raises
    ------
    DataError, RunError
        When there is nothing to learn from or nothing left to work on. Results of an earlier run stay as they were.
    """
    spec = session.spec
    steps = learning_steps(spec.steps)
    scores = made_scores(spec)
    exporters = [cast("AnyExporter", _make(part)) for part in spec.exports]
    session.progress.expect(["targets", *(("cross-validation", "fit") if steps else ()), "results"])
    gathered, labels, catalogue = gathered_inputs(session, steps)

    chain: FittedChain | None = None
    prediction: xr.Dataset | None
    if steps:
        data, labels = learning_problem(session, steps, gathered, cast("xr.DataArray", labels), catalogue)
        prediction, chain = learn(session, steps, data, labels)
        prediction = with_groups(prediction, data, spec.group)
    else:
        with session.phase("collate"):
            prediction = measured_depths(gathered)
        if prediction is not None:
            prediction = name_outputs(prediction, labels)

    gathered.note_predicted(prediction)
    evaluation = _unjudged(scores, prediction)
    if labels is not None and prediction is not None:
        with session.phase("scores"):
            seed = seed_for(spec.seed, "bootstrap")
            evaluation = _judged(scores, prediction, labels, spec.bootstrap, seed)
            by_class = scores_by_class(session, gathered, scores, prediction, labels, catalogue)
            evaluation = replace(evaluation, by=by_class)
        known = labels.reindex(target=prediction["target"].values)
        prediction = prediction.assign(truth=known.assign_attrs(labels.attrs).reset_coords(drop=True))

    def training() -> Training:
        return Training(gathered.worker, dict(gathered.keys), labels)

    write_results(session, gathered, prediction, exporters, training, chain, evaluation, learned=bool(steps))


def gathered_inputs(
    session: Session, steps: Sequence[LearningStep]
) -> tuple[Gathered, xr.DataArray | None, xr.Dataset | None]:
    """Take every target through the mapping steps; return what came of it, the labels and the catalogue.

    Raises
    ------
    DataError, RunError
        When there are no labels to learn from, too few targets, or none comes through.
    """
    spec = session.spec
    with at(spec.steps[0].id):
        worker = TargetWorker(session.recipe(), session.registry)
        labels = _labels(worker.loader, spec.steps[0].id, required=bool(steps))
        catalogue = worker.loader.catalogue() if steps or spec.by else None
        check_catalogue(catalogue, spec.group)
        check_enough_targets(session, steps, len(worker.loader.targets()))
    return session.gather(worker), labels, catalogue


def learning_problem(
    session: Session,
    steps: Sequence[LearningStep],
    gathered: Gathered,
    labels: xr.DataArray,
    catalogue: xr.Dataset | None,
) -> tuple[LearningData, xr.DataArray]:
    """Return what models read of the targets, and the labels of these; who cannot be learned from is set aside."""
    spec = session.spec
    leave_out_ungrouped(gathered, catalogue, spec.group)
    labels = _labelled(gathered, labels, spec.steps[0].id)
    with session.phase("collate"):
        data = learning_data(gathered, steps, catalogue, spec.group)
        data = with_observations(data, seed_for(spec.seed, "observed"))
    return data, labels.sel(target=list(data.targets))


def with_groups(prediction: xr.Dataset, data: LearningData, group: str) -> xr.Dataset:
    """Return the Prediction with the group of each target, where groups are not targets."""
    if group == "target":
        return prediction
    group_of = dict(zip(data.targets, data.groups, strict=True))
    return prediction.assign(group=("target", [group_of[t] for t in prediction["target"].values]))


def made_scores(spec: PipelineSpec) -> list[Score]:
    """Make the scores of a pipeline."""
    return [cast("Score", _make(part)) for part in spec.scores]


def name_outputs(prediction: xr.Dataset, labels: xr.DataArray | None) -> xr.Dataset:
    """Give measured channels the names of the labels at the same wavelengths, where there are such."""
    if labels is None:
        return prediction
    if labels.sizes["output"] == prediction.sizes["output"] == 1:
        return prediction.assign_coords(output=labels["output"].values)
    if "wavelength" not in labels.coords:
        return prediction
    known, there = labels["wavelength"].values, prediction["wavelength"].values
    if known.shape != there.shape or not np.allclose(known, there, rtol=1e-3):
        return prediction
    return prediction.assign_coords(output=labels["output"].values)


def _unjudged(scores: Sequence[Score], prediction: xr.Dataset | None) -> Evaluation:
    """Return why nothing can be scored: there are no labels, or nothing was measured."""
    names = [score.name for score in scores]
    if prediction is None:
        return Evaluation(dict.fromkeys(names), dict.fromkeys(names, "the pipeline measures nothing to compare"))
    unlabelled = tuple(str(target) for target in prediction["target"].values)
    reason = "the loader has no labels to compare with"
    return Evaluation(dict.fromkeys(names), dict.fromkeys(names, reason), 0, unlabelled)


def _judged(scores: Sequence[Score], prediction: xr.Dataset, labels: xr.DataArray, draws: int, seed: int) -> Evaluation:
    """Score the prediction; when it cannot be compared with the labels at all, say so and keep the results."""
    try:
        return evaluate_scores(scores, prediction, labels, draws, seed)
    except DataError as error:
        names = [score.name for score in scores]
        return Evaluation(dict.fromkeys(names), dict.fromkeys(names, str(error)))


def _make(part: Part) -> Any:
    return part.component.load().from_params(part.params)


def _labels(loader: Loader, step: str, required: bool) -> xr.DataArray | None:
    from specframe.api.prediction import validate_labels

    labels = loader.labels()
    if labels is not None:
        validate_labels(labels, step)
    elif required:
        raise DataError(
            f"step {step!r}: the pipeline has a model to train, but loader {loader.name!r} has no labels. "
            "Point it at labelled data, or use 'specframe predict' to apply a fitted run to data without labels."
        )
    return labels


def _labelled(gathered: Gathered, labels: xr.DataArray, step: str) -> xr.DataArray:
    """Set aside the targets that cannot be learned from; return the labels of the others."""
    there = {str(target) for target in labels["target"].values}
    for target in list(gathered.keys):
        if target not in there:
            gathered.leave_out(target, step, "it has no label to learn from")
            continue
        row = labels.sel(target=target)
        bad = ~np.isfinite(row.values)
        if bad.any():
            names = [str(name) for name in labels["output"].values[bad]]
            listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            gathered.leave_out(target, step, f"its label is not finite: {listed} is {row.values[bad][0]}")
    if not gathered.keys:
        last = gathered.set_aside[-1]
        raise DataError(f"step {step!r}: no target has a label to learn from; {last.target}: {last.reason}")
    return labels.sel(target=list(gathered.keys))
