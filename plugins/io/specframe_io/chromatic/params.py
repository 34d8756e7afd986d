"""Parameters of ``chromatic``."""

from __future__ import annotations

from typing import Annotated, Literal

from specframe.api import Field, InputPath, Unit
from specframe_io.params import FILES_OF_ONE, FileParams

__all__ = ["ChromaticParams"]


class ChromaticParams(FileParams):
    """Parameters of ``chromatic``."""

    path: InputPath = Field(description="NetCDF or HDF5 file, or a folder of such files; each is a target.")
    pattern: str = Field(
        "*.xc",
        min_length=1,
        description="Which files of a folder, e.g. *.nc, *.h5 or **/*raw-light-curve*.xc. " + FILES_OF_ONE,
    )
    instrument: str = Field("chromatic", pattern=r"^[^/\s]+$", description="Name of the instrument or mode.")
    flux: str | None = Field(
        None, description="Variable with the flux; null takes raw_flux or flux. corrected_flux takes the corrected one."
    )
    flux_error: str | None = Field(
        None,
        description="Variable with the errors; null takes that of the flux: uncertainty, or <flux>_error. Without any "
        "they are estimated from the scatter of neighbouring samples.",
    )
    quality: str | None = Field(
        None, description="Variable that marks samples; null takes ok or quality_flag where the file has one."
    )
    good: Literal["nonzero", "zero"] | None = Field(
        None,
        description="Which values of quality are good. Null takes nonzero for ok; for quality_flag, which chromatic "
        "writes with 1 for good and others with 0, whichever most samples have.",
    )
    regressors: tuple[str, ...] | None = Field(
        None,
        description="Variables (time) or (wavelength, time) that the flux may depend on; null takes all on time alone.",
    )
    units: str | None = Field(None, description="Units of the flux, where the file states none; '' by default.")
    time_system: str | None = Field(
        None,
        description="Such as BJD_TDB, BMJD_TDB or MJD_UTC, where the file does not say. TDB alone leaves it to the "
        "size of the numbers whether they are BJD or BMJD.",
    )
    exposure_time: Annotated[float, Unit("s")] | None = Field(
        None, gt=0, description="Length of an exposure in s, where the file does not say."
    )
    empty_channels: Literal["error", "leave-out"] = Field(
        "error", description="Channels without any usable sample: an error, or left out."
    )
