"""From spectra to parameters: a grid without noise, a hold-out, and observations that are predicted with the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from specframe import Pipeline, make
from specframe.errors import UsageError
from specframe.pipeline.applying import PredictionError
from specframe.pipeline.result import Run

PLUGIN = Path(__file__).with_name("toy_grid.py")
ERROR = 0.05


def pipeline(folder: Path, error: float = ERROR, model: Any = None, **top: Any) -> Pipeline:
    path = folder / "grid.yaml"
    data = {
        "specframe": 1,
        "seed": 3,
        "steps": [
            {"id": "grid", "load": "toy-grid", "with": {"error": error}},
            {"id": "fit", "model": "ridge", **(model or {})},
            {"id": "sigma", "uncertainty": "residual"},
        ],
        "evaluate": {"holdout": {"fraction": 0.25}, "scores": ["r2", "coverage", "pull"]},
        **top,
    }
    path.write_text(yaml.safe_dump(data))
    return Pipeline.from_yaml(path, plugin_files=[PLUGIN])


@pytest.fixture(scope="module")
def predicted_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on 0.05 of noise that also predicts three observations, the last far beyond the grid."""
    folder = tmp_path_factory.mktemp("grid")
    (folder / "observed.txt").write_text("950 0.13\n1600 0.45\n9000 0.0\n")
    predict = {"load": "toy-observed", "with": {"path": "observed.txt", "error": ERROR}}
    made = pipeline(folder, model={"noisy_copies": 20}, predict=predict, export=["seen"])
    assert Pipeline.from_yaml(folder / "grid.yaml", plugin_files=[PLUGIN]) == made
    return made.run(folder / "out", quiet=True)


def test_what_is_predicted_can_be_a_loader(tmp_path: Path) -> None:
    (tmp_path / "observed.txt").write_text("1.0 1.0 0.1\n1.1 1.2 0.1\n")
    observed = make("loader", "observed-spectra", path=tmp_path / "observed.txt")
    steps = [make("loader", "ariel-simulated"), make("model", "ridge")]
    made = Pipeline(steps, predict=observed)
    assert made.spec.predicted is not None
    assert made.spec.predicted.params == observed.params
    assert yaml.safe_load(made.to_yaml())["predict"]["load"] == "observed-spectra"


def test_a_hold_out_is_judged_once(predicted_run: Run) -> None:
    assert predicted_run.predictions.sizes["target"] == 30
    assert predicted_run.metrics["cv"] == {}
    assert predicted_run.metrics["test"]["r2"] > 0.9


def test_errors_are_those_of_observations(tmp_path: Path, predicted_run: Run) -> None:
    """The level of 30 pixels is known to 0.05 / sqrt(30) in units of 1000 K."""
    expected = 1000.0 * ERROR / np.sqrt(30)
    errors = predicted_run.predictions["mean"] - predicted_run.predictions["truth"]
    assert float(errors.sel(output="heat").std()) == pytest.approx(expected, rel=0.35)
    assert float(predicted_run.predictions["std"].sel(output="heat").mean()) == pytest.approx(expected, rel=0.35)
    clean = pipeline(tmp_path, error=0.0).run(tmp_path / "clean", quiet=True)
    assert float(abs(clean.predictions["mean"] - clean.predictions["truth"]).sel(output="heat").max()) < 1.0


def test_outputs_keep_their_units(predicted_run: Run) -> None:
    assert predicted_run.predictions["unit"].values.tolist() == ["K", "um-1"]
    assert predicted_run.predicted[0].predictions["unit"].values.tolist() == ["K", "um-1"]


def test_what_the_pipeline_predicts_is_predicted_with_the_run(predicted_run: Run) -> None:
    (new,) = predicted_run.predicted
    assert new.path == predicted_run.path / "predictions" / "observed.txt"
    pull = (new.predictions["mean"].values - [[950, 0.13], [1600, 0.45], [9000, 0.0]])[:2]
    assert np.all(np.abs(pull / new.predictions["std"].values[:2]) < 4)


def test_what_lies_at_the_edge_of_the_grid_is_told(predicted_run: Run) -> None:
    (new,) = predicted_run.predicted
    assert new.predictions["at_edge"].values.tolist() == [[0, 0], [1, 1], [1, 0]]
    flags = dict(zip(new.quality["target"], new.quality["flags"], strict=True))
    assert "heat-at-upper-edge" in flags["o1"]
    assert flags["o2"] == "extrapolating heat-at-upper-edge"
    assert flags["o0"] == ""
    assert not any("edge" in words for words in predicted_run.quality["flags"])
    assert (predicted_run.predictions["at_edge"] != 0).any()


def test_exporters_see_predictions_observations_and_what_was_learned_from(predicted_run: Run) -> None:
    own = json.loads((predicted_run.path / "seen.json").read_text())
    assert len(own["predicted"]) == 30
    assert sorted(own["observed"]) == sorted(own["predicted"])
    new = json.loads((predicted_run.predicted[0].path / "seen.json").read_text())
    assert new["predicted"] == new["observed"] == ["o0", "o1", "o2"]
    assert len(own["learned"]) == len(new["learned"]) == 120
    assert new["labelled"] == new["learned"] == own["labelled"]


def test_the_loader_of_observations_reads_other_files_too(predicted_run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("700 -0.2\n")
    new = predicted_run.predict(other, tmp_path / "new", plugin_files=[PLUGIN], quiet=True)
    assert abs(float(new.predictions["mean"].sel(output="heat")[0]) - 700) < 60


def test_without_anything_to_predict_that_is_told(tmp_path: Path) -> None:
    run = pipeline(tmp_path).run(tmp_path / "out", quiet=True)
    assert run.predicted == []
    with pytest.raises(UsageError, match="has no section 'predict', so say what with --data"):
        run.predict(plugin_files=[PLUGIN], quiet=True)


def test_a_prediction_that_fails_leaves_the_run(tmp_path: Path) -> None:
    (tmp_path / "observed.txt").write_text("")
    predict = {"load": "toy-observed", "with": {"path": "observed.txt"}}
    with pytest.raises(PredictionError, match=r"found no targets\nThe run itself is complete: .*out") as told:
        pipeline(tmp_path, predict=predict).run(tmp_path / "out", quiet=True)
    assert "r2" in Run(told.value.path).metrics["test"]
