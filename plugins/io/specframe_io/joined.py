"""Files of one target as one Observation: a node for each instrument and visit that their names tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specframe.api import make_observation, nodes
from specframe.errors import InputFileError
from specframe_io.curves.templates import template_expression
from specframe_io.folder import matching_files
from specframe_io.names import listed, natural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import xarray as xr

__all__ = ["NamedFile", "joined", "named_files"]

_WORD = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class NamedFile:
    """A file, and the words of its name that the pattern has in braces."""

    path: Path
    target: str | None = None
    instrument: str | None = None
    visit: str | None = None


def named_files(
    path: Path, pattern: str, name: Callable[[NamedFile], str], remedy: str = ""
) -> dict[str, list[NamedFile]]:
    """Return the files of each target: ``path`` itself, or those of the folder ``path`` that match, in order.

    Raises
    ------
    InputFileError
        When there is no file, or two of a target that their names do not tell apart; ``remedy`` says what to do then.
    """
    if path.is_file():
        alone = NamedFile(path)
        return {name(alone): [alone]}
    expression = template_expression(pattern)
    matching = matching_files(path, _WORD.sub("*", pattern))
    found: dict[str, list[NamedFile]] = {}
    for file in sorted(matching, key=lambda one: natural(one.relative_to(path).as_posix())):
        if not _WORD.search(pattern):
            named = NamedFile(file)
        elif match := expression.fullmatch(file.relative_to(path).as_posix()):
            named = NamedFile(file, **match.groupdict())
        else:
            continue
        target = name(named)
        own = found.setdefault(target, [])
        like = [one for one in own if (one.instrument, one.visit) == (named.instrument, named.visit)]
        if like:
            raise InputFileError(path, f"{like[0].path} and {file} would both be target {target!r}{remedy}")
        own.append(named)
    if not found:
        there = listed(file.relative_to(path).as_posix() for file in matching)
        raise InputFileError(path, f"no file has a name as pattern ({pattern!r}) says; there: {there}")
    return found


def joined(target: str, files: Sequence[NamedFile], load: Callable[[NamedFile], xr.DataTree]) -> xr.DataTree:
    """Return one Observation of all files of a target; visits of an instrument are numbered by time.

    Attributes of the root that files state differently are those of the first.
    """
    if len(files) == 1 and files[0].visit is None:
        return load(files[0])
    visits: dict[str, list[tuple[float, NamedFile, xr.Dataset]]] = {}
    attrs: dict[str, object] = {}
    for file in files:
        observation = load(file)
        attrs = {str(key): value for key, value in observation.attrs.items()} | attrs
        for path, data in nodes(observation):
            instrument = path.split("/")[0]
            visits.setdefault(instrument, []).append((float(data["time"][0]), file, data))
    found: dict[str, xr.Dataset] = {}
    for instrument, parts in visits.items():
        for number, (_, file, data) in enumerate(sorted(parts, key=lambda part: part[0])):
            found[f"{instrument}/{number}"] = data if file.visit is None else data.assign_attrs(visit=file.visit)
    attrs |= {"source": listed(file.path.name for file in files)}
    return make_observation(target, found, **{name: value for name, value in attrs.items() if name != "target"})
