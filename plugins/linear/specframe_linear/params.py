"""Parameters of the linear components."""

from __future__ import annotations

from typing import Annotated, Literal

from specframe.api import Field, Params

__all__ = [
    "FlatParams",
    "MeasuredParams",
    "NaiveParams",
    "PcaRidgeParams",
    "PcaShrinkageParams",
    "RidgeParams",
]


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


class NaiveParams(_ModelParams):
    """Parameters of ``naive``."""


class FlatParams(Params):
    """Parameters of ``flat``."""


class MeasuredParams(Params):
    """Parameters of ``measured``."""


class PcaShrinkageParams(Params):
    """Parameters of ``pca-shrinkage``."""

    n_components: Literal["auto"] | Annotated[int, Field(ge=0, le=100)] = Field(
        "auto",
        description=(
            "Principal components of the training spectra, besides their mean shape; 'auto' chooses it by the "
            "likelihood of targets held out within the training set."
        ),
    )
    bias_modes: Literal["auto"] | Annotated[int, Field(ge=0, le=10)] = Field(
        "auto",
        description=(
            "Modes in which measured depths are biased to a different degree for each target, besides a mean bias "
            "per channel; 'auto' chooses it as n_components is chosen."
        ),
    )
    amplitude: Literal["each", "common"] = Field(
        "each",
        description=(
            "'each' infers how strong a target's features are, from a prior like the training set's; 'common' takes "
            "one covariance for all targets, the classical Wiener filter."
        ),
    )
    depth_covariance: bool = Field(
        False, description="Read depth_covariance too, which a joint fit gives, and not depth_error alone."
    )
    covariance: bool = Field(False, description="Give the covariance between the outputs of each prediction too.")
