"""``plugins/template`` is what ``specframe plugins new`` writes, can be built and installed, and is nobody's part."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from specframe.scaffold import new_distribution

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "plugins" / "template"
AGAIN = (
    "specframe plugins new plugins/template --kind detrender --name out-of-transit "
    '--author "The specframe developers" --force'
)
SPECFRAME = ("-c", "from specframe.cli import main; main()")
#: What using it leaves behind, which no repository holds.
LEFT = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "dist", "runs"}


def test_it_is_what_the_command_writes() -> None:
    expected = new_distribution("detrender", "out-of-transit", author="The specframe developers").files()
    found = {
        str(path.relative_to(TEMPLATE)): path.read_text()
        for path in TEMPLATE.rglob("*")
        if path.is_file() and not LEFT & set(path.relative_to(TEMPLATE).parts)
    }
    assert sorted(found) == sorted(expected), AGAIN
    for path, text in expected.items():
        assert found[path] == text, f"{path} differs from its template: {AGAIN}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the template's wheel."""
    folder = tmp_path_factory.mktemp("template")
    source = folder / "source"
    shutil.copytree(TEMPLATE, source, ignore=shutil.ignore_patterns(*LEFT))
    _run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "wheels"), cwd=source)
    (wheel,) = (folder / "wheels").iterdir()
    offline = ("--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet")
    _run("-m", "pip", "install", *offline, "--target", str(folder / "site"), str(wheel), cwd=folder)
    return folder / "site"


def _run(*arguments: str, cwd: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_wheel_holds_its_package_and_nothing_else(site: Path) -> None:
    (wheel,) = (site.parent / "wheels").iterdir()
    folders = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert folders == {"specframe_out_of_transit", "specframe_out_of_transit-0.1.0.dist-info"}


def test_installed_it_is_found_and_keeps_the_contract(site: Path, python: Callable[..., Any], tmp_path: Path) -> None:
    done = python([site], *SPECFRAME, "plugins", "list", "--kind", "detrender", cwd=tmp_path)
    (row,) = (line for line in done.stdout.splitlines() if "out-of-transit" in line)
    assert "specframe-out-of-transit 0.1.0" in row
    done = python([site], *SPECFRAME, "plugins", "check", "out-of-transit", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = python([site], *SPECFRAME, "check", str(TEMPLATE / "examples" / "pipeline.yaml"), cwd=tmp_path)
    assert "ok, 3 steps: ariel-simulated > ariel-detector > out-of-transit" in done.stdout, done.stderr


def test_it_is_no_part_of_specframe(python: Callable[..., Any], tmp_path: Path) -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = stated["tool"]["hatch"]["build"]
    listed = [
        *(build["dev-mode-dirs"] + build["targets"]["wheel"]["packages"]),
        *(stated["tool"]["mypy"]["packages"] + stated["tool"]["mypy"]["mypy_path"]),
        *stated["project"]["entry-points"]["specframe.plugins"].values(),
    ]
    assert not [name for name in listed if "template" in name or "out_of_transit" in name]
    done = python([], *SPECFRAME, "plugins", "list", cwd=tmp_path)
    assert done.returncode == 0
    assert "out-of-transit" not in done.stdout
