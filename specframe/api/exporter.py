"""The exporters: they write results in the form somebody else reads, or what they find in them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from specframe.api.base import BaseComponent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import xarray as xr

    from specframe.api.component import Kind

__all__ = ["Exporter", "ObservationExporter", "Results", "ResultsExporter"]


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


@dataclass(frozen=True)
class Results:
    """Predictions with what they were made from, and what the models had learned from."""

    prediction: xr.Dataset
    #: Yields the Observations of the predicted targets, as the last mapping step left them.
    observations: Callable[[], Iterator[xr.DataTree]]
    #: Yields the Observations of the targets that were learned from, after the same steps.
    training: Callable[[], Iterator[xr.DataTree]]
    #: Labels ``(target, output)`` of the targets that were learned from; ``None`` where nothing was.
    labels: xr.DataArray | None = None


class ResultsExporter(BaseComponent, ABC):
    """Compares predictions with the data that they were made from and with the training set, and writes what it finds.

    An observed spectrum, say, with the models of the grid that are most like it. Reading Observations takes time where
    there are many: read those that are needed, once.
    """

    kind: ClassVar[Kind] = "exporter"

    @abstractmethod
    def export_results(self, results: Results, directory: Path) -> list[Path]:
        """Write into ``directory``, which exists, and return the files written.

        Raises :class:`~specframe.errors.DataError` when the results lack what it compares; then it has written nothing.
        """
