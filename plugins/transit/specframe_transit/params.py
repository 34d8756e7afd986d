"""Parameters of the transit components."""

from __future__ import annotations

from typing import Literal

from specframe.api import Field, Params

__all__ = ["TransitPolynomialParams"]


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
