"""Parameters of ``tess-kepler``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params, Unit
from specframe_io.curves.params import SystemParams

__all__ = ["QualityBits", "TessKeplerParams", "TransitParams"]

QualityBits = Literal["none", "default", "hard", "hardest"] | Annotated[int, Field(ge=0)]


class TransitParams(Params):
    """When transits are, and how much around them is kept."""

    mid_transit: float = Field(gt=2_400_000, description="Middle of any transit, as BJD (TDB), all seven digits of it.")
    period: Annotated[float, Unit("d")] = Field(gt=0, description="Orbital period in d.")
    window: Annotated[float, Unit("d")] = Field(
        gt=0, description="Length of what is kept around each, in d or as '10 h': three to five durations of a transit."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.window > self.period:
            raise ValueError(f"window (={self.window:g} d) is longer than the period (={self.period:g} d)")
        return self


class TessKeplerParams(Params):
    """Parameters of ``tess-kepler``."""

    path: InputPath = Field(
        description="Light-curve file of TESS, Kepler or K2, or a folder of them; all of one star are one target."
    )
    pattern: str = Field(
        "*lc*.fits*",
        min_length=1,
        description="Which files of a folder, e.g. *s0001*_lc.fits, *_llc.fits; **/*_lc.fits looks into folders.",
    )
    targets: tuple[str, ...] | None = Field(
        None, description="Only these targets, in this order; null takes every star."
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="What to call a star instead of OBJECT in its files: {TIC 25155310: WASP-126}.",
    )
    flux: str | None = Field(
        None,
        description="Column with the flux. Null takes PDCSAP_FLUX (with pipeline corrections), of QLP SAP_FLUX. "
        "KSPSAP_FLUX and DET_FLUX of QLP have a spline taken out, which distorts transits.",
    )
    flux_error: str | None = Field(
        None,
        description="Column with the errors; null takes <flux>_ERR, of QLP KSPSAP_FLUX_ERR or DET_FLUX_ERR. Without "
        "any they are estimated from the scatter of neighbouring samples.",
    )
    quality: QualityBits = Field(
        "default",
        description="Which bits of QUALITY (SAP_QUALITY of Kepler) mask a sample: their sum, or one of the sets of "
        "lightkurve. default masks what is surely useless (17087 of TESS, 1130799 of Kepler), hard also cosmic rays "
        "and stray light, hardest everything flagged.",
    )
    regressors: tuple[str, ...] | None = Field(
        None,
        description="Names of those to load: x, y (centroid), pos_corr_x, pos_corr_y (motion of the field) and "
        "background. Null takes all that the file has.",
    )
    wavelength: Annotated[float, Unit("um")] | None = Field(
        None, gt=0, description="Wavelength that stands for the band, in um; 0.7865 of TESS, 0.64 of Kepler by default."
    )
    exposure_time: Annotated[float, Unit("s")] | None = Field(
        None, gt=0, description="Length of an exposure in s, where the header does not say."
    )
    transits: TransitParams | None = Field(
        None,
        description="Keep what is around the transits alone, each a visit of its own: {mid_transit: 2458327.5, period: "
        "4.29 d, window: 10 h}. Null keeps all.",
    )
    system: SystemParams = Field(
        SystemParams(), description="What is known of star and planet; it counts more than the header."
    )
