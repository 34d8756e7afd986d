"""What a run leaves that fails or is interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from specframe import Pipeline, Run
from specframe.errors import RunError, UsageError
from specframe.pipeline.results import ExportError

MakePipeline = Callable[..., Pipeline]
BUGGY = [
    {"id": "data", "load": "toy"},
    {"id": "depths", "detrend": "halves"},
    {"id": "fit", "model": "buggy"},
]
#: A detrender that never ends on one target.
SLOW = textwrap.dedent(
    """
    import time
    from pathlib import Path
    from specframe.api import Component, Detrender, Params, hookimpl

    class SlowParams(Params):
        started: str = ""

    class Slow(Detrender):
        name = "slow"
        Params = SlowParams

        def apply(self, observation):
            if observation.attrs["target"] == "t2":
                Path(self.params.started).touch()
                time.sleep(60)
            return observation

    @hookimpl
    def specframe_components():
        yield Component(kind="detrender", name="slow", target="slow:Slow", params=SlowParams)
    """
)


def failure(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "failed.json").read_text())
    return content


def test_a_failed_run_says_what_was_run_and_where_it_failed(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RunError):
        toy_pipeline(steps=BUGGY).run(out, quiet=True, command="a test")
    found = failure(out)
    assert found["status"] == "failed"
    assert found["error"]["step"] == "fit"
    assert found["error"]["type"] == "RunError"
    assert "ValueError: boo" in found["error"]["traceback"]
    assert found["pipeline"]["steps"][2]["model"] == "buggy"
    assert found["command"] == "a test"
    assert set(found["components"]) >= {"toy/toy", "toy/halves", "toy/buggy"}
    assert found["packages"]["numpy"]
    assert found["timings"]["phases"].keys() >= {"targets", "collate", "cross-validation"}
    assert not (out / "manifest.json").exists()
    last = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["step"], last["run"]) == ("failed", "fit", found["run"])
    with pytest.raises(UsageError, match=r"no complete run here \(failed\.json says how the last one ended\)"):
        Run(out)


def test_the_next_run_that_succeeds_removes_it(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    with pytest.raises(RunError):
        toy_pipeline(steps=BUGGY).run(tmp_path / "out", quiet=True)
    toy_pipeline().run(tmp_path / "out", quiet=True)
    assert not (tmp_path / "out" / "failed.json").exists()


def test_a_failure_leaves_the_results_of_an_earlier_run(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    first = toy_pipeline().run(tmp_path / "out", quiet=True)
    with pytest.raises(RunError):
        toy_pipeline(steps=BUGGY).run(tmp_path / "out", quiet=True)
    assert Run(tmp_path / "out").manifest["run"] == first.manifest["run"] != failure(tmp_path / "out")["run"]


def test_a_failing_exporter_does_not_make_a_complete_run_a_failed_one(
    toy_pipeline: MakePipeline, tmp_path: Path
) -> None:
    with pytest.raises(ExportError):
        toy_pipeline(export=["failing"]).run(tmp_path / "out", quiet=True)
    assert not (tmp_path / "out" / "failed.json").exists()
    assert Run(tmp_path / "out").manifest["failed_exports"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_where_it_was(number: signal.Signals, tmp_path: Path) -> None:
    started, plugin, path = tmp_path / "started", tmp_path / "slow.py", tmp_path / "toy.yaml"
    plugin.write_text(SLOW)
    steps = [{"id": "data", "load": "toy"}, {"id": "wait", "detrend": "slow", "with": {"started": str(started)}}]
    path.write_text(yaml.safe_dump({"specframe": 1, "steps": steps}))
    toy = Path(__file__).with_name("toy.py")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "specframe", "run", path, "--out", out, "--plugin", toy, "--plugin", plugin]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 30
        while not started.exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted" in err
    found = failure(out)
    assert found["status"] == "interrupted"
    assert (found["error"]["step"], found["error"]["target"]) == ("wait", "t2")


def test_the_loader_of_what_is_predicted_is_in_the_manifest(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    new = tmp_path / "new.npz"
    import numpy as np

    np.savez(new, flux=np.ones((1, 1, 8)), time=np.arange(8.0))
    predicted = {"load": "light-curves", "with": {"path": str(new), "columns": {"time": "time", "flux": "flux"}}}
    with pytest.raises(RunError):
        toy_pipeline(steps=BUGGY, predict=predicted).run(tmp_path / "out", quiet=True)
    found = failure(tmp_path / "out")
    assert "io/light-curves" in found["components"]
    assert str(new) in found["files"]
