"""The page "Ariel in ten minutes" runs as it is written, and ends with the scores that it shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

#: Scores on another machine differ in the last digits only.
_TOLERANCE = 0.02


def test_the_page_runs_as_written(docs: Path, blocks: Callable[..., Any], tmp_path: Path) -> None:
    page = docs / "tutorials" / "ariel.md"
    commands = []
    for block in blocks(page, "yaml", "console"):
        if block.language == "yaml":
            (tmp_path / block.title).write_text(block.code)
        else:
            commands += [line.removeprefix("$ ") for line in block.code.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 6
    command = str(Path(sys.executable).with_name("specframe"))
    environment = {**os.environ, "MPLBACKEND": "agg"}
    for line in commands:
        done = subprocess.run(
            [command, *line.split()[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    (shown,) = (block.code for block in blocks(page, "text"))
    scores = json.loads((tmp_path / "runs/spectra/metrics.json").read_text())["cv"]
    for name, value in re.findall(r"^ +(\S+) +([\d.e-]+)(?: +\[.*\])?$", shown, flags=re.MULTILINE):
        assert scores[name] == pytest.approx(float(value), rel=_TOLERANCE), f"the page says {name} is {value}"
    assert len(list((tmp_path / "runs/spectra/predictions/test/spectra").glob("*.ecsv"))) == 6
