"""The plugins of the how-to pages work as they stand there."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr

from specframe.errors import InputFileError
from specframe.scaffold import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "how-to/write-a-plugin.md"
SPECFRAME = ("-c", "from specframe.cli import main; main()")


class Author:
    """Types what the page says, in a folder of their own."""

    def __init__(self, home: Path, python: Callable[..., Any]) -> None:
        self.home = self.folder = home
        self._python = python

    def types(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the page and return what came of it; pip leaves its metadata and installs nothing."""
        words = shlex.split(line)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            return self._python("-c", "")
        if words[:2] == ["pip", "install"]:
            self._install(self.folder)
            return self._python("-c", "")
        program = {"specframe": SPECFRAME, "pytest": ("-m", "pytest", "-q", "-p", "no:cacheprovider")}[words[0]]
        return self._python(*program, *words[1:], path=[self.folder], cwd=self.folder)

    def _install(self, folder: Path) -> None:
        stated = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        info = folder / f"{stated['name'].replace('-', '_')}-{stated['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {stated['name']}\nVersion: {stated['version']}\n")
        points = "".join(f"{n} = {v}\n" for n, v in stated["entry-points"]["specframe.plugins"].items())
        (info / "entry_points.txt").write_text(f"[specframe.plugins]\n{points}")


@pytest.fixture
def author(tmp_path: Path, python_in: Callable[..., Any]) -> Author:
    """Somebody who follows the page."""
    return Author(tmp_path, python_in)


@pytest.fixture
def python_in() -> Callable[..., Any]:
    """Return ``python(*arguments, path=, cwd=)``, which runs a new interpreter."""

    def python(*arguments: str, path: list[Path] | None = None, cwd: Path | None = None) -> Any:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path or [])), "MPLBACKEND": "agg"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )

    return python


def commands(blocks: Callable[..., Any], page: Path) -> list[tuple[str, list[str]]]:
    """Return what the page types at a prompt, with the lines of output that it shows."""
    found: list[tuple[str, list[str]]] = []
    for block in blocks(page, "console"):
        for line in block.code.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


def test_ten_minutes(author: Author, docs: Path, blocks: Callable[..., Any]) -> None:
    """From nothing to a plugin that is tested and has run in a pipeline, with what the page types."""
    typed = [(line, shown) for line, shown in commands(blocks, docs / PAGE) if "--kind loader" not in line]
    assert [line.split()[0] for line, _ in typed].count("specframe") >= 4
    for line, shown in typed:
        done = author.types(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert [text for text in shown if text not in done.stdout] == [], line
        if line == "pytest":
            assert re.search(r"\b5 passed", done.stdout), done.stdout
    assert (author.folder / "runs" / "nearest" / "predictions.nc").is_file()

    # and the steps under "Use it"
    (steps,) = blocks(docs / PAGE, "yaml")
    (author.folder / "pipeline.yaml").write_text("specframe: 1\n" + steps.code)
    done = author.types("specframe check pipeline.yaml")
    assert done.returncode == 0, done.stderr
    done = author.types("specframe check pipeline.yaml --set nearest.neighbours=0")
    assert "neighbours must be at least 1" in done.stderr


def test_the_loader(author: Author, docs: Path, blocks: Callable[..., Any]) -> None:
    (line,) = (line for line, _ in commands(blocks, docs / PAGE) if "--kind loader" in line)
    assert author.types(line).returncode == 0
    author.types("cd specframe-star-folder")
    author.types("pip install -e .")
    done = author.types("specframe plugins check star-folder")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pieces_are_those_that_the_command_writes(author: Author, docs: Path, blocks: Callable[..., Any]) -> None:
    for line, _ in commands(blocks, docs / PAGE):
        if line.startswith("specframe plugins new"):
            assert author.types(line).returncode == 0
    shown = [block for block in blocks(docs / PAGE) if block.title]
    assert len(shown) >= 8
    for block in shown:
        written = (author.home / block.title).read_text()
        assert block.code.strip("\n") in written, f"{block.title} on the page is not what the command writes"


def test_the_table_has_every_kind(docs: Path) -> None:
    assert re.findall(r"(?m)^\| `(\w+)` \|", (docs / PAGE).read_text()) == list(TEMPLATES)


def test_errors_are_raised_as_the_pages_say(docs: Path) -> None:
    for page in (PAGE, "reference/plugin-api.md", "reference/errors.md"):
        assert "InputFileError(path, message)" in (docs / page).read_text(), page
    assert list(inspect.signature(InputFileError).parameters) == ["path", "message"]
    error = InputFileError("stars/a.txt", "expected three columns")
    assert (str(error), error.path, error.reason) == (
        "stars/a.txt: expected three columns",
        "stars/a.txt",
        "expected three columns",
    )


def test_the_local_file_runs_as_its_page_says(
    tmp_path: Path, docs: Path, blocks: Callable[..., Any], python: Callable[..., Any]
) -> None:
    page = docs / "how-to" / "local-plugin.md"
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).write_text(block.code)
    (command,) = (line for b in blocks(page, "console") for line in b.code.splitlines() if " run " in line)
    done = python(*SPECFRAME, *command.removeprefix("$ specframe ").split(), "--quiet")
    assert done.returncode == 0, done.stderr
    with xr.open_dataset(tmp_path / "runs" / "pipeline" / "predictions.nc") as prediction:
        assert prediction["mean"].shape == (2, 283)
        # simulated planets have depths of some 0.1 to 2 %
        assert 1e-4 < float(prediction["mean"].median()) < 0.03
