"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write_whole"]


def write_whole(files: Mapping[Path, bytes]) -> list[Path]:
    """Write the contents under temporary names beside their places, then rename them all; return the paths."""
    partial: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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
