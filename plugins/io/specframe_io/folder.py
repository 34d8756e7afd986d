"""The files of a folder, each of which is one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["files_by_target"]


def files_by_target(path: Path, pattern: str, name: Callable[[Path], str], remedy: str = "") -> dict[str, Path]:
    """Return the file of each target: ``path`` itself, or those of the folder ``path`` that match, sorted.

    Raises
    ------
    InputFileError
        When there is no file, or two of them would be the same target; ``remedy`` says what to do then.
    """
    if path.is_file():
        return {name(path): path}
    if not path.is_dir():
        raise InputFileError(path, "no such file or folder")
    found: dict[str, Path] = {}
    for file in sorted(file for file in path.glob(pattern) if file.is_file()):
        target = name(file)
        if target in found:
            raise InputFileError(path, f"{found[target]} and {file} would both be target {target!r}{remedy}")
        found[target] = file
    if not found:
        raise InputFileError(path, f"holds no file {pattern!r}; see the parameter pattern")
    return found
