"""Parameters of the linear components."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import field_validator

from specframe.api import Field, Params

__all__ = [
    "BayesianRidgeParams",
    "BoostingParams",
    "FlatParams",
    "ForestParams",
    "MeasuredParams",
    "NaiveParams",
    "OlsParams",
    "PcaRidgeParams",
    "PcaShrinkageParams",
    "PlsParams",
    "RidgeParams",
    "StackingParams",
    "TrendShrinkageParams",
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


class OlsParams(_ModelParams):
    """Parameters of ``ols``."""


class BayesianRidgeParams(_ModelParams):
    """Parameters of ``bayesian-ridge``."""


class PlsParams(_ModelParams):
    """Parameters of ``pls``."""

    n_components: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description=(
            "Components of the inputs, at most as many as there are; 'auto' chooses up to 40 of them by the error of "
            "targets held out within the training set."
        ),
    )


class ForestParams(_ModelParams):
    """Parameters of ``forest``."""

    n_trees: int = Field(300, ge=10, le=10_000, description="Trees; more of them only make the result less random.")
    min_leaf: int = Field(
        1, ge=1, description="Fewest training targets in a leaf; more of them make predictions and errors smoother."
    )
    max_features: float = Field(
        1.0, gt=0, le=1, description="Part of the inputs, drawn anew, among which each split is chosen."
    )


class BoostingParams(_ModelParams):
    """Parameters of ``boosting``."""

    n_trees: int = Field(100, ge=1, le=10_000, description="Trees for each output, each of which corrects the last.")
    learning_rate: float = Field(0.1, gt=0, le=1, description="Part of each tree's correction that is made.")
    max_leaves: int = Field(31, ge=2, le=1024, description="Most leaves of a tree.")
    min_leaf: int = Field(20, ge=1, description="Fewest training targets in a leaf.")
    loss: Literal["squared", "absolute"] = Field(
        "squared",
        description="'absolute' predicts the median instead of the mean, which targets with large errors pull at less.",
    )
    n_components: int = Field(
        10,
        ge=1,
        description=(
            "Of more outputs than this, so many principal components are learned in their place, each with trees of "
            "its own."
        ),
    )
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (),
        max_length=10,
        description=(
            "Nominal coverages, e.g. [0.68, 0.95], of intervals between quantiles, each of which takes as long to "
            "learn as the mean."
        ),
    )

    @field_validator("levels")
    @classmethod
    def _ascending(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(after <= before for before, after in pairwise(levels)):
            raise ValueError("levels must ascend")
        return levels


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
    novelty: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description=(
            "Prior probability that a target has features which no training spectrum had: smooth in wavelength, "
            "as strong as its known ones. 0.1 costs planets like the training set's next to nothing; a band of a new "
            "molecule is then not shrunk away. Needs wavelengths."
        ),
    )
    depth_covariance: bool = Field(
        False, description="Read depth_covariance too, which a joint fit gives, and not depth_error alone."
    )
    covariance: bool = Field(False, description="Give the covariance between the outputs of each prediction too.")


class StackingParams(Params):
    """Parameters of ``stacking``."""

    method: Literal["simplex", "nnls", "ridge"] = Field(
        "simplex",
        description=(
            "How members are combined. simplex: weights of at least 0 that sum to 1, an average; nnls: weights of at "
            "least 0 and an intercept; ridge: any weights and an intercept."
        ),
    )
    weights: Literal["shared", "output"] = Field(
        "shared", description="One weight per member for all outputs, or one for each output."
    )
    shrinkage: Literal["auto"] | Annotated[float, Field(ge=0)] = Field(
        "auto",
        description=(
            "Pull towards equal weights, in units of the members' mean squared error: at 1 members count as if half "
            "of it were independent between them. 'auto' chooses it by the error of targets held out."
        ),
    )
    errors: Literal["auto", "ignore"] = Field(
        "auto",
        description=(
            "auto: where members state their errors, one with a small error for a target counts more for it, as far "
            "as this helps on targets held out; ignore: the same weights for every target."
        ),
    )
    remove_bias: bool = Field(
        True, description="Take each member's mean error off first, for every output; the other methods always do."
    )


class TrendShrinkageParams(Params):
    """Parameters of ``trend-shrinkage``."""

    noise_classes: int = Field(
        1,
        ge=1,
        le=8,
        description="Classes of noise, found in the training set, with a line from depth to label each: as many as "
        "there are stars of different brightness, whose light weighs wavelengths differently.",
    )
