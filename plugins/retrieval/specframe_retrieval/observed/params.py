"""Parameters of ``observed-spectra``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = ["ObservedSpectraParams", "SpectrumColumns", "SpectrumParams"]


class SpectrumColumns(Params):
    """Which array or column holds what; columns without a name are called "0", "1" ..."""

    wavelength: str | None = Field(None, description="Wavelengths, also frequencies or wavenumbers by their units.")
    flux: str | None = Field(None, description="Flux, or depths where quantity is depth.")
    error: str | None = Field(None, description="Standard deviation of the flux.")
    mask: str | None = Field(None, description="Pixels not to be used: what is not 0, or has one of the bits of flags.")


class SpectrumParams(Params):
    """What a file of spectra may leave unsaid."""

    columns: SpectrumColumns = Field(
        default_factory=SpectrumColumns,
        description="Which column or array is what; the rest is told by names or order.",
    )
    wavelength_units: str | None = Field(
        None,
        description="Units of the wavelengths in place of what the file states (else um): nm, angstrom, Hz, cm-1 ...",
    )
    flux_units: str | None = Field(
        None,
        description="Units of the flux in place of what the file states: 'erg s-1 cm-2 A-1', 'W m-2 um-1', Jy ...; '' "
        "is dimensionless, of depths also ppm or percent.",
    )
    quantity: Literal["flux", "depth"] | None = Field(
        None, description="Whether the values are fluxes or transit (eclipse) depths; null tells it by their name."
    )
    medium: Literal["vacuum", "air"] | None = Field(
        None,
        description="What the wavelengths are in; those in air are converted. Null takes what a FITS file says, "
        "else vacuum.",
    )
    flags: int | None = Field(
        None, ge=1, description="Bits of the mask that make a pixel bad, as their sum; null takes all, of JWST bit 1."
    )
    snr: float | None = Field(
        None, gt=0, description="Where the file has no errors: median flux over the error, which all pixels share."
    )
    relative_error: float | None = Field(
        None, gt=0, description="Where the file has no errors: error of a pixel as a fraction of its flux."
    )
    wavelength_range: tuple[Annotated[float, Unit("um")], Annotated[float, Unit("um")]] | None = Field(
        None, description="Shortest and longest wavelength that is kept, in um or as quantities."
    )
    resolving_power: float | None = Field(None, gt=0, description="Wavelength / FWHM of the instrument, if known.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.snr is not None and self.relative_error is not None:
            raise ValueError("give snr or relative_error, not both")
        if self.wavelength_range is not None and self.wavelength_range[0] >= self.wavelength_range[1]:
            raise ValueError("wavelength_range must ascend")
        return self


class ObservedSpectraParams(SpectrumParams):
    """Parameters of ``observed-spectra``."""

    path: InputPath = Field(
        description="A spectrum (text, CSV, ECSV, FITS, npz, NetCDF; also packed) or a folder of them, each a target."
    )
    pattern: str = Field("*", min_length=1, description="Which files of a folder, e.g. *.fits or **/*.txt.")
    target: str | None = Field(
        None,
        pattern=r"^([^{}/\\]|\{stem\}|\{folder\})+$",
        description="What the target is called; {stem} is the file's name without suffix, {folder} that of its folder. "
        "Null takes {stem}.",
    )
    targets: tuple[str, ...] | None = Field(None, description="Only these targets, in this order; null takes all.")
    distance: Annotated[float, Unit("pc")] | None = Field(
        None, description="Distance in pc, or a quantity such as '36.3 lyr'; all targets of a folder share it."
    )
    radius: Annotated[float, Unit("R_jup")] | None = Field(
        None, description="Radius in Jupiter's equatorial radii, or a quantity such as '0.1 R_sun'."
    )
    reference: str | None = Field(None, min_length=1, description="Who published it, for figures and comparisons.")
