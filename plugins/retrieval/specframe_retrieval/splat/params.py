"""Parameters of ``splat-grid`` and ``splat-library``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params, Unit
from specframe_retrieval.library.params import LabelColumn, Number, Selection

__all__ = ["SplatGridParams", "SplatLibraryParams", "SplatParams"]


class SplatParams(Params):
    """What both loaders of SPLAT's data take."""

    path: InputPath | None = Field(
        None, description="Folder of the package splat, the one that holds resources; null finds the installed one."
    )
    instrument: str = Field("SPEX-PRISM", pattern=r"^[^/\\]+$", description="Instrument whose spectra are taken.")
    labels: tuple[str, ...] | dict[str, str | LabelColumn] | None = Field(
        None, description="What is to be learned: columns, or {name: column} or {name: {column: ..., as: ...}}."
    )
    label_units: dict[str, str] = Field(default_factory=dict, description="Units of labels, e.g. {teff: K}.")
    select: dict[str, Number | str | tuple[Number | str, ...] | Selection] = Field(
        default_factory=dict,
        description="Which spectra, by columns: {teff: [900, 1500]} is a range with both ends, a single value or three "
        "and more are values; {min: 20}, {max: 9} and {values: [1, 2]} say it openly.",
    )
    wavelength_range: tuple[Annotated[float, Unit("um")], Annotated[float, Unit("um")]] | None = Field(
        None, description="Shortest and longest wavelength that is kept, in um or as quantities."
    )
    flux_units: str | None = Field(None, description="Units of the flux in place of those that SPLAT's files have.")

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.wavelength_range is not None and self.wavelength_range[0] >= self.wavelength_range[1]:
            raise ValueError("wavelength_range must ascend")
        return self


class SplatGridParams(SplatParams):
    """Parameters of ``splat-grid``."""

    grid: str = Field(
        pattern=r"^[^/\\.]+$",
        description="Name of the grid: its folder in resources/SpectralModels, e.g. dback24, btsettl08, burrows06.",
    )


class SplatLibraryParams(SplatParams):
    """Parameters of ``splat-library``."""

    access: str = Field("Public", pattern=r"^[^/\\.]+$", description="Folder in resources/Spectra.")
    published: bool = Field(True, description="Whether only spectra are taken that were published.")
    quality: tuple[Literal["OK", "POOR", "BG"], ...] = Field(
        ("OK",), min_length=1, description="SPLAT's flags of quality that are taken; BG has a bright background."
    )
    snr: float | None = Field(
        None, gt=0, description="Where a spectrum has no errors: median flux over the error, which all pixels share."
    )
    relative_error: float | None = Field(
        None, gt=0, description="Where a spectrum has no errors: error of a pixel as a fraction of its flux."
    )
