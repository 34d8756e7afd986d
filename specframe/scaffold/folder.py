"""The folder that a new distribution is written into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.files import write_whole
from specframe.errors import UsageError, WriteError, printable

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.scaffold.distribution import Distribution

__all__ = ["write_distribution"]

#: Files that a message lists by name.
_LISTED = 5


def write_distribution(distribution: Distribution, folder: Path, force: bool = False) -> tuple[list[str], list[str]]:
    """Write a distribution into ``folder``, which is made where it is missing: all of its files, or none.

    Parameters
    ----------
    distribution
        What to write.
    folder
        New, or empty but for files whose names begin with a dot, such as ``.git``.
    force
        Write into a folder that holds files, too, and replace those of the same names.

    Returns
    -------
    written, replaced
        Paths in the folder: all files, and those that held something else before.

    Raises
    ------
    UsageError
        When the folder is a file, or holds files and ``force`` is not set.
    WriteError
        When the system refuses to write.
    """
    files = {folder / path: text.encode() for path, text in distribution.files().items()}
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{printable(folder)}: expected a new or empty folder, this is a file")
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        held = {path for path in files if path.exists() or path.is_symlink()}
        if not force and (held or any(not name.startswith(".") for name in there)):
            same = _list(sorted(str(path.relative_to(folder)) for path in held))
            way = f"replace {same} with --force" if same else "write beside them with --force"
            raise UsageError(
                f"{printable(folder)}: expected a new or empty folder, it holds {_list(there)}; "
                f"choose another, or {way}"
            )
        replaced = {path for path in held if path.read_bytes() != files[path]}
        write_whole(files)
    except OSError as error:
        raise WriteError(
            f"{printable(folder)}: cannot be written ({error.strerror or error}); nothing was made"
        ) from None
    return [str(path.relative_to(folder)) for path in files], sorted(str(path.relative_to(folder)) for path in replaced)


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(printable(name) for name in names[:_LISTED]) + more
