"""The results of two runs, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from specframe.provenance.configuration import configuration_changes
from specframe.provenance.contents import PartDifference, differences_in_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specframe.pipeline.result import Run

__all__ = ["OutputDifference", "OutputsCompared", "compare_outputs"]

#: Pictures and pages hold versions of drawing libraries, times and names of folders.
_PICTURES = {".png", ".pdf", ".svg", ".html"}


@dataclass(frozen=True)
class OutputDifference:
    """A result file that is not the same in two runs."""

    file: str
    parts: tuple[PartDifference, ...]


@dataclass(frozen=True)
class OutputsCompared:
    """Result files of two runs: those that say the same to the last bit, and the others."""

    identical: tuple[str, ...]
    different: tuple[OutputDifference, ...]
    #: Files that are not compared: figures and pages.
    left_out: tuple[str, ...] = ()


def compare_outputs(first: Run, second: Run) -> OutputsCompared:
    """Compare the files that two runs list in their manifests, by hash, and where that differs by content."""
    hashes = [run.manifest["outputs"] for run in (first, second)]
    names = sorted({*hashes[0], *hashes[1]})
    left_out = [name for name in names if PurePosixPath(name).suffix in _PICTURES]
    different = []
    identical = []
    for name in names:
        if name in left_out:
            continue
        parts = tuple(_parts(first, second, name))
        if parts:
            different.append(OutputDifference(name, parts))
        else:
            identical.append(name)
    return OutputsCompared(tuple(identical), tuple(different), tuple(left_out))


def _parts(first: Run, second: Run, name: str) -> Iterator[PartDifference]:
    before, now = (run.manifest["outputs"].get(name) for run in (first, second))
    if before == now:
        return
    if now is None or before is None:
        yield PartDifference("", "is gone" if now is None else "is new")
        return
    gone = [run.path / name for run in (first, second) if not (run.path / name).is_file()]
    if gone:
        yield PartDifference("", f"cannot be compared any more: {gone[0]} was removed")
        return
    if name == "pipeline.yaml":
        changed = configuration_changes(first.manifest["pipeline"], second.manifest["pipeline"])
        if changed:
            yield from (PartDifference(c.key, f"was {c.before}, now {c.now}") for c in changed)
            return
    found = differences_in_file(first.path / name, second.path / name)
    if found is None:
        yield PartDifference("", "has other bytes")
    else:
        yield from found
