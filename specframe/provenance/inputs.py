"""Input files of runs: those of each target, and those that parameters name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.pipeline.stages.keys import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["InputsDifference", "InputsNow", "compare_inputs", "inputs_now"]


@dataclass(frozen=True)
class InputsDifference:
    """What differs in the input files of two runs."""

    #: Targets that only the second run has, or only the first.
    added_targets: tuple[str, ...] = ()
    removed_targets: tuple[str, ...] = ()
    #: Files that only the second run has, or only the first, and those of other content.
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    #: Files of the same content in another place: before and now.
    moved: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class InputsNow:
    """Which of a run's input files are gone, or have other content now."""

    gone: tuple[str, ...]
    changed: tuple[str, ...]


def compare_inputs(before: Mapping[str, Any], now: Mapping[str, Any]) -> InputsDifference:
    """Return what differs in the inputs that two manifests list."""
    files = [dict(_files(manifest)) for manifest in (before, now)]
    targets = [manifest.get("inputs", {}) for manifest in (before, now)]
    removed = {file: digest for file, digest in files[0].items() if file not in files[1]}
    added = {file: digest for file, digest in files[1].items() if file not in files[0]}
    moved = _moved(removed, added)
    old_places, new_places = {old for old, _ in moved}, {new for _, new in moved}
    return InputsDifference(
        added_targets=tuple(name for name in targets[1] if name not in targets[0]),
        removed_targets=tuple(name for name in targets[0] if name not in targets[1]),
        added=tuple(file for file in added if file not in new_places),
        removed=tuple(file for file in removed if file not in old_places),
        changed=tuple(file for file in files[0] if file in files[1] and files[0][file] != files[1][file]),
        moved=tuple(moved),
    )


def inputs_now(manifest: Mapping[str, Any]) -> InputsNow:
    """Return what has become of the input files that a manifest lists."""
    gone, changed = [], []
    for file, digest in dict(_files(manifest)).items():
        if not Path(file).is_file():
            gone.append(file)
        elif file_digest(Path(file)) != digest:
            changed.append(file)
    return InputsNow(tuple(gone), tuple(changed))


def _files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every file with its digest."""
    yield from manifest.get("files", {}).items()
    for files in manifest.get("inputs", {}).values():
        yield from files.items()


def _moved(removed: Mapping[str, str], added: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pair files whose content tells which is which."""
    once = [Counter(files.values()) for files in (removed, added)]
    place = {digest: file for file, digest in added.items()}
    return [
        (file, place[digest]) for file, digest in removed.items() if once[0][digest] == 1 and once[1].get(digest) == 1
    ]
