"""The exporter ``grid-comparison``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from specframe.api import Params, ResultsExporter, file_name, write_whole
from specframe.errors import DataError
from specframe_retrieval.comparison.comparison import compare_with_grid
from specframe_retrieval.comparison.figure import draw_comparison, png_bytes
from specframe_retrieval.comparison.grid import SpectralGrid
from specframe_retrieval.comparison.params import GridComparisonParams
from specframe_retrieval.comparison.spectrum import physical_spectrum
from specframe_retrieval.comparison.tables import ecsv_bytes, nearest_table, spectrum_table, summary_table

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api import Results

__all__ = ["GridComparison"]


class GridComparison(ResultsExporter):
    """Compares predicted targets with the grid that was learned from.

    For each target: the model interpolated at the predicted parameters, its chi2, residuals and the radius that its
    scale tells, the nearest spectra of the grid by chi2, and whether the prediction lies at the edge of the grid or
    outside. Fluxes are compared as they were before they were normalised. A target of the grid itself, in
    cross-validation, is left out of its own nearest spectra.

    Files: ``comparison/grid-comparison.ecsv`` with a row per target, ``<target>.ecsv``, ``nearest/<target>.ecsv`` and
    ``<target>.png``.
    """

    name = "grid-comparison"
    Params: ClassVar[type[Params]] = GridComparisonParams
    params: GridComparisonParams

    def export_results(self, results: Results, directory: Path) -> list[Path]:
        """Write the tables and figures.

        Raises :class:`~specframe.errors.DataError` when there is no grid, or no target can be compared with it.
        """
        grid = SpectralGrid.of(results.training(), results.labels, self.params.space)
        predicted = set(results.prediction["target"].values.astype(str))
        folder = Path(directory) / self.params.folder
        found: list[xr.Dataset] = []
        failed: dict[str, str] = {}
        written = []
        for observation in results.observations():
            target = str(observation.attrs["target"])
            if target not in predicted:
                continue
            if len(found) + len(failed) == self.params.targets:
                break
            drawn = len(found) < max(self.params.spectra, self.params.figures)
            try:
                comparison = self.compare(observation, grid, results.prediction, drawn)
            except DataError as error:
                failed[target] = str(error)
                continue
            written += self._write(comparison, folder, len(found))
            found.append(_small(comparison))
        if not found:
            reasons = "; ".join(f"{target}: {reason}" for target, reason in list(failed.items())[:3])
            raise DataError(f"{self.name}: no target can be compared with the grid: {reasons or 'none is predicted'}")
        table = summary_table(found, failed)
        table.meta["not_compared"] = len(predicted) - len(found) - len(failed)
        return [*write_whole({folder / "grid-comparison.ecsv": ecsv_bytes(table)}), *written]

    def compare(
        self,
        observation: xr.DataTree,
        grid: SpectralGrid,
        prediction: xr.Dataset | None = None,
        drawn: bool = True,
    ) -> xr.Dataset:
        """Return the comparison of one target, see :func:`~specframe_retrieval.compare_with_grid`.

        Without ``drawn`` no models are drawn from the posterior.
        """
        return compare_with_grid(
            physical_spectrum(observation),
            grid,
            prediction,
            free=None if self.params.fit == "auto" else self.params.fit,
            neighbours=self.params.neighbours,
            draws=self.params.draws if drawn else 0,
            radius_from=self.params.radius,
        )

    def _write(self, comparison: xr.Dataset, folder: Path, position: int) -> list[Path]:
        name = file_name(str(comparison.attrs["target"]))
        files: dict[Path, bytes] = {}
        if position < self.params.spectra:
            files[folder / f"{name}.ecsv"] = ecsv_bytes(spectrum_table(comparison))
            files[folder / "nearest" / f"{name}.ecsv"] = ecsv_bytes(nearest_table(comparison))
        if position < self.params.figures:
            files[folder / f"{name}.png"] = png_bytes(draw_comparison(comparison))
        return write_whole(files)


def _small(comparison: xr.Dataset) -> xr.Dataset:
    """Return what the table of all targets needs: thousands of spectra need not stay in memory."""
    spectra = [name for name, array in comparison.variables.items() if {"wavelength", "radius"} & set(array.dims)]
    return comparison.drop_vars(spectra)
