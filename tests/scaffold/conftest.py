"""Generated distributions, and Python processes that see them as installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def _installed(folder: Path) -> Path:
    """Leave beside a distribution's package the metadata that installing it would leave."""
    stated = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / f"{stated['name'].replace('-', '_')}-{stated['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {stated['name']}\nVersion: {stated['version']}\n")
    points = "".join(f"{name} = {value}\n" for name, value in stated["entry-points"]["specframe.plugins"].items())
    (info / "entry_points.txt").write_text(f"[specframe.plugins]\n{points}")
    return folder


@pytest.fixture
def installed() -> Callable[[Path], Path]:
    """Return a function that makes a distribution's folder look installed to whoever has it on the path."""
    return _installed


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return ``python(path, *arguments, cwd=)``, which runs a new interpreter with folders on the path for imports."""

    def python(path: Sequence[Path], *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return python
