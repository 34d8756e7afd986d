"""Parameters of the transit components."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from specframe.api import Field, Params

__all__ = ["TransitJointParams", "TransitPolynomialParams"]


class TransitPolynomialParams(Params):
    """Parameters of ``transit-polynomial``."""

    order: int = Field(3, ge=0, le=10, description="Order of the polynomial in time that describes star and detector.")
    contacts: Literal["auto", "given"] = Field(
        "auto",
        description=(
            "'auto' finds the contacts of the transit on the white light curve of each visit, all instruments "
            "together; 'given' takes contact_time from the data and is an error where it is missing."
        ),
    )
    ingress: Literal["exclude", "trapezoid"] = Field(
        "exclude",
        description=(
            "What happens to samples in ingress and egress: left out of the fit, or fitted as a straight slope, "
            "which biases the depth where the star is limb-darkened."
        ),
    )
    clip_sigma: float | None = Field(
        5.0, ge=2.0, description="Residuals beyond this many robust sigma are left out of the fit; null: none are."
    )
    clip_iterations: int = Field(5, ge=1, le=50, description="Most rounds of clipping and fitting again.")
    error_scale: Literal["scatter", "formal"] = Field(
        "scatter",
        description=(
            "'formal' propagates flux_error; 'scatter' multiplies that by the root of the reduced chi-square of the "
            "channel, so that the errors hold where flux_error is too small or too large."
        ),
    )
    min_significance: float = Field(
        7.0,
        ge=0.0,
        description="A dip below this many sigma in the white light curve is not a transit (contacts: auto).",
    )
    trend_covariance: bool = Field(
        False,
        description="Keep the covariance of depth and trend too, which trend-shrinkage reads.",
    )


class TransitJointParams(Params):
    """Parameters of ``transit-joint``."""

    shape: Literal["limb-darkened", "trapezoid"] = Field(
        "limb-darkened",
        description="Shape of the transit: a planet in front of a star with quadratic limb darkening, or a trapezoid "
        "with free contacts, whose depth is not exactly (Rp/R*)^2.",
    )
    drift: Literal["polynomial", "gp"] = Field(
        "polynomial",
        description="What the drift is in time: Legendre polynomials, or a Gaussian process whose amplitude and length "
        "scale are those of largest marginal likelihood on the white curve of each node.",
    )
    order: int = Field(4, ge=0, le=10, description="Order of the drift's polynomial in time (drift: polynomial).")
    drift_decay: float | None = Field(
        0.5,
        gt=0.0,
        description="The polynomial's highest order has a normal prior whose standard deviation is this times the size "
        "of the coefficient below it on the white curve, for it resembles a transit most; null leaves it free.",
    )
    wavelength_order: int = Field(
        1,
        ge=0,
        le=5,
        description="Order of the polynomial in wavelength that multiplies each function of time: 0 is a drift that "
        "all channels of an instrument share. Instruments of one channel have 0.",
    )
    kernel: Literal["matern-3/2", "squared-exponential"] = Field(
        "matern-3/2",
        description="Kernel of the Gaussian process in time (drift: gp). On simulated drifts the errors of "
        "Matern-3/2 were 20 to 60 % too large, those of the squared exponential up to 20 % too small.",
    )
    limb_darkening: Literal["auto", "law"] = Field(
        "auto",
        description="Where the fit starts, and the mean of the prior: limb_darkening (coefficient, wavelength) of the "
        "data where they have it, else a law for main-sequence stars; or always that law.",
    )
    limb_darkening_std: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="Standard deviation of the Gaussian prior on the corrections of u1 and u2; 0 fixes both.",
    )
    limb_darkening_order: int = Field(
        1, ge=0, le=4, description="Order in ln wavelength of the corrections of u1 and u2; one channel has 0."
    )
    contacts: Literal["auto", "given"] = Field(
        "auto",
        description="Where the fit starts: contacts found on the white light curves of each visit, or contact_time of "
        "the data. They are fitted in both cases.",
    )
    system: Literal["use", "ignore"] = Field(
        "use",
        description="What becomes of attributes that the loader gave the observation: period (curves the planet's "
        "path), semi_major_axis and inclination (prior on the impact parameter), stellar_temperature (limb darkening).",
    )
    impact_std: float = Field(
        0.05, gt=0.0, le=1.0, description="Standard deviation of an impact parameter that such attributes give."
    )
    impact_prior: tuple[float, float] = Field(
        (0.2, 0.4),
        description="Mean and standard deviation of the Gaussian prior on the impact parameter squared where the "
        "attributes do not give it; it matters where ingress is not resolved or the transit is shallow.",
    )
    clip_sigma: float | None = Field(
        5.0,
        ge=2.0,
        description="Samples beyond this many robust sigma of their channel are left out, and times at which the white "
        "residual is that far off; null: none are. Where that would take over half of the transit or of the baseline, "
        "the model is at fault and nothing is left out (flag misfit).",
    )
    clip_iterations: int = Field(3, ge=1, le=20, description="Most rounds of clipping and fitting again.")
    error_scale: Literal["scatter", "formal"] = Field(
        "scatter",
        description="'formal' propagates flux_error; 'scatter' first scales it, channel by channel, to a reduced "
        "chi-square of 1. Noise that all channels share is added in both cases.",
    )
    common_noise: bool = Field(
        True,
        description="Add to the covariance what the white residuals scatter beyond flux_error (pointing, red noise).",
    )
    min_significance: float = Field(
        7.0, ge=0.0, description="A dip below this many sigma in the white light curve is not a transit."
    )

    @property
    def limb_darkening_fixed(self) -> bool:
        """Whether the coefficients stay where the fit starts; a trapezoid has none."""
        return self.limb_darkening_std == 0.0 or self.shape == "trapezoid"

    @field_validator("impact_prior")
    @classmethod
    def _prior_has_a_width(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[1] <= 0:
            raise ValueError(
                f"expected [mean, standard deviation] with a standard deviation above 0, got {list(value)}"
            )
        return value
