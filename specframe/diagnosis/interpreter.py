"""The Python that runs, and what in its environment decides which packages it sees."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from specframe.diagnosis.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["examine_interpreter"]

#: What specframe's metadata asks for, for when they cannot be read.
_OLDEST = (3, 11)
_TOPIC = "python"


def examine_interpreter() -> Iterator[Finding]:
    """Look at Python's version, its environment and the variables that lead it elsewhere."""
    yield _version()
    where = "a virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    yield Finding(_TOPIC, "ok", f"{where}, {sys.prefix}; {platform.platform()}")
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    if folders:
        yield Finding(
            _TOPIC,
            "warning",
            f"PYTHONPATH puts {', '.join(folders)} before the installed packages: they hide others of their name",
            "unset PYTHONPATH",
        )
    if os.environ.get("PYTHONHOME"):
        yield Finding(
            _TOPIC, "warning", f"PYTHONHOME={os.environ['PYTHONHOME']} leads to another Python", "unset PYTHONHOME"
        )


def _version() -> Finding:
    here = platform.python_version()
    oldest = _oldest()
    wanted = ".".join(map(str, oldest))
    if sys.version_info[:2] < oldest:
        return Finding(
            _TOPIC,
            "problem",
            f"Python {here} is too old, specframe needs {wanted} or later",
            f"python{wanted} -m venv specframe-env && specframe-env/bin/python -m pip install specframe",
        )
    return Finding(_TOPIC, "ok", f"Python {here}, {sys.executable}")


def _oldest() -> tuple[int, ...]:
    try:
        stated = str(metadata.metadata("specframe")["Requires-Python"] or "")
        return tuple(int(part) for part in stated.partition(">=")[2].split(",")[0].split("."))[:2] or _OLDEST
    except (metadata.PackageNotFoundError, KeyError, ValueError):
        return _OLDEST
