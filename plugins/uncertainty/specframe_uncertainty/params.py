"""Parameters of the uncertainty estimators."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import field_validator, model_validator

from specframe.api import Field, Params

__all__ = [
    "BootstrapParams",
    "CombinedParams",
    "ConformalParams",
    "EnsembleParams",
    "GpPosteriorParams",
    "HeteroscedasticParams",
    "InputBootstrapParams",
    "LaplaceParams",
    "McDropoutParams",
    "QuantileParams",
    "ResidualParams",
    "VarianceScalingParams",
]


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


class CalibrationParams(IntervalParams):
    """What the estimators take that calibrate sizes of errors."""

    extrapolation: Literal["flag", "widen"] = Field(
        "flag",
        description=(
            "What becomes of targets further out than the training set. flag: they are flagged only; widen: their "
            "errors are multiplied by their distance in units of the training set's reach."
        ),
    )


class ConformalParams(CalibrationParams):
    """Parameters of ``conformal``."""

    method: Literal["split", "cqr", "cv+"] = Field(
        "split",
        description=(
            "split: intervals about the mean; cqr: the bounds that a model or the estimator 'quantile' states at the "
            "levels, moved until they hold; cv+: as the jackknife+, by the models of all folds, which errs on neither "
            "side when these differ much from the model of all targets."
        ),
    )
    normalise_by: Literal["auto", "std", "residual", "learned"] = Field(
        "auto",
        description=(
            "What errors are measured in. std: the prediction's own, so that intervals follow it; residual: one size "
            "per output; learned: a size that follows what the prediction tells (its value, distance from the training "
            "set, measured error, std), learned from the residuals; auto: std where the prediction has one, else "
            "residual. A std below a tenth of its median counts as a tenth."
        ),
    )
    joint: Literal["marginal", "pooled", "simultaneous", "ellipsoid"] = Field(
        "marginal",
        description=(
            "What holds a level. marginal: every output by itself; pooled: all outputs on average, with one factor "
            "for all of them, for few targets; simultaneous: a band that holds all outputs of a target at once; "
            "ellipsoid: marginal intervals, and besides a covariance and the radii at which it holds all outputs."
        ),
    )
    classes_by: Literal["none", "std", "mean", "distance"] = Field(
        "none",
        description=(
            "Calibrate classes of targets each by itself, so that each holds the level: by their predicted std, mean "
            "or distance, averaged over outputs."
        ),
    )
    n_classes: int = Field(
        3, ge=2, le=20, description="How many classes; each needs as many targets as all would without classes."
    )
    std: Literal["rms", "interval"] = Field(
        "rms",
        description=(
            "rms: std is the root mean square of the errors, best for a Gaussian likelihood; interval: half of the "
            "interval that holds 68 % of them, for each output."
        ),
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.method == "cv+" and (self.joint in ("pooled", "simultaneous") or self.classes_by != "none"):
            raise ValueError("method cv+ takes joint: marginal or ellipsoid and classes_by: none")
        if self.joint == "ellipsoid" and self.std != "rms":
            raise ValueError("joint: ellipsoid takes std: rms, by which its covariance is scaled")
        return self


class VarianceScalingParams(CalibrationParams):
    """Parameters of ``variance-scaling``."""

    follow: Literal["proportional", "power", "isotonic"] = Field(
        "proportional",
        description=(
            "How the new std follows the predicted one. proportional: times a factor; power: as a power of it, fitted, "
            "for a std that varies too much or too little from target to target; isotonic: by any function that does "
            "not fall, for 200 targets or more."
        ),
    )
    factors: Literal["output", "common"] = Field(
        "output",
        description=(
            "output: each output has a factor of its own, drawn towards the common one as far as its targets leave it "
            "uncertain; common: one factor for all."
        ),
    )
    target: Literal["nll", "crps", "coverage"] = Field(
        "nll",
        description=(
            "What the std is best for. nll: the Gaussian likelihood, as in the score of the Ariel challenge, which "
            "makes the mean squared pull 1; crps: the continuous ranked probability score; coverage: 68 % of the "
            "errors lie within one std. The last two are hardly moved by a few bad targets."
        ),
    )
    tails: Literal["normal", "student"] = Field(
        "student",
        description=(
            "Bounds at the levels: those of Student's t, whose width and degrees of freedom are fitted to the pulls, "
            "as some errors are often far too large; or those of a normal error with this std."
        ),
    )


class CombinedParams(IntervalParams):
    """What every estimator that sees draws of a prediction takes."""

    combine: Literal["add", "replace", "maximum"] = Field(
        "add",
        description=(
            "What becomes of the std that the prediction has already, from its model or an estimator before. add: the "
            "spread of the draws joins it in quadrature; replace: the spread takes its place; maximum: the larger of "
            "the two, for two estimates of one and the same error."
        ),
    )
    interval: Literal["auto", "draws", "student"] = Field(
        "auto",
        description=(
            "Bounds from quantiles of the draws, convolved with the error there was before, or from std and Student's "
            "t with as many degrees of freedom as the draws leave; auto: draws where there are 50 of them or more."
        ),
    )
    covariance: bool = Field(
        False,
        description=(
            "Give the covariance between the outputs of each prediction too, shrunk so that it is positive definite "
            "with fewer draws than outputs."
        ),
    )
    samples: bool = Field(
        False, description="Keep the draws in the prediction, about the mean and as wide as the std that results."
    )


class EnsembleParams(CombinedParams):
    """Parameters of ``ensemble``."""

    members: int = Field(5, ge=2, le=1000, description="Models that are fitted, each with a seed of its own.")
    over: Literal["seeds", "folds"] = Field(
        "seeds",
        description=(
            "How members differ. seeds: all learn from the same targets; folds: each is fitted without one of as many "
            "folds, which also works for models without randomness; their spread counts as a delete-a-group "
            "jackknife's."
        ),
    )


class BootstrapParams(CombinedParams):
    """Parameters of ``bootstrap``."""

    draws: int = Field(
        30, ge=2, le=10_000, description="Fits, each on as many groups of targets, drawn with replacement."
    )


class InputBootstrapParams(CombinedParams):
    """Parameters of ``input-bootstrap``."""

    draws: int = Field(100, ge=2, le=10_000, description="Predictions, each from inputs drawn within their errors.")


class McDropoutParams(CombinedParams):
    """Parameters of ``mc-dropout``."""

    draws: int = Field(100, ge=2, le=10_000, description="Predictions with the model's dropout active.")


class LaplaceParams(CombinedParams):
    """Parameters of ``laplace``."""

    draws: int = Field(100, ge=2, le=10_000, description="Predictions with weights drawn from their posterior.")


class _SourceParams(IntervalParams):
    source: Literal["auto", "model", "residuals"] = Field(
        "auto",
        description=(
            "model: take the errors that the model states, and refuse if it states none; residuals: learn them from "
            "out-of-fold residuals, for any model; auto: the model's where it states them."
        ),
    )


class HeteroscedasticParams(_SourceParams):
    """Parameters of ``heteroscedastic``."""

    degree: Literal[1, 2] = Field(
        2, description="Of the polynomial in what the prediction tells of a target that the log-variance follows."
    )
    interval: Literal["empirical", "normal"] = Field(
        "empirical",
        description=(
            "Bounds where errors are learned: quantiles of the residuals in units of their std, which hold when errors "
            "have heavy tails, or those of a normal error."
        ),
    )
    slopes: Literal["shared", "each"] = Field(
        "shared",
        description="Whether outputs share how errors vary between targets, each with a size of its own, or not.",
    )
    shrinkage: Literal["auto"] | Annotated[float, Field(gt=0)] = Field(
        "auto",
        description=(
            "Penalty on the squared slopes, in targets; a large one makes errors the same for all targets. 'auto' "
            "chooses it by the likelihood of targets held out."
        ),
    )


class QuantileParams(_SourceParams):
    """Parameters of ``quantile``."""

    shrinkage: Literal["auto"] | Annotated[float, Field(gt=0)] = Field(
        "auto",
        description=(
            "Penalty on the squared slopes, in targets; a large one makes intervals the same for all targets. 'auto' "
            "chooses it by the pinball loss of targets held out."
        ),
    )


class GpPosteriorParams(IntervalParams):
    """Parameters of ``gp-posterior``."""

    noise: bool = Field(
        True,
        description=(
            "Whether errors are those of a new label, noise included, or those of the function alone, for models that "
            "state both parts."
        ),
    )
    covariance: Literal["keep", "require", "drop"] = Field(
        "keep",
        description="What becomes of the posterior's covariance between outputs; require refuses where there is none.",
    )
