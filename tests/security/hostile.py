"""Inputs that somebody made up to do harm: names of targets, outputs and units, and runs on them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from specframe.cli import main

#: Names that a target may have: they lead out of the folder, collide, or mean something to a shell, a page, a template.
NAMES = (
    *("../../x", "/etc/x", "a/b", "a\\b", "..", ".", ".hidden", "-rf", "--help", "~", "*", "a:b", "stages", "CON"),
    *("nul.txt", "manifest.json", "a%2Fb", "x" * 5000, "x" * 4999 + "y", "Abc", "abc", "é", "e\u0301", "星🪐"),
    *(
        "\u202ecte\u200bslid",
        "a\u200bb",
        "{{7*7}}",
        "{0.__class__}",
        "%s%n",
        "$HOME",
        "`id`",
        ";rm -rf",
        "=cmd|'/C x'!A0",
    ),
    *("<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", '"onmouseover=alert(1) x="', "a,b"),
    *("javascript:alert(1)", "!!python/object/apply:os.system [id]", "&amp;<b>", "http://127.0.0.1:9/x"),
)
#: Such as no target may have, and is set aside for: they would break lines of tables, or steer a terminal.
CONTROLS = ("new\nline", "esc\x1b[31mred\x1b[2J", "bell\x07", "tab\there", "c1\x9b31m", "re\rturn", "li\u2028ne")
PIPELINE = """\
specframe: 1
description: "<script>alert(2)</script>"
steps:
  - id: data
    load: table
    with:
      path: table.csv
      flux: "f_*"
      target: name
      labels: {columns: "{{labels}}", units: "{{units}}", wavelength: {{wavelength}}}
  - {id: bins, detrend: bin, with: {time_samples: 2}}
  - {id: fit, model: ridge}
  - {id: sigma, uncertainty: residual}
evaluate: {cross_validation: {folds: 3}, bootstrap: 0}
export: {{export}}
"""


def snapshot(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return mode, size and target of every file below a folder."""
    return {
        str(path.relative_to(folder)): (state.st_mode, state.st_size, str(path.readlink()) if path.is_symlink() else "")
        for path in sorted(folder.rglob("*"))
        for state in [path.lstat()]
    }


def write_input(folder: Path, names: tuple[str, ...], labels: tuple[str, ...], **fields: str) -> Path:
    """Write light curves of targets with these names and labels of these names, and a pipeline that learns them."""
    rng = np.random.default_rng(1)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["name", *labels, *(f"f_{i}" for i in range(8))])
        for name in names:
            depth = rng.uniform(0.005, 0.02)
            flux = 1.0 - depth * (np.arange(8) > 3) + rng.normal(0.0, 1e-4, 8)
            table.writerow([name, *(depth * (1 + 0.01 * i) for i in range(len(labels))), *flux])
    text = PIPELINE
    for key, value in {"wavelength": "null", "units": "", "export": "[]", "labels": "l_*", **fields}.items():
        text = text.replace("{{" + key + "}}", value)
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    return folder / "pipeline.yaml"


def run_in(folder: Path, *args: object) -> int:
    """Run the command line in a folder of its own, and return the exit status."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        with pytest.raises(SystemExit) as exit_info:
            main([str(arg) for arg in args])
    finally:
        os.chdir(here)
    return int(exit_info.value.code or 0)
