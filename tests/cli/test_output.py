"""What a run prints, how much of it, and where colours go: on a real terminal, in pipes, quietly and verbosely."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe.cli.terminal import place

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = Path(__file__).parents[1] / "pipeline" / "toy.py"
SPECFRAME = Path(sys.executable).with_name("specframe")
STEPS = [
    {"id": "data", "load": "toy"},
    {"id": "depths", "detrend": "halves"},
    {"id": "fit", "model": "ridge"},
    {"id": "sigma", "uncertainty": "residual"},
]


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(yaml.safe_dump({"specframe": 1, "steps": STEPS, "evaluate": {"scores": ["rmse-ppm"]}}))
    return path


def on_a_terminal(*args: str, **variables: str) -> str:
    """Run specframe on a terminal of its own and return everything that reached it."""
    master, slave = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **variables}
    with subprocess.Popen([SPECFRAME, *args], stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        said = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux says so when the last process has left the terminal
                break
            if not part:
                break
            said += part
        process.wait()
    os.close(master)
    return said.decode()


def coloured(text: str) -> bool:
    return re.search(r"\x1b\[[\d;]+m", text) is not None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"CLICOLOR": "0"}, False)],
)
def test_errors_have_colours_on_a_terminal_that_wants_them(variables: dict[str, str], expected: bool) -> None:
    said = on_a_terminal("check", "gone.yaml", **variables)
    assert "error:" in said
    assert coloured(said) == expected


def test_pipes_have_no_colours_unless_they_are_asked_for() -> None:
    for variables, expected in (({}, False), ({"FORCE_COLOR": "1"}, True), ({"CLICOLOR_FORCE": "1"}, True)):
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **variables}
        done = subprocess.run([SPECFRAME, "--help"], env=environment, capture_output=True, text=True, check=True)
        assert coloured(done.stdout) == expected


def test_a_run_ends_with_its_steps_and_the_paths_of_what_was_written(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = specframe("run", pipeline, "--plugin", TOY, "--set", "data.broken=[t1]", "--out", "out")
    assert result.status == 3
    lines = result.out.splitlines()
    assert lines[0].split() == ["step", "component", "done", "stored", "set", "aside", "time"]
    assert lines[1].split()[:4] == ["data", "toy", "19", "1"]
    assert lines[2].split()[:4] == ["depths", "halves", "19", "0"]
    assert lines[3].startswith("fit > sigma  ridge > residual    19")
    assert [line.split()[1] for line in lines if line.startswith(("Report:", "Predictions:", "Model:"))] == [
        "out/report.html",
        "out/predictions.nc,",
        "out/model/",
    ]
    assert lines[-1] == "Results: out"
    assert len(lines) <= 24
    again = specframe("run", pipeline, "--plugin", TOY, "--set", "data.broken=[t1]", "--out", "out", "--quiet")
    assert again.err == ""
    assert again.out.splitlines()[2].split() == ["depths", "halves", "19", "19", "-"]


def test_verbose_tells_each_step_of_each_target_and_why(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    command = ("run", pipeline, "--plugin", TOY, "--set", "data.n_targets=8", "--out", tmp_path / "out", "-v")
    lines = specframe(*command).err.splitlines()
    assert sum(bool(re.fullmatch(r"t\d: depths \S+ s, computed: not run yet", line)) for line in lines) == 8
    assert sum(bool(re.fullmatch(r"fold \d: \S+ s, computed", line)) for line in lines) == 5
    stored = specframe(*command).err.splitlines()
    assert "t3: depths from the store" in stored
    assert "fold 4: from the store" in stored
    assert "final fit: from the store" in stored


def test_lines_off_a_terminal_number_the_stages(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    said = specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "out").err
    assert re.findall(r"^\[\d/\d\] [\w >-]+: \d+/\d+", said, re.MULTILINE) == [
        "[1/4] data > depths: 20/20",
        "[2/4] cross-validation: 5/5",
        "[3/4] final fit: 1/1",
    ]
    assert "\x1b" not in said


def test_paths_are_told_from_the_working_directory_where_they_lie_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert place(tmp_path / "runs" / "a") == "runs/a"
    assert place(Path("runs/a")) == "runs/a"
    assert place(tmp_path.parent / "b") == str(tmp_path.parent / "b")
