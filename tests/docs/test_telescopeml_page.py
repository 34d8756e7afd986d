"""The page "From a model grid to the parameters of a brown dwarf" runs as it is written and finds what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from specframe import Run

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = ("dback24.npz", "spex_published.npz", "spex_published.csv", "telescopeml_tutorial2_hd3651b.npz")
#: A network that is trained for few steps ends elsewhere on another processor: rounding grows from step to step.
SCORE, SIGMAS = 0.08, 5.0


@pytest.fixture
def folder(tmp_path: Path, data_dir: Path) -> Path:
    """A folder with the files that the page asks for."""
    for name in FILES:
        (tmp_path / name).symlink_to((data_dir / "browndwarf" / name).resolve())
    return tmp_path


def follow(page: Path, blocks: Callable[..., Any], folder: Path) -> str:
    """Do what a reader would: write the files, run the commands and the code, in order. Return what was printed."""
    environment = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    printed = ""
    for block in blocks(page, "yaml", "console", "python"):
        if block.language == "yaml":
            (folder / block.title).write_text(block.code)
            continue
        lines = [[sys.executable, "-c", block.code]]
        if block.language == "console":
            shown = [line.removeprefix("$ ") for line in block.code.splitlines()]
            lines = [[str(Path(sys.executable).with_name("specframe")), *shlex.split(line)[1:]] for line in shown]
        for line in lines:
            done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout}\n{done.stderr}"
            printed += done.stdout
    return printed


def test_the_page_runs_as_written(docs: Path, blocks: Callable[..., Any], folder: Path) -> None:
    page = docs / "tutorials" / "telescopeml.md"
    printed = follow(page, blocks, folder)

    for block in blocks(page, "text"):
        if not block.title:
            assert block.code in printed, f"{page.name}:{block.line} is not what is printed"
    (shown,) = (block.code for block in blocks(page, "text") if block.title == "what the run says")
    run = Run(folder / "runs" / "hd-3651b")
    scores = run.metrics["test"]
    stated = re.findall(r"^ {2}(r2|coverage-\d+) +([\d.]+) ", shown, flags=re.MULTILINE)
    stated += [(f"r2-{name}", r2) for name, r2 in re.findall(r"^ {2}(\w+)(?: +K)? +([\d.]+) +\[.*%", shown, flags=re.M)]
    assert len(stated) == 7
    for name, value in stated:
        assert scores[name] == pytest.approx(float(value), abs=SCORE), f"the page says {name} is {value}"

    (searched,) = (block.code for block in blocks(page, "text") if block.title == "what the search says")
    assert scores["r2"] == pytest.approx(float(re.findall(r"^ +\d+ +([\d.]+) ", searched, flags=re.M)[0]), abs=SCORE)

    (answer,) = run.predicted
    row = answer.parameters[0]
    values = re.findall(r"(\w+) (-?[\d.]+) \+- ([\d.]+)", shown)
    assert [name for name, _, _ in values] == ["teff", "logg", "z", "fsed"]
    for name, mean, error in values:
        assert float(getattr(row[name], "value", row[name])) == pytest.approx(float(mean), abs=SIGMAS * float(error))
    # what the text says of the answer: beyond the grid, unlike it, and described by none of its spectra
    assert row["teff_at_edge"] == -1
    assert row["extrapolating"]
    table = (answer.path / "comparison" / "grid-comparison.ecsv").read_text()
    assert "outside of the grid" in table
    for name in (
        "explore/hd-3651b/explore.html",
        "search/trials.ecsv",
        "search/best.yaml",
        "runs/hd-3651b/report.html",
    ):
        assert (folder / name).is_file()
