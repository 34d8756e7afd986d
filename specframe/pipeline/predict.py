"""Apply a fitted run to new data, labels not needed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.evaluate.evaluation import Evaluation
from specframe.pipeline.exporting import Training
from specframe.pipeline.fit.chain import FittedChain
from specframe.pipeline.fit.collected import learning_data
from specframe.pipeline.fit.learning import learning_steps
from specframe.pipeline.fit.noise import noise_ratio
from specframe.pipeline.measured import measured_depths
from specframe.pipeline.results import write_results
from specframe.pipeline.stages.keys import code_digest, digest
from specframe.pipeline.targets.target import TargetWorker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from specframe.config.spec import Part
    from specframe.pipeline.directory import RunDirectory
    from specframe.pipeline.exporting import AnyExporter
    from specframe.pipeline.fit.learning import LearningData
    from specframe.pipeline.session import Session

__all__ = ["model_digest", "predict_pipeline"]


def predict_pipeline(session: Session, run: RunDirectory, data: Path | None = None) -> None:
    """Predict other targets with the fitted steps of ``run`` and fill the session's directory.

    They are loaded by the loader of the pipeline's ``predict``, where it has one, else by that of its first step; from
    ``data`` where it is given, else from where that loader's parameters say.

    Raises
    ------
    InputFileError
        When the run's model is missing or is not what the run wrote.
    """
    steps = learning_steps(session.spec.steps)
    chain: FittedChain | None = None
    with run.unchanged() as fitted:
        run.verify("model/")
        if steps:
            chain = FittedChain.load(run.path / "model", steps)
    _warn_of_other_code(session, fitted)
    exporters = [cast("AnyExporter", part.component.load().from_params(part.params)) for part in session.spec.exports]
    loader = session.spec.predicted
    recipe = replace(session.recipe(loader), data=None if data is None else data.absolute())
    worker = TargetWorker(recipe, session.registry)
    session.progress.expect(["targets", "predict", "results"])
    gathered = session.gather(worker)
    prediction: xr.Dataset | None
    with session.phase("predict"):
        if chain is not None:
            data_of_new = learning_data(gathered, steps, worker.loader.catalogue(), like=chain.inputs)
            prediction = _with_noise(chain.predict(data_of_new), data_of_new, chain)
        else:
            prediction = measured_depths(gathered)
    write_results(
        session,
        gathered,
        prediction,
        exporters,
        partial(_training, session, run),
        None,
        Evaluation(),
        learned=False,
        predicted_with=str(run.path.absolute()),
        data=_where(loader, data),
        model=model_digest(fitted),
    )


def model_digest(manifest: Mapping[str, Any]) -> str:
    """Return one digest of the model files that a run's manifest lists."""
    return digest({name: known for name, known in manifest["outputs"].items() if name.startswith("model/")})


def _with_noise(prediction: xr.Dataset, data: LearningData, chain: FittedChain) -> xr.Dataset:
    """Say how noisy the targets are where a model was fitted for observations of one noise, as its error bars are."""
    ratios = np.stack([noise_ratio(data.collections[step], like) for step, like in chain.inputs.items()])
    largest = np.fmax.reduce(ratios, axis=0)
    return prediction.assign(noise_ratio=("target", largest)) if np.isfinite(largest).any() else prediction


def _training(session: Session, run: RunDirectory) -> Training:
    """Return what the run learned from; it must still be there."""
    # whoever runs in that folder now may have stored results of other parameters: they stay
    recipe = replace(session.recipe(), store=run.stages.absolute(), keep_older=True, fresh=())
    worker = TargetWorker(recipe, session.registry)
    keys: dict[str, str] = run.manifest().get("products", {})
    labels = worker.loader.labels()
    if labels is not None:
        there = set(labels["target"].values.astype(str))
        labels = labels.sel(target=[target for target in keys if target in there])
    return Training(worker, keys, labels)


def _where(loader: Part | None, data: Path | None) -> str:
    path: Any = data if data is not None or loader is None else getattr(loader.params, "path", None)
    return "" if path is None else str(path.absolute())


def _warn_of_other_code(session: Session, fitted: Mapping[str, Any]) -> None:
    """Say which components have other code now than when the model was fitted: their results may differ."""
    then = fitted.get("components", {})
    for step in session.spec.steps:
        registered = step.component
        known = then.get(registered.qualified_name, {}).get("code")
        if known is not None and known != code_digest(registered.component.target):
            session.progress.say(
                f"warning: {registered.qualified_name} (step {step.id!r}) has other code now than when the run was made"
            )
