"""Parameters of the calibrators that prepare spectra."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import field_validator, model_validator

from specframe.api import Field, InputPath, Params, Unit
from specframe.errors import DataError
from specframe_retrieval.observed.params import SpectrumParams

__all__ = [
    "FluxUnitsParams",
    "NormaliseParams",
    "ObservationNoiseParams",
    "ResampleParams",
    "SelectWavelengthsParams",
]

Micron = Annotated[float, Unit("um")]

Range = tuple[Micron, Micron]


#: Units of a flux density that need not be looked up.
_COMMON_UNITS = ("W m-2 um-1", "erg s-1 cm-2 um-1", "erg s-1 cm-2 AA-1", "Jy", "erg s-1 cm-2 Hz-1", "ph s-1 m-2 um-1")


def _ascends(value: tuple[float, float] | None) -> tuple[float, float] | None:
    """Refuse a range of wavelengths whose ends are in the wrong order."""
    if value is not None and not 0 < value[0] < value[1]:
        raise ValueError(f"a range is [lowest, highest] in um, both above 0, got [{value[0]:g}, {value[1]:g}]")
    return value


class FluxUnitsParams(Params):
    """Parameters of ``flux-units``."""

    units: str = Field(
        "W m-2 um-1",
        description=(
            "Units that the flux shall have: energy per wavelength (W m-2 um-1, erg s-1 cm-2 AA-1), energy per "
            "frequency (Jy, erg s-1 cm-2 Hz-1) or photons per wavelength (ph s-1 m-2 um-1). 'A' means angstrom here."
        ),
    )
    at: Literal["surface", "observer"] | None = Field(
        None,
        description=(
            "Where the flux shall be: at the top of the object's atmosphere or at the observer; they differ by "
            "(distance / radius)^2. null leaves it where it is."
        ),
    )
    given_at: Literal["auto", "surface", "observer"] = Field(
        "auto",
        description=(
            "Where fluxes are that do not say so (attrs 'at' of flux); auto: noise-free ones, of models, at the "
            "surface, all others at the observer."
        ),
    )
    distance: Annotated[float, Unit("pc")] | None = Field(
        None, gt=0.0, description="Distance of the object; null: the target's own attribute 'distance'."
    )
    radius: Annotated[float, Unit("jupiterRad")] | None = Field(
        None, gt=0.0, description="Radius of the object in Jupiter's; null: the target's own attribute 'radius'."
    )
    distance_error: Annotated[float, Unit("pc")] | None = Field(
        None, ge=0.0, description="One standard deviation; null: the target's attribute 'distance_error', else 0."
    )
    radius_error: Annotated[float, Unit("jupiterRad")] | None = Field(
        None, ge=0.0, description="One standard deviation; null: the target's attribute 'radius_error', else 0."
    )

    @field_validator("units")
    @classmethod
    def _of_flux(cls, value: str) -> str:
        if value not in _COMMON_UNITS:  # astropy takes 0.2 s to import
            from specframe_retrieval.preparation.flux_kinds import flux_unit

            try:
                flux_unit(value)
            except DataError as error:
                raise ValueError(str(error)) from None
        return value


class ResampleParams(Params):
    """Parameters of ``resample``."""

    wavelengths: tuple[Annotated[float, Unit("um")], ...] | None = Field(
        None, min_length=2, description="Centres of the pixels, ascending; their edges lie half way between them."
    )
    pixels: tuple[Range, ...] | None = Field(
        None,
        min_length=1,
        description="Pixels as [lower edge, upper edge] in um, ascending; gaps may lie between them.",
    )
    like: InputPath | None = Field(
        None,
        description="File of an observed spectrum whose good pixels are taken, and its resolving power if it says.",
    )
    like_with: SpectrumParams | None = Field(
        None, description="How the file like is read, as the parameters of observed-spectra say it."
    )
    range: Range | None = Field(
        None,
        description=(
            "Lowest and highest wavelength. With step or resolving_power the pixels are made in it; of like, "
            "wavelengths or pixels only those within are taken."
        ),
    )
    step: Annotated[float, Unit("um")] | None = Field(
        None, gt=0.0, description="Width of the pixels, for a grid of constant step; needs range."
    )
    resolving_power: float | None = Field(
        None,
        gt=1.0,
        description=(
            "lambda / FWHM that the result shall have; spectra of a higher one are convolved with a Gaussian. With "
            "range and no other grid, the pixels are as wide as this says, too. Default: that of like, if it says."
        ),
    )
    samples_per_element: float = Field(
        2.0, ge=1.0, le=20.0, description="Pixels per FWHM of a grid that is made from resolving_power."
    )
    fwhm_pixels: float | None = Field(
        None,
        gt=0.0,
        le=100.0,
        description=(
            "Instead of a constant resolving_power: FWHM of the line spread in pixels of the result, for spectrographs "
            "whose slit has a fixed width on the detector."
        ),
    )
    given_resolving_power: float | None = Field(
        None,
        gt=1.0,
        description=(
            "Resolving power of spectra that do not say theirs (attrs 'resolving_power'). null: noise-free ones are "
            "taken to be sharp, observed ones to have the result's already."
        ),
    )
    conserve: Literal["auto", "wavelength", "frequency"] = Field(
        "auto",
        description=(
            "Over what the integral of the flux stays the same; auto: over frequency where the flux is per frequency "
            "(Jy), else over wavelength."
        ),
    )
    coverage: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        description="Least part of a pixel that good pixels of the spectrum must cover; other pixels are masked.",
    )

    _ascending = field_validator("range")(_ascends)

    @field_validator("wavelengths")
    @classmethod
    def _sorted(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None:
            wrong = [b for a, b in zip((0.0, *value), value, strict=False) if b <= a]
            if wrong:
                raise ValueError(f"wavelengths must be above 0 and ascend, but {wrong[0]:g} does not follow")
        return value

    @field_validator("pixels")
    @classmethod
    def _pixels_ascend(cls, value: tuple[tuple[float, float], ...] | None) -> tuple[tuple[float, float], ...] | None:
        for one in value or ():
            _ascends(one)
        for one, following in pairwise(value or ()):
            if not sum(one) < sum(following):
                raise ValueError(f"pixels must ascend, but [{following[0]:g}, {following[1]:g}] does not follow")
        return value

    @model_validator(mode="after")
    def _one_grid(self) -> Self:
        given = [name for name in ("wavelengths", "pixels", "like", "step") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one grid only, got {' and '.join(given)}")
        if self.step is not None and self.range is None:
            raise ValueError("step needs range: [lowest, highest] in um")
        if self.like_with is not None and self.like is None:
            raise ValueError("like_with says how the file like is read; give like too")
        if self.resolving_power is not None and self.fwhm_pixels is not None:
            raise ValueError("give resolving_power or fwhm_pixels, not both")
        if not given and self.range is not None and self.resolving_power is None:
            raise ValueError("range alone is no grid; add step, resolving_power, like, wavelengths or pixels")
        if not given and self.resolving_power is None and self.fwhm_pixels is None:
            raise ValueError("give a grid: wavelengths, pixels, like, range with step, or range with resolving_power")
        return self


class ObservationNoiseParams(Params):
    """Parameters of ``observation-noise``."""

    relative: float | None = Field(
        None, ge=0.0, lt=10.0, description="Noise as a fraction of each pixel's flux; 0 is none."
    )
    absolute: float | None = Field(
        None, gt=0.0, description="The same noise in every pixel, in the units of the flux (or of the depth)."
    )
    snr: float | None = Field(
        None,
        gt=0.0,
        description="The same noise in every pixel: the flux at reference (or its median) divided by this.",
    )
    reference: Annotated[float, Unit("um")] | None = Field(
        None, gt=0.0, description="Wavelength at which snr holds; null: it is that of the median flux."
    )
    like: InputPath | None = Field(
        None,
        description="File of an observed spectrum with errors: the noise is like its own, wavelength by wavelength.",
    )
    like_with: SpectrumParams | None = Field(
        None, description="How the file like is read, as the parameters of observed-spectra say it."
    )
    like_by: Literal["auto", "mean", "pixel", "absolute"] = Field(
        "auto",
        description=(
            "mean: the errors of like, scaled so that its mean flux is the spectrum's; pixel: its error over its flux, "
            "in each pixel; absolute: its errors as they are. auto: absolute for depths, else mean."
        ),
    )
    floor: float = Field(0.0, ge=0.0, lt=10.0, description="Least noise, as a fraction of the spectrum's mean flux.")
    realise: bool = Field(
        False,
        description=(
            "true adds one draw of the noise to each spectrum, which is then one that holds noise; false leaves the "
            "drawing to the pipeline."
        ),
    )
    seed: int = Field(0, ge=0, description="Of the draws (realise), together with the target's name.")

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        names = ("relative", "absolute", "snr", "like")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(names)}, got {' and '.join(given) or 'none'}")
        if self.reference is not None and self.snr is None:
            raise ValueError("reference is the wavelength of snr; give snr too")
        if self.like_with is not None and self.like is None:
            raise ValueError("like_with says how the file like is read; give like too")
        return self


class NormaliseParams(Params):
    """Parameters of ``normalise``."""

    by: Literal["mean", "median", "maximum", "min-max", "standardise", "anchor", "continuum", "area"] = Field(
        "mean",
        description=(
            "What each spectrum is divided by: its mean, median, maximum, the mean around the wavelength anchor, its "
            "continuum, or its area over wavelength (which then equals the width covered); min-max: (f - min) / (max - "
            "min); standardise: (f - mean) / standard deviation."
        ),
    )
    anchor: Annotated[float, Unit("um")] | None = Field(
        None, gt=0.0, description="Centre of the window whose mean becomes 1 (by: anchor)."
    )
    anchor_width: Annotated[float, Unit("um")] = Field(0.02, gt=0.0, description="Full width of that window.")
    continuum: Literal["quantile", "polynomial"] = Field(
        "quantile",
        description="The continuum is a running quantile, or a polynomial in wavelength fitted to the log of the flux.",
    )
    window: Annotated[float, Unit("um")] = Field(
        0.3, gt=0.0, description="Full width of the running quantile's window."
    )
    quantile: float = Field(0.9, ge=0.0, le=1.0, description="The running quantile.")
    degree: int = Field(3, ge=0, le=10, description="Degree of the polynomial.")
    log: bool = Field(False, description="Take the natural logarithm afterwards; errors become relative.")
    not_positive: Literal["set-aside", "mask"] = Field(
        "set-aside",
        description=(
            "A spectrum with pixels of 0 or below, which have no logarithm, is set aside, or these pixels are masked. "
            "Masking them keeps the noise that goes up and loses that which goes down."
        ),
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.by == "anchor") != (self.anchor is not None):
            raise ValueError("by: anchor and anchor: <wavelength in um> go together")
        if self.log and self.by in ("min-max", "standardise"):
            raise ValueError(f"by: {self.by} makes values of 0 and below, which have no logarithm")
        return self


class SelectWavelengthsParams(Params):
    """Parameters of ``select-wavelengths``."""

    keep: tuple[Range, ...] | None = Field(
        None, min_length=1, description="Ranges [lowest, highest] in um that are kept; null: all wavelengths."
    )
    drop: tuple[Range, ...] = Field(
        (), description="Ranges [lowest, highest] in um that are not used, telluric bands for instance."
    )
    dropped: Literal["remove", "mask"] = Field(
        "remove",
        description="What becomes of the other pixels: they are removed, or stay in place, masked.",
    )

    @field_validator("keep", "drop")
    @classmethod
    def _ascending(cls, value: tuple[tuple[float, float], ...] | None) -> tuple[tuple[float, float], ...] | None:
        for one in value or ():
            _ascends(one)
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.keep is None and not self.drop:
            raise ValueError("give keep or drop: a list of ranges [lowest, highest] in um")
        return self
