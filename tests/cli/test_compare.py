"""``specframe compare`` on runs of toy components."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import specframe as package
from specframe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = Path(__file__).parents[1] / "pipeline" / "toy.py"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the runs ridge, naive, few (other targets), percent and dark (no labels)."""
    folder = tmp_path_factory.mktemp("runs")
    variants: dict[str, Any] = {
        "ridge": ({}, "ridge"),
        "naive": ({}, "naive"),
        "few": ({"n_targets": 12}, "ridge"),
        "percent": ({"units": "%"}, "ridge"),
        "dark": ({"labelled": False}, None),
    }
    for name, (load, model) in variants.items():
        steps: list[dict[str, Any]] = [{"load": "toy", "with": load}, {"detrend": "halves"}]
        if model:
            steps += [{"model": model}, {"uncertainty": "residual"}]
        scores = ["crps", "pit"] if name == "percent" else ["rmse-ppm", "coverage"]
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"specframe": 1, "seed": 4, "steps": steps, "evaluate": {"scores": scores}}))
        package.Pipeline.from_yaml(path, plugin_files=[TOY]).run(folder / name, quiet=True)
    return folder


def test_a_table_of_scores_and_differences(specframe: Callable[..., Any], runs: Path, tmp_path: Path) -> None:
    result = specframe("compare", runs / "ridge", runs / "naive", "--figure", tmp_path / "compare.png")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "20 common targets; in brackets 95 % intervals, 1000 resamples"
    assert lines[1].split() == ["ridge", "naive"]
    starts = [line.split()[0] for line in lines if line.startswith("  ")]
    assert starts == [
        "ridge", "rmse-ppm", "coverage-68", "coverage-95", "sharpness", "cross-validation", "fit",
        "naive", "rmse-ppm", "coverage-68", "coverage-95", "sharpness",
    ]  # fmt: skip
    # 7 ppm of a ridge against the spread of depths from 1000 to 10000 ppm: no resample is on the other side
    worse = next(line for line in lines[8:] if "rmse-ppm" in line)
    assert "+2" in worse
    assert worse.endswith("p 0.002")
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_the_first_runs_intervals_are_those_of_its_metrics(runs: Path) -> None:
    found = package.compare_runs([runs / "ridge", package.Run(runs / "naive")])
    stated = package.Run(runs / "ridge").metrics["intervals"]["cv"]
    bounds = found.paired.evaluations["ridge"].intervals.bounds
    assert list(bounds["rmse-ppm"]) == pytest.approx(stated["rmse-ppm"])
    assert found.training["ridge"].keys() == {"cross-validation", "fit"}


def test_runs_on_other_targets_are_compared_on_the_common_ones(specframe: Callable[..., Any], runs: Path) -> None:
    result = specframe("compare", runs / "ridge", runs / "few", "--score", "rmse-ppm", "--bootstrap", "50")
    assert result.out.startswith("12 common targets; in brackets 95 % intervals, 50 resamples")
    assert "ridge: 8 judged targets are not compared" in result.out
    assert "coverage" not in result.out


def test_time_from_the_store_is_not_told(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "ridge", tmp_path / "again")
    again = package.Pipeline.from_yaml(runs / "ridge.yaml", plugin_files=[TOY]).run(tmp_path / "again", quiet=True)
    assert again.manifest["timings"]["reused"] == ["cross-validation", "fit"]
    assert package.compare_runs([runs / "naive", again]).training["again"] == {}


def test_runs_of_the_same_name_are_told_apart(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "ridge", tmp_path / "ridge")
    found = package.compare_runs([runs / "ridge", tmp_path / "ridge"], bootstrap=10)
    assert found.paired.names == (f"{runs.name}/ridge", f"{tmp_path.name}/ridge")


@pytest.mark.parametrize(
    ("names", "options", "status", "message"),
    [
        (["ridge"], [], 2, "a comparison needs at least two runs, got 1"),
        (["ridge", "ridge"], [], 2, "is named twice; compare different runs"),
        (["ridge", "nothing"], [], 2, "nothing: there is no complete run here"),
        (["ridge", "dark"], [], 1, "dark: no true values are known in this run"),
        (["ridge", "percent"], [], 1, "ridge is in '', percent in '%'; compare runs in the same units"),
        (["ridge", "naive"], ["--score", "rsme-ppm"], 2, "did you mean 'rmse-ppm'"),
        (["ridge", "naive"], ["--bootstrap", "0"], 2, "--bootstrap"),
    ],
)
def test_what_cannot_be_compared(
    specframe: Callable[..., Any], runs: Path, names: list[str], options: list[str], status: int, message: str
) -> None:
    result = specframe("compare", *(runs / name for name in names), *options)
    assert message in result.err
    assert result.status == status


def test_a_prediction_and_a_run_without_predictions_are_refused(
    specframe: Callable[..., Any], runs: Path, tmp_path: Path
) -> None:
    for name, edit in {"predicted": {"predicted_with": "x"}, "curves": {}}.items():
        shutil.copytree(runs / "ridge", tmp_path / name)
        manifest = tmp_path / name / "manifest.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | edit))
    (tmp_path / "curves" / "predictions.nc").unlink()
    message = specframe("compare", runs / "naive", tmp_path / "predicted").err
    assert "predicted: is a prediction for new data without true values" in message
    message = specframe("compare", runs / "naive", tmp_path / "curves").err
    assert "curves: the run has no predictions.nc; it ends with light curves" in message


def test_wrong_number_of_runs_in_python(runs: Path) -> None:
    with pytest.raises(UsageError, match="at least two runs, got 0"):
        package.compare_runs([])
