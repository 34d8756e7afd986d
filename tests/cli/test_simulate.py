"""``specframe simulate``: what it writes, how it goes on, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline
from specframe.errors import UsageError
from specframe_ariel import ArielChallenge

if TYPE_CHECKING:
    from collections.abc import Callable

    Specframe = Callable[..., Any]

TOY = Path(__file__).with_name("toy_simulator.py")
ARIEL = {"n_targets": 2, "airs_pairs": 32, "fgs1_pairs": 40, "year": 2025, "second_visit": 1.0}


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of pipeline files: a loader with parameters, and further steps."""

    def write(load: str = "toy-simulator", *steps: dict[str, Any], **params: Any) -> Path:
        path = tmp_path / "config.yaml"
        loader = {"id": "sim", "load": load, "with": params} if params else {"id": "sim", "load": load}
        path.write_text(yaml.safe_dump({"specframe": 1, "steps": [loader, *steps]}))
        return path

    return write


@pytest.fixture
def toy(specframe: Specframe, config: Callable[..., Path], tmp_path: Path) -> Specframe:
    """Return a function that simulates with the toy into ``out``."""

    def simulate(*args: object, **params: Any) -> Any:
        path = config(**params)
        return specframe("simulate", path, "--plugin", TOY, "--out", tmp_path / "out", *args)

    return simulate


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_targets_and_says_where(toy: Specframe, tmp_path: Path) -> None:
    result = toy()
    assert result.status == 0
    assert result.out.startswith(f"4 targets complete: {tmp_path / 'out'}\n")
    assert "sim: 4/4" in result.err
    assert sorted(contents(tmp_path / "out")) == ["scale", "t0.txt", "t1.txt", "t2.txt", "t3.txt", "table"]


