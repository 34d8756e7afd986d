"""Parameters of the linear components."""

from __future__ import annotations

from typing import Annotated, Literal

from specframe.api import Field, Params

__all__ = ["FlatParams", "PcaRidgeParams", "RidgeParams"]


class _ModelParams(Params):
    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "What it learns from: variables of the collated data, e.g. [depth, trend], [flux], [AIRS-CH0/flux] or "
            "[catalogue/Rs]. Empty: the depths where a detrender measured them, else the light curves."
        ),
    )


class _ShrinkageParams(_ModelParams):
    alpha: Literal["auto"] | Annotated[float, Field(gt=0)] = Field(
        "auto",
        description=(
            "Penalty on the squared coefficients of standardised inputs; 'auto' chooses it within the training set, "
            "by leave-one-out error."
        ),
    )
    loss: Literal["squared", "huber"] = Field(
        "squared",
        description="'huber' lets targets with large errors pull less at the fit: for errors with heavy tails.",
    )


class RidgeParams(_ShrinkageParams):
    """Parameters of ``ridge``."""


class PcaRidgeParams(_ShrinkageParams):
    """Parameters of ``pca-ridge``."""

    n_components: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] = Field(
        10,
        description=(
            "Principal components of the output spectra: how many (an integer, at most as many as there are), or the "
            "part of their variance to keep (between 0 and 1)."
        ),
    )


class FlatParams(_ModelParams):
    """Parameters of ``flat``."""
