"""Parameters of the comparison with a grid."""

from __future__ import annotations

from typing import Literal

from specframe.api import Field, Params

__all__ = ["GridComparisonParams"]


class GridComparisonParams(Params):
    """Parameters of ``grid-comparison``."""

    neighbours: int = Field(5, ge=1, le=1000, description="Number of spectra of the grid that agree best, by chi2.")
    fit: Literal["auto", "scale", "offset", "both", "none"] = Field(
        "auto",
        description="What of a model is fitted to the observation; auto: the scale of fluxes, the offset of depths.",
    )
    radius: Literal["auto", "distance", "radius", "none"] = Field(
        "auto",
        description=(
            "How the scale tells the radius; distance: the observation is the flux at the observer, the models' that "
            "at the surface; radius: both are at the same place, to which a known radius brought them; auto: by what "
            "the data say."
        ),
    )
    space: Literal["log", "linear"] = Field(
        "log", description="Whether the grid is interpolated in log flux or in flux."
    )
    draws: int = Field(
        50, ge=0, le=10000, description="Models at parameters drawn from the posterior, for their spread; 0 for none."
    )
    figures: int = Field(20, ge=0, description="At most so many targets are drawn, the first ones.")
    spectra: int = Field(
        100, ge=0, description="At most so many targets get tables of their own, and models at draws of the posterior."
    )
    targets: int = Field(
        50, ge=1, description="At most so many targets are compared at all: thousands of held-out ones take long."
    )
    folder: str = Field("comparison", pattern=r"^[^/\\]+$", description="Folder of the run for the files.")
