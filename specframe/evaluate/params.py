"""Parameters of the scores."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import field_validator

from specframe.api import Field, Params

__all__ = ["INTERVAL", "CoverageParams", "RegressionParams", "Statistic"]

#: Statistics of ``regression`` that there is one of for each level.
INTERVAL = ("coverage", "width")
Statistic = Literal["r2", "rmse", "mae", "bias", "median-abs", "skew", "coverage", "width", "crps", "pull", "std"]


class CoverageParams(Params):
    """Parameters of ``coverage``."""

    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.68, 0.95), min_length=1, description="Nominal coverages at which the intervals are tested."
    )

    @field_validator("levels")
    @classmethod
    def _distinct(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(levels)) < len(levels):
            raise ValueError("levels must differ from each other")
        return levels


class RegressionParams(CoverageParams):
    """Parameters of ``regression``."""

    statistics: tuple[Statistic, ...] = Field(
        get_args(Statistic), min_length=1, description="What is told of each output."
    )
