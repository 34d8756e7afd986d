"""What the system says when it refuses to write, and what to do about it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from specframe.errors import WriteError

__all__ = ["cannot_write", "refuses_all"]

#: The disk, or what this user may take of it, is full.
_FULL = {errno.ENOSPC, errno.EDQUOT}
#: This user may not write here.
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
#: Refusals that the next file would meet too, wherever in the folder it is.
_OF_ALL = _FULL | {errno.EROFS, errno.EFBIG, errno.EIO}


def refuses_all(error: BaseException) -> bool:
    """Tell whether the system writes nothing more: an error is then no component's fault, nor a target's."""
    return isinstance(error, WriteError) or (isinstance(error, OSError) and error.errno in _OF_ALL)


def cannot_write(path: Path | str, error: OSError) -> WriteError:
    """Return the error to raise when ``path`` cannot be written: what, why, and what to do."""
    return WriteError(f"cannot write {path}: {error.strerror or error}{_room(Path(path), error)}. {_advice(error)}")


def _room(path: Path, error: OSError) -> str:
    """Return how much room is left, where a lack of it is the reason."""
    if error.errno not in _FULL:
        return ""
    there = next((folder for folder in path.absolute().parents if folder.is_dir()), Path("/"))
    try:
        return f" ({shutil.disk_usage(there).free / 2**20:.1f} MiB free)"
    except OSError:
        return ""


def _advice(error: OSError) -> str:
    if error.errno in _FULL:
        return "Make room and run the same command again: it goes on from what is stored"
    if error.errno in _READ_ONLY:
        return "Make the folder writable and run the same command again, or name another --out"
    return "When that is mended, run the same command again: it goes on from what is stored"
