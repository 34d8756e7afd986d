"""The page "From light curves to a spectrum" runs as it is written and finds what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from specframe import Run

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_page_runs_as_written(docs: Path, blocks: Callable[..., Any], tmp_path: Path) -> None:
    page = docs / "tutorials" / "light-curves.md"
    environment = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    for block in blocks(page, "yaml", "console", "python"):
        if block.language != "console":
            (tmp_path / block.title).write_text(block.code)
            continue
        for line in re.findall(r"(?m)^\$ (.*)$", block.code):
            words = shlex.split(line)
            words[0] = sys.executable if words[0] == "python" else str(Path(sys.executable).with_name(words[0]))
            done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    run = Run(tmp_path / "runs" / "planet")
    (row,) = run.quality
    prediction = run.predictions
    compared = run.metrics["compare"]["Example b"]["the truth"]
    got = {name.rpartition("/")[2]: getattr(row[name], "value", row[name]) for name in row.colnames}
    got |= compared | {"median-error-ppm": 1e6 * float(np.median(prediction["std"].values))}
    (text,) = (block.code for block in blocks(page, "text"))
    stated = re.findall(r"(?m)^(\S+) +(-?[\d.]+)$", text)
    assert len(stated) == 9
    for key, value in stated:
        last_digit = 10.0 ** -len(value.partition(".")[2])
        assert float(got[key]) == pytest.approx(float(value), abs=1.01 * last_digit), f"the page says {key} is {value}"
    # what the text says: the truth within the errors, which the injected transits confirm
    assert abs(got["mid_transit"] - 2_460_000.5) < 3 * got["mid_transit_error"]
    assert abs(got["impact_parameter"] - 0.3) < 2 * got["impact_parameter_error"]
    assert compared["chi2-reduced"] == pytest.approx(0.5, abs=0.06)
    assert 1e6 * got["depth_offset_error"] == pytest.approx(35, abs=1)
    parabola = Run(tmp_path / "runs" / "parabola").predictions
    assert float(np.median(parabola["std"] / prediction["std"])) == pytest.approx(1.9, abs=0.15)
