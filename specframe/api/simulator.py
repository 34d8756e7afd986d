"""The simulator: a loader that makes its targets itself, and can write them as files."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.api.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Simulator"]


class Simulator(Loader):
    """A loader whose targets are simulated, and can be written in a real file format with ``specframe simulate``.

    ``write_target`` is called in any order and in several processes, for targets that are not there yet, so a target
    must depend on the parameters and its own name only, to the last byte; then ``write_tables`` once. A simulation that
    was interrupted goes on with the targets that are not ``written``. What is known of the truth is written beside the
    data, where no loader reads it.
    """

    @abstractmethod
    def check_folder(self, folder: Path) -> None:
        """Raise :class:`~specframe.errors.UsageError` when ``folder`` holds what these targets would not go with.

        It may be new, empty, or hold targets of the same parameters; files of others, or targets of other parameters,
        are refused. Files whose names begin with a dot do not count. Nothing is changed.
        """

    @abstractmethod
    def written(self, folder: Path) -> list[str]:
        """Return the targets that are complete in ``folder``: they are not made again."""

    @abstractmethod
    def write_target(self, target: str, folder: Path) -> list[Path]:
        """Write the files of one target and return them; it is complete or not there at all.

        ``folder`` and its parents are made where they are missing. An :class:`OSError` ends the simulation, since it
        would befall the next target too; any other error sets the target aside.
        """

    @abstractmethod
    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        """Write what is not of one target only (labels, axes, star information) and return the files.

        ``targets`` are those that are complete.
        """

    def write(self, folder: Path | str) -> list[str]:
        """Write all targets that are not there yet, one after another, and the tables; return their names."""
        folder = Path(folder)
        self.check_folder(folder)
        targets, there = self.targets(), set(self.written(folder))
        for target in targets:
            if target not in there:
                self.write_target(target, folder)
        self.write_tables(folder, targets)
        return targets
