"""Parameters of the loaders for light curves and spectra."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import field_validator, model_validator

from specframe.api import Field, InputPath, Params, Unit
from specframe_io.curves.params import SystemParams

__all__ = [
    "FILES_OF_ONE",
    "ArrayParams",
    "CatalogueParams",
    "ContactParams",
    "EurekaParams",
    "ExosimNdrParams",
    "FileParams",
    "FluxParams",
    "JwstX1dintsParams",
    "LabelParams",
    "TableParams",
    "TimeSystem",
]

#: How the files of one target are joined.
FILES_OF_ONE = (
    "Words in braces are read from the names: {target}, {instrument} and {visit}; files of a target are then joined, "
    "as the detectors in '*_{instrument}_*'."
)
Dim = Literal["target", "wavelength", "time"]
Columns = str | tuple[str, ...]


class FluxParams(Params):
    """Which array of the data file is the flux."""

    key: str = Field(description="Name of the array, or of the columns (wl_* takes all that match).")
    units: str | None = Field(None, description="Units, where the file does not say; '' is dimensionless.")


class ArrayParams(Params):
    """An array of numbers in the data file or in another one."""

    key: str = Field(description="Name of the array, or of the columns (wl_* takes all that match).")
    path: InputPath | None = Field(None, description="Another file than that of the data.")
    units: str | None = Field(None, description="Units, where the file does not say.")


class ContactParams(Params):
    """Where the contacts of the transit are, four per target."""

    key: str = Field(description="Name of the array (target, contact), or of four columns.")
    units: str = Field("samples", description="'samples' (the first has index 0), or a unit of time.")


class LabelParams(Params):
    """What is known of the targets and to be learned."""

    columns: Columns = Field(description="Columns or arrays to learn, in this order; wl_* takes all that match.")
    path: InputPath | None = Field(None, description="Another file than that of the data.")
    target: str | None = Field(
        None, description="Column with the targets' names in that file; as in the data file by default."
    )
    strip: dict[str, str] = Field(
        default_factory=dict,
        description="Text in front of a column's numbers: {extra: f} reads 'f2.00' in column 'extra' as 2.",
    )
    reduce: Literal["mean", "median"] | None = Field(
        None, description="Learn the mean or median of all these columns instead of each of them."
    )
    name: str | None = Field(None, description="What to call the label where it is a single one.")
    units: str = Field("", description="Units of the labels; '' is dimensionless.")
    wavelength: str | tuple[float, ...] | ArrayParams | None = Field(
        None, description="Wavelengths of the labels, in um unless the file says otherwise, where they are channels."
    )


class CatalogueParams(Params):
    """What else is known of the targets."""

    columns: Columns = Field(description="Columns of numbers or text; Rs* takes all that match.")
    path: InputPath | None = Field(None, description="Another file than that of the data.")
    target: str | None = Field(
        None, description="Column with the targets' names in that file; as in the data file by default."
    )
    missing: Literal["error", "fill"] = Field(
        "error",
        description=(
            "A target that is not in the catalogue is an error, or filled with NaN or empty text. Data given to "
            "'specframe predict' are always filled."
        ),
    )


class TableParams(Params):
    """Parameters of ``table``."""

    path: InputPath = Field(
        description="File with the data: .npz, .csv, .tsv, .ecsv, or NetCDF and HDF5 (.nc, .h5, .hdf5)."
    )
    level: Literal["light-curves", "spectrum"] = Field(
        "light-curves", description="What the flux is: one light curve per target (and wavelength), or one spectrum."
    )
    target: str | None = Field(
        None, description="Array or column with the targets' names; without one they are numbered from 0."
    )
    flux: str | FluxParams = Field("flux", description="The flux.")
    dims: tuple[Dim, ...] | None = Field(
        None,
        description=(
            "Order of the flux array's axes, e.g. [target, time, wavelength]. By default [target, time], [target, "
            "wavelength, time], or [target, wavelength] for spectra. Without 'target' the file is one target."
        ),
    )
    flux_error: str | FluxParams | Annotated[float, Field(gt=0)] | None = Field(
        None,
        description=(
            "Standard deviations of the flux, an array like it or one number. Without them those of light curves are "
            "estimated from the scatter of neighbouring samples, and those of spectra are unknown (NaN)."
        ),
    )
    mask: str | None = Field(None, description="Array like the flux, true or 1 where it is not to be used.")
    wavelength: float | str | tuple[float, ...] | ArrayParams | None = Field(
        None,
        description=(
            "Wavelengths, in um unless the file says otherwise: numbers, or an array (wavelength) or (target, "
            "wavelength). Light curves without any get the channel's number."
        ),
    )
    time: str | ArrayParams | None = Field(
        None, description="Time of the samples, an array (time) or (target, time) with units convertible to days."
    )
    cadence: Annotated[float, Unit("s")] | None = Field(
        None, description="Time from sample to sample, where there is no array of times; the first is at 0."
    )
    contacts: str | ContactParams | None = Field(
        None, description="First to fourth contact of the transit; by name alone: as indices of samples."
    )
    labels: LabelParams | None = Field(None, description="What is to be learned; not needed to predict.")
    catalogue: CatalogueParams | None = Field(
        None, description="What else is known of the targets, to learn from or to keep together in a fold."
    )
    instrument: str = Field("table", pattern=r"^[^/\s]+$", description="Name of the instrument in the Observations.")

    @model_validator(mode="after")
    def _check_level(self) -> Self:
        if self.time is not None and self.cadence is not None:
            raise ValueError("give time or cadence, not both")
        if self.level == "spectrum":
            if self.wavelength is None:
                raise ValueError("spectra need wavelength")
            for name in ("time", "cadence", "contacts"):
                if getattr(self, name) is not None:
                    raise ValueError(f"spectra have no {name}; use level: light-curves")
        if self.dims is not None:
            needed = {"wavelength"} if self.level == "spectrum" else {"time"}
            allowed = needed | {"target", "wavelength"}
            if len(set(self.dims)) < len(self.dims) or not needed <= set(self.dims) <= allowed:
                raise ValueError(f"dims of {self.level} hold {' and '.join(sorted(needed))}, and each name once")
        return self


Groups = tuple[int, int] | Literal["all"]
FIRST_AND_LAST = (0, -1)

Noise = Annotated[float, Unit("electron"), Field(ge=0)]
Dark = Annotated[float, Unit("electron / s"), Field(ge=0)]


class ExosimNdrParams(Params):
    """Parameters of ``exosim-ndr``."""

    path: InputPath = Field(description="File of ExoSim's NDRs, or a folder of such files; each is a target.")
    pattern: str = Field(
        "*.h5",
        min_length=1,
        description="Which files of a folder, e.g. *_ndr.h5, or **/*.h5 with those in its folders.",
    )
    targets: tuple[str, ...] | None = Field(
        None, description="Only these targets (files without suffix), in this order; null takes every file."
    )
    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only these channels; null takes all that a file has."
    )
    groups: Groups | dict[str, Groups] = Field(
        FIRST_AND_LAST,
        description=(
            "The two groups of each ramp whose difference is a sample, the earlier one first; negative ones are "
            "counted from the end. [0, 1] where pixels saturate later. 'all' keeps every group, for a calibration "
            "without cds. Or a mapping by channel; one that it does not name has the default."
        ),
    )
    read_noise: Noise | dict[str, Noise] | None = Field(
        None,
        description=(
            "Standard deviation of a single read in electron, or a mapping by channel. The files do not hold it; "
            "without it errors are of photon noise alone. Of the mean of n reads it is divided by sqrt(n)."
        ),
    )
    dark: Dark | dict[str, Dark] | None = Field(
        None,
        description=(
            "Dark current in electron/s, or a mapping by channel. The files do not hold it; without it the calibration "
            "needs dark: false."
        ),
    )
    linearity: bool = Field(
        True,
        description="Give the calibration the inverse of the pixels' response. Off where no polynomial of order 5 "
        "inverts it; then the calibration needs linearity: false, too.",
    )


TimeSystem = Literal["BJD_TDB", "MJD_UTC"]


class JwstX1dintsParams(Params):
    """Parameters of ``jwst-x1dints``."""

    path: InputPath = Field(
        description="An x1dints file, or a folder of them; segments and detectors of an exposure are one target."
    )
    pattern: str = Field(
        "*x1dints.fits*",
        min_length=1,
        description="Which files of a folder; **/*x1dints.fits also takes those in its folders.",
    )
    targets: tuple[str, ...] | None = Field(
        None, description="Only these targets, in this order; null takes every exposure."
    )
    name_from: Literal["file", "header"] = Field(
        "file",
        description="What names a target: its files (jw01366004001_04101_00001), or TARGPROP or TARGNAME in it.",
    )
    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only these, e.g. [NIRISS-1] or [NIRSPEC-NRS1]; null takes all that there are."
    )
    time_system: TimeSystem = Field(
        "BJD_TDB",
        description="Middle of the integrations at the barycentre (BJD_TDB), or at the telescope (MJD_UTC).",
    )
    wavelength_tolerance: Annotated[float, Unit("um")] = Field(
        1e-5, ge=0, description="By how much a channel's wavelength may differ between integrations, in um."
    )
    dq_bits: int = Field(1, ge=0, description="Sum of the DQ flags that mask a sample; 1 is DO_NOT_USE.")
    units: str | None = Field(None, description="Units of the flux, where the file does not say.")
    system: SystemParams = Field(SystemParams(), description="What is known of star and planet.")


class FileParams(Params):
    """Parameters of a loader whose targets are the files of a folder."""

    path: InputPath = Field(description="File, or a folder of such files; each is a target.")
    pattern: str = Field("*", min_length=1, description="Which files of a folder.")
    targets: tuple[str, ...] | None = Field(
        None, description="Only these targets, in this order; null takes every file."
    )
    target: str = Field(
        "{stem}",
        pattern=r"^([^{}/\\]|\{stem\}|\{folder\})+$",
        description="What a file's target is called: {stem} is the file's name without suffix, {folder} its folder's.",
    )
    system: SystemParams = Field(SystemParams(), description="What is known of star and planet.")

    @field_validator("pattern")
    @classmethod
    def _known_words(cls, pattern: str) -> str:
        unknown = sorted(set(re.findall(r"\{([^}]*)\}", pattern)) - {"target", "instrument", "visit"})
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is not known; in braces are target, instrument and visit")
        return pattern


class EurekaParams(FileParams):
    """Parameters of ``eureka``."""

    path: InputPath = Field(
        description="File of Eureka!'s stage 4 or stage 3, or a folder of such files; each is a target."
    )
    pattern: str = Field(
        "*LCData.h5",
        min_length=1,
        description="Which files of a folder: light curves of stage 4 unless it says otherwise. **/*LCData.h5 takes "
        "those in its folders, too, *SpecData.h5 the spectra of stage 3. " + FILES_OF_ONE,
    )
    instrument: str | None = Field(
        None,
        pattern=r"^[^/]+$",
        description="Name of the instrument or mode. Null takes what the file says (inst and filter), else eureka.",
    )
    units: str | None = Field(None, description="Units of the flux, where the file states none; '' is dimensionless.")
    time_units: str | None = Field(
        None, description="Time system such as BMJD_TDB or BJD_TDB, where the file states none."
    )
