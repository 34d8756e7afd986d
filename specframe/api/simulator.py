"""The simulator: a loader that makes its targets itself, and can write them as files."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from specframe.api.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Simulator"]


class Simulator(Loader):
    """A loader whose targets are simulated, and can be written in a real file format with ``specframe simulate``.

    ``write_target`` is called in any order and in several processes, for targets that are not there yet, so a target
    must depend on the parameters and its own name only; then ``write_tables`` once. What is known of the truth is
    written beside the data, where no loader reads it.
    """

    @abstractmethod
    def check_folder(self, folder: Path) -> None:
        """Raise :class:`~specframe.errors.UsageError` when ``folder`` holds data that these would not go with."""

    @abstractmethod
    def written(self, folder: Path) -> list[str]:
        """Return the targets that are complete in ``folder`` and would come out the same: they are not made again."""

    @abstractmethod
    def write_target(self, target: str, folder: Path) -> list[Path]:
        """Write the files of one target and return them; it is complete or not there at all."""

    @abstractmethod
    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        """Write what is not of one target only (labels, axes, star information) and return the files."""
