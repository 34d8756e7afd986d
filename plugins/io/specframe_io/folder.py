"""The files of a folder and the targets that they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from specframe.errors import InputFileError
from specframe_io.names import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["chosen_targets", "files_by_target", "matching_files", "of_target"]

_Files = TypeVar("_Files")


def files_by_target(path: Path, pattern: str, name: Callable[[Path], str], remedy: str = "") -> dict[str, Path]:
    """Return the file of each target: ``path`` itself, or those of the folder ``path`` that match, sorted.

    Raises
    ------
    InputFileError
        When there is no file, or two of them would be the same target; ``remedy`` says what to do then.
    """
    found: dict[str, Path] = {}
    for file in matching_files(path, pattern):
        target = name(file)
        if target in found:
            raise InputFileError(path, f"{found[target]} and {file} would both be target {target!r}{remedy}")
        found[target] = file
    return found


def matching_files(path: Path, pattern: str) -> list[Path]:
    """Return ``path`` itself, or the files of the folder ``path`` that match, sorted.

    Raises
    ------
    InputFileError
        When there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputFileError(path, "no such file or folder")
    if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
        raise InputFileError(path, f"pattern {pattern!r} leads out of this folder; write the folder as path")
    # ** is a folder of any depth only by itself; elsewhere pathlib refuses it
    parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.split("/")]
    found = sorted(file for file in path.glob("/".join(parts)) if file.is_file())
    if not found:
        raise InputFileError(path, f"holds no file {pattern!r}; see the parameter pattern")
    return found


def chosen_targets(found: Mapping[str, _Files], chosen: Sequence[str] | None, path: Path) -> list[str]:
    """Return the targets ``chosen`` of those ``found`` at ``path``, each once; ``None`` chooses all.

    Raises
    ------
    InputFileError
        When one is not there.
    """
    if chosen is None:
        return list(found)
    unknown = [target for target in chosen if target not in found]
    if unknown:
        raise InputFileError(path, f"has no target {listed(map(repr, unknown))}; there: {listed(found)}")
    return list(dict.fromkeys(chosen))


def of_target(found: Mapping[str, _Files], target: str, path: Path) -> _Files:
    """Return what ``found`` at ``path`` holds of a target, or raise InputFileError."""
    if target not in found:
        raise InputFileError(path, f"has no target {target!r}; there: {listed(found)}")
    return found[target]
