"""What the page "Compare an observation with a grid" shows in Python runs as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "compare-with-grid.md"


def test_the_python_of_the_page_runs(data_dir: Path, tmp_path: Path) -> None:
    (code,) = re.findall(r"(?s)```python\n(.*?)```", PAGE.read_text())
    with np.load(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz") as golden:
        wavelength, flux = golden["wl_obs"], golden["flam_obs"]
    kept = (wavelength > 0.85) & (wavelength < 2.42)
    columns = np.c_[wavelength, flux, np.hypot(0.02 * flux, flux.max() / 200)][kept][::2]
    np.savetxt(tmp_path / "HD 3651B.txt", columns, header="wavelength flux error")
    (tmp_path / "dback24.npz").symlink_to(data_dir / "browndwarf" / "dback24.npz")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "at the lower edge of the grid: teff (900 K)" in done.stdout
    assert (tmp_path / "HD 3651B.png").stat().st_size > 20_000
