"""The commands as their users meet them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
import xarray as xr
import yaml

from specframe import Run
from specframe.cli import completion, main

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]
TOY = REPOSITORY / "tests" / "pipeline" / "toy.py"
CONFIGS = sorted((REPOSITORY / "configs").glob("*.yaml"))


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline file of toy components."""
    path = tmp_path / "toy.yaml"
    steps = [
        {"id": "data", "load": "toy"},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "ridge"},
        {"id": "sigma", "uncertainty": "residual"},
    ]
    path.write_text(yaml.safe_dump({"specframe": 1, "steps": steps, "evaluate": {"scores": ["rmse-ppm"]}}))
    return path


def test_run_prints_the_scores_and_where_the_results_are(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    result = specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out")
    assert result.status == 0
    score = Run(tmp_path / "out").metrics["cv"]["rmse-ppm"]
    assert f"rmse-ppm  {score:.4g}" in result.out
    assert f"Results: {tmp_path / 'out'}" in result.out
    assert "data > depths: 20/20" in result.err  # plain lines, as this is no terminal


def test_run_prints_the_scores_even_when_an_exporter_fails(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    content = yaml.safe_load(pipeline.read_text())
    pipeline.write_text(yaml.safe_dump({**content, "export": ["failing"]}))
    result = specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out")
    assert result.status == 1
    assert f"rmse-ppm  {Run(tmp_path / 'out').metrics['cv']['rmse-ppm']:.4g}" in result.out
    assert "error: exporter 'failing' wrote nothing" in result.err
    pruned = specframe("prune", tmp_path / "out").out
    assert "cross-validation" in pruned  # the run is complete: what it would need to go on is freed, too
    assert "broken off" not in pruned


def test_run_with_targets_set_aside_has_exit_status_3(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    result = specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out", "--set", "data.broken=[t1]")
    assert result.status == 3
    assert "1 target was set aside, t1: target t1: the file is broken" in result.out
    assert "set aside t1 at step 'data': target t1: the file is broken" in result.err


def test_predict_gives_the_same_numbers_as_python(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.txt"
    new.write_text("0.003\n0.004\n0.007\n")
    specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out", "--quiet")
    result = specframe("predict", tmp_path / "out", "--data", new, "--plugin", TOY, "--out", tmp_path / "cli")
    assert result.status == 0
    python = Run(tmp_path / "out").predict(new, tmp_path / "python", plugin_files=[TOY], quiet=True)
    xr.testing.assert_identical(Run(tmp_path / "cli").predictions, python.predictions)
    assert list(python.predictions["target"].values) == ["p0", "p1", "p2"]


def test_scores_are_printed_with_their_intervals(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    result = specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out", "--quiet")
    metrics = Run(tmp_path / "out").metrics
    low, high = metrics["intervals"]["cv"]["rmse-ppm"]
    assert "Scores (held-out folds, 20 targets; in brackets 95 % intervals):" in result.out
    line = next(line for line in result.out.splitlines() if "rmse-ppm" in line)
    assert line.split() == ["rmse-ppm", f"{metrics['cv']['rmse-ppm']:.4g}", f"[{low:.4g},", f"{high:.4g}]"]
    without = specframe(
        "run", pipeline, "--plugin", TOY, "--out", tmp_path / "out", "--quiet", "--set", "evaluate.bootstrap=0"
    )
    assert "Scores (held-out folds, 20 targets):" in without.out
    assert "[" not in without.out


def test_report_is_written_again(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out", "--quiet")
    result = specframe("report", tmp_path / "out", "--out", tmp_path / "again.html")
    assert result.status == 0
    html = (tmp_path / "again.html").read_text()
    assert "95 % confidence interval, by a bootstrap (BCa) over 20 targets with 1000 resamples" in html
    assert f"{Run(tmp_path / 'out').metrics['cv']['rmse-ppm']:.5g}" in html


def test_plan_and_check(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    assert "ok, 4 steps: data > depths > fit > sigma" in specframe("check", pipeline, "--plugin", TOY).out
    plan = specframe("plan", pipeline, "--plugin", TOY, "--out", tmp_path / "out")
    assert plan.status == 0
    assert "not run yet (20)" in plan.out
    assert not (tmp_path / "out").exists()


@cache
def schema() -> Any:
    """The schema beside the bundled pipelines, checked once: that takes a hundred times as long as a pipeline."""
    kept = json.loads((REPOSITORY / "configs" / "specframe.schema.json").read_text())
    validator = jsonschema.validators.validator_for(kept)
    validator.check_schema(kept)
    return validator(kept)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_bundled_pipelines_are_valid_for_check_and_for_the_schema(
    path: Path, specframe: Callable[..., Any], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    assert specframe("check", path).status == 0
    schema().validate(yaml.safe_load(path.read_text()))
    assert path.read_text().startswith("# yaml-language-server: $schema=specframe.schema.json\n")


def test_the_schema_beside_the_bundled_pipelines_is_up_to_date(specframe: Callable[..., Any]) -> None:
    kept = json.loads((REPOSITORY / "configs" / "specframe.schema.json").read_text())
    assert json.loads(specframe("schema").out) == kept, "run: specframe schema > configs/specframe.schema.json"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("rnu",), "no such command 'rnu'. Did you mean 'run'?"),
        (("run",), "Missing argument 'PIPELINE'"),
        (("run", "gone.yaml"), "gone.yaml: no such file"),
        (("run", "x.yaml", "--workers", "0"), "0 is not in the range x>=1"),
        (("run", "x.yaml", "--executor", "slurm"), "'slurm' is not one of 'serial', 'process'"),
        (("predict", "x"), "x: there is no complete run here"),
        (("plugins", "show", "rigde"), "rigde"),
    ],
)
def test_a_wrong_command_has_exit_status_2(specframe: Callable[..., Any], args: tuple[str, ...], message: str) -> None:
    result = specframe(*args)
    assert result.status == 2
    assert message in result.err


def test_predict_on_a_folder_that_is_no_run_fails(specframe: Callable[..., Any], tmp_path: Path) -> None:
    result = specframe("predict", tmp_path, "--data", tmp_path)
    assert (result.status, list(tmp_path.iterdir())) == (2, [])
    assert "there is no complete run here" in result.err


def test_real_white_curves_are_predicted_without_labels(
    specframe: Callable[..., Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    result = specframe("run", REPOSITORY / "configs" / "adc24-white.yaml", "--out", tmp_path / "out", "--quiet")
    assert result.status == 0, result.err
    scores = Run(tmp_path / "out").metrics["cv"]
    # The figures that were asked for. Coverage: two binomial standard errors of 538 targets are 4 %.
    assert scores["rmse-ppm"] <= 48
    assert scores["median-abs-ppm"] <= 18
    assert abs(scores["coverage-68"] - 0.68) <= 2 * np.sqrt(0.68 * 0.32 / 538)

    with np.load(data_dir / "adc24" / "white_light_curves.npz") as curves:
        unseen = {"planet_id": np.arange(1, 41), "white": curves["white"][:40]}
    np.savez(tmp_path / "unseen.npz", **unseen)
    shell = specframe("predict", tmp_path / "out", "--data", tmp_path / "unseen.npz", "--out", tmp_path / "new")
    assert shell.status == 0, shell.err
    python = Run(tmp_path / "out").predict(tmp_path / "unseen.npz", tmp_path / "python", quiet=True)
    xr.testing.assert_identical(Run(tmp_path / "new").predictions, python.predictions)
    assert list(python.predictions["target"].values[:2]) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("raise RuntimeError('no')", "RuntimeError: no"), (None, "the plugin file cannot be read: No such file")],
)
def test_a_plugin_file_that_cannot_be_used_is_told(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path, text: str | None, message: str
) -> None:
    plugin = tmp_path / "mine.py"
    if text is not None:
        plugin.write_text(text)
    for command in ("check", "run"):
        result = specframe(command, pipeline, "--plugin", TOY, "--plugin", plugin)
        assert result.status == 2
        assert message in result.err


def test_two_errors_that_are_each_the_others_reason_are_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        later = ValueError("what came of it")
        try:
            raise RuntimeError("what went wrong")
        except RuntimeError as error:
            later.__context__ = error
            raise error from later

    monkeypatch.setattr(completion.command, "callback", lambda **_: fails())
    with pytest.raises(SystemExit) as ended:
        main(["completion", "bash"])
    assert ended.value.code == 1
    assert "error: RuntimeError: what went wrong" in capfd.readouterr().err
