"""Runs side by side: the scores of their predictions, paired differences, and what their training took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from specframe.config.spec import BOOTSTRAP
from specframe.errors import DataError, SpecframeError, UsageError
from specframe.evaluate.outputs import are_parameters, output_units
from specframe.evaluate.paired import PairedScores, Sharpness, compare_predictions
from specframe.evaluate.params import Statistic
from specframe.pipeline.result import Run
from specframe.pipeline.stages.keys import seed_for
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from matplotlib.figure import Figure

    from specframe.api.score import Score

__all__ = ["RunComparison", "compare_runs"]

#: Scores where no run states any: of spectra, and of parameters.
_SCORES = ("rmse-ppm", "crps")
_OF_PARAMETERS = ("r2", "coverage")
#: What is told of each parameter.
_REGRESSION = {"statistics": ("r2", "rmse", "bias", "coverage", "std")}
_EVERY = get_args(Statistic)
_TRAINING = ("cross-validation", "fit")


@dataclass(frozen=True)
class RunComparison:
    """What :func:`compare_runs` found; the first run is the reference."""

    #: Folder of each run by the name that it has here.
    paths: dict[str, Path]
    paired: PairedScores
    #: Seconds of cross-validation and of the final fit by run, as far as it learned and did not take them from its
    #: store.
    training: dict[str, dict[str, float]]
    #: Scores that were left out or are not the same in all runs, each with what happened.
    notes: tuple[str, ...] = ()

    def draw(self) -> Figure:
        """Draw scores with intervals and differences, see :func:`specframe.report.draw_paired_scores`."""
        from specframe.report import draw_paired_scores

        return draw_paired_scores(self.paired)


def compare_runs(
    runs: Sequence[Run | Path | str],
    scores: Sequence[str] = (),
    *,
    bootstrap: int = BOOTSTRAP,
    plugin_files: Sequence[Path] = (),
) -> RunComparison:
    """Compare the held-out predictions of runs on the targets that all of them have.

    Parameters
    ----------
    runs
        Two or more complete run directories. The first is the reference.
    scores
        Names of score components, with their default parameters. Without any, those of the runs, with the parameters
        that the first run states. Coverage and sharpness (the mean predicted error) are added where all runs predict
        errors; where the outputs are parameters, ``regression`` gives R2, root mean square error, bias, coverage and
        mean predicted error of each, unless a run asks for a choice of its own.
    bootstrap
        Number of resamples of the targets, at least 1. The first run's seed decides them.
    plugin_files
        Local ``.py`` files to use as plugins.

    Raises
    ------
    UsageError
        When there are fewer than two runs, one is named twice, or one is no complete run.
    DataError
        When a run has no predictions or no true values, outputs or units differ, or no target is common.
    """
    if len(runs) < 2:
        raise UsageError(f"a comparison needs at least two runs, got {len(runs)}")
    opened = _named([run if isinstance(run, Run) else Run(run) for run in runs])
    predictions = {name: _predicted(name, run) for name, run in opened.items()}
    registry = Registry.discover(files=plugin_files).require_files(plugin_files)
    has_std = all("std" in prediction for prediction, _ in predictions.values())
    of_parameters = all(_told_one_by_one(prediction) for prediction, _ in predictions.values())
    mixed = of_parameters and len(set(output_units(next(iter(predictions.values()))[0]))) > 1
    chosen, notes = _scores(registry, opened, scores, has_std, of_parameters, mixed)
    seed = seed_for(next(iter(opened.values())).manifest["seed"], "bootstrap")
    return RunComparison(
        {name: run.path for name, run in opened.items()},
        compare_predictions(predictions, chosen, bootstrap, seed),
        {name: _training(run) for name, run in opened.items()},
        tuple(notes),
    )


def _told_one_by_one(prediction: xr.Dataset) -> bool:
    """Whether the outputs are several parameters, or one with a unit of its own; of one alone all scores tell."""
    return are_parameters(prediction) and (prediction.sizes["output"] > 1 or "unit" in prediction.coords)


def _named(runs: Sequence[Run]) -> dict[str, Run]:
    """Name runs after their folders; where two have the same name, after as much of the path as tells them apart."""
    paths = [run.path.resolve() for run in runs]
    twice = next((path for i, path in enumerate(paths) if path in paths[:i]), None)
    if twice is not None:
        raise UsageError(f"{twice} is named twice; compare different runs")
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, runs, strict=True))


def _predicted(name: str, run: Run) -> tuple[xr.Dataset, xr.DataArray]:
    """Return Prediction and truth of a run."""
    if not (run.path / "predictions.nc").is_file():
        raise DataError(f"{name}: the run has no predictions.nc; it ends with light curves, which have no truth")
    if "predicted_with" in run.manifest:
        raise DataError(f"{name}: is a prediction for new data without true values; compare the runs that learned")
    prediction = run.predictions
    truth = prediction.get("truth")
    if truth is None or not np.isfinite(truth.values).any():
        raise DataError(f"{name}: no true values are known in this run, so its predictions cannot be judged")
    return prediction.drop_vars("truth"), truth


def _scores(
    registry: Registry,
    runs: Mapping[str, Run],
    wanted: Sequence[str],
    has_std: bool,
    of_parameters: bool,
    mixed: bool,
) -> tuple[list[Score], list[str]]:
    """Make the scores, and say what is remarkable about them."""
    notes = []
    if wanted:
        stated: dict[str, Any] = {key: {} for key in wanted}
    else:
        stated = {}
        for name, run in runs.items():
            for score, params in _stated(run):
                if stated.setdefault(score, params) != params:
                    notes.append(f"{score}: {name} states other parameters; those of the first run are used")
        stated = stated or {key: {} for key in (_OF_PARAMETERS if of_parameters else _SCORES)}
        if has_std:
            stated.setdefault("coverage", {})
        if of_parameters and set(stated.get("regression", {}).get("statistics", _EVERY)) == set(_EVERY):
            stated["regression"] = stated.get("regression", {}) | _REGRESSION
    found = []
    for score, params in stated.items():
        try:
            cls = registry.resolve("score", score).load()
            found.append(cast("Score", cls(**params)))
        except SpecframeError as error:
            if wanted:
                raise
            notes.append(f"{score} is left out: {error}")
    return [*found, *([Sharpness()] if has_std and not wanted and not mixed else [])], notes


def _stated(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return the scores of a run's pipeline with their parameters."""
    items = run.manifest["pipeline"].get("evaluate", {}).get("scores", [])
    return [(item, {}) if isinstance(item, str) else (item["score"], item.get("with", {})) for item in items]


def _training(run: Run) -> dict[str, float]:
    timings = run.manifest["timings"]
    reused = timings.get("reused", [])
    return {name: timings["phases"][name] for name in _TRAINING if name in timings["phases"] and name not in reused}
