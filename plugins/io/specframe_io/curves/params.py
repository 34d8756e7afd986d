"""Parameters of the loader ``light-curves``."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = [
    "WORDS",
    "ChannelParams",
    "ClockParams",
    "Column",
    "ColumnParams",
    "LightCurvesParams",
    "LimbDarkeningParams",
    "RegressorFileParams",
    "SystemParams",
    "VisitParams",
    "WavelengthParams",
    "WhiteLimbDarkeningParams",
]

#: A column by its name, or by its number from 0; -1 is the last.
Column = str | int
Columns = Column | tuple[Column, ...]
Band = tuple[float, float]
#: What the names of files may tell.
WORDS = ("target", "instrument", "visit", "wavelength")

Seconds = Annotated[float, Unit("s"), Field(gt=0)]
Days = Annotated[float, Unit("d"), Field(gt=0)]
Micrometres = Annotated[float, Unit("um"), Field(gt=0)]
Degrees = Annotated[float, Unit("deg"), Field(ge=0, le=180)]
Kelvin = Annotated[float, Unit("K"), Field(gt=0)]
SolarRadii = Annotated[float, Unit("solRad"), Field(gt=0)]
SolarMasses = Annotated[float, Unit("solMass"), Field(gt=0)]


class ColumnParams(Params):
    """Which column is what: its name, or its number from 0."""

    time: Column = Field("time", description="Time, or orbital phase; see the parameter time.")
    flux: Columns = Field(
        "flux",
        description="Flux. A list or a name with wildcards (flux_*) takes several columns, a channel each; one with "
        "{wavelength} (flux_{wavelength}) takes the wavelength from their names.",
    )
    flux_error: Columns | None = Field(None, description="Standard deviation of the flux, in the order of flux.")
    variance: Columns | None = Field(None, description="Variance of the flux, instead of flux_error.")
    reference_flux: Columns | None = Field(
        None, description="Flux of a comparison star, by which the flux is divided; one column, or one per channel."
    )
    reference_flux_error: Columns | None = Field(None, description="Standard deviation of reference_flux.")
    mask: Columns | None = Field(None, description="Not 0 where a sample is not to be used.")
    good: Columns | None = Field(None, description="0 where a sample is not to be used, the reverse of mask.")
    wavelength: Column | None = Field(
        None, description="Wavelength of the channel. Where it varies from line to line, each value is a channel."
    )
    wavelength_lower: Column | None = Field(None, description="Where the channel begins.")
    wavelength_upper: Column | None = Field(None, description="Where the channel ends.")
    instrument: Column | None = Field(None, description="Name of the instrument of each line; each is a node.")
    visit: Column | None = Field(None, description="Number or name of the visit of each line; each is a node.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.flux_error is not None and self.variance is not None:
            raise ValueError("give flux_error or variance, not both")
        if self.reference_flux_error is not None and self.reference_flux is None:
            raise ValueError("reference_flux_error needs reference_flux")
        if (self.wavelength_lower is None) != (self.wavelength_upper is None):
            raise ValueError("give wavelength_lower and wavelength_upper, or neither")
        return self


class ClockParams(Params):
    """What the numbers in the column of time mean."""

    system: Literal["TDB", "UTC", "TT", "TAI", ""] = Field("", description="Time scale; '' is not known.")
    reference: str = Field(
        "", description="What they count from: 'JD 2450000', 'JD 0' or a text such as 'start of the visit'."
    )
    units: str = Field("d", description="Unit, convertible to d.")


class WavelengthParams(Params):
    """Wavelengths of the channels, where the files do not have them, or their edges."""

    units: str | None = Field(
        None,
        description="Unit of all numbers given here, of the columns and of those in the names of files. Null takes "
        "what the file says, else um.",
    )
    values: tuple[float, ...] | None = Field(
        None, min_length=1, description="One for each channel, in the order of the columns or names of files."
    )
    edges: tuple[float, ...] | tuple[Band, ...] | None = Field(
        None,
        min_length=1,
        description="Edges of the channels: pairs, or the n + 1 of n adjoining channels; two are one channel's. In the "
        "order of the files, or by wavelength where the files have it.",
    )
    width: float | None = Field(None, gt=0, description="Width of every channel, where edges are not given.")
    path: InputPath | None = Field(
        None, description="Table with a line for each channel: its edges, its wavelength, or all."
    )
    wavelength: Column | None = Field(None, description="Column of that table: the wavelength.")
    lower: Column | None = Field(None, description="Column of that table: where the channel begins.")
    upper: Column | None = Field(None, description="Column of that table: where the channel ends.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.lower is None) != (self.upper is None):
            raise ValueError("give lower and upper, or neither")
        columns = self.wavelength is not None or self.lower is not None
        if columns != (self.path is not None):
            raise ValueError("a table needs path, and its columns wavelength, or lower and upper")
        if sum(given is not None for given in (self.edges, self.width, self.lower)) > 1:
            raise ValueError("give edges, width, or a table with lower and upper; only one of them")
        if self.values is not None and self.wavelength is not None:
            raise ValueError("give values, or a table with a column wavelength, not both")
        return self


class ChannelParams(Params):
    """Which of the channels to load."""

    index: tuple[int, int] | None = Field(
        None, description="From the first up to, not including, the second, by wavelength from 0: [0, 20] are 20."
    )
    wavelength: tuple[Micrometres, Micrometres] | None = Field(
        None, description="Those whose wavelength is from the first to the second, in um."
    )


class VisitParams(Params):
    """Where one visit ends and the next begins, when no column says."""

    gap: Days = Field(description="A longer time than this between two samples, in d, begins a new visit.")


class LimbDarkeningParams(Params):
    """A table of limb-darkening coefficients with a line for each channel."""

    path: InputPath = Field(description="The table.")
    columns: tuple[Column, ...] = Field(
        description="Columns of u1, u2 (quadratic), or of c1, c2, c3, c4 (nonlinear; Claret 2000)."
    )
    wavelength: Column | None = Field(None, description="Column of the wavelength: the nearest line is taken.")
    lower: Column | None = Field(None, description="Column where the line's band begins; it must hold the channel.")
    upper: Column | None = Field(None, description="Column where the line's band ends.")
    units: str = Field("um", description="Unit of these wavelengths.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_law(self.columns)
        if (self.lower is None) != (self.upper is None):
            raise ValueError("give lower and upper, or neither")
        return self


class WhiteLimbDarkeningParams(Params):
    """A table with one line of limb-darkening coefficients, for the band of all channels together."""

    path: InputPath = Field(description="The table; it has one line.")
    columns: tuple[Column, ...] = Field(description="Columns of u1, u2, or of c1, c2, c3, c4.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_law(self.columns)
        return self


class RegressorFileParams(Params):
    """Another file with quantities at the times of the light curves."""

    path: InputPath = Field(description="The file.")
    columns: dict[str, Column] = Field(min_length=1, description="Regressors by name: their columns in that file.")
    time: Column = Field(0, description="Its column of times, on the same clock.")
    instrument: Column | None = Field(None, description="Its column with the name of the instrument.")


class SystemParams(Params):
    """What is known of star and planet."""

    period: Days | None = Field(None, description="Orbital period in d.")
    semi_major_axis: float | None = Field(None, gt=1, description="Of the orbit, in radii of the star.")
    inclination: Degrees | None = Field(None, description="Of the orbit, in deg.")
    eccentricity: float | None = Field(None, ge=0, lt=1, description="Of the orbit.")
    stellar_radius: SolarRadii | None = Field(None, description="In solar radii.")
    stellar_mass: SolarMasses | None = Field(None, description="In solar masses.")
    stellar_temperature: Kelvin | None = Field(None, description="Effective temperature in K.")


class LightCurvesParams(Params):
    """Parameters of ``light-curves``."""

    path: InputPath = Field(
        description="A file, or a folder of files. Text with columns, ECSV, npy, npz, NetCDF, HDF5 or FITS."
    )
    pattern: str = Field(
        "*",
        min_length=1,
        description="Which files of a folder. Words in braces are read from their names: {target}, {instrument}, "
        "{visit} and {wavelength}, as in '{target}/night{visit}_{wavelength}.txt'.",
    )
    target: str | None = Field(
        None,
        min_length=1,
        description="Name of the planet or star. By default that of the folder, or of the file without suffix.",
    )
    targets: tuple[str, ...] | None = Field(
        None, description="Only these targets, in this order, where {target} tells several apart; null takes all."
    )
    instrument: str = Field(
        "light-curves",
        pattern=r"^[^/]+$",
        description="Name of the instrument, where neither a column nor the names of the files tell.",
    )
    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only these, where there are several; null takes all."
    )
    columns: ColumnParams = Field(ColumnParams(), description="Which column is what.")
    time: str | ClockParams | None = Field(
        None,
        description="What the times are: BJD_TDB, BMJD_TDB, MJD_UTC, BTJD, BKJD, 'JD 2450000 TDB', phase (needs "
        "system.period), a unit where nothing is known (s, h, d), or a mapping. Null takes what the file says. Of "
        "instruments that differ: clocks.",
    )
    clocks: dict[str, str | ClockParams] = Field(
        default_factory=dict,
        description="The same for instruments that have other clocks, by the name that {instrument} in pattern reads: "
        "{TESS: BTJD, MuSCAT: BJD_TDB}.",
    )
    flux_units: str | None = Field(
        None, description="electron, adu, Jy ..., mag, or '' for relative flux. Null takes what the file says, else ''."
    )
    wavelength: Micrometres | tuple[float, ...] | WavelengthParams | None = Field(
        None,
        description="Wavelengths, where the files do not have them: one or a list, in um, in the order of the columns "
        "or names of files; or a mapping, for units, edges or a table of channels.",
    )
    bands: dict[str, Band] = Field(
        default_factory=dict,
        description="Edges in um of instruments that have a single channel, by name: {TESS: [0.6, 1.0]}.",
    )
    channels: ChannelParams | None = Field(None, description="Which channels to load; null takes all.")
    dims: tuple[Literal["wavelength", "time"], Literal["wavelength", "time"]] | None = Field(
        None, description="Order of the axes of arrays, where lengths do not tell."
    )
    regressors: dict[str, Columns] = Field(
        default_factory=dict,
        description="Quantities that the flux may depend on, by name: their columns, as {airmass: Airm, x: 7}.",
    )
    regressor_file: RegressorFileParams | None = Field(None, description="Another file with regressors.")
    limb_darkening: LimbDarkeningParams | tuple[float, ...] | None = Field(
        None, description="Table of coefficients by channel, or the same two or four for all channels."
    )
    limb_darkening_white: WhiteLimbDarkeningParams | tuple[float, ...] | None = Field(
        None, description="Coefficients for the band of all channels together: a table of one line, or numbers."
    )
    exposure_time: Seconds | dict[str, Seconds] | None = Field(
        None, description="Length of one exposure, in s; or a mapping by instrument."
    )
    visits: VisitParams | None = Field(None, description="Split the time series into visits at gaps.")
    empty_channels: Literal["error", "leave-out"] = Field(
        "error", description="What to do with channels without any usable sample."
    )
    sort: bool = Field(False, description="Sort the samples by time; otherwise they must ascend.")
    system: SystemParams = Field(SystemParams(), description="What is known of star and planet.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        unknown = set(re.findall(r"\{([^}]*)\}", self.pattern)) - set(WORDS)
        if unknown:
            raise ValueError(f"pattern has {{{min(unknown)}}}; in braces are {', '.join(WORDS)}")
        if self.target is not None and "{target}" in self.pattern:
            raise ValueError("the names of the targets are given by target and by {target} in pattern; keep one")
        if self.columns.instrument is not None and "{instrument}" in self.pattern:
            raise ValueError("instruments are given by columns and by {instrument} in pattern; keep one")
        if self.clocks and "{instrument}" not in self.pattern:
            raise ValueError("clocks are of instruments that {instrument} in pattern tells; of one clock write time")
        if self.columns.visit is not None and "{visit}" in self.pattern:
            raise ValueError("visits are given by columns and by {visit} in pattern; keep one")
        in_names = isinstance(self.columns.flux, str) and "{wavelength}" in self.columns.flux
        if (self.columns.wavelength is not None) + ("{wavelength}" in self.pattern) + in_names > 1:
            raise ValueError("wavelengths are given by two of columns, {wavelength} in pattern and in flux; keep one")
        if self.dims is not None and self.dims[0] == self.dims[1]:
            raise ValueError("dims are [wavelength, time] or [time, wavelength]")
        if self.time == "phase" and self.system.period is None:
            raise ValueError("time: phase needs the period, to make days of phases: system: {period: 3.5 d}")
        twice = set(self.regressors) & set(self.regressor_file.columns if self.regressor_file else ())
        if twice:
            raise ValueError(f"the regressor {min(twice)!r} is given twice")
        reserved = {*_RESERVED} & {*self.regressors, *(self.regressor_file.columns if self.regressor_file else ())}
        if reserved:
            raise ValueError(f"a regressor cannot be called {min(reserved)!r}; choose another name")
        for name in ("limb_darkening", "limb_darkening_white"):
            given = getattr(self, name)
            if isinstance(given, tuple):
                _check_law(given)
        if len({_law(self.limb_darkening), _law(self.limb_darkening_white)} - {0}) > 1:
            raise ValueError("limb_darkening and limb_darkening_white follow different laws")
        return self


#: Variables of a node that no regressor may take the place of.
_RESERVED = (
    *("time", "wavelength", "wavelength_lower", "wavelength_upper", "flux", "flux_error", "mask", "depth"),
    *("depth_error", "model", "detrended_flux", "limb_darkening", "limb_darkening_white", "contact_time"),
)


def _law(given: LimbDarkeningParams | WhiteLimbDarkeningParams | tuple[float, ...] | None) -> int:
    if given is None:
        return 0
    return len(given if isinstance(given, tuple) else given.columns)


def _check_law(coefficients: tuple[object, ...]) -> None:
    if len(coefficients) not in (2, 4):
        raise ValueError(f"expected 2 coefficients (quadratic) or 4 (nonlinear), got {len(coefficients)}")
