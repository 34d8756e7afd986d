"""Networks in whole runs: the same bits after a kill, with any number of workers, and from a saved run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from specframe.cli import main

_PIPELINE = """
specframe: 1
seed: 3
steps:
  - id: data
    load: table
    with:
      path: curves.npz
      target: name
      flux: flux
      cadence: 60 s
      labels: {path: labels.csv, target: name, columns: depth}
  - id: fit
    model: cnn1d
    with:
      inputs: [flux]
      axis: time
      network:
        blocks: [{type: conv, filters: 4, kernel: 5, normalise: batch}, {type: dropout, rate: 0.1}]
      head: {type: gaussian}
      training: {epochs: 16, patience: 16, checkpoint_every: 0}
      augment: {time_flip: 0.5}
  - id: members
    uncertainty: ensemble
    with: {members: 2}
evaluate:
  cross_validation: {folds: 2}
  scores: [rmse-ppm]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of networks, and its data."""
    folder = tmp_path_factory.mktemp("networks")
    rng = np.random.default_rng(2)
    depth = rng.uniform(0.005, 0.02, 30)
    shape = (np.abs(np.arange(40) - 20) < 8).astype(float)
    flux = 1.0 - depth[:, None] * shape + rng.normal(0.0, 1e-3, (30, 40))
    np.savez(folder / "curves.npz", name=np.array([f"p{i}" for i in range(30)]), flux=flux)
    rows = "\n".join(f"p{i},{value!r}" for i, value in enumerate(depth.tolist()))
    (folder / "labels.csv").write_text(f"name,depth\n{rows}\n")
    (folder / "p.yaml").write_text(_PIPELINE)
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path) -> xr.Dataset:
    """The predictions of an undisturbed run."""
    return _run(folder, "whole")


def _arguments(folder: Path, out: str, *options: str) -> list[str]:
    return ["run", str(folder / "p.yaml"), "--out", str(folder / out), *options]


def _here(folder: Path, out: str, arguments: list[str]) -> xr.Dataset:
    """Run the command in this process, which has imported torch once."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
    return _predictions(folder, out)


def _predictions(folder: Path, out: str) -> xr.Dataset:
    return xr.load_dataset(folder / out / "predictions.nc", engine="h5netcdf")


def _run(folder: Path, out: str, *options: str) -> xr.Dataset:
    return _here(folder, out, _arguments(folder, out, *options))


def test_a_run_killed_in_the_middle_of_training_ends_with_the_same_bits(folder: Path, whole: xr.Dataset) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "specframe", *_arguments(folder, "killed")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    checkpoints = folder / "killed" / "stages" / "checkpoints"
    deadline = time.monotonic() + 240
    # the second member of a fold: the first has finished, this one is on its way
    while not any("member-1" in path.as_posix() for path in checkpoints.rglob("*") if path.is_file()):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "killed" / "predictions.nc").exists()
    resumed = _run(folder, "killed")
    xr.testing.assert_identical(resumed, whole)
    assert not list(checkpoints.rglob("*.safetensors"))
    first = (folder / "whole" / "model" / "fit" / "state.safetensors").read_bytes()
    assert (folder / "killed" / "model" / "fit" / "state.safetensors").read_bytes() == first


def test_a_training_whose_worker_is_killed_goes_on_in_another_one_and_changes_no_bit(
    folder: Path, whole: xr.Dataset
) -> None:
    command = [sys.executable, "-m", "specframe", *_arguments(folder, "worker-killed", "--workers", "2")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoints = folder / "worker-killed" / "stages" / "checkpoints"
    deadline = time.monotonic() + 240
    while not any(path.suffix == ".safetensors" for path in checkpoints.rglob("*")):
        assert process.poll() is None, "the run ended before a worker could be killed"
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.01)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [pid for pid in map(int, children) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    assert process.wait() == 0
    xr.testing.assert_identical(_predictions(folder, "worker-killed"), whole)
    lines = [json.loads(line) for line in (folder / "worker-killed" / "log.jsonl").read_text().splitlines()]
    assert any("as its checkpoint has it" in line.get("text", "") for line in lines)


@pytest.mark.usefixtures("whole")
def test_training_is_reported(folder: Path) -> None:
    table = (folder / "whole" / "model" / "fit" / "training.csv").read_text().splitlines()
    assert len(table) == 17
    assert (folder / "whole" / "figures" / "training-fit.png").is_file()
    events = [json.loads(line) for line in (folder / "whole" / "log.jsonl").read_text().splitlines()]
    assert any("epoch" in event.get("text", "") for event in events if event["event"] == "progress")


def test_a_saved_network_predicts_what_it_predicted(folder: Path, whole: xr.Dataset) -> None:
    arguments = ["predict", str(folder / "whole"), "--data", str(folder / "curves.npz"), "--out"]
    first = _here(folder, "once", [*arguments, str(folder / "once")])
    new = subprocess.run(
        [sys.executable, "-m", "specframe", *arguments, str(folder / "again")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert new.returncode == 0, new.stderr
    xr.testing.assert_identical(first, xr.load_dataset(folder / "again" / "predictions.nc", engine="h5netcdf"))
    assert list(first["target"].values) == list(whole["target"].values)
