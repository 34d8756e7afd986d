"""Parameters of the uncertainty estimators."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import field_validator

from specframe.api import Field, Params

__all__ = ["ConformalParams", "ResidualParams"]


class IntervalParams(Params):
    """What every estimator that gives intervals takes."""

    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.68, 0.95), min_length=1, description="Nominal coverages of the intervals, each above 0 and below 1."
    )

    @field_validator("levels")
    @classmethod
    def _ascending(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(after <= before for before, after in pairwise(levels)):
            raise ValueError("levels must ascend")
        return levels


class ResidualParams(IntervalParams):
    """Parameters of ``residual``."""

    estimator: Literal["rms", "mad", "quantile68"] = Field(
        "rms",
        description=(
            "How std follows from the residuals of an output. rms: root mean square, best for a Gaussian likelihood; "
            "mad: 1.4826 x median absolute residual; quantile68: the half width that holds 68 % of them. The last two "
            "are blind to a few bad targets."
        ),
    )
    interval: Literal["empirical", "normal"] = Field(
        "empirical",
        description=(
            "Bounds from quantiles of the residuals themselves, which hold when a few targets carry the error, or "
            "from std as if errors were normal."
        ),
    )
    scale_with: Literal["none", "std"] = Field(
        "none",
        description="std: let errors follow the prediction's own std, of which the size is calibrated; "
        "below a tenth of its median it counts as that tenth.",
    )


class ConformalParams(IntervalParams):
    """Parameters of ``conformal``."""

    normalise_by: Literal["auto", "std", "residual"] = Field(
        "auto",
        description=(
            "What errors are measured in. std: the prediction's own, so that intervals follow it; residual: one size "
            "per output; auto: std where the prediction has one. A std below a tenth of its median counts as a tenth."
        ),
    )
    joint: Literal["marginal", "pooled", "simultaneous"] = Field(
        "marginal",
        description=(
            "What holds a level. marginal: every output by itself; pooled: all outputs on average, with one factor "
            "for all of them, for few targets; simultaneous: a band that holds all outputs of a target at once."
        ),
    )
    std: Literal["rms", "interval"] = Field(
        "rms",
        description=(
            "rms: std is the root mean square of the errors, best for a Gaussian likelihood; interval: half of the "
            "interval that holds 68 % of them, for each output."
        ),
    )
