"""Parameters of the exporters."""

from __future__ import annotations

from specframe.api import Field, Params

__all__ = ["ArchiveParams", "LightCurveExportParams", "SpectrumExportParams"]

_FOLDER = r"^[^/\\]+$"


class SpectrumExportParams(Params):
    """Parameters of the exporters of spectra for retrievals."""

    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only the channels of these instruments; null takes all."
    )
    split: bool = Field(
        False, description="One file per instrument, as retrievals with an offset between instruments need them."
    )


class ArchiveParams(Params):
    """Parameters of ``exoplanet-archive``."""

    facility: str = Field("", description="Telescope, as the archive names it: James Webb Space Telescope (JWST).")
    reference: str = Field("", description="Where the spectrum is published.")


class LightCurveExportParams(Params):
    """Parameters of the exporters of light curves."""

    folder: str = Field("light_curves", pattern=_FOLDER, description="Folder of the run for the files.")
