"""Parameters of the components of this plugin."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = [
    "ArielChallengeParams",
    "ArielDetectorParams",
    "GllAdc24Params",
    "GllAdc25Params",
    "SubmissionParams",
]

Instrument = Literal["AIRS-CH0", "FGS1"]


def _is_range(value: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= value[0] < value[1]:
        raise ValueError(f"expected [first, one past the last] with 0 <= first < last, got {list(value)}")
    return value


#: ``[first, one past the last]`` detector rows or columns, counted from 0 as in the files.
PixelRange = Annotated[tuple[int, int], AfterValidator(_is_range)]
Count = Annotated[int, Field(ge=1)]

#: What an instrument that a mapping does not name gets, where its detector has the challenges' rows or columns; any
#: other: the whole detector, no background.
ROWS: dict[str, tuple[int, int]] = {"AIRS-CH0": (8, 24), "FGS1": (8, 24)}
COLUMNS: dict[str, tuple[int, int]] = {"AIRS-CH0": (39, 321), "FGS1": (8, 24)}
BACKGROUND_ROWS: dict[str, tuple[tuple[int, int], ...]] = {"AIRS-CH0": ((0, 8), (24, 32)), "FGS1": ((0, 8), (24, 32))}


class ArielChallengeParams(Params):
    """Parameters of ``ariel-challenge``."""

    path: InputPath = Field(
        description="Root of the challenge's files (it holds axis_info.parquet, wavelengths.csv and train/ or test/), "
        "or one split's folder in it."
    )
    split: Literal["train", "test"] = Field("train", description="Which planets; the labels of test are not known.")
    year: Literal["auto", 2024, 2025] = Field(
        "auto", description="Challenge whose layout the files have; auto looks at the names of the files."
    )
    instruments: tuple[Instrument, ...] = Field(
        ("AIRS-CH0", "FGS1"),
        min_length=1,
        description="Instruments to load: AIRS-CH0 (spectrometer), FGS1 (photometer).",
    )
    targets: tuple[str | int, ...] | None = Field(
        None, description="Only these planet ids, in this order; null takes every planet that has signal files."
    )


class ArielDetectorParams(Params):
    """Parameters of ``ariel-detector``.

    Those that differ between instruments also take a mapping by instrument; one that is not named keeps its default,
    which on a detector of another size than the challenges' (32 x 356 of AIRS-CH0, 32 x 32 of FGS1) is all of it.
    """

    rows: PixelRange | dict[str, PixelRange] = Field(
        {},
        description="Detector rows of the aperture: [first, one past the last]. Default: 8:24 of AIRS-CH0 and FGS1.",
    )
    columns: PixelRange | dict[str, PixelRange] = Field(
        {},
        description="Detector columns that are used, as counted in the files. Default: 39:321 of AIRS-CH0, which are "
        "the science channels, and 8:24 of FGS1.",
    )
    gain_offset: bool = Field(
        True,
        description="Convert adu to electrons: adu / gain + offset. Off, light curves are in adu; linearity and dark, "
        "which are in electrons, must be off too.",
    )
    dead_pixels: Literal["mask", "keep"] = Field(
        "mask", description="Leave out pixels that the calibration calls dead."
    )
    extraction: Literal["box", "optimal"] = Field(
        "optimal",
        description="How the aperture is summed: box gives each pixel the same weight, optimal weighs it by the share "
        "of the light that it sees over its variance (Horne 1986).",
    )
    profile_columns: int = Field(
        31,
        ge=1,
        description="Columns over which the profile of the optimal weights is smoothed, a straight line in each row.",
    )
    hot_pixels: Literal["keep", "mask"] = Field(
        "keep",
        description="Leave out pixels whose dark is an outlier. Their dark is subtracted in any case, and adds less "
        "noise than the light that leaving them out loses.",
    )
    hot_sigma: float = Field(
        5.0, gt=0, description="Clip of the dark, in standard deviations, beyond which a pixel is hot."
    )
    linearity: bool = Field(True, description="Apply each pixel's linearity polynomial.")
    dark: bool = Field(True, description="Subtract dark x integration time.")
    cds: bool = Field(
        True,
        description="Correlated double sampling: the second read of each pair minus the first. Off: every frame is a "
        "sample.",
    )
    flat: bool = Field(True, description="Divide by the flat field.")
    background_rows: tuple[PixelRange, ...] | dict[str, tuple[PixelRange, ...]] = Field(
        {},
        description="Detector rows that show the sky background, subtracted column by column; [] subtracts "
        "none. Default: 0:8 and 24:32 of AIRS-CH0 and FGS1.",
    )
    background: Literal["mean", "weighted", "median"] = Field(
        "weighted",
        description="How those rows make the background of a column: their mean, their mean weighted by 1 / variance, "
        "or their median.",
    )
    full_well: float | None = Field(
        None,
        gt=0,
        description="Signal in electrons, as read and before linearity, from which a pixel is saturated; null: what "
        "the loader says of the detector, if anything. The converter's top (65535 adu) counts in any case.",
    )
    cosmic_ray_sigma: float | None = Field(
        6.0,
        ge=3,
        description="Standard deviations above the samples around it from which a pixel's sample is a cosmic ray and "
        "replaced by their median; null repairs none. Only with cds and where all samples are exposed alike.",
    )
    bin_time: Annotated[float, Unit("s")] = Field(
        144.0,
        gt=0,
        description="Length of a sample: as many whole read pairs are averaged as come nearest, at least one. 144 s "
        "are 30 pairs of AIRS-CH0 and 360 of FGS1. Those left over at the end are not used. Frames that last less are "
        "not binned: every pair is a sample.",
    )
    pairs_per_bin: Count | dict[str, Count] | None = Field(
        None, description="Read pairs (frames where cds is off) averaged into one sample, in place of bin_time."
    )
    precision: Literal["float64", "float32"] = Field(
        "float64", description="Arithmetic on the frames, and type of the result; float32 agrees to 1 ppm."
    )

    @model_validator(mode="after")
    def _steps_are_in_one_unit(self) -> Self:
        on = [name for name in ("linearity", "dark") if getattr(self, name)]
        if on and not self.gain_offset:
            raise ValueError(
                f"gain_offset: false leaves frames in adu, but {' and '.join(on)} of the calibration "
                f"{'is' if len(on) == 1 else 'are'} in electrons: set {', '.join(f'{name}: false' for name in on)} "
                "too, or leave gain_offset on (frames that are in electrons already are not converted again)"
            )
        return self


class SubmissionParams(Params):
    """Parameters of ``submission-adc24`` and ``submission-adc25``."""

    filename: str = Field(
        "submission.csv", pattern=r"^[^/\\]+\.csv$", description="Name of the file, without a folder, ending in .csv."
    )
    negative: Literal["error", "zero"] = Field(
        "error", description="What becomes of negative depths, which the challenges refuse: an error, or 0."
    )


class GllAdc24Params(Params):
    """Parameters of ``gll-adc24``; the defaults are the challenge's own."""

    naive_mean: float = Field(0.0025517145902829823, description="Depth that the naive reference predicts everywhere.")
    naive_sigma: float = Field(0.0017261973793536417, gt=0, description="Standard deviation of the naive reference.")
    sigma_ideal: float = Field(1e-5, gt=0, description="Standard deviation of the ideal prediction.")


class GllAdc25Params(GllAdc24Params):
    """Parameters of ``gll-adc25``."""

    sigma_ideal_fgs1: float = Field(1e-6, gt=0, description="Standard deviation of the ideal prediction of wl_1.")
    weight_fgs1: float = Field(57.846, ge=0, description="Weight of wl_1 in the average; every other channel has 1.")
