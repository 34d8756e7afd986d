"""The files of light curves and what their names tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specframe.errors import InputFileError
from specframe_io.curves.templates import template_expression
from specframe_io.folder import matching_files
from specframe_io.names import listed, natural

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CurveFile", "curve_files"]


@dataclass(frozen=True)
class CurveFile:
    """A file, and the words of its name that the pattern has in braces."""

    path: Path
    instrument: str | None = None
    visit: str | None = None
    wavelength: float | None = None


def curve_files(path: Path, pattern: str, target: str | None) -> dict[str, list[CurveFile]]:
    """Return the files of each target, those of one in the order of the numbers in their names.

    Raises
    ------
    InputFileError
        When no file is there.
    """
    if path.is_file():
        return {target or path.stem: [CurveFile(path)]}
    expression = template_expression(pattern)
    found: dict[str, list[CurveFile]] = {}
    matching = matching_files(path, re.sub(r"\{\w+\}", "*", pattern))
    named = [(file.relative_to(path).as_posix(), file) for file in matching if not file.name.startswith(".")]
    for name, file in sorted(named, key=lambda one: natural(one[0])):
        match = expression.fullmatch(name)
        if match is None:
            continue
        words = match.groupdict()
        wavelength = words.get("wavelength")
        found.setdefault(words.get("target") or target or path.absolute().name, []).append(
            CurveFile(
                file,
                words.get("instrument"),
                words.get("visit"),
                None if wavelength is None else float(wavelength),
            )
        )
    if not found:
        raise InputFileError(
            path,
            f"no file has a name as pattern ({pattern!r}) says; there: {listed(name for name, _ in named) or 'none'}. "
            "In braces {wavelength} is a number, the others are any text without /",
        )
    return found
