"""What lies in a stage store: results of steps by target, folds, fits, and what broken-off runs left."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHECKPOINTS", "FIT", "FOLDS", "LEARNING", "TRIALS", "Stored", "name_in", "stored_in", "stored_steps"]

#: Folders of the store that are no mapping step's: predictions of folds, fits on all targets, what processes that fit
#: read, fits that were broken off, and folds of the trials of a search.
FOLDS, FIT, LEARNING, CHECKPOINTS, TRIALS = "cross-validation", "fit", "learning", "checkpoints", "trials"

#: What a file's name has behind the name of its target: ``-<16 digits>.nc``.
_KEY_END = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry of a step's folder: the result for a target, a fold, or a folder with a fit."""

    step: str
    #: Of the file or folder in the step's folder.
    name: str
    size: int
    #: Time of the last change, seconds.
    changed: float

    @property
    def is_leftover(self) -> bool:
        """Whether it is half a file, of a process that was killed."""
        return self.name.startswith(".")

    def remove(self, stages: Path) -> None:
        """Remove it; what is gone already is well."""
        path = stages / self.step / self.name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def name_in(file: str) -> str:
    """Return the name that a target has in the name of its file."""
    return file[:-_KEY_END]


def stored_steps(stages: Path) -> list[str]:
    """Return the steps of which anything is stored."""
    try:
        with os.scandir(stages) as found:
            return sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def stored_in(stages: Path, step: str) -> Iterator[Stored]:
    """Yield what is stored of a step, in no order; the folder is listed once."""
    try:
        found = os.scandir(stages / step)
    except (FileNotFoundError, NotADirectoryError):
        return
    with found:
        for entry in found:
            with suppress(FileNotFoundError):  # removed in the meantime
                status = entry.stat(follow_symlinks=False)
                size = _below(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else status.st_size
                yield Stored(step, entry.name, size, status.st_mtime)


def _below(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            with suppress(FileNotFoundError):
                total += (Path(root) / file).lstat().st_size
    return total
