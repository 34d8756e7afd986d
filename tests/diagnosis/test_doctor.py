"""``specframe doctor`` as somebody types it, and what other commands say where it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specframe.diagnosis import Diagnosis, Finding, diagnosis

if TYPE_CHECKING:
    from conftest import Environment

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart.yaml"
FINDINGS = (
    Finding("python", "ok", "Python 3.11.7"),
    Finding("files", "warning", "little room " * 12, "specframe prune RUN"),
    Finding("files", "problem", "no room", "rm -r --interactive" + " a very long command" * 5),
)


def test_a_broken_package_is_told_with_its_command(environment: Environment) -> None:
    environment.distribution("specframe", "0.1.0", requires=("numpy>=1.26",))
    environment.distribution("numpy", "2.0")
    environment.module("numpy", "raise ImportError('wrong ABI')")
    out = environment.folder / "doctor.txt"
    done = environment.specframe("doctor", "--out", str(out))
    assert done.returncode == 1
    assert "  PROBLEM  numpy 2.0 is installed, but 'import numpy' fails: ImportError: wrong ABI" in done.stdout
    assert f"to mend it: {sys.executable} -m pip install --force-reinstall --no-cache-dir 'numpy>=1.26'" in done.stdout
    assert out.read_text() == done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("command", [("run", str(QUICKSTART)), ("plugins", "list"), ("check", str(QUICKSTART))])
def test_other_commands_name_it(environment: Environment, command: tuple[str, ...]) -> None:
    environment.module("pluggy", "raise ImportError('wrong ABI')")
    done = environment.specframe(*command)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a package cannot be imported: wrong ABI")
    assert "'specframe doctor' says what is wrong" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plugin_that_misses_a_package_names_it(environment: Environment, tmp_path: Path) -> None:
    environment.distribution("moons", "1.0", entry_points="moons = no_such_module")
    pipeline = tmp_path / "moons.yaml"
    pipeline.write_text("specframe: 1\nsteps:\n  - load: moons/lunar\n")
    done = environment.specframe("check", str(pipeline))
    assert done.returncode == 2
    assert "'specframe doctor' says what is wrong" in done.stderr


def test_without_click_it_says_so_in_a_sentence(environment: Environment) -> None:
    environment.module("click", "raise ImportError('gone')")
    done = environment.specframe("run", str(QUICKSTART))
    assert done.returncode == 1
    assert done.stderr == (
        "error: specframe cannot start, a package that it needs is missing or broken (ImportError: gone).\n"
        "'specframe doctor' says what is wrong and how to mend it.\n"
    )


@pytest.mark.parametrize("text", ["raise AttributeError('of another version')", "cut off in the mid"])
def test_with_a_click_that_fails_in_any_way_it_still_runs(environment: Environment, text: str) -> None:
    environment.distribution("specframe", "0.1.0", requires=("click>=8.1.8",))
    environment.distribution("click", "8.2")
    environment.module("click", text)
    done = environment.specframe("run", str(QUICKSTART))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "'specframe doctor' says what is wrong" in done.stderr
    assert "'import click' fails" in environment.specframe("doctor").stdout
    environment.variables["SPECFRAME_DEBUG"] = "1"
    assert "Traceback" in environment.specframe("run", str(QUICKSTART)).stderr


def test_without_click_it_still_runs(environment: Environment) -> None:
    environment.distribution("specframe", "0.1.0", requires=("click>=8.1.8",))
    environment.distribution("click", "8.2")
    environment.module("click", "raise ImportError('gone')")
    done = environment.specframe("doctor")
    assert done.returncode == 1
    assert "PROBLEM  click 8.2 is installed, but 'import click' fails: ImportError: gone" in done.stdout
    assert f"{sys.executable} -m pip install --force-reinstall --no-cache-dir 'click>=8.1.8'" in done.stdout


def test_it_starts_with_next_to_nothing() -> None:
    program = "import sys, specframe.diagnosis; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"numpy", "pydantic", "pluggy", "click", "yaml", "packaging", "rich", "xarray"}


def test_a_command_to_paste_stands_on_one_line() -> None:
    lines = [line for line, _ in Diagnosis(FINDINGS).lines(width=60)]
    (command,) = [line for line in lines if "--interactive" in line]
    assert command.strip() == f"to mend it: {FINDINGS[2].mend}"
    assert all(len(line) <= 60 for line in lines if line != command)
    assert lines[-1] == "1 problem, 1 warning: mend from above"


def test_as_data() -> None:
    data = json.loads(json.dumps(Diagnosis(FINDINGS).to_data()))
    assert data["ok"] is False
    assert data["findings"][0] == {"topic": "python", "level": "ok", "text": "Python 3.11.7", "mend": ""}


def test_an_examination_that_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine_stars() -> None:
        raise RuntimeError("clouds")

    monkeypatch.setattr(diagnosis, "_EXAMINATIONS", (examine_stars,))
    (finding,) = diagnosis.diagnose().findings
    assert (finding.topic, finding.level) == ("stars", "warning")
    assert "RuntimeError: clouds" in finding.text
