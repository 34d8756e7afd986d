"""Files that exporters write: safe names, and contents that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["file_name", "write_whole"]

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
        When a file cannot be written; none of those that were there has changed unless renaming fails half way.
    """
    partial: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:_NAME_LENGTH]}.")
            partial[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            partial[path].chmod(0o644)
        for path, temporary in partial.items():
            temporary.replace(path)
    finally:
        for temporary in partial.values():
            temporary.unlink(missing_ok=True)
    return list(files)
