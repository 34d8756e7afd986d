"""Figures for papers of a finished run: all that it drew, or why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from specframe import Pipeline, Run
from specframe.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    MakePipeline = Callable[..., Pipeline]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run, made once."""
    folder = tmp_path_factory.mktemp("toy")
    steps = [
        {"id": "data", "load": "toy"},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "ridge"},
        {"id": "sigma", "uncertainty": "residual"},
    ]
    evaluate = {"cross_validation": {"folds": 4}, "scores": ["rmse-ppm"], "by": ["star"], "bootstrap": 200}
    (folder / "toy.yaml").write_text(yaml.safe_dump({"specframe": 1, "steps": steps, "evaluate": evaluate}))
    toy = Path(__file__).with_name("toy.py")
    return Pipeline.from_yaml(folder / "toy.yaml", plugin_files=[toy]).run(folder / "run", quiet=True)


@pytest.fixture
def run(made: Run, tmp_path: Path) -> Run:
    """A copy of it, in which a test may do what it wants."""
    return Run(shutil.copytree(made.path, tmp_path / "run"))


def drawn_by(run: Run) -> list[str]:
    return sorted(
        name[len("figures/") : -len(".png")] for name in run.manifest["outputs"] if name.startswith("figures/")
    )


@pytest.mark.parametrize("file_format", ["pdf", "png", "svg"])
def test_every_figure_of_the_run_is_drawn_again(run: Run, file_format: str) -> None:
    done = run.write_figures(file_format, width="single")
    assert done.missing == {}
    assert done.folder == run.path / f"figures-{file_format}"
    assert sorted(file.stem for file in done.files) == drawn_by(run)
    assert all(file.suffix == f".{file_format}" and file.is_file() for file in done.files)
    told = json.loads((done.folder / "figures.json").read_text(encoding="utf-8"))
    assert list(told["figures"]) == [file.name for file in done.files]
    assert "scores-by-star" in {file.stem for file in done.files}
    assert "held-out" in told["figures"][f"comparison.{file_format}"]["caption"]


def test_what_was_pruned_is_told_and_costs_no_other_figure(run: Run) -> None:
    shutil.rmtree(run.path / "stages")
    done = run.write_figures("pdf")
    curves = [name for name in drawn_by(run) if name.startswith("light-curve")]
    assert curves
    assert set(curves) <= set(done.missing)
    assert all("run the pipeline again" in done.missing[name] for name in curves)
    assert {file.stem for file in done.files} == set(drawn_by(run)) - set(done.missing)
    assert json.loads((done.folder / "figures.json").read_text())["missing"] == done.missing


def test_what_only_the_loader_read_is_told(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    steps = [{"id": "data", "load": "toy"}, {"id": "fit", "model": "ridge", "with": {"inputs": ["flux"]}}]
    run = toy_pipeline(steps=steps, evaluate={"scores": ["rmse-ppm"]}).run(tmp_path / "run", quiet=True)
    done = run.write_figures("pdf")
    assert "comparison" in {file.stem for file in done.files}
    lost = [name for name in drawn_by(run) if name.startswith("light-curve")]
    assert lost
    assert sorted(done.missing) == lost
    assert "the loader reads" in done.missing[lost[0]]


def test_light_curves_that_are_the_result_need_no_store(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    steps = [{"id": "data", "load": "toy", "with": {"labelled": False}}, {"id": "depths", "detrend": "halves"}]
    run = toy_pipeline(steps=steps, evaluate={}).run(tmp_path / "run", quiet=True)
    assert run.write_figures("png").missing == {}


def test_an_earlier_call_is_replaced_and_files_of_others_stay(run: Run) -> None:
    folder = run.write_figures("pdf").folder
    (folder / "figures.json").write_text(
        json.dumps({"figures": {"old.pdf": {}, "../manifest.json": {}, "comparison.pdf": {}}})
    )
    for name in ("old.pdf", "mine.pdf"):
        (folder / name).write_bytes(b"%PDF")
    run.write_figures("pdf")
    assert not (folder / "old.pdf").exists()
    assert (folder / "mine.pdf").exists()
    assert (run.path / "manifest.json").exists()


def test_wrong_arguments_are_refused_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="format 'jpg' is none of png, pdf, svg"):
        run.write_figures("jpg")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dpi 10: expected 50 to 1200"):
        run.write_figures("png", dpi=10)
    with pytest.raises(UsageError, match="width 'broad'"):
        run.write_figures("png", width="broad")
    assert not list(run.path.glob("figures-*"))
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        run.write_figures("png", tmp_path / "file" / "figures")
