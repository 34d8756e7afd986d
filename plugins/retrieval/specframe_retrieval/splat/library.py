"""The loader ``splat-library``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Loader
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.reader import read_arrays
from specframe_retrieval.library.loader import SpectralLibrary
from specframe_retrieval.library.params import SpectralLibraryParams
from specframe_retrieval.library.selection import selected_rows
from specframe_retrieval.library.spectra import FileSpectra
from specframe_retrieval.splat.package import splat_folder
from specframe_retrieval.splat.params import SplatLibraryParams

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params
    from specframe_retrieval.files.arrays import NamedArrays
    from specframe_retrieval.library.checks import GridReport

__all__ = ["SplatLibrary"]

_SPECTRA, _SOURCES = "spectral_data.csv", "source_data.csv"
#: Literature types as numbers are what the library is labelled with unless the parameters say otherwise.
_LABELS: dict[str, Any] = {"sptype": {"column": "LIT_TYPE", "as": "spectral-type"}}


class SplatLibrary(Loader):
    """Loads the observed spectra that come with SPLAT, with all that its tables know of them and of their sources.

    Targets are called by their DATA_KEY. The label is the spectral type of the literature (``sptype``: M0 is 10, L0 20,
    T0 30) unless the parameters name others. ``NAME`` or ``SOURCE_KEY`` in the catalogue are the groups for
    cross-validation: many sources were observed several times. Distances (pc) and resolving powers are those of the
    tables.

    Raises
    ------
    UsageError
        When SPLAT is not installed and ``path`` is not given.
    InputFileError
        When its tables are not there, or a file is damaged.

    References
    ----------
    - Burgasser & Splat Development Team 2017, arXiv:1707.00062
    """

    name: ClassVar[str] = "splat-library"
    Params: ClassVar[type[Params]] = SplatLibraryParams
    params: SplatLibraryParams
    _inner: SpectralLibrary | None = None

    def targets(self) -> list[str]:
        """Return the targets in the order of SPLAT's table."""
        return self._library().targets()

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one spectrum."""
        library = self._library()
        observation = library.load(target)
        columns, row = library.row(target)
        resolution, distance = _number(columns.get("RESOLUTION"), row), _number(columns.get("DISTANCE"), row)
        if resolution is not None:
            observation["spectrum/0"].attrs["resolving_power"] = resolution
        if distance is not None:
            observation.attrs["distance"] = distance
        reference = columns.get("BIBCODE")
        if reference is not None and str(reference[row]):
            observation.attrs["reference"] = str(reference[row])
        return observation

    def labels(self) -> xr.DataArray | None:
        """Return the labels of the targets that have any."""
        return self._library().labels()

    def catalogue(self) -> xr.Dataset:
        """Return the columns of SPLAT's tables, and which spectra are duplicates."""
        return self._library().catalogue()

    def report(self) -> GridReport:
        """Return what is wrong with the spectra, or limits what can be learned from them."""
        return self._library().report()

    def files(self, target: str) -> list[Path]:
        """Return the file that holds the spectrum, and the tables."""
        return [*self._library().files(target), *self._tables()]

    def _tables(self) -> list[Path]:
        folder = splat_folder(self.params.path) / "db"
        return [folder / _SPECTRA, folder / _SOURCES]

    def _library(self) -> SpectralLibrary:
        if self._inner is None:
            params = self.params
            written = params.model_dump(mode="json")
            spectra = self._spectra()
            self._inner = SpectralLibrary.of(
                spectra,
                SpectralLibraryParams.validate_data(
                    {
                        "path": str(spectra.path),
                        "labels": _LABELS if written["labels"] is None else written["labels"],
                        "label_units": params.label_units,
                        "wavelength_range": params.wavelength_range,
                        "snr": params.snr,
                        "relative_error": params.relative_error,
                    }
                ),
            )
        return self._inner

    def _spectra(self) -> FileSpectra:
        params = self.params
        folder = splat_folder(params.path) / "resources" / "Spectra" / params.access / params.instrument
        table, sources = (read_arrays(path) for path in self._tables())
        columns = _joined(table, sources)
        for needed in ("QUALITY_FLAG", "INSTRUMENT", *(("PUBLISHED",) if params.published else ())):
            if needed not in columns:
                table[needed]  # which says what is there
        taken = np.isin(columns["QUALITY_FLAG"].astype(str), params.quality) & (
            columns["INSTRUMENT"].astype(str) == params.instrument
        )
        if params.published:
            taken &= columns["PUBLISHED"].astype(str) == "Y"
        there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        names = [
            next((one for one in (f"{name}.gz", name) if one in there), "")
            for name in columns["DATA_FILE"].astype(str).tolist()
        ]
        rows = np.flatnonzero(taken & np.array([bool(name) for name in names]))
        if not rows.size:
            raise InputFileError(
                folder,
                f"holds no spectrum of {params.instrument} with quality {listed(params.quality)} that "
                f"{table.path.name} knows",
            )
        columns = {name: column[rows] for name, column in columns.items()}
        keys, counts = np.unique([_text(key) for key in columns["DATA_KEY"].tolist()], return_counts=True)
        if np.any(counts > 1):
            raise InputFileError(
                table.path, f"DATA_KEY {keys[counts > 1][0]} stands {counts.max()} times, expected once"
            )
        if params.select:
            chosen = selected_rows(table.path, columns, params.select)
            rows, columns = rows[chosen], {name: column[chosen] for name, column in columns.items()}
        return FileSpectra(
            path=folder,
            columns=columns,
            row_names=tuple(_text(key) for key in columns["DATA_KEY"].tolist()),
            paths=tuple(folder / names[row] for row in rows),
            reading={"flux_units": params.flux_units},
        )


def _joined(table: NamedArrays, sources: NamedArrays) -> dict[str, NDArray[Any]]:
    """Return the columns of the spectra, with those of their sources; a source that is not known has none."""
    for needed, where in (("DATA_KEY", table), ("DATA_FILE", table), ("SOURCE_KEY", table), ("SOURCE_KEY", sources)):
        where[needed]
    columns = dict(table.arrays)
    place = {_text(key): row for row, key in enumerate(sources["SOURCE_KEY"].tolist())}
    rows = np.array([place.get(_text(key), -1) for key in table["SOURCE_KEY"].tolist()])
    for name, column in sources.arrays.items():
        if name in columns:
            continue
        if column.dtype.kind == "U":
            columns[name] = np.where(rows >= 0, column[rows], "")
        else:
            columns[name] = np.where(rows >= 0, column[rows].astype(float), np.nan)
    return columns


def _number(column: NDArray[Any] | None, row: int) -> float | None:
    if column is None or column.dtype.kind not in "fiu":
        return None
    value = float(column[row])
    return value if np.isfinite(value) and value > 0 else None


def _text(key: object) -> str:
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key).strip()
