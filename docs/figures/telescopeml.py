"""Make the pictures of the tutorial "From a model grid to the parameters of a brown dwarf", by doing what it says.

Run from the repository's root: ``python docs/figures/telescopeml.py``; needs ``$SPECFRAME_DATA`` or ``../shared/data``.
It prints what the commands print, and takes about a minute.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SPECFRAME_DATA", ROOT.parent / "shared" / "data")) / "browndwarf"
FILES = ("dback24.npz", "spex_published.npz", "spex_published.csv", "telescopeml_tutorial2_hd3651b.npz")
BLOCK = re.compile(r'(?ms)^```(yaml|console|python)(?: title="([^"]+)")?\n(.*?)^```$')
#: What the commands draw -> picture of the documentation.
PICTURES = {
    "explore/hd-3651b/figures/spectra-all.png": "telescopeml-grid.png",
    "runs/hd-3651b/figures/parameters.png": "telescopeml-parameters.png",
    "runs/hd-3651b/predictions/*/comparison/HD 3651B.png": "telescopeml-hd3651b.png",
}


def main() -> None:
    """Follow the page in an empty folder, and copy three of its figures."""
    page = (ROOT / "docs" / "tutorials" / "telescopeml.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in FILES:
            (folder / file).symlink_to((DATA / file).resolve())
        for language, title, code in BLOCK.findall(page):
            if language == "yaml":
                (folder / title).write_text(code, encoding="utf-8")
            elif language == "python":
                subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)  # noqa: S603 - the page's own
            else:
                for line in code.splitlines():
                    print(line, flush=True)
                    words = shlex.split(line.removeprefix("$ specframe "))
                    command = [str(Path(sys.executable).with_name("specframe")), *words]
                    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - likewise
        for figure, picture in PICTURES.items():
            (drawn,) = folder.glob(figure)
            shutil.copy(drawn, ROOT / "docs" / "images" / picture)
            print(f"{figure} -> {picture}")


if __name__ == "__main__":
    main()
