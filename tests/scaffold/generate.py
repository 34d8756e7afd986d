"""Write a distribution of every kind, and run ``mypy`` or ``ruff`` on them: ``generate.py FOLDER COMMAND ...``.

So style and types of what ``specframe plugins new`` writes are checked as an author would, see ``tox.ini``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from specframe.scaffold import TEMPLATES, new_distribution, write_distribution

#: As short and as long as names may be, since lines of the templates must neither be joined nor broken for any.
NAMES = {"short": "x-{}", "long": "an-exemplary-component-{}"}


def generate(folder: Path) -> list[Path]:
    """Write them, named by kind and length, and return the folders of their packages."""
    packages = []
    for kind in TEMPLATES:
        for length, pattern in NAMES.items():
            new = new_distribution(kind, pattern.format(kind)[:32].rstrip("-"), author="Ada Example")
            write_distribution(new, folder / f"{kind}-{length}", force=True)
            packages.append(folder / f"{kind}-{length}" / new.package)
    return packages


if __name__ == "__main__":
    made = generate(Path(sys.argv[1]))
    looked_at = made if sys.argv[2] == "mypy" else [Path(sys.argv[1])]  # modules of tests share their names
    sys.exit(subprocess.run([sys.executable, "-m", *sys.argv[2:], *map(str, looked_at)], check=False).returncode)
