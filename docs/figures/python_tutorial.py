"""Make the pictures of the Python tutorial: run the page's own code and keep what it saves.

Run from the repository's root: ``python docs/figures/python_tutorial.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1]


def main() -> None:
    """Run the page in an empty folder and copy its pictures."""
    page = (DOCS / "tutorials" / "python.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text("\n".join(re.findall(r"(?ms)^```python\n(.*?)^```$", page)), encoding="utf-8")
        environment = {**os.environ, "MPLBACKEND": "agg"}
        subprocess.run([sys.executable, script.name], cwd=folder, env=environment, check=True)  # noqa: S603
        for picture in Path(folder).glob("*.png"):
            shutil.copy(picture, DOCS / "images" / picture.name)


if __name__ == "__main__":
    main()
