"""The loader ``spectrum-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api import Loader, make_observation
from specframe_io.folder import chosen_targets, matching_files, of_target
from specframe_io.names import listed
from specframe_io.spectrum_table.params import SpectrumTableParams
from specframe_io.spectrum_table.table import read_published

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params
    from specframe_io.spectrum_table.published import Published

__all__ = ["SpectrumTable"]


class SpectrumTable(Loader):
    """Loads published spectra of planets from tables: CSV, ECSV, IPAC, text, HDF5.

    Each file is an instrument, or holds a column that names it; files of one planet are one target. Nodes
    ``/<instrument>/0`` are at level depths: ``depth`` is (Rp/R*)^2 or Fp/F*, with ``depth_error`` (half the 68 %
    interval), ``depth_error_lower`` and ``depth_error_upper`` where the errors are asymmetric, and the edges of the
    channels. Columns of Rp/R* are squared, ppm and percent converted.

    Raises
    ------
    InputFileError
        When a file or column is missing, or its values cannot be what they should be. Names file and column.
    """

    name: ClassVar[str] = "spectrum-table"
    Params: ClassVar[type[Params]] = SpectrumTableParams
    params: SpectrumTableParams

    def targets(self) -> list[str]:
        """Return the targets, sorted by their first file."""
        return chosen_targets(self._planets(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one planet."""
        nodes: dict[str, xr.Dataset] = {}
        files = self.files(target)
        for path in files:
            for spectrum in self._read(path):
                name = self._instrument(spectrum)
                visit = sum(key.rpartition("/")[0] == name for key in nodes)
                nodes[f"{name}/{visit}"] = spectrum.node()
        stated = {} if self.params.reference is None else {"reference": self.params.reference}
        return make_observation(target, nodes, source=listed([path.name for path in files]), **stated)

    def files(self, target: str) -> list[Path]:
        """Return the files of a planet."""
        return of_target(self._planets(), target, self.params.path)

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _read(self, path: Path) -> list[Published]:
        params = self.params
        eclipse = None if params.quantity is None else params.quantity == "eclipse"
        return read_published(path, params.columns, params.wavelength_units, params.depth_units, eclipse)

    def _planets(self) -> dict[str, list[Path]]:
        """Return the files of each target."""
        found: dict[str, list[Path]] = {}
        for path in matching_files(self.params.path, self.params.pattern):
            found.setdefault(self._target(path), []).append(path)
        return found

    def _target(self, path: Path) -> str:
        folder = path.absolute().parent.name
        if self.params.target is not None:
            parts = self.params.target.split("{stem}")
            return path.stem.join(part.replace("{folder}", folder) for part in parts)
        names = path.suffix.lower() in (".ecsv", ".tbl")
        planet = self._read(path)[0].planet if names else ""
        return planet or (path.stem if self.params.path.is_file() else folder)

    def _instrument(self, spectrum: Published) -> str:
        own = spectrum.instrument or spectrum.path.stem
        chosen = self.params.instruments.get(own, self.params.instruments.get(spectrum.path.stem, own))
        return "-".join(chosen.replace("/", " ").split())
