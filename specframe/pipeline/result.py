"""What a run or a prediction left behind, opened from its folder."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.pipeline.directory import RunDirectory

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Run"]


class Run:
    """A complete run directory.

    Raises
    ------
    InputFileError
        When ``path`` holds no complete run.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        #: The content of ``manifest.json``.
        self.manifest: dict[str, Any] = RunDirectory(self.path).manifest()

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of ``metrics.json``: scores on held-out targets under ``"cv"``."""
        content: dict[str, Any] = json.loads((self.path / "metrics.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def predictions(self) -> xr.Dataset:
        """The Prediction of every target; of a run that learns, by models that had not seen the target."""
        import xarray as xr

        return xr.load_dataset(self.path / "predictions.nc", engine="h5netcdf")

    @property
    def set_aside(self) -> list[dict[str, str]]:
        """The targets left out: ``target``, ``step``, ``reason``."""
        entries: list[dict[str, str]] = self.manifest["set_aside"]
        return entries

    @property
    def exit_status(self) -> int:
        """0 when every target came through, 3 when some were set aside."""
        return 3 if self.set_aside else 0

    def predict(self, data: Path | str, out: Path | str | None = None, **options: Any) -> Run:
        """Apply the fitted run to the data at ``data``, labels not needed, and return the new folder opened.

        ``out`` defaults to ``predictions/<name of data>`` within the run; ``options`` are those of
        :meth:`Pipeline.run <specframe.Pipeline.run>`.
        """
        from specframe.pipeline.pipeline import predict

        return predict(self.path, Path(data), None if out is None else Path(out), **options)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"
