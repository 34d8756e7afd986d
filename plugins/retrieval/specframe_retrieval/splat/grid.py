"""The loader ``splat-grid``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from specframe.api import Loader
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.folder import matching_files
from specframe_retrieval.library.loader import ModelGrid
from specframe_retrieval.splat.package import splat_folder
from specframe_retrieval.splat.params import SplatGridParams

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params
    from specframe_retrieval.library.checks import GridReport

__all__ = ["SplatGrid"]

#: What the letters before a value in a file's name stand for in SPLAT; others are labels by themselves.
_LABELS = {
    "t": "teff",
    "g": "logg",
    "f": "fsed",
    "k": "kzz",
    "en": "enrich",
    "ca": "zc",
    "ox": "zo",
    "ni": "zn",
    "br": "broad",
    "pt": "logpmin",
    "pb": "logpmax",
    "rad": "radius",
}
#: Units of labels, where SPLAT has any but dex.
_UNITS = {"teff": "K"}
#: SPLAT's models are fluxes at the surface in these units.
_FLUX_UNITS = "erg s-1 cm-2 um-1"
#: A label in a file's name: letters and a value, which of clouds is a word or has a letter of its own (cldf100).
_TOKEN = re.compile(r"(cld)(\w+)|([a-z]+)(-?\d.*|eq)")


class SplatGrid(Loader):
    """Loads a grid of models that comes with SPLAT: labels from the files' names, flux at the surface, no noise.

    Raises
    ------
    UsageError
        When SPLAT is not installed and ``path`` is not given.
    InputFileError
        When there is no such grid, and names those that are there; when a file is damaged.

    References
    ----------
    - Burgasser & Splat Development Team 2017, arXiv:1707.00062
    """

    name: ClassVar[str] = "splat-grid"
    Params: ClassVar[type[Params]] = SplatGridParams
    params: SplatGridParams
    _inner: ModelGrid | None = None

    def targets(self) -> list[str]:
        """Return the targets in the order of the files' names."""
        return self._grid().targets()

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one spectrum."""
        return self._grid().load(target)

    def labels(self) -> xr.DataArray | None:
        """Return the labels: those named, else all that vary and are numbers."""
        return self._grid().labels()

    def catalogue(self) -> xr.Dataset:
        """Return the labels, also those that are words, and which spectra are duplicates."""
        return self._grid().catalogue()

    def report(self) -> GridReport:
        """Return what is wrong with the grid, or limits what can be learned from it."""
        return self._grid().report()

    def files(self, target: str) -> list[Path]:
        """Return the file that holds the spectrum."""
        return self._grid().files(target)

    def _grid(self) -> ModelGrid:
        if self._inner is None:
            folder = self._folder()
            files = matching_files(folder, "*.txt*")
            pattern = _pattern(files[0])
            words = re.findall(r"\{(\w+)\}", pattern)
            params = self.params
            units = {name: unit for name, unit in _UNITS.items() if name in words and _is_label(name, params)}
            self._inner = ModelGrid(
                path=str(folder),
                pattern=pattern,
                labels=params.model_dump(mode="json")["labels"],
                label_units=units | params.label_units,
                select=params.model_dump(mode="json")["select"],
                wavelength_range=params.wavelength_range,
                flux_units=params.flux_units or _FLUX_UNITS,
                reference=_reference(folder.parent / "info.txt"),
            )
        return self._inner

    def _folder(self) -> Path:
        grids = splat_folder(self.params.path) / "resources" / "SpectralModels"
        folder = grids / self.params.grid / self.params.instrument
        if not folder.is_dir():
            there = sorted(f"{one.parent.name} ({one.name})" for one in grids.glob("*/*") if one.is_dir())
            raise InputFileError(
                grids,
                f"has no grid {self.params.grid!r} for {self.params.instrument} (there: {listed(there, 12) or 'none'})",
            )
        return folder

    def __getstate__(self) -> dict[str, object]:
        return {"params": self.params}


def _is_label(name: str, params: SplatGridParams) -> bool:
    return params.labels is None or name in params.labels


def _pattern(file: Path) -> str:
    """Return the pattern of a grid's files, with SPLAT's names of what their parts are."""
    first, *parts = file.name.split("_")
    pattern = []
    for part in parts:
        found = _TOKEN.fullmatch(part) if "." not in part or part.rpartition(".")[2][:1].isdigit() else None
        letters = "" if found is None else found[1] or found[3]
        pattern.append(part if found is None else f"{letters}{{{_LABELS.get(letters, letters)}}}")
    return "_".join([first, *pattern])


def _reference(info: Path) -> str | None:
    """Return whom to cite for a grid, if it says."""
    if not info.is_file():
        return None
    lines = (line.partition("\t") for line in info.read_text(errors="replace").splitlines())
    return next((value.strip() for key, _, value in lines if key == "citation" and value.strip()), None)
