"""The files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path, PurePath

__all__ = ["matching_files", "stem"]

_PACKED = (".gz", ".bz2", ".xz")


def matching_files(path: Path, pattern: str) -> list[Path]:
    """Return ``path`` itself, or the files of the folder ``path`` that match, sorted; hidden ones are left out.

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
    found = sorted(file for file in path.glob(pattern) if file.is_file() and not file.name.startswith("."))
    if not found:
        there = sorted(file.name for file in path.iterdir())[:3]
        raise InputFileError(path, f"holds no file {pattern!r} (there: {', '.join(there) or 'nothing'}); see pattern")
    return found


def stem(path: PurePath) -> str:
    """Return a file's name without its suffix, that of a compressed file included.

    What begins with a digit is no suffix: ``sp_t1000g316nc_m0.5`` is a name as it stands.
    """
    name = path.name
    for packed in _PACKED:
        name = name.removesuffix(packed)
    bare, _, suffix = name.rpartition(".")
    return bare if bare and not suffix[:1].isdigit() else name
