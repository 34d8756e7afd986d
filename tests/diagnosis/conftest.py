"""Broken installations: a folder on PYTHONPATH with modules and metadata of their own, as a wrong wheel leaves them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Environment:
    """A folder that Python looks into before all others."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def module(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.py"
        path.write_text(text)
        return path

    def distribution(self, name: str, version: str, *, requires: tuple[str, ...] = (), entry_points: str = "") -> Path:
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {text}" for text in requires)]) + "\n")
        if entry_points:
            (info / "entry_points.txt").write_text(f"[specframe.plugins]\n{entry_points}\n")
        return info

    def plugin(self, name: str, text: str, version: str = "1.0") -> None:
        self.module(name, "from specframe.api import Component, Params, Score, hookimpl\n" + text)
        self.distribution(f"{name}-plugin", version, entry_points=f"{name} = {name}")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}", **self.variables}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=self.folder, check=False, timeout=240
        )

    def specframe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "specframe", *arguments)

    def examined(self, module: str, function: str, *arguments: object) -> list[dict[str, str]]:
        code = (
            f"import json\nfrom specframe.diagnosis.{module} import {function}\n"
            f"print(json.dumps([finding.to_data() for finding in {function}(*{arguments!r})]))"
        )
        done = self.python("-c", code)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
        return found

    def problems(self, module: str, function: str, *arguments: object) -> list[dict[str, Any]]:
        return [finding for finding in self.examined(module, function, *arguments) if finding["level"] != "ok"]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    folder = tmp_path / "site"
    folder.mkdir()
    return Environment(folder)
