"""The folder of an exploration: its own, and what an earlier one wrote goes."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from specframe.errors import UsageError
from specframe.pipeline.directory import locked
from specframe.pipeline.downloaded import check_links
from specframe.pipeline.stages.store import remove_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["CONTENT", "own_folder", "remove_old"]

#: Marks a folder as ours.
_LOCK = ".explore.lock"
#: Lists what was written.
CONTENT = "explore.json"


@contextmanager
def own_folder(folder: Path, fresh: bool) -> Iterator[None]:
    """Make the folder and work in it alone.

    Raises :class:`UsageError` when it is a file, or holds something else than an exploration.
    """
    if folder.is_file():
        raise UsageError(f"--out {folder} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _LOCK).is_file():
        raise UsageError(f"--out {folder} holds other files and no exploration; name a new folder")
    there = folder.is_dir()
    if there:
        check_links(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be made: {error.strerror}") from None
    try:
        with locked(folder / _LOCK):
            remove_unfinished(folder / "stages")
            if fresh:
                shutil.rmtree(folder / "stages", ignore_errors=True)
            yield
    except BaseException:
        if not there and {item.name for item in folder.iterdir()} == {_LOCK}:
            (folder / _LOCK).unlink()  # nothing came of it
            folder.rmdir()
        raise


def remove_old(folder: Path) -> None:
    """Remove what an earlier exploration wrote and nothing else."""
    try:
        listed: list[str] = json.loads((folder / CONTENT).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    root = folder.resolve()
    for name in listed:
        file = (root / name).resolve()
        if file.is_relative_to(root):
            file.unlink(missing_ok=True)
