"""Parameters of ``model-grid`` and ``spectral-library``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, field_validator, model_serializer, model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = ["LabelColumn", "ModelGridParams", "Selection", "SpectraParams", "SpectralLibraryParams", "WavelengthFile"]

Number = float | int


class LabelColumn(Params):
    """A label and how its column is read."""

    model_config = ConfigDict(populate_by_name=True)

    column: str | None = Field(None, description="Column or array; null takes the one that is called as the label.")
    as_: Literal["number", "log10", "spectral-type"] = Field(
        "number",
        alias="as",
        description="'number', also in text such as f1.00; 'log10' of the number; 'spectral-type': M0 is 10, L0 20, T0 "
        "30, Y0 40, and what is none (or empty) has no label.",
    )
    units: str = Field("", description="Units of the label, '' for none.")

    @model_serializer(mode="plain")
    def _dump(self) -> dict[str, Any]:
        return {"column": self.column, "as": self.as_, "units": self.units}


class Selection(Params):
    """Which values of a column are taken."""

    min: Number | None = Field(None, description="Lowest value that is taken; null has no bound.")
    max: Number | None = Field(None, description="Highest value that is taken; null has no bound.")
    values: tuple[Number | str, ...] | None = Field(None, description="Only these values, numbers or words.")
    exclude: tuple[Number | str, ...] = Field((), description="All but these values.")


class WavelengthFile(Params):
    """A file of wavelengths."""

    path: InputPath = Field(description="Text, npz, npy, NetCDF or FITS.")
    column: str | None = Field(None, description="Its column or array; null tells it by its name, else the first.")


class SpectraParams(Params):
    """What both loaders of many spectra take."""

    path: InputPath = Field(
        description="A file of spectra (npz, npy, CSV, NetCDF, HDF5, FITS; text also packed as gz, bz2 or xz), or a "
        "folder with a file of each."
    )
    pattern: str = Field(
        "*",
        min_length=1,
        description="Which files of a folder; words in braces are labels: 't{teff}g{logg}m{z}.spec'. Of a table with a "
        "spectrum in each column, the same for the columns' names.",
    )
    table: InputPath | None = Field(
        None, description="Another file with labels and all else that is known of the spectra, a row for each."
    )
    key: str | None = Field(
        None,
        description="Column of the table by which rows are found: file names, or what the column of the same name has. "
        "Null takes the column that holds the files' names, or the order of rows.",
    )
    flux: str | tuple[str, ...] | None = Field(
        None,
        description="Array of fluxes (or depths), or its columns: names, a pattern such as flux_*, or first:last as in "
        "Python. Null tells it by its name and shape, columns by the wavelengths in their names.",
    )
    error: str | tuple[str, ...] | None = Field(
        None, description="Array of the errors, or their columns; null tells it by its name."
    )
    wavelength: str | tuple[Number, ...] | WavelengthFile | None = Field(
        None, description="Array of wavelengths, a list of them, or {path: ...}; null tells it by its name and shape."
    )
    dims: tuple[str, ...] | None = Field(
        None,
        description="What the axes of the flux are, by names of arrays, where shapes do not tell: "
        "[teff, logg, wavelength].",
    )
    labels: tuple[str, ...] | dict[str, str | LabelColumn] | None = Field(
        None,
        description="What is to be learned: columns, or {name: column} or {name: {column: LIT_TYPE, as: spectral-type, "
        "units: ''}}.",
    )
    rename: dict[str, str] = Field(default_factory=dict, description="Other names for columns: {extra: fsed}.")
    label_units: dict[str, str] = Field(default_factory=dict, description="Units of labels: {teff: K}.")
    select: dict[str, Number | str | tuple[Number | str, ...] | Selection] = Field(
        default_factory=dict,
        description="Which spectra, by columns or labels: {teff: [900, 1500]} is a range with both ends, a single "
        "value or three and more are values; {min: 20}, {max: 9} and {values: [1, 2]} say it openly.",
    )
    target: str | None = Field(
        None, description="Column of the targets' names; null makes names from the labels, else from files or rows."
    )
    wavelength_range: tuple[Annotated[float, Unit("um")], Annotated[float, Unit("um")]] | None = Field(
        None, description="Shortest and longest wavelength that is kept, in um or as quantities."
    )
    wavelength_units: str | None = Field(
        None, description="Units of the wavelengths in place of what the file states (else um): nm, angstrom, Hz, cm-1."
    )
    flux_units: str | None = Field(
        None,
        description="Units of the flux in place of what the file states: 'erg s-1 cm-2 um-1', Jy ...; '' is "
        "dimensionless, of depths also ppm or percent.",
    )
    quantity: Literal["flux", "depth"] | None = Field(
        None, description="Whether the values are fluxes or transit (eclipse) depths; null tells it by their name."
    )
    medium: Literal["vacuum", "air"] = Field(
        "vacuum", description="What the wavelengths are in; those in air are converted."
    )
    resolving_power: float | None = Field(None, gt=0, description="Wavelength / FWHM of the spectra, if known.")
    reference: str | None = Field(None, min_length=1, description="Whose spectra these are, for figures.")

    @field_validator("pattern")
    @classmethod
    def _braces(cls, pattern: str) -> str:
        if pattern.count("{") != pattern.count("}") or "}{" in pattern or "{}" in pattern:
            raise ValueError("write {name} for each label, with text between two of them: 't{teff}g{logg}.spec'")
        return pattern

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.wavelength_range is not None and self.wavelength_range[0] >= self.wavelength_range[1]:
            raise ValueError("wavelength_range must ascend")
        if self.key is not None and self.table is None:
            raise ValueError("key names a column of table, which is not given")
        return self


class ModelGridParams(SpectraParams):
    """Parameters of ``model-grid``."""


class SpectralLibraryParams(SpectraParams):
    """Parameters of ``spectral-library``."""

    snr: float | None = Field(
        None, gt=0, description="Where there are no errors: median flux over the error, which all pixels share."
    )
    relative_error: float | None = Field(
        None, gt=0, description="Where there are no errors: error of a pixel as a fraction of its flux."
    )

    @model_validator(mode="after")
    def _one_error(self) -> Self:
        if self.snr is not None and self.relative_error is not None:
            raise ValueError("give snr or relative_error, not both")
        return self
