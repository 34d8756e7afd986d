"""Apply a fitted run to new data, labels not needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from specframe.evaluate.evaluation import Evaluation
from specframe.pipeline.gather import learning_data, measured_depths
from specframe.pipeline.learning import FittedChain, learning_steps
from specframe.pipeline.results import write_results
from specframe.pipeline.target import TargetWorker

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api.exporter import Exporter
    from specframe.pipeline.directory import RunDirectory
    from specframe.pipeline.run import Session

__all__ = ["predict_pipeline"]


def predict_pipeline(session: Session, run: RunDirectory, data: Path) -> None:
    """Predict the targets found at ``data`` with the fitted steps of ``run`` and fill the session's directory.

    Raises
    ------
    InputFileError
        When the run's model is missing or is not what the run wrote.
    """
    run.verify("model/")
    steps = learning_steps(session.spec.steps)
    exporters = [cast("Exporter", part.component.load().from_params(part.params)) for part in session.spec.exports]
    worker = TargetWorker(replace(session.recipe(), data=data.absolute()), session.registry)
    gathered = session.gather(worker)
    prediction: xr.Dataset | None
    with session.phase("predict"):
        if steps:
            chain = FittedChain.load(run.path / "model", steps)
            prediction = chain.predict(learning_data(gathered, steps, worker.loader.catalogue()))
        else:
            prediction = measured_depths(gathered)
    write_results(
        session,
        gathered,
        prediction,
        exporters,
        None,
        Evaluation(),
        learned=False,
        predicted_with=str(run.path.absolute()),
        data=str(data.absolute()),
    )
