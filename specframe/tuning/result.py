"""What a search left behind, opened from its folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import UsageError
from specframe.pipeline.directory import RunDirectory

if TYPE_CHECKING:
    from astropy.table import QTable

    from specframe.pipeline.pipeline import Pipeline

__all__ = ["Search"]


class Search:
    """The folder of a search.

    Raises
    ------
    UsageError
        When ``path`` holds no search.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        directory = RunDirectory(self.path)
        #: The content of ``manifest.json``.
        self.manifest: dict[str, Any] = directory.manifest()
        if directory.content() != "search":
            raise UsageError(f"{self.path} holds a {directory.content()}, not a search; 'specframe tune' makes one")

    @property
    def score(self) -> str:
        """Name of the score that was searched by."""
        return str(self.manifest["tuned"]["score"])

    @property
    def maximise(self) -> bool:
        """Whether more of the score is better."""
        return bool(self.manifest["tuned"]["direction"] == "maximise")

    @property
    def best(self) -> dict[str, Any]:
        """The values of the best trial, by key."""
        values: dict[str, Any] = self.manifest["tuned"]["best"]["values"]
        return values

    @property
    def best_score(self) -> float:
        """The score of the best trial; it was chosen for it, so that new data will score lower."""
        return float(self.manifest["tuned"]["best"]["score"])

    @property
    def counts(self) -> dict[str, int]:
        """How many trials are complete, pruned and failed."""
        counts: dict[str, int] = self.manifest["tuned"]["trials"]
        return counts

    @cached_property
    def trials(self) -> QTable:
        """The content of ``trials.ecsv``, a row for each trial."""
        from astropy.table import QTable

        table = QTable.read(self.path / "trials.ecsv", format="ascii.ecsv")
        for name in ("reason", *(name for name in table.colnames if table[name].dtype.kind == "U")):
            table[name] = np.ma.filled(table[name], "").astype(str)
        return table

    def best_pipeline(self) -> Pipeline:
        """Return the pipeline with the best values, as ``best.yaml`` has it."""
        from specframe.pipeline.pipeline import Pipeline

        return Pipeline.from_yaml(self.path / "best.yaml")

    def __repr__(self) -> str:
        return f"Search({str(self.path)!r})"
