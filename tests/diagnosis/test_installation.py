"""Which specframe runs, whether there are several, and whose the command is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from specframe.diagnosis.interpreter import examine_interpreter

if TYPE_CHECKING:
    import pytest
    from conftest import Environment

ROOT = Path(__file__).parents[2]
PIP = f"{sys.executable} -m pip"


def found(environment: Environment) -> dict[str, str]:
    return {
        finding["text"]: finding["mend"] for finding in environment.problems("installation", "examine_installation")
    }


def test_an_older_installation_beside_the_code(environment: Environment) -> None:
    environment.distribution("specframe", "0.0.1")
    told = found(environment)
    versions = [text for text in told if "the code that runs is" in text]
    assert "what is installed says 0.0.1" in versions[0]
    assert told[versions[0]] == f"{PIP} install --force-reinstall --no-deps specframe"
    other = next(text for text in told if text.startswith("'import specframe' gives"))
    assert str(ROOT / "specframe") in other
    assert str(environment.folder) in other
    assert "python -m specframe doctor" in told[other].replace(sys.executable, "python")


def test_an_editable_installation_that_is_older_than_the_code(environment: Environment) -> None:
    info = environment.distribution("specframe", "0.1.0", requires=("numpy>=1.26",))
    (info / "direct_url.json").write_text(json.dumps({"url": f"file://{ROOT}", "dir_info": {"editable": True}}))
    text, mend = next((text, mend) for text, mend in found(environment).items() if "was updated after" in text)
    assert text.startswith("the code was updated after it was installed: entry point ")
    assert mend == f"{PIP} install -e {ROOT}"


def test_two_installations(environment: Environment) -> None:
    environment.distribution("specframe", "0.1.0")
    text, mend = next((text, mend) for text, mend in found(environment).items() if "times" in text)
    assert text.startswith("it is installed 2 times, in ")
    assert mend.startswith(f"{PIP} uninstall specframe, repeated until none is left, then {PIP} install")


def test_a_command_of_another_python(environment: Environment) -> None:
    other = environment.folder / "old" / "bin"
    other.mkdir(parents=True)
    script = other / "specframe"
    script.write_text(f"#!{other}/python3.9\nimport sys\n")
    script.chmod(0o755)
    environment.variables["PATH"] = f"{other}{os.pathsep}{os.environ['PATH']}"
    text, mend = next((text, mend) for text, mend in found(environment).items() if "belongs to" in text)
    assert text.startswith(f"the command {script} belongs to another Python, {other}/python3.9,")
    assert mend.endswith(f"or {sys.executable} -m specframe")


def test_no_command_at_all(environment: Environment) -> None:
    environment.variables["PATH"] = str(environment.folder)
    assert (
        f"{sys.executable} -m specframe, which is the same"
        in found(environment)["the command 'specframe' is not on the PATH of this shell"]
    )


def test_python_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    first = next(iter(examine_interpreter()))
    assert first.level == "problem"
    assert "is too old, specframe needs 3.11 or later" in first.text
    assert first.mend.startswith("python3.11 -m venv")


def test_an_environment_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specframe.diagnosis.interpreter.PathFinder", SimpleNamespace(find_spec=lambda _: None))
    assert f"{sys.executable} -m ensurepip" in {finding.mend for finding in examine_interpreter()}


def test_a_file_that_hides_a_module_of_pythons_own(environment: Environment) -> None:
    path = environment.module("colorsys", "")
    (found,) = [f for f in environment.examined("interpreter", "examine_interpreter") if f["level"] == "problem"]
    assert found["text"] == f"{path} hides Python's own module 'colorsys' from all that import it"
    assert found["mend"] == f"mv {path} {path.with_name('my_colorsys.py')}"


def test_variables_that_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    told = {finding.mend: finding.text for finding in examine_interpreter() if finding.level == "warning"}
    assert set(told) == {"unset PYTHONPATH", "unset PYTHONHOME"}
    assert "/somewhere" in told["unset PYTHONPATH"]
