"""Checks of loaders that are simulators: what they write is complete, always the same, and never mixed with others'."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import UsageError
from specframe.testing.case import Check, empty_directory, expect, refused, unchanged
from specframe.testing.seeds import seed_of_parameters_decides

if TYPE_CHECKING:
    from specframe.testing.loader import LoaderCase

__all__ = ["SIMULATOR_CHECKS"]

#: Targets that are written one by one; a whole simulation writes them all.
MOST_WRITTEN = 2


def writes_complete(case: LoaderCase) -> None:
    """Require that a target counts as written when its files, which are named, are there, and not before."""
    simulator = case.make()
    with empty_directory() as parent:
        folder = parent / "new"
        simulator.check_folder(folder)
        expect(not folder.exists(), "check_folder() makes the folder, it must change nothing")
        unchanged([], simulator.written(folder), "written() of a folder that is not there")
        for count, target in enumerate(simulator.targets()[:MOST_WRITTEN], 1):
            before = _contents(folder)
            files = simulator.write_target(target, folder)
            expect(files, f"write_target({target!r}) names no file")
            wrong = [file for file in files if not isinstance(file, Path) or not file.is_file()]
            expect(not wrong, f"write_target({target!r}) names what is not there: {wrong[:1]}")
            after = _contents(folder)
            outside = [str(file) for file in files if str(file.relative_to(folder)) not in after]
            expect(not outside, f"write_target({target!r}) wrote outside of the folder: {outside[:1]}")
            unchanged(before, {name: after.get(name) for name in before}, "writing a target changes other files")
            unchanged(
                sorted(simulator.targets()[:count]), sorted(case.make().written(folder)), f"written() after {target}"
            )
        simulator.check_folder(folder)


def writing_order_free(case: LoaderCase) -> None:
    """Require that files are the same to the last byte in whatever order, and in however many goes, they are written.

    Several processes write at once, and a simulation that was interrupted goes on.
    """
    simulator = case.make()
    targets = simulator.targets()
    with empty_directory() as parent:
        at_once, in_parts = parent / "at-once", parent / "in-parts"
        unchanged(targets, simulator.write(at_once), "write() returns other targets")
        for target in reversed(targets[-MOST_WRITTEN:]):
            case.make().write_target(target, in_parts)
        case.make().write(in_parts)
        unchanged(_contents(at_once), _contents(in_parts), "files differ when targets are written in another order")
        case.make().write(in_parts)
        unchanged(_contents(at_once), _contents(in_parts), "files differ when a complete simulation is begun again")


def foreign_folder_refused(case: LoaderCase) -> None:
    """Require that a folder with files of others is refused with a UsageError, and left as it was."""
    simulator = case.make()
    with empty_directory() as folder:
        (folder / "notes.txt").write_text("mine")
        refused(lambda: simulator.check_folder(folder), UsageError, "a folder with other files")
        unchanged({"notes.txt": b"mine"}, _contents(folder), "check_folder() changes a folder with other files")


def _contents(folder: Path) -> dict[str, bytes]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


#: For loaders that are simulators, beside those of loaders.
SIMULATOR_CHECKS: tuple[Check, ...] = (
    seed_of_parameters_decides,
    writes_complete,
    writing_order_free,
    foreign_folder_refused,
)
