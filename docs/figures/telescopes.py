"""Make the pictures of the tutorials on real telescopes: run their pipelines, and copy some of their figures.

Run from the repository's root: ``python docs/figures/telescopes.py``. It takes about a minute.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from specframe import load_pipeline

ROOT = Path(__file__).parents[2]
#: Pipeline -> figure of the run (a pattern) -> picture of the documentation.
PICTURES = {
    "wasp-107b-hst": {"spectrum-*": "wasp-107b-spectrum", "light-curve-*": "wasp-107b-white"},
    "wasp-39b-niriss": {"light-curve-*": "wasp-39b-white", "posterior-*": "wasp-39b-posterior"},
    "hat-p-18b-niriss": {"residuals-*": "hat-p-18b-residuals", "spectrum-*": "hat-p-18b-spectrum"},
    "wasp-80b-gtc": {"spectrum-*": "wasp-80b-spectrum", "light-curve-*": "wasp-80b-white"},
    "wasp-43b-hst": {"spectrum-*": "wasp-43b-spectrum", "light-curve-*": "wasp-43b-white"},
}


def main() -> None:
    """Run the pipelines and copy their figures."""
    for name, pictures in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            run = load_pipeline(ROOT / "configs" / f"{name}.yaml").run(Path(folder) / "run")
            for pattern, picture in pictures.items():
                figure = sorted((run.path / "figures").glob(f"{pattern}.png"))[0]
                shutil.copy(figure, ROOT / "docs" / "images" / f"{picture}.png")
                print(f"{figure.name} -> {picture}.png")


if __name__ == "__main__":
    main()
