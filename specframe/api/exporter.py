"""The exporters: they write results in the form somebody else reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from specframe.api.base import BaseComponent

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api.component import Kind

__all__ = ["Exporter", "ObservationExporter"]


class Exporter(BaseComponent, ABC):
    """Writes a Prediction to files of its own."""

    kind: ClassVar[Kind] = "exporter"

    @abstractmethod
    def export(self, prediction: xr.Dataset, directory: Path) -> list[Path]:
        """Write into ``directory``, which exists, and return the files written.

        Raises :class:`~specframe.errors.DataError` when the prediction lacks what the format needs; then it has
        written nothing.
        """


class ObservationExporter(BaseComponent, ABC):
    """Writes the reduced Observations, light curves with what the fits left beside them, one target at a time."""

    kind: ClassVar[Kind] = "exporter"

    @abstractmethod
    def export_target(self, observation: xr.DataTree, directory: Path) -> list[Path]:
        """Write one target into ``directory``, which exists, and return the files written, named by the target.

        Raises :class:`~specframe.errors.DataError` when the Observation lacks what the format needs; then it has
        written nothing, and the other targets go on.
        """
