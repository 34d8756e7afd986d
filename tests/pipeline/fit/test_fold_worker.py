"""Folds and fits as tasks: the same bits in this process, in others, all at once and one model at a time."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from specframe.executors.job import Job
from specframe.executors.process import ProcessExecutor
from specframe.pipeline.fit.fit_order import single_fits
from specframe.pipeline.fit.fold_worker import FitTask, FoldRecipe, FoldWorker, LearningRecipe, Problem, Splits
from specframe.pipeline.fit.learning import LearningData
from specframe.pipeline.fit.learning_file import write_learning
from specframe.pipeline.targets.recipe import StepRecipe
from specframe.registry import Registry
from specframe.testing import regression_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What is given in place of the parameters of the conformance suite, so that a fit takes a fraction of a second.
_QUICK: dict[str, dict[str, Any]] = {
    "cnn1d": {"network": {"blocks": [{"type": "conv", "filters": 4, "kernel": 5}], "dense": [8], "dropout": 0.2}},
    "cnn2d": {"network": {"blocks": [{"type": "conv", "filters": 4, "kernel": [3, 5]}], "dense": [8], "dropout": 0.2}},
    "mlp": {"hidden": [8], "dropout": 0.2},
}
_NETWORKS = ("cnn1d", "cnn2d", "mlp")
_MODELS = sorted({record.component.name for record in Registry.discover().components("model")})


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


def _problem(model: str, folder: Path) -> tuple[list[StepRecipe], LearningData, xr.DataArray]:
    """Return a model with calibrated errors, for networks an ensemble with draws, and a problem of the suite's."""
    component = Registry.discover().resolve("model", model).component
    example: dict[str, Any] = {}
    if component.example:
        module, _, name = component.example.partition(":")
        example = getattr(import_module(module), name)(folder)
    problem = example.get("examples", [regression_problem(0, n_target=60)])[-1]
    params = {**example.get("params", {}), **_QUICK.get(model, {})}
    if model in _NETWORKS:
        params["training"] = {"epochs": 3, "batch_size": 16}
    estimators: list[tuple[str, dict[str, Any]]] = [("residual", {})]
    if model in _NETWORKS:
        estimators = [("mc-dropout", {"draws": 4}), ("ensemble", {"members": 2}), *estimators]
    steps = [_recipe("model", model, params), *(_recipe("uncertainty", name, values) for name, values in estimators)]
    x, y = problem.X, problem.y
    if not isinstance(x, xr.DataTree):
        node = x if isinstance(x, xr.Dataset) else x.to_dataset(name="flux" if "time" in x.dims else "depth")
        x = xr.DataTree.from_dict({"/": node[["target"]], "/spectrum": node})
    targets = tuple(map(str, y["target"].values))
    return steps, LearningData({model: x}, targets, np.array(targets)), y


def _recipe(kind: Any, name: str, params: dict[str, Any]) -> StepRecipe:
    component = Registry.discover().resolve(kind, name).component
    return StepRecipe(name, kind, name, component.target, "", json.dumps(params))


def _worker(folder: Path, steps: list[StepRecipe], data: LearningData, labels: xr.DataArray) -> FoldWorker:
    recipes = tuple(LearningRecipe(step, (), "target", "equal", 0) for step in steps)
    recipe = FoldRecipe(recipes, folder, folder / "learning" / "data", Splits(2, 3), "0" * 64, 3, 2)
    return FoldWorker(recipe, Problem(tuple(step.make() for step in recipes), data, labels))


def _stored(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file() and "learning" not in file.parts]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(files)}


@pytest.mark.parametrize("model", _MODELS)
def test_every_model_gives_the_same_bits_wherever_it_is_fitted(
    model: str, pool: ProcessExecutor, tmp_path: Path
) -> None:
    steps, data, labels = _problem(model, tmp_path)
    here = _worker(tmp_path / "here", steps, data, labels)
    whole = [FitTask(None), FitTask(0)]
    for task in whole:
        here.process(task)
    expected = _stored(tmp_path / "here")
    assert sum(name.startswith("cross-validation/fold-0-") for name in expected) == 1

    there = _worker(tmp_path / "there", steps, data, labels)
    write_learning(there.recipe.data, data, labels)
    job: Job[FitTask, float] = Job(FoldWorker, there.recipe)
    fits = [FitTask(None, fit) for fit in single_fits(there.problem.steps, 2)[0]]
    assert len(fits) == 3 * (2 if model in _NETWORKS else 1)  # two inner folds and none, members
    list(pool.map(job, fits))
    kept = list((tmp_path / "there" / "checkpoints").rglob("*.fitted/complete.json"))
    assert len(kept) == len(fits)
    list(pool.map(job, whole))
    found = _stored(tmp_path / "there")
    assert found.keys() == expected.keys()
    assert [file for file in found if found[file] != expected[file]] == []
