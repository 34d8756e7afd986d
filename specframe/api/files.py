"""Files that are written: safe names, and contents that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import quote

from specframe.api.refusal import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["UNFINISHED", "atomic_write", "file_name", "write_whole"]

#: What the name of a file ends with that is being written.
UNFINISHED = ".tmp"

#: File systems take 255 bytes, of which endings and temporary names need some.
_NAME_LENGTH, _DIGEST_LENGTH = 80, 16
#: Characters besides letters and digits that stay as they are.
_PLAIN = " +-_=@,()[]{}"


def file_name(*parts: str) -> str:
    """Return texts, a target's name for instance, as a file name: joined by ``-``, without the empty ones.

    It has no separators, and neither a dot nor a dash in front; what file systems may not take is written as %XX. Of
    80 characters and more the last are a digest, so that different names stay different.
    """
    name = "-".join(quote(part, safe=_PLAIN) for part in parts if part)
    if name.startswith((".", "-")):  # hidden, or an option of a command that is given ``*``
        name = f"%{ord(name[0]):X}{name[1:]}"
    if len(name) >= _NAME_LENGTH:  # only those with a digest are so long: no other name can be made like one of them
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
        name = f"{name[: _NAME_LENGTH - _DIGEST_LENGTH - 1]}-{digest}"
    return name


def write_whole(files: Mapping[Path, bytes]) -> list[Path]:
    """Write contents under temporary names beside their places, then rename them all; return the paths.

    Folders are made where they are missing. Whoever looks at a path sees the old file or the new one.

    Raises
    ------
    OSError
        When a file cannot be written; none of those that were there has changed unless it is the disk that fails when
        the last of them reaches it.
    """
    with ExitStack() as renaming:
        for path, content in files.items():
            renaming.enter_context(_whole_file(path)).write_bytes(content)
    return list(files)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; after the block, sync it to disk and rename it.

    Whoever looks at ``path`` sees the old file or the new one, never half of it. Its folder is made if need be.
    Raises :class:`~specframe.errors.WriteError`, with what to do, when it cannot be written.
    """
    try:
        with _whole_file(path) as temporary:
            yield temporary
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    # of its own even where another machine, or what is left of a killed run, writes the same file
    temporary = path.with_name(f".{path.name[:_NAME_LENGTH]}.{token_hex(4)}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
