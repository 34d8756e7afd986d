"""Repeating a run: identical results, changed inputs and code, things that are gone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specframe import Run
from specframe.cli import main
from specframe.errors import UsageError
from specframe.provenance import replay_run

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = Path(__file__).parents[1] / "pipeline" / "toy.py"


def replay(*args: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["replay", *map(str, args)])
    return int(caught.value.code or 0)


def test_a_run_and_its_prediction_repeat_to_the_last_bit(
    run_toy: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_toy("first")
    new = tmp_path / "new.txt"
    new.write_text("0.0031\n0.0042\n")
    predicted = run.predict(new, plugin_files=[TOY], quiet=True)
    capsys.readouterr()
    assert replay(run.path, "--plugin", TOY, "--out", tmp_path / "again", "--quiet") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "Identical to the last bit: metrics.json" in told.out
    assert replay(predicted.path, "--plugin", TOY, "--out", tmp_path / "again-new", "--quiet") == 0
    assert Run(tmp_path / "again-new").manifest["command"] == "specframe replay"
    # a copy whose run is gone from its old place finds it above itself
    shutil.move(run.path, tmp_path / "moved")
    moved = replay_run(tmp_path / "moved" / "predictions" / "new.txt", tmp_path / "b", plugin_files=[TOY], quiet=True)
    assert moved.identical
    assert not moved.warnings


def test_changed_input_is_told_before_and_after(
    run_toy: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_toy("first")
    labels = tmp_path / "labels.txt"
    labels.write_text(labels.read_text().replace("0.003", "0.0035"))
    capsys.readouterr()
    assert replay(run.path, "--plugin", TOY, "--out", tmp_path / "again", "--quiet") == 1
    told = capsys.readouterr()
    assert f"warning: input file has other content now: {labels}" in told.err
    assert "predictions.nc differs:" in told.out
    assert re.search(r"  mean: \d+ of 12 differ by up to [\d.e-]+ \([\d.e+-]+ std\)", told.out)
    assert "Identical to the last bit: pipeline.yaml" in told.out
    with pytest.raises(UsageError, match="is not repeated, because 1 thing is not as when it was made"):
        replay_run(run.path, tmp_path / "strict", plugin_files=[TOY], strict=True)
    assert not (tmp_path / "strict").exists()


def test_other_code_and_versions_are_named(run_toy: Callable[..., Run], tmp_path: Path) -> None:
    run = run_toy("first")
    path = run.path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["packages"]["numpy"] = "1.0"
    manifest["components"]["linear/ridge"]["code"] = "0" * 64
    path.write_text(json.dumps(manifest))
    changed = tmp_path / "other" / "toy.py"
    changed.parent.mkdir()
    changed.write_text(TOY.read_text() + "\n# changed\n")
    told = "\n".join(replay_run(run.path, tmp_path / "again", plugin_files=[changed], quiet=True).warnings)
    assert "numpy was 1.0, now 2." in told
    assert "code of model linear/ridge was 000000000000, now" in told
    assert "code of detrender toy/halves was" in told
    assert "plugin toy was 0+" in told


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("input", r"1 input file is gone, so the run cannot be repeated: .*labels\.txt"),
        ("plugin", r"have to be named again: --plugin .*toy\.py"),
        ("pipeline", r"cannot be repeated: .*pipeline\.yaml: differs from what the run wrote"),
        ("itself", "is the run itself"),
    ],
)
def test_what_cannot_be_repeated_says_why(
    run_toy: Callable[..., Run], tmp_path: Path, wrong: str, message: str
) -> None:
    run = run_toy("first")
    if wrong == "input":
        (tmp_path / "labels.txt").unlink()
    if wrong == "pipeline":
        (run.path / "pipeline.yaml").write_text((run.path / "pipeline.yaml").read_text() + "# changed\n")
    out = run.path if wrong == "itself" else tmp_path / "again"
    with pytest.raises(UsageError, match=message) as caught:
        replay_run(run.path, out, plugin_files=[] if wrong == "plugin" else [TOY])
    assert caught.value.exit_status == 2
    assert not (tmp_path / "again").exists()


def test_results_that_were_changed_are_named(run_toy: Callable[..., Run], tmp_path: Path) -> None:
    run = run_toy("first")
    (run.path / "metrics.json").write_text("{}")
    repeated = replay_run(run.path, tmp_path / "again", plugin_files=[TOY], quiet=True)
    assert [line for line in repeated.warnings if "metrics.json was changed since the run wrote it" in line]
    assert repeated.identical  # with what the run wrote
