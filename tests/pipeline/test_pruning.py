"""What is freed is only what was stored; every command works afterwards, or says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from specframe import Pipeline, Run
from specframe.errors import InputFileError, RunError, UsageError
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.pruning import prune_run
from specframe.pipeline.reporting import report_run
from specframe.provenance import replay_run

TOY = [Path(__file__).with_name("toy.py")]


MakePipeline = Callable[..., Pipeline]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that tests copy, and the file that counts calls."""
    folder = tmp_path_factory.mktemp("pruned")
    _pipeline(folder).run(folder / "out", quiet=True)
    return folder


@pytest.fixture
def make(base: Path) -> MakePipeline:
    (base / "calls").write_text("")
    return partial(_pipeline, base)


@pytest.fixture
def run(base: Path, tmp_path: Path) -> Run:
    shutil.copytree(base / "out", tmp_path / "out")
    return Run(tmp_path / "out")


def _pipeline(base: Path, **halves: Any) -> Pipeline:
    steps = [
        {"id": "data", "load": "toy"},
        {"id": "first", "detrend": "halves", "with": {"calls": str(base / "calls")}},
        {"id": "last", "detrend": "halves", "with": halves},
        {"id": "fit", "model": "ridge"},
        {"id": "sigma", "uncertainty": "residual"},
    ]
    evaluate = {"cross_validation": {"folds": 4}, "scores": ["rmse-ppm"]}
    return Pipeline(steps, seed=2, evaluate=evaluate, export=["learned"], plugin_files=TOY)


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _calls(base: Path) -> int:
    return len((base / "calls").read_text().split())


def test_a_complete_run_is_freed_of_all_and_its_results_stay(run: Run) -> None:
    before = _files(run.path)
    (pruned,) = prune_run(run.path)
    assert _files(run.path) == {name for name in before if not name.startswith("stages/")}
    assert (pruned.after, pruned.complete) == (0, True)
    assert {freed.step: freed.entries for freed in pruned.freed} == {
        "first": 20,
        "last": 20,
        "cross-validation": 4,
        "fit": 1,
    }
    assert prune_run(run.path)[0].freed == ()


def test_dry_run_frees_nothing_and_says_the_same(run: Run) -> None:
    before = _files(run.path)
    dry = prune_run(run.path, dry_run=True)
    assert _files(run.path) == before
    assert prune_run(run.path) == dry


def test_to_a_size_earlier_results_go_before_the_last_ones(run: Run) -> None:
    sizes = {freed.step: freed.size for freed in prune_run(run.path, dry_run=True)[0].freed}
    total = sum(sizes.values())
    (pruned,) = prune_run(run.path, to=total - 5 * sizes["first"] // 20 + 1)
    assert [(freed.step, freed.entries) for freed in pruned.freed] == [("first", 5)]
    (pruned,) = prune_run(run.path, to=total - sizes["first"] - 1)
    assert [(freed.step, freed.entries) for freed in pruned.freed] == [("first", 15), ("last", 1)]
    assert pruned.after <= total - sizes["first"] - 1


def test_one_step_alone(run: Run) -> None:
    (pruned,) = prune_run(run.path, step="cross-validation")
    assert [freed.step for freed in pruned.freed] == ["cross-validation"]
    with pytest.raises(UsageError, match=r"--step curves: .* has stored nothing of it; stored is first, fit, last"):
        prune_run(run.path, step="curves")


def test_after_all_is_freed_the_same_command_makes_the_same_bits(run: Run, make: MakePipeline, base: Path) -> None:
    prune_run(run.path)
    again = make().run(run.path, quiet=True)
    assert _calls(base) == 20
    state = "model/fit/state.safetensors"
    assert again.manifest["outputs"][state] == run.manifest["outputs"][state]
    xr.testing.assert_identical(again.predictions, run.predictions)


def test_predict_with_an_exporter_of_what_was_learned_makes_it_again(run: Run, tmp_path: Path) -> None:
    new = tmp_path / "new.txt"
    new.write_text("0.0035\n0.0072\n")
    before = (run.path / "learned.txt").read_text()
    prune_run(run.path)
    predicted = run.predict(new, plugin_files=TOY, quiet=True)
    assert predicted.predictions.sizes["target"] == 2
    assert (predicted.path / "learned.txt").read_text() == before
    # its own store is pruned with the run
    assert [pruned.path for pruned in prune_run(run.path)] == [run.path, predicted.path]
    assert not any(name.startswith("stages/") for name in _files(predicted.path))


def test_report_and_replay_need_nothing_of_it(run: Run, tmp_path: Path) -> None:
    prune_run(run.path)
    report_run(run, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert replay_run(run.path, tmp_path / "replay", plugin_files=TOY, quiet=True).identical


def test_what_reads_stored_results_says_that_they_are_gone(run: Run) -> None:
    prune_run(run.path)
    with pytest.raises(InputFileError, match="is not there any more; run the pipeline again"):
        run.observation("t0")


def test_a_run_that_was_broken_off_goes_on_from_what_it_needs(make: MakePipeline, base: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError):
        make(fails=[f"t{i}" for i in range(20)]).run(tmp_path / "out", quiet=True)
    last = tmp_path / "out" / "stages" / "first"
    assert len(list(last.iterdir())) == 20  # no product yet, so these are needed
    (pruned,) = prune_run(tmp_path / "out")
    assert (pruned.freed, pruned.complete) == ((), False)
    make().run(tmp_path / "out", quiet=True)
    assert _calls(base) == 20

    with pytest.raises(RunError):  # with products of the same targets
        make(fails=[f"t{i}" for i in range(20)]).run(tmp_path / "out", quiet=True)
    assert {freed.step: freed.entries for freed in prune_run(tmp_path / "out")[0].freed} == {"first": 20}
    assert prune_run(tmp_path / "out", to=0)[0].after == 0


def test_half_files_go_first(run: Run) -> None:
    half = run.path / "stages" / "last" / f".t0-{'0' * 16}.nc.99.tmp"
    half.write_bytes(bytes(100))
    total = prune_run(run.path, dry_run=True)[0].before
    prune_run(run.path, to=total - 1)
    assert not half.exists()
    assert len(list((run.path / "stages" / "first").iterdir())) == 20


def test_a_folder_of_others_and_a_run_at_work_are_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis" / "stages").mkdir(parents=True)
    (tmp_path / "thesis" / "stages" / "chapter.tex").write_text("precious")
    with pytest.raises(UsageError, match="there is no run here"):
        prune_run(tmp_path / "thesis")
    with run_locked(run), pytest.raises(UsageError, match="another specframe is working in"):
        prune_run(run.path)
    assert (tmp_path / "thesis" / "stages" / "chapter.tex").exists()


def run_locked(run: Run) -> Any:
    return RunDirectory(run.path).locked()


def test_links_out_of_the_store_are_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (run.path / "stages" / "last" / "linked").symlink_to(tmp_path / "precious")
    prune_run(run.path)
    assert (tmp_path / "precious" / "file").read_text() == "x"
