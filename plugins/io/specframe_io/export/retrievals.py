"""Spectra as text for retrieval codes."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe.api import Exporter, file_name, write_whole
from specframe.errors import DataError
from specframe_io.export.params import SpectrumExportParams
from specframe_io.export.spectrum import Spectrum, spectra_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["PetitRadtrans", "Poseidon", "Taurex"]


class _RetrievalText(Exporter):
    """A file of columns per target, or per target and instrument; lines that begin with # are comments."""

    Params: ClassVar[type[Params]] = SpectrumExportParams
    params: SpectrumExportParams

    @abstractmethod
    def columns(self, spectrum: Spectrum) -> dict[str, NDArray[np.float64]]:
        """Return the columns by their headings."""

    def export(self, prediction: xr.Dataset, directory: Path) -> list[Path]:
        """Write ``<target>-<exporter>.txt``, with ``split`` ``<target>-<instrument>-<exporter>.txt``.

        Raises :class:`~specframe.errors.DataError` when there are no errors, no wavelengths, or no such instrument.
        """
        files: dict[Path, bytes] = {}
        for spectrum in spectra_of(prediction, self.name):
            wanted = self.params.instruments or tuple(spectrum.instruments)
            unknown = set(wanted) - set(spectrum.instruments)
            if unknown:
                there = ", ".join(name for name in spectrum.instruments if name) or "none is named"
                raise DataError(
                    f"{self.name}: target {spectrum.target} has no instrument {min(unknown)!r}; there: {there}"
                )
            groups = [(name, {name}) for name in wanted] if self.params.split else [("", set(wanted))]
            for label, chosen in groups:
                path = Path(directory) / f"{file_name(spectrum.target, label, self.name)}.txt"
                if path in files:
                    raise DataError(
                        f"{self.name}: the files of two targets or instruments would both be called {path.name!r}, for "
                        f"instance those of {spectrum.target}; rename one of them"
                    )
                files[path] = self._text(spectrum.of(chosen)).encode()
        return write_whole(files)

    def _text(self, spectrum: Spectrum) -> str:
        columns = self.columns(spectrum)
        quantity = "eclipse depth Fp/F*" if spectrum.is_eclipse else "transit depth (Rp/R*)^2"
        rows = [" ".join(f"{value:.9g}" for value in row) for row in np.column_stack(list(columns.values()))]
        head = [f"# {spectrum.target}: {quantity}, {', '.join(filter(None, spectrum.instruments)) or 'one instrument'}"]
        return "\n".join([*head, f"# {', '.join(columns)}", *rows]) + "\n"


class Taurex(_RetrievalText):
    """Spectra for TauREx 3: wavelength (um), depth, error, width of the channel (um).

    Use it as ``observed_spectrum`` in TauREx's input file (https://taurex3.readthedocs.io). Errors are symmetric.

    References
    ----------
    - Al-Refaie et al. 2021, ApJ 917, 37, doi:10.3847/1538-4357/ac0252
    """

    name = "taurex"

    def columns(self, spectrum: Spectrum) -> dict[str, NDArray[np.float64]]:
        """Return wavelength, depth, error and width."""
        return {
            "wavelength (um)": 0.5 * (spectrum.lower + spectrum.upper),
            "depth": spectrum.depth,
            "depth error": spectrum.error,
            "width (um)": spectrum.upper - spectrum.lower,
        }


class Poseidon(_RetrievalText):
    """Spectra for POSEIDON: wavelength (um), half width of the channel (um), depth, error.

    ``load_data`` of POSEIDON (https://poseidon-retrievals.readthedocs.io) reads it. Errors are symmetric.

    References
    ----------
    - MacDonald 2023, Journal of Open Source Software 8, 4873, doi:10.21105/joss.04873
    """

    name = "poseidon"

    def columns(self, spectrum: Spectrum) -> dict[str, NDArray[np.float64]]:
        """Return wavelength, half width, depth and error."""
        return {
            "wavelength (um)": 0.5 * (spectrum.lower + spectrum.upper),
            "half width (um)": 0.5 * (spectrum.upper - spectrum.lower),
            "depth": spectrum.depth,
            "depth error": spectrum.error,
        }


class PetitRadtrans(_RetrievalText):
    """Spectra for petitRADTRANS: wavelength (um), depth, error.

    ``path_to_observations`` of a retrieval's data reads it (https://petitradtrans.readthedocs.io); the code takes the
    width of its bins from the distances of the wavelengths. Errors are symmetric.

    References
    ----------
    - Mollière et al. 2019, A&A 627, A67, doi:10.1051/0004-6361/201935470
    """

    name = "petitradtrans"

    def columns(self, spectrum: Spectrum) -> dict[str, NDArray[np.float64]]:
        """Return wavelength, depth and error."""
        return {"wavelength (um)": spectrum.wavelength, "depth": spectrum.depth, "depth error": spectrum.error}
