"""Make the pictures of the quickstart: run it, and copy four of its figures.

Run from the repository's root: ``python docs/figures/quickstart.py``. It takes about a minute.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from specframe import load_pipeline

ROOT = Path(__file__).parents[2]
#: Figure of the run (a pattern that the first of several matches) -> picture of the documentation.
PICTURES = {
    "spectrum-median-*": "quickstart-spectrum.png",
    "light-curve-*-AIRS-CH0-0": "quickstart-light-curve.png",
    "comparison": "quickstart-comparison.png",
    "calibration": "quickstart-calibration.png",
}


def main() -> None:
    """Run the quickstart and copy its figures."""
    with tempfile.TemporaryDirectory() as folder:
        run = load_pipeline(ROOT / "configs" / "quickstart.yaml").run(Path(folder) / "run")
        for pattern, name in PICTURES.items():
            figure = sorted((run.path / "figures").glob(f"{pattern}.png"))[0]
            shutil.copy(figure, ROOT / "docs" / "images" / name)
            print(f"{figure.name} -> {name}")
        print(run.metrics["cv"])


if __name__ == "__main__":
    main()
