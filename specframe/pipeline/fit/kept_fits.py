"""Single fits on disk until all that they belong to is stored: whoever goes on, in whichever process, finds them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from specframe.errors import InputFileError
from specframe.pipeline.stages.keys import content_digest
from specframe.pipeline.stages.store import atomic_folder

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.api.model import Model

__all__ = ["keep_fit", "kept_fit"]

_MARK = "complete.json"


def keep_fit(folder: Path, model: Model) -> None:
    """Save a fitted model in ``folder``, which is there whole or not at all, whoever else saves the same one.

    Raises :class:`OSError` when the disk takes no more.
    """
    with atomic_folder(folder) as beside:
        model.save(beside)
        files = sorted(file for file in beside.rglob("*") if file.is_file())
        digests = {file.relative_to(beside).as_posix(): content_digest(file) for file in files}
        (beside / _MARK).write_text(json.dumps(digests), encoding="utf-8")


def kept_fit(folder: Path, component: Model) -> Model | None:
    """Return the model that was kept in ``folder``; ``None`` where there is none, or it is not what was saved."""
    mark = folder / _MARK
    if not mark.is_file():
        return None
    with suppress(OSError, ValueError, AttributeError, InputFileError):
        digests = json.loads(mark.read_text(encoding="utf-8"))
        if all(content_digest(folder / name) == digest for name, digest in digests.items()):
            return type(component).load(folder)
    return None
