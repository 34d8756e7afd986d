"""The plugins of the how-to pages work as they stand there."""

from __future__ import annotations

import inspect
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "how-to/write-a-plugin.md"
SPECFRAME = ("-c", "from specframe.cli import main; main()")


LOADER = "spectra-folder/"


@pytest.fixture
def files(docs: Path, blocks: Callable[..., Any]) -> dict[str, str]:
    """The page's files by their names."""
    return {block.title: block.code for block in blocks(docs / PAGE) if block.title}


@pytest.fixture
def installed(tmp_path: Path, files: dict[str, str]) -> Path:
    """A folder in which the model is installed."""
    return install(tmp_path, {name: text for name, text in files.items() if not name.startswith(LOADER)})


@pytest.fixture
def installed_loader(tmp_path: Path, files: dict[str, str]) -> Path:
    """A folder in which the loader is installed."""
    return install(
        tmp_path, {name.removeprefix(LOADER): text for name, text in files.items() if name.startswith(LOADER)}
    )


def install(tmp_path: Path, files: dict[str, str]) -> Path:
    """Write a plugin's files, and the metadata that installing them would leave."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stated = tomllib.loads(files["pyproject.toml"])["project"]
    info = tmp_path / f"{stated['name'].replace('-', '_')}-{stated['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {stated['name']}\nVersion: {stated['version']}\n")
    points = "".join(f"{n} = {v}\n" for n, v in stated["entry-points"]["specframe.plugins"].items())
    (info / "entry_points.txt").write_text(f"[specframe.plugins]\n{points}")
    return tmp_path


@pytest.mark.usefixtures("installed")
def test_the_plugins_own_tests_pass(python: Callable[..., Any]) -> None:
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "tests")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.usefixtures("installed_loader")
def test_the_loaders_own_tests_pass(python: Callable[..., Any]) -> None:
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "tests")
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.usefixtures("installed_loader")
def test_the_loader_passes_the_conformance_suite_from_the_shell(python: Callable[..., Any]) -> None:
    done = python(*SPECFRAME, "plugins", "check", "spectra-folder")
    assert done.returncode == 0, done.stdout + done.stderr


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


def test_the_pages_steps_are_valid_once_the_plugin_is_installed(
    installed: Path, docs: Path, blocks: Callable[..., Any], python: Callable[..., Any]
) -> None:
    (steps,) = blocks(docs / PAGE, "yaml")
    (installed / "pipeline.yaml").write_text("specframe: 1\n" + steps.code)
    done = python(*SPECFRAME, "check", "pipeline.yaml")
    assert done.returncode == 0, done.stderr
    done = python(*SPECFRAME, "check", "pipeline.yaml", "--set", "nearest.neighbours=0")
    assert "neighbours must be at least 1" in done.stderr


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
