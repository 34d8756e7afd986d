"""Whole runs on a Dask cluster, as people start them: the same bits as in one process, and what is refused."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import xarray as xr
import yaml
from dask_processes import DaskProcesses, wait_for
from distributed import Client

from specframe import Pipeline, Run
from specframe.errors import RunError
from specframe.executors import DaskExecutor

TESTS = Path(__file__).parents[1]


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline of toy components, with a copy of their plugin file beside it."""
    return written(tmp_path, {"n_targets": 12}, {"calls": str(tmp_path / "calls")})


def written(folder: Path, load: dict[str, Any], halves: dict[str, Any], **top: Any) -> Path:
    shutil.copy(TESTS / "pipeline" / "toy.py", folder / "toy.py")
    steps = [
        {"id": "data", "load": "toy", "with": load},
        {"id": "depths", "detrend": "halves", "with": halves},
        {"id": "fit", "model": "ridge"},
    ]
    evaluate = {"cross_validation": {"folds": 3}, "scores": ["rmse-ppm"]}
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump({"specframe": 1, "seed": 2, "steps": steps, "evaluate": evaluate, **top}))
    return path


def specframe(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "specframe", *arguments, "--plugin", "toy.py"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=120)


def test_a_run_on_a_cluster_has_the_same_bits_as_in_one_process(
    cluster: DaskProcesses, pipeline: Path, tmp_path: Path
) -> None:
    # paths as a person gives them: the workers were started in another folder
    done = specframe(tmp_path, "run", "toy.yaml", "--out", "there", "--scheduler", cluster.address)
    assert done.returncode == 0, done.stderr
    serial = Pipeline.from_yaml(pipeline, plugin_files=[tmp_path / "toy.py"]).run(tmp_path / "here", quiet=True)
    there = Run(tmp_path / "there")
    xr.testing.assert_identical(there.predictions, serial.predictions)
    assert there.metrics == serial.metrics
    assert not (tmp_path / "there" / ".probe").exists()

    calls = (tmp_path / "calls").read_text()
    assert len(calls.split()) == 2 * 12  # once there, and once here
    run(tmp_path, "there", cluster.address)
    assert (tmp_path / "calls").read_text() == calls  # what is stored is not computed again


def run(folder: Path, out: str, scheduler: str) -> Run:
    toy = Pipeline.from_yaml(folder / "toy.yaml", plugin_files=[folder / "toy.py"])
    return toy.run(folder / out, scheduler=scheduler, quiet=True)


def test_workers_take_the_new_text_of_a_plugin_file(cluster: DaskProcesses, pipeline: Path, tmp_path: Path) -> None:
    before = run(tmp_path, "a", cluster.address).predictions["mean"]
    text = (tmp_path / "toy.py").read_text()
    (tmp_path / "toy.py").write_text(text.replace("uniform(0.001, 0.01)", "uniform(0.011, 0.02)"))
    after = run(tmp_path, "b", cluster.address).predictions["mean"]
    assert float(before.max()) < 0.0105
    assert float(after.min()) > 0.0105


def test_a_target_that_ends_its_workers_is_set_aside_and_a_failing_one_too(
    cluster: DaskProcesses, tmp_path: Path
) -> None:
    written(tmp_path, {"n_targets": 10, "broken": ["t4"]}, {})
    with (tmp_path / "toy.py").open("a") as file:
        file.write(
            "\n\n_load = ToyLoader.load\n\n\ndef _deadly(self, target):\n    if target == 't7':\n"
            f"        import os\n        os.kill(os.getpid(), {signal.SIGKILL:d})\n"
            "    return _load(self, target)\n\n\nToyLoader.load = _deadly\n"
        )
    manifest = run(tmp_path, "out", cluster.address).manifest
    reasons = {entry["target"]: entry["reason"] for entry in manifest["set_aside"]}
    assert sorted(reasons) == ["t4", "t7"]
    assert "the file is broken" in reasons["t4"]
    assert "the workers that it was on died 4 times" in reasons["t7"]
    wait_for(lambda: cluster.there() == 2)


def test_a_client_of_a_notebook_is_used_for_many_runs_and_locks_no_files(
    cluster: DaskProcesses, pipeline: Path, tmp_path: Path
) -> None:
    toy = Pipeline.from_yaml(pipeline, plugin_files=[tmp_path / "toy.py"])
    with Client(cluster.address) as client, DaskExecutor(scheduler=client) as executor:
        first = toy.run(tmp_path / "a", executor=executor, quiet=True)
        second = toy.run(tmp_path / "b", executor=executor, quiet=True)
    xr.testing.assert_identical(first.predictions, second.predictions)


def test_a_run_whose_scheduler_dies_goes_on_with_another_one(
    cluster: DaskProcesses, pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specframe.executors.connection._CONNECT", 2.0)
    (tmp_path / "dask").mkdir()
    mortal = DaskProcesses(tmp_path / "dask")
    calls = tmp_path / "calls"
    toy = Pipeline.from_yaml(pipeline, plugin_files=[tmp_path / "toy.py"])
    try:
        mortal.add()
        wait_for(lambda: mortal.there() == 1)

        def kill() -> None:
            wait_for(lambda: calls.exists() and len(calls.read_text().split()) >= 2)
            mortal.end(mortal.scheduler)

        killer = Thread(target=kill)
        killer.start()
        with pytest.raises(RunError, match="the same command goes on"):
            toy.run(tmp_path / "out", scheduler=mortal.address, quiet=True)
        killer.join()
    finally:
        mortal.close()
    before = calls.read_text().split()
    again = toy.run(tmp_path / "out", scheduler=cluster.address, quiet=True)
    assert len(again.predictions["target"]) == 12
    assert len(calls.read_text().split()) <= 12 + 1  # at most what was under way is computed again
    assert len(before) < 12
    assert not (tmp_path / "out" / "failed.json").exists()


def test_trials_of_a_search_go_out_as_tasks(cluster: DaskProcesses, tmp_path: Path) -> None:
    space = {"fit.alpha": [0.1, 1.0, 10.0, 100.0]}
    path = written(tmp_path, {"n_targets": 12}, {}, tune={"sampler": "grid", "space": space, "score": "rmse-ppm"})
    toy = Pipeline.from_yaml(path, plugin_files=[tmp_path / "toy.py"])
    found = toy.tune(tmp_path / "there", scheduler=cluster.address, quiet=True).trials
    known = toy.tune(tmp_path / "here", quiet=True).trials
    assert len(found) == 4
    for column in ("fit.alpha", "rmse-ppm"):
        assert sorted(map(str, found[column])) == sorted(map(str, known[column]))
