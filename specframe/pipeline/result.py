"""What a run or a prediction left behind, opened from its folder."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError, UsageError
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.downloaded import checked_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from astropy.table import QTable

    from specframe.pipeline.paper_figures import PaperFigures
    from specframe.report.canvas import FigureFormat

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
        self.manifest: dict[str, Any] = RunDirectory(self.path).run_manifest()

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of ``metrics.json``: scores on held-out targets under ``"cv"``."""
        content: dict[str, Any] = json.loads(self._result("metrics.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def predictions(self) -> xr.Dataset:
        """The Prediction of every target; of a run that learns, by models that had not seen the target."""
        import xarray as xr

        return xr.load_dataset(self._result("predictions.nc"), engine="h5netcdf")

    @cached_property
    def quality(self) -> QTable:
        """What the steps found out about each target: numbers and flags, see ``quality.ecsv``."""
        from astropy.table import QTable

        return _filled(QTable.read(self._result("quality.ecsv"), format="ascii.ecsv"))

    @cached_property
    def parameters(self) -> QTable:
        """What is predicted of each target, where the outputs are parameters: see ``parameters.ecsv``.

        Raises
        ------
        InputFileError
            When the run has none, because its outputs are channels of a spectrum.
        """
        from astropy.table import QTable

        path = self.path / "parameters.ecsv"
        if not path.is_file():
            raise InputFileError(path, "is not there: the outputs of the run are no parameters; see its predictions")
        return _filled(QTable.read(self._result("parameters.ecsv"), format="ascii.ecsv"))

    def observation(self, target: str) -> xr.DataTree:
        """Return what the last calibrate or detrend step made of a target: light curves, models, depths, covariance.

        Raises
        ------
        UsageError
            When the run has no such target, or no step that stores results.
        InputFileError
            When the stored result was deleted.
        """
        products = self.manifest["products"]
        if target not in products:
            aside = next((entry for entry in self.set_aside if entry["target"] == target), None)
            why = f"was set aside: {aside['reason']}" if aside else f"is not in the run {self.path}"
            raise UsageError(f"target {target!r} {why}")
        steps = [step["id"] for step in self.manifest["pipeline"]["steps"] if step.keys() & {"calibrate", "detrend"}]
        if not steps:
            raise UsageError("the pipeline has no calibrate or detrend step, so nothing is stored; load the target")
        store = RunDirectory(self.path).store
        stored = store.get_tree(steps[-1], target, products[target])
        if stored is None:
            path = store.path(steps[-1], target, products[target])
            raise InputFileError(path, "is not there any more; run the pipeline again")
        return stored

    @property
    def set_aside(self) -> list[dict[str, str]]:
        """The targets left out: ``target``, ``step``, ``reason``."""
        entries: list[dict[str, str]] = self.manifest["set_aside"]
        return entries

    @property
    def exit_status(self) -> int:
        """0 when every target came through, 3 when some were set aside."""
        return 3 if self.set_aside else 0

    @property
    def predicted(self) -> list[Run]:
        """The predictions below this run, by name: those of the pipeline's ``predict``, and of :meth:`predict`."""
        complete = sorted((self.path / "predictions").glob("*/manifest.json"))
        return [Run(file.parent) for file in complete]

    def _result(self, name: str) -> Path:
        """Return the path of a result, which must be what the run wrote."""
        return checked_output(self.path, name, self.manifest["outputs"])

    def predict(self, data: Path | str | None = None, out: Path | str | None = None, **options: Any) -> Run:
        """Apply the fitted run to the data at ``data``, labels not needed, and return the new folder opened.

        They are read by the loader that the pipeline names under ``predict``, else by its first step's. Without
        ``data`` they are what ``predict`` says. ``out`` defaults to ``predictions/<name of data>`` within the run;
        ``options`` are those of :meth:`Pipeline.run <specframe.Pipeline.run>`.
        """
        from specframe.pipeline.applying import predict

        return predict(self.path, None if data is None else Path(data), None if out is None else Path(out), **options)

    def write_figures(
        self,
        file_format: FigureFormat = "pdf",
        out: Path | str | None = None,
        *,
        width: str | float | None = None,
        dpi: int = 300,
        plugin_files: Sequence[Path] = (),
    ) -> PaperFigures:
        """Draw every figure of the run for papers, by default into ``figures-<format>`` within it.

        ``width`` is ``single`` or ``double`` column, a width as ``90mm``, or inches; ``None`` chooses the column that
        a figure fits into. ``dpi`` are the dots per inch of PNG. What comes back has the ``folder``, the ``files``, and
        why figures are ``missing``.
        """
        from specframe.pipeline.paper_figures import write_paper_figures

        folder = None if out is None else Path(out)
        return write_paper_figures(self, file_format, folder, width=width, dpi=dpi, plugin_files=plugin_files)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def _filled(table: QTable) -> QTable:
    """Return a table with empty texts in place of the masked ones that astropy reads."""
    for name in table.colnames:
        if table[name].dtype.kind in "UO":
            table[name] = np.ma.filled(table[name], "").astype(str)
    return table
