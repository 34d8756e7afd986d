"""Write a distribution of every kind into a folder: ``python tests/scaffold/generate.py FOLDER``.

So style and types of what ``specframe plugins new`` writes can be checked as an author would, see ``tox.ini``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from specframe.api import KINDS
from specframe.scaffold import new_distribution, write_distribution

#: As short and as long as names may be, since lines of the templates must neither be joined nor broken for any.
NAMES = {"short": "x-{}", "long": "an-exemplary-component-{}"}


def main(folder: Path) -> None:
    """Write them, named by kind and length."""
    for kind in KINDS:
        for length, pattern in NAMES.items():
            name = pattern.format(kind)[:32].rstrip("-")
            write_distribution(new_distribution(kind, name, author="Ada Example"), folder / f"{kind}-{length}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
