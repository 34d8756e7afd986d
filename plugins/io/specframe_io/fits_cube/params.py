"""Parameters of ``fits-cube``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Unit
from specframe_io.params import FILES_OF_ONE, FileParams

__all__ = ["Axis", "FitsCubeParams"]

Axis = Literal["plane", "wavelength", "time"]
#: Names of extensions, in which * stands for the same text in all of them.
_NAME = r"^[^*]*\*?[^*]*$"


class FitsCubeParams(FileParams):
    """Parameters of ``fits-cube``."""

    path: InputPath = Field(description="FITS file, or a folder of such files; each is a target.")
    pattern: str = Field(
        "*.fits*", min_length=1, description="Which files of a folder; **/*.fits looks into folders. " + FILES_OF_ONE
    )
    data: str | None = Field(
        "DATA_*",
        pattern=_NAME,
        description="Extension with planes of flux and error. * stands for the instrument or mode: each text that fits "
        "is a node. Null where flux and errors have extensions of their own.",
    )
    flux: str | None = Field(None, pattern=_NAME, description="Extension with the flux alone; data is then not read.")
    flux_error: str | None = Field(
        None,
        pattern=_NAME,
        description="Extension with the errors, beside flux. Without any they are estimated from the scatter of "
        "neighbouring samples.",
    )
    axes: tuple[Axis, ...] | None = Field(
        None,
        description="Order of the axes as numpy has them (FITS counts backwards), e.g. [time, wavelength] or [plane, "
        "wavelength, time]. Null tells them by the lengths of wavelength and time.",
    )
    planes: tuple[int, int] = Field((0, 1), description="Which planes of data are flux and error, from 0.")
    time: str = Field("TIME_*", pattern=_NAME, description="Extension with the times; without * it serves all nodes.")
    time_units: str = Field("d", description="Units of the times, where the extension has no BUNIT.")
    time_system: str | None = Field(
        None,
        description="Such as BJD_TDB, BMJD_TDB or MJD_UTC, where the header has no TIMESYS. TDB alone leaves it to the "
        "size of the numbers whether they are BJD or BMJD. Without it the time scale stays unknown.",
    )
    wavelength: str | None = Field(
        "WAVE_*",
        pattern=_NAME,
        description="Extension with the wavelengths, one axis or (time, wavelength), whose median is taken. Null takes "
        "the middle of wavelength_lower and wavelength_upper.",
    )
    wavelength_lower: str | None = Field(None, pattern=_NAME, description="Extension with the channels' lower edges.")
    wavelength_upper: str | None = Field(None, pattern=_NAME, description="Extension with the channels' upper edges.")
    wavelength_units: str = Field("um", description="Units of the wavelengths, where the extension has no BUNIT.")
    mask: str | None = Field("MASK_*", pattern=_NAME, description="Extension that marks samples; it may be missing.")
    good: Literal["nonzero", "zero"] | None = Field(
        None, description="Which values of mask are good; null takes nonzero, unless that masks more than half."
    )
    out_of_transit: str | None = Field(
        "OOTM_*", pattern=_NAME, description="Extension (time) that is 1 out of transit; it may be missing."
    )
    regressors: dict[str, str] = Field(
        default_factory=dict,
        description="Extensions (time) or like the flux that it may depend on, by name: {x: XPOS_*, fwhm: FWHM_*}.",
    )
    instrument: str = Field(
        "{suffix}",
        pattern=r"^([^{}/\s]|\{suffix\})+$",
        description="Name of a node: {suffix} is what stands for * in the extensions' names, e.g. NIRISS-{suffix}.",
    )
    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only these nodes; null takes all that a file has."
    )
    units: str | None = Field(None, description="Units of the flux, where it has no BUNIT; '' by default.")
    exposure_time: Annotated[float, Unit("s")] | None = Field(
        None, gt=0, description="Length of an exposure in s, where it is known."
    )
    empty_channels: Literal["error", "leave-out"] = Field(
        "error", description="Channels without any usable sample: an error, or left out."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.data is None and self.flux is None:
            raise ValueError("give data or flux: which extension holds the flux")
        if self.wavelength is None and (self.wavelength_lower is None or self.wavelength_upper is None):
            raise ValueError("without wavelength give wavelength_lower and wavelength_upper")
        if (self.wavelength_lower is None) != (self.wavelength_upper is None):
            raise ValueError("give wavelength_lower and wavelength_upper, or neither")
        main = self.flux or self.data or ""
        single = [
            name
            for name in ("flux_error", "time", "wavelength", "wavelength_lower", "wavelength_upper", "mask")
            if "*" in (getattr(self, name) or "")
            and "*" not in main
            # the default is what resolved files state, too
            and getattr(self, name) != type(self).model_fields[name].default
        ]
        if single:
            raise ValueError(f"{single[0]} has a *, but {main!r} has none for it to stand for the same text")
        if self.axes is not None:
            planes = self.flux is None
            wanted = {"plane", "wavelength", "time"} if planes else {"wavelength", "time"}
            if set(self.axes) != wanted or len(self.axes) != len(wanted):
                what = "data" if planes else "flux"
                raise ValueError(f"axes of {what} are {', '.join(sorted(wanted))}, each once")
        return self
