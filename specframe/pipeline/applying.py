"""Apply a fitted run to other data, in a folder of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.config.size import read_size
from specframe.errors import RunError, UsageError
from specframe.executors.choice import executing
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.pipeline import Pipeline
from specframe.pipeline.predict import predict_pipeline
from specframe.pipeline.result import Run
from specframe.pipeline.working import in_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.config.spec import PipelineSpec
    from specframe.executors.executor import Executor

__all__ = ["PredictionError", "predict", "predict_with"]


class PredictionError(RunError):
    """What the pipeline says under ``predict`` failed; the run itself is complete, in ``path``."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"predict: {reason}\nThe run itself is complete: {path}")
        self.path = path


def predict(
    run: Path,
    data: Path | None = None,
    out: Path | None = None,
    *,
    executor: str | Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    memory: str | int | None = None,
    store_limit: str | int | None = None,
    fresh: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    plugin_files: Sequence[Path] = (),
    overrides: Sequence[str] = (),
    command: str = "Run.predict",
) -> Run:
    """Apply the fitted run in the folder ``run`` to ``data``; see :meth:`Run.predict`."""
    fitted = RunDirectory(run)
    fitted.run_manifest()
    fitted.verify("pipeline.yaml")
    if data is not None and not data.exists():
        raise UsageError(f"--data {data}: no such file or folder; the working directory is {Path.cwd()}")
    pipeline = Pipeline.from_yaml(run / "pipeline.yaml", overrides, plugin_files, check_paths=False)
    if data is None and pipeline.spec.predicted is None:
        raise UsageError(
            f"nothing to predict: the pipeline of {run} has no section 'predict', so say what with --data PATH"
        )
    out = run / "predictions" / _name_of(pipeline.spec, data) if out is None else out
    room = None if store_limit is None else read_size(store_limit)
    with executing(executor, workers, scheduler, None if memory is None else read_size(memory)) as crews:
        return predict_with(
            pipeline,
            fitted,
            data,
            out,
            executor=crews,
            store_limit=room,
            fresh=fresh,
            quiet=quiet,
            verbose=verbose,
            command=command,
        )


def predict_with(
    pipeline: Pipeline,
    fitted: RunDirectory,
    data: Path | None,
    out: Path,
    *,
    executor: Executor,
    store_limit: int | None = None,
    fresh: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    command: str = "Run.predict",
) -> Run:
    """Apply the model of the run ``fitted`` by a pipeline that is given, that of the run or one with other values."""
    session = pipeline.session(out, executor, quiet, command, verbose)
    session.store_limit = store_limit
    in_directory(session, fresh, partial(predict_pipeline, session, fitted, data), "prediction")
    return Run(out)


def _name_of(spec: PipelineSpec, data: Path | None) -> str:
    """Return what the folder of a prediction is called: as the data are."""
    if data is None:
        assert spec.predicted is not None
        data = getattr(spec.predicted.params, "path", None)
        if data is None:
            return spec.predicted.component.component.name
    return data.absolute().name
