"""What the console says of a run whose outputs are parameters."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

GRID = Path(__file__).parents[1] / "pipeline" / "odd_grid.py"


def test_parameters_are_told_one_by_one(specframe: Callable[..., Any], tmp_path: Path) -> None:
    steps = [{"load": "odd-grid"}, {"model": "ridge"}, {"uncertainty": "conformal"}]
    pipeline, run = tmp_path / "grid.yaml", tmp_path / "run"
    pipeline.write_text(yaml.safe_dump({"specframe": 1, "steps": steps, "evaluate": {"scores": ["r2", "regression"]}}))
    result = specframe("run", pipeline, "--plugin", GRID, "--out", run)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    # the scores of single parameters stand in the table alone
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["r2", "R2", "teff", "C/O", "flags"]
    row = next(line.split() for line in lines if line.startswith("  teff"))
    assert row[1] == "K"
    assert float(row[2]) > 0.98
    assert f"Parameters of all targets: {run / 'parameters.ecsv'}" in lines

    np.savetxt(tmp_path / "new.txt", [[1500, 0.8, 0.0], [400, 0.8, 0.0]])
    result = specframe("predict", run, "--data", tmp_path / "new.txt", "--plugin", GRID)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    # what is printed is no standard deviation, which is what the table has
    said = "Errors are half of the 68 % interval; <name>_error in parameters.ecsv is the standard deviation"
    note = lines.index(said)
    first, second = lines[note + 1 : note + 3]
    assert first.startswith("HD 0: teff 1")
    assert " K, C/O 0." in first
    assert second.startswith("HD 1: teff ")
    assert " K (at lower edge), C/O " in second
    assert second.endswith("dex; unlike the training set")

    shutil.copytree(run, tmp_path / "again")
    result = specframe("compare", run, tmp_path / "again", "--bootstrap", "50", "--plugin", GRID)
    assert result.status == 0, result.err
    names = [line.split("  ")[1] for line in result.out.splitlines() if line.startswith("  ")]
    assert "rmse-teff [K]" in names
    assert "rmse-C/O" in names
    assert "sharpness" not in names
    assert "skew-teff" not in names
