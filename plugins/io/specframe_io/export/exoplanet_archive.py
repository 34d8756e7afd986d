"""Spectra as tables of the NASA Exoplanet Archive."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from specframe.api import Exporter, file_name, write_whole
from specframe_io.export.params import ArchiveParams
from specframe_io.export.spectrum import Spectrum, spectra_of

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api import Params

__all__ = ["ExoplanetArchive"]

#: Column of the depth, in percent.
_DEPTH = {False: "PL_TRANDEP", True: "ESPECLIPDEP"}
_TYPE = {False: "Transmission", True: "Eclipse"}


class ExoplanetArchive(Exporter):
    """Spectra as IPAC tables with the columns of the NASA Exoplanet Archive's atmospheric spectroscopy table.

    ``CENTRALWAVELNG`` and ``BANDWIDTH`` in micron, ``PL_TRANDEP`` (of eclipses ``ESPECLIPDEP``) in percent with the
    upper error ``...ERR1`` and the lower one ``...ERR2``, which is negative
    (https://exoplanetarchive.ipac.caltech.edu/docs/atmospheres/atmospheres_columns.html).

    References
    ----------
    - Akeson et al. 2013, PASP 125, 989, doi:10.1086/672273
    """

    name = "exoplanet-archive"
    Params: ClassVar[type[Params]] = ArchiveParams
    params: ArchiveParams

    def export(self, prediction: xr.Dataset, directory: Path) -> list[Path]:
        """Write ``<target>-exoplanet-archive.tbl`` for each target.

        Raises :class:`~specframe.errors.DataError` when there are no errors or no wavelengths.
        """
        files = {
            Path(directory) / f"{file_name(spectrum.target, self.name)}.tbl": self._table(spectrum).encode()
            for spectrum in spectra_of(prediction, self.name)
        }
        return write_whole(files)

    def _table(self, spectrum: Spectrum) -> str:
        from astropy.table import Table

        depth = _DEPTH[spectrum.is_eclipse]
        table = Table(
            {
                "CENTRALWAVELNG": 0.5 * (spectrum.lower + spectrum.upper),
                "BANDWIDTH": spectrum.upper - spectrum.lower,
                depth: 100.0 * spectrum.depth,
                f"{depth}ERR1": 100.0 * spectrum.error_upper,
                f"{depth}ERR2": -100.0 * spectrum.error_lower,
            }
        )
        for column in table.colnames:
            table[column].format = ".8g"
        table["CENTRALWAVELNG"].unit = table["BANDWIDTH"].unit = "micron"
        for column in table.colnames[2:]:
            table[column].unit = "percent"
        stated = {
            "PL_NAME": spectrum.target,
            "SPEC_TYPE": _TYPE[spectrum.is_eclipse],
            "INSTRUMENT": ", ".join(filter(None, spectrum.instruments)),
            "FACILITY": self.params.facility,
            "REFERENCE": self.params.reference,
        }
        table.meta["keywords"] = {key: {"value": value} for key, value in stated.items() if value}
        content = StringIO()
        table.write(content, format="ascii.ipac")
        return content.getvalue()
