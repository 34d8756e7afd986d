"""The Python that runs, and what in its environment decides which packages it sees."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
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
    yield from _hidden_library()
    if PathFinder.find_spec("pip") is None:  # not through hooks, such as setuptools', which warns
        yield Finding(
            _TOPIC,
            "warning",
            "this environment has no pip, which the commands below use (where uv made it: 'uv pip install')",
            f"{shlex.quote(sys.executable)} -m ensurepip",
        )
    if os.environ.get("PYTHONHOME"):
        yield Finding(
            _TOPIC, "warning", f"PYTHONHOME={os.environ['PYTHONHOME']} leads to another Python", "unset PYTHONHOME"
        )


def _hidden_library() -> Iterator[Finding]:
    """Look for files that hide modules of Python's own: somebody's ``random.py`` breaks what imports ``random``."""
    for folder in dict.fromkeys(Path(entry or ".").resolve() for entry in sys.path):
        if folder.is_relative_to(Path(sys.base_prefix).resolve()) or "site-packages" in folder.parts:
            continue
        for file in sorted(folder.glob("*.py")) if folder.is_dir() else ():
            if file.stem in sys.stdlib_module_names and not file.stem.startswith("_"):
                yield Finding(
                    _TOPIC,
                    "problem",
                    f"{file} hides Python's own module {file.stem!r} from all that import it",
                    f"mv {shlex.quote(str(file))} {shlex.quote(str(file.with_name(f'my_{file.name}')))}",
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
