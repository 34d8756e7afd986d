"""Make the picture of the tutorial on light curves: do what the page says, and copy the figure of its spectrum.

Run from the repository's root: ``python docs/figures/light_curves.py``. It takes half a minute.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import tempfile
from pathlib import Path

from specframe import load_pipeline

DOCS = Path(__file__).parents[1]
PAGE = DOCS / "tutorials" / "light-curves.md"
IMAGE = DOCS / "images" / "example-b-spectrum.png"


def main() -> None:
    """Write the page's files, make the light curves, and fit them."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, code in re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL):
            Path(name).write_text(code, encoding="utf-8")
        runpy.run_path("make.py")
        run = load_pipeline("planet.yaml").run("runs/planet")
        shutil.copy(sorted((run.path / "figures").glob("spectrum-*.png"))[0], IMAGE)
        os.chdir(DOCS)


if __name__ == "__main__":
    main()
