"""Folds, final fit and members sent to other processes: what comes back, what is told, what dies."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline, Run
from specframe.errors import DataError, RunError
from specframe.executors.process import ProcessExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parents[1]
_PLUGINS = [_HERE / "toy.py", _HERE / "hard_models.py"]
_FOLDS = {"cross_validation": {"folds": 2}}
_HOLDOUT = {"holdout": {"fraction": 0.2}}


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


def _pipeline(folder: Path, evaluate: dict[str, Any], members: int = 0, **params: Any) -> Pipeline:
    steps: list[dict[str, Any]] = [
        {"id": "data", "load": "toy"},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "hard", "with": params},
        {"id": "sigma", "uncertainty": "residual"},
    ]
    if members:
        steps.insert(3, {"id": "members", "uncertainty": "ensemble", "with": {"members": members}})
    path = folder / "hard.yaml"
    evaluate = {**evaluate, "scores": ["rmse-ppm"], "inner_folds": 2}
    path.write_text(yaml.safe_dump({"specframe": 1, "seed": 2, "steps": steps, "evaluate": evaluate}))
    return Pipeline.from_yaml(path, plugin_files=_PLUGINS)


def _results(run: Run) -> dict[str, bytes]:
    files = [run.path / "predictions.nc", run.path / "metrics.json", *sorted((run.path / "model").rglob("*"))]
    return {file.relative_to(run.path).as_posix(): file.read_bytes() for file in files if file.is_file()}


def _events(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.path / "log.jsonl").read_text().splitlines()]


def test_folds_and_the_final_fit_go_to_workers_and_nothing_of_it_changes(pool: ProcessExecutor, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pipeline = _pipeline(tmp_path, {"cross_validation": {"folds": 4}}, calls=str(calls))
    here = pipeline.run(tmp_path / "here", quiet=True)
    assert Counter(calls.read_text().split()) == {str(os.getpid()): 5 * 3}
    calls.unlink()
    there = pipeline.run(tmp_path / "there", executor=pool, quiet=True)
    assert sum(Counter(calls.read_text().split()).values()) == 5 * 3
    assert str(os.getpid()) not in calls.read_text().split()
    assert _results(there) == _results(here)
    assert "fit" not in there.manifest["timings"].get("reused", [])
    for left in ("learning", "checkpoints"):
        assert not [file for file in (there.path / "stages" / left).rglob("*") if file.is_file()]
    begun = {event["step"]: event["total"] for event in _events(there) if event["event"] == "begin"}
    assert begun["cross-validation"] == 4
    told = [event for event in _events(there) if event.get("text") == "fit (fold 3): half of it is done"]
    assert [event["step"] for event in told] == ["cross-validation"]


def test_single_fits_go_out_where_folds_are_few(pool: ProcessExecutor, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    params = {"seconds": 0.25, "calls": str(calls)}
    there = _pipeline(tmp_path, _HOLDOUT, members=2, **params).run(tmp_path / "there", executor=pool, quiet=True)
    workers = Counter(calls.read_text().split())
    assert sum(workers.values()) == 2 * 3 * 2  # hold-out and all, without and with inner folds, members: each once
    assert len(workers) == 2
    begun = {event["step"]: event["total"] for event in _events(there) if event["event"] == "begin"}
    assert begun["fits"] == 12
    params = {"calls": str(calls)}
    here = _pipeline(tmp_path, _HOLDOUT, members=2, **params).run(tmp_path / "here", quiet=True)
    names = [name for name in _results(here) if not name.endswith("params.json")]  # the time is a parameter
    assert {name: _results(here)[name] for name in names} == {name: _results(there)[name] for name in names}


def test_short_fits_are_not_sent_one_by_one(pool: ProcessExecutor, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    run = _pipeline(tmp_path, _HOLDOUT, members=20, calls=str(calls)).run(tmp_path / "out", executor=pool, quiet=True)
    assert len(calls.read_text().split()) == 2 * 3 * 20
    assert [event["event"] for event in _events(run) if event.get("step") == "fits"].count("end") == 1


def test_what_is_stored_is_not_fitted_again_whoever_fitted_it(pool: ProcessExecutor, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pipeline = _pipeline(tmp_path, _FOLDS, calls=str(calls))
    first = _results(pipeline.run(tmp_path / "out", executor=pool, quiet=True))
    (gone,) = (tmp_path / "out" / "stages" / "cross-validation").glob("fold-1-*.nc")
    gone.unlink()
    calls.unlink()
    again = pipeline.run(tmp_path / "out", executor=pool, quiet=True)
    assert len(calls.read_text().split()) == 3
    third = pipeline.run(tmp_path / "out", quiet=True)
    assert len(calls.read_text().split()) == 3
    assert _results(again) == _results(third) == first
    assert {"cross-validation", "fit"} <= set(third.manifest["timings"]["reused"])


def test_a_fold_whose_worker_is_killed_is_fitted_again(pool: ProcessExecutor, tmp_path: Path) -> None:
    once = tmp_path / "once"
    pipeline = _pipeline(tmp_path, _FOLDS, deadly="fold-1", once=str(once))
    run = pipeline.run(tmp_path / "out", executor=pool, quiet=True)
    assert once.exists()
    assert _results(pipeline.run(tmp_path / "here", quiet=True)) == _results(run)


def test_a_fold_that_takes_every_worker_with_it_ends_the_run_and_is_named(
    pool: ProcessExecutor, tmp_path: Path
) -> None:
    pipeline = _pipeline(tmp_path, _FOLDS, deadly="fold-1")
    # on a slow machine single fits are worth sending out first, and that of fold 1 takes the worker
    with pytest.raises(RunError, match=r"fold 1(, step 'fit')?: the process that worked on it died .* goes on"):
        pipeline.run(tmp_path / "out", executor=pool, quiet=True)


def test_wrong_data_end_the_run_with_the_same_words_wherever_it_is_found(pool: ProcessExecutor, tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, _FOLDS, refuses=True)
    for executor in (None, pool):
        with pytest.raises(DataError, match=r"^step 'fit': there are too few targets$"):
            pipeline.run(tmp_path / "out", executor=executor, quiet=True)
    assert json.loads((tmp_path / "out" / "failed.json").read_text())["error"]["step"] == "fit"


def test_with_fewer_folds_those_beyond_them_leave_the_store(tmp_path: Path) -> None:
    _pipeline(tmp_path, {"cross_validation": {"folds": 4}}).run(tmp_path / "out", quiet=True)
    run = _pipeline(tmp_path, _FOLDS).run(tmp_path / "out", quiet=True)
    stored = sorted(file.name.rpartition("-")[0] for file in (run.path / "stages" / "cross-validation").iterdir())
    assert stored == ["fold-0", "fold-1"]
