"""Parameters of ``spectrum-table``."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params

__all__ = ["SpectrumColumns", "SpectrumTableParams"]


class SpectrumColumns(Params):
    """Which column holds what; columns without a name are called "0", "1" ..."""

    wavelength: str | None = Field(None, description="Middle of the channels; without it the middle of their edges.")
    wavelength_lower: str | None = Field(None, description="Lower edge of the channels.")
    wavelength_upper: str | None = Field(None, description="Upper edge of the channels.")
    half_width: str | None = Field(None, description="Half the width of the channels, in place of edges.")
    width: str | None = Field(None, description="Width of the channels, in place of edges.")
    depth: str | None = Field(None, description="Transit depth (Rp/R*)^2 or eclipse depth Fp/F*.")
    radius_ratio: str | None = Field(None, description="Rp/R*, in place of depth; it is squared, with its errors.")
    error: str | None = Field(None, description="Standard deviation of depth or radius_ratio.")
    error_lower: str | None = Field(None, description="Error downwards, where errors are asymmetric; its sign is free.")
    error_upper: str | None = Field(None, description="Error upwards, where errors are asymmetric.")
    instrument: str | None = Field(None, description="Instrument of each channel, where a table has several.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.depth is None) == (self.radius_ratio is None):
            raise ValueError("give depth or radius_ratio")
        if self.wavelength is None and (self.wavelength_lower is None or self.wavelength_upper is None):
            raise ValueError("give wavelength, or wavelength_lower and wavelength_upper")
        if (self.error_lower is None) != (self.error_upper is None):
            raise ValueError("give error_lower and error_upper, or neither")
        return self


class SpectrumTableParams(Params):
    """Parameters of ``spectrum-table``."""

    path: InputPath = Field(
        description="Table (.csv, .tsv, .ecsv, .tbl, .txt, .dat, .h5, .nc) or a folder of them; each is an instrument."
    )
    pattern: str = Field("*.csv", min_length=1, description="Which files of a folder, e.g. *.ecsv, *.tbl or **/*.csv.")
    targets: tuple[str, ...] | None = Field(None, description="Only these targets, in this order; null takes all.")
    target: str | None = Field(
        None,
        pattern=r"^([^{}/\\]|\{stem\}|\{folder\})+$",
        description="What the target is called; {stem} makes each file a target of its own, {folder} each folder. Null "
        "takes the planet that a file names (PL_NAME, target), else the name of the folder or of the only file.",
    )
    instruments: dict[str, str] = Field(
        default_factory=dict,
        description="Names of instruments, {NIRSpec_PRISM: PRISM}, in place of a file's name or of that in it.",
    )
    columns: SpectrumColumns | None = Field(
        None, description="Which column holds what; null tells them by their names, as many pipelines write them."
    )
    wavelength_units: str | None = Field(None, description="Units of wavelengths where the table has none; um.")
    depth_units: str | None = Field(
        None, description="Units of the depths where the table has none: '', ppm or percent; '' by default."
    )
    reference: str | None = Field(
        None, min_length=1, description="Who published it, for figures and comparisons: Kreidberg et al. (2018)."
    )
    quantity: Literal["transit", "eclipse"] | None = Field(
        None, description="What the depths are; null takes what the table says, else transit."
    )
