"""What the Tab key offers, through click's protocol and in a real bash."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SPECFRAME = Path(sys.executable).with_name("specframe")
HEAVY = {"numpy", "xarray", "torch", "sklearn", "scipy", "astropy", "matplotlib", "rich"}

#: Answers several lines in one process: starting one for each would take most of the time.
_PROGRAM = """
import contextlib, io, json, os, sys
from specframe.cli import main
answers = []
for line in json.loads(sys.argv[1]):
    os.environ |= {"COMP_WORDS": line, "_SPECFRAME_COMPLETE": "bash_complete"}
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([])
        except SystemExit as exit:
            status = exit.code
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    answers.append([texts[0].split(), texts[1], status])
print(json.dumps([answers, sorted({name.partition(".")[0] for name in sys.modules})]))
"""

PIPELINE = """
specframe: 1
steps:
  - {id: data, load: ariel-simulated}
  - {id: curves, calibrate: ariel-detector}
  - model: ridge
"""

#: What is typed, and what is offered of it: all, or with "..." some.
LINES = {
    "specframe r": ["run", "report", "replay"],
    "specframe plugins s": ["show"],
    "specframe run ": ["broken.yaml", "good.yaml", "runs/"],
    "specframe predict ": ["runs/first"],
    "specframe run good.yaml --exec": ["--executor"],
    "specframe run --executor ": ["serial", "process", "dask"],
    "specframe run good.yaml --set c": ["curves."],
    "specframe run good.yaml --set model.al": ["model.alpha="],
    "specframe run good.yaml --set data.n_targets=5 --set curves.extr": ["curves.extraction="],
    "specframe explore runs/first --step d": ["data"],
    "specframe plugins show pca-r": ["pca-ridge"],
    "specframe plugins show --kind loader pca-r": [],
    "specframe plugins list --kind=lo": ["loader"],
    "specframe compare runs/first --score rmse": ["rmse-ppm"],
    "specframe explore x --loader ariel-s": ["ariel-simulated"],
    "specframe completion ": ["bash", "zsh", "fish"],
    # nothing to complete is no failure
    "specframe run broken.yaml --set m": ["mine."],
    "specframe run broken.yaml --set mine.al": ["mine.alpha="],
    "specframe run gone.yaml --set data.": [],
    "specframe run good.yaml --plugin broken.yaml --set data.n_t": ["data.n_targets="],
    "specframe nothing x": [],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("here")
    (path / "good.yaml").write_text(PIPELINE)
    (path / "broken.yaml").write_text("steps:\n  - id: mine\n    model: ridge\n  - [broken: {\n")
    (path / "runs" / "first").mkdir(parents=True)
    (path / "runs" / "first" / "manifest.json").write_text("{}")
    (path / "runs" / "first" / "pipeline.yaml").write_text(PIPELINE)
    return path


def test_lines_are_completed_quietly_and_lightly(folder: Path) -> None:
    arguments = [sys.executable, "-c", _PROGRAM, json.dumps(list(LINES))]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True)
    answers, modules = json.loads(done.stdout)
    found = {
        line: [item.partition(",")[2] for item in items] for line, (items, _, _) in zip(LINES, answers, strict=True)
    }
    assert found == LINES
    assert {(err, status) for _, err, status in answers} == {("", 0)}
    assert done.stderr == ""
    assert set(modules) & HEAVY == set()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("specframe run good.yaml --set model.alph", ["model.alpha="]),
        ("specframe run good.yaml --set model.alpha=2 --set cur", ["curves."]),
        ("specframe run g", ["good.yaml"]),
    ],
)
def test_bash_completes(folder: Path, line: str, offered: list[str]) -> None:
    # bash splits words at "=", too, which is why its own words are not used
    words = " ".join(repr(word) for word in line.replace("=", " = ").split())
    program = f"""
        source <({SPECFRAME} completion bash)
        COMP_LINE='{line}' COMP_POINT={len(line)}
        COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        compopt() {{ :; }}
        _specframe_completion specframe
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{SPECFRAME.parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", program], cwd=folder, capture_output=True, text=True, check=True, env={"PATH": path}
    )
    assert (done.stdout.split(), done.stderr) == (offered, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_takes(shell: str, tmp_path: Path) -> None:
    done = subprocess.run([SPECFRAME, "completion", shell], capture_output=True, text=True, check=True)
    assert f"_SPECFRAME_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.stdout)
        subprocess.run([shell, "-n", script], check=True)