def test_what_is_complete_is_not_made_again(toy: Specframe, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    toy(calls=str(calls))
    (tmp_path / "out" / "t2.txt").unlink()
    result = toy("--quiet", calls=str(calls))
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["t0", "t1", "t2", "t3", "t2"]
    assert result.out.startswith(f"4 targets complete (1 made now, 3 there already): {tmp_path / 'out'}\n")
    assert result.err == ""


def test_of_a_whole_pipeline_only_the_loader_is_used(
    specframe: Specframe, config: Callable[..., Path], tmp_path: Path
) -> None:
    path = config("ariel-simulated", {"calibrate": "ariel-detector"}, {"model": "ridge"}, **ARIEL | {"n_targets": 1})
    result = specframe("simulate", path, "--out", tmp_path / "out", "--set", "sim.second_visit=0.0")
    assert result.status == 0
    (target,) = ArielChallenge(path=tmp_path / "out").targets()
    assert not (tmp_path / "out" / "train" / target / "FGS1_signal_1.parquet").exists()


def test_two_workers_write_the_same_bytes_with_one_thread_each(
    specframe: Specframe, config: Callable[..., Path], toy: Specframe, tmp_path: Path
) -> None:
    path = config("ariel-simulated", **ARIEL)
    assert specframe("simulate", path, "--out", tmp_path / "one").status == 0
    assert specframe("simulate", path, "--out", tmp_path / "two", "--workers", 2).status == 0
    one = contents(tmp_path / "one")
    assert contents(tmp_path / "two") == one
    assert len([name for name in one if name.endswith("signal_1.parquet")]) == 4

    calls = tmp_path / "calls"
    assert toy("--workers", 2, calls=str(calls), seconds=0.5).status == 0
    lines = [line.split() for line in calls.read_text().splitlines()]
    assert {threads for _, threads, _ in lines} == {"1"}
    assert str(os.getpid()) not in {process for _, _, process in lines}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_target_that_fails_is_told_and_the_others_are_written(toy: Specframe, tmp_path: Path, workers: int) -> None:
    result = toy("--workers", workers, failing=["t1"], buggy=["t3"])
    assert result.status == 3
    assert "could not make t1: target t1 has no star" in result.err
    assert "could not make t3: ZeroDivisionError: a bug in the simulator" in result.err
    assert "2 targets could not be made, t1: target t1 has no star" in result.out
    assert (tmp_path / "out" / "table").read_text() == "t0\nt2"
    assert toy().status == 0
    assert (tmp_path / "out" / "table").read_text() == "t0\nt1\nt2\nt3"


def test_no_target_at_all_is_a_failure(toy: Specframe, tmp_path: Path) -> None:
    result = toy(n_targets=2, failing=["t0", "t1"])
    assert result.status == 1
    assert "no target could be made; t0: target t0 has no star" in result.err
    assert not (tmp_path / "out" / "table").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_is_full_ends_it_and_the_same_command_goes_on(toy: Specframe, tmp_path: Path, workers: int) -> None:
    result = toy("--workers", workers, full=["t2"])
    assert result.status == 1
    assert "cannot write target t2" in result.err
    assert "No space left on device. Targets that are complete stay; the same command goes on" in result.err
    assert not (tmp_path / "out" / "table").exists()
    assert "4 targets complete (" in toy().out


def test_a_full_disk_leaves_no_half_planet(config: Callable[..., Path], tmp_path: Path) -> None:
    path = config("ariel-simulated", **ARIEL)
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from specframe.cli import main; main(sys.argv[1:])"
    )
    # -B and a cache of its own: the interpreter and numba would leave truncated files behind, which break later imports
    args = [sys.executable, "-B", "-c", program, "simulate", str(path), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    done = subprocess.run(args, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1, done.stderr
    assert "cannot write target" in done.stderr
    assert "File too large" in done.stderr
    assert contents(tmp_path / "out") == {}


def start(*args: object) -> subprocess.Popen[str]:
    """Start the command in a process group of its own, as a shell does."""
    command = [sys.executable, "-m", "specframe", "simulate", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGKILL", -9)])
def test_an_interrupted_simulation_goes_on(
    toy: Specframe, config: Callable[..., Path], tmp_path: Path, name: str, status: int
) -> None:
    out, calls = tmp_path / "out", tmp_path / "calls"
    path = config(seconds=1.0, n_targets=30, calls=str(calls))
    process = start(path, "--plugin", TOY, "--out", out, "--workers", 2)
    wait_for(out / "t1.txt")
    os.killpg(process.pid, getattr(signal, name))
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    if name == "SIGINT":
        assert "error: interrupted; the same command goes on from what is stored" in err
        assert not list(out.glob(".*"))
    there = len(list(out.glob("t*.txt")))
    assert 2 <= there < 30
    assert not (out / "table").exists()
    result = toy(n_targets=30)
    assert result.out.startswith(f"30 targets complete ({30 - there} made now, {there} there already): {out}\n")


def test_two_at_once_in_a_folder_are_refused(config: Callable[..., Path], specframe: Specframe, tmp_path: Path) -> None:
    path = config(seconds=30.0)
    process = start(path, "--plugin", TOY, "--out", tmp_path / "out")
    try:
        wait_for(tmp_path / "out" / ".simulate.lock")
        time.sleep(0.2)
        result = specframe("simulate", path, "--plugin", TOY, "--out", tmp_path / "out")
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert result.status == 2
    assert f"another specframe is working in {tmp_path / 'out'}" in result.err


def test_other_parameters_do_not_go_into_the_same_folder(toy: Specframe, tmp_path: Path) -> None:
    toy()
    before = contents(tmp_path / "out")
    result = toy("--set", "sim.scale=2.0")
    assert (result.status, "holds targets of scale 1.0" in result.err) == (2, True)
    assert contents(tmp_path / "out") == before


def test_a_loader_that_simulates_nothing_is_refused_and_those_that_can_are_named(
    specframe: Specframe, config: Callable[..., Path], tmp_path: Path
) -> None:
    result = specframe("simulate", config("reader"), "--plugin", TOY, "--out", tmp_path / "out")
    assert result.status == 2
    assert "the loader 'toy_simulator/reader' reads data and cannot simulate any" in result.err
    assert "loaders that can: ariel-simulated, toy-simulator" in result.err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_refused_and_left_alone(toy: Specframe, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter").write_text("mine")
    result = toy()
    assert (result.status, "holds other files: letter" in result.err) == (2, True)
    assert contents(tmp_path / "out") == {"letter": b"mine"}


@pytest.mark.parametrize(
    ("out", "message"), [("file", "is a file; name a folder"), ("file/below", "cannot be used: Not a directory")]
)
def test_a_folder_that_cannot_be_made_is_told(
    specframe: Specframe, config: Callable[..., Path], tmp_path: Path, out: str, message: str
) -> None:
    (tmp_path / "file").write_text("mine")
    result = specframe("simulate", config(), "--plugin", TOY, "--out", tmp_path / out)
    assert (result.status, f"{tmp_path / out} {message}" in result.err) == (2, True), result.err


@pytest.mark.parametrize("out", ["closed", "closed/below"])
def test_a_folder_without_permission_is_told(config: Callable[..., Path], tmp_path: Path, out: str) -> None:
    pipeline = Pipeline.from_yaml(config(), plugin_files=[TOY])
    (tmp_path / "closed").mkdir(mode=0o500)
    if os.access(tmp_path / "closed", os.W_OK):  # who may do anything is nobody for a while
        (tmp_path / "closed").chmod(0o700)
        os.seteuid(65_534)
    try:
        with pytest.raises(UsageError, match=f"{out} cannot be used: Permission denied"):
            pipeline.simulate(tmp_path / out, quiet=True)
    finally:
        os.seteuid(os.getuid())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: [{load: toy-simulator, with: {n_target: 3}}]", "did you mean 'n_targets'?"),
        ("steps: [{load: toy-simulator, with: {n_targets: 0}}]", "n_targets must be"),
        ("steps: [{detrend: transit-polynomial}]", "a pipeline begins with a 'load' step"),
        ("steps: []", "steps"),
        ("steps: [{load: toy-simulatr}]", "did you mean 'toy-simulator'?"),
    ],
)
def test_a_wrong_config_is_told_with_its_place(specframe: Specframe, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"specframe: 1\n{text}\n")
    result = specframe("simulate", path, "--plugin", TOY, "--out", tmp_path / "out")
    assert result.status == 2
    assert f"{path}:2:" in result.err
    assert message in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("config.yaml",), "Missing option '--out'"),
        ((), "Missing argument 'CONFIG'"),
        (("gone.yaml", "--out", "x"), "gone.yaml: no such file"),
        (("config.yaml", "--out", "x", "--workers", "0"), "0 is not in the range x>=1"),
    ],
)
def test_a_wrong_command_is_told(
    specframe: Specframe, config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, args: Any, message: str
) -> None:
    monkeypatch.chdir(config().parent)
    result = specframe("simulate", *args)
    assert (result.status, message in result.err) == (2, True), result.err


def test_python_does_the_same(config: Callable[..., Path], tmp_path: Path) -> None:
    pipeline = Pipeline.from_yaml(config(failing=["t1"]), plugin_files=[TOY])
    done = pipeline.simulate(tmp_path / "out", quiet=True)
    assert done.targets == ("t0", "t2", "t3")
    assert [(outcome.target, outcome.reason) for outcome in done.failed] == [("t1", "target t1 has no star")]
    assert (done.stored, done.exit_status, done.path) == (0, 3, tmp_path / "out")
    with pytest.raises(UsageError, match="workers must be at least 1"):
        pipeline.simulate(tmp_path / "out", workers=0)
