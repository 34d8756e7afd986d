"""What this plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_uncertainty.params import (
    BootstrapParams,
    ConformalParams,
    EnsembleParams,
    GpPosteriorParams,
    HeteroscedasticParams,
    InputBootstrapParams,
    LaplaceParams,
    McDropoutParams,
    QuantileParams,
    ResidualParams,
    VarianceScalingParams,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the uncertainty estimators."""
    yield Component(
        kind="uncertainty",
        name="residual",
        target="specframe_uncertainty.residual:Residual",
        params=ResidualParams,
        summary="Errors per output, of the size of the residuals on targets the model did not see",
        tags=("calibration",),
    )
    yield Component(
        kind="uncertainty",
        name="conformal",
        target="specframe_uncertainty.conformal:Conformal",
        params=ConformalParams,
        summary="Split conformal intervals: they hold at the stated level, whatever the errors look like",
        tags=("calibration", "coverage", "distribution-free"),
    )
    yield Component(
        kind="uncertainty",
        name="ensemble",
        target="specframe_uncertainty.ensemble:Ensemble",
        params=EnsembleParams,
        summary="How much models with other seeds or other training targets differ, beside the error they state",
        tags=("epistemic", "deep ensemble", "draws"),
    )
    yield Component(
        kind="uncertainty",
        name="bootstrap",
        target="specframe_uncertainty.bootstrap:Bootstrap",
        params=BootstrapParams,
        summary="How much models differ that are fitted on targets drawn with replacement",
        tags=("epistemic", "resampling", "draws"),
    )
    yield Component(
        kind="uncertainty",
        name="input-bootstrap",
        target="specframe_uncertainty.bootstrap:InputBootstrap",
        params=InputBootstrapParams,
        summary="How much predictions differ when inputs are drawn within their errors",
        tags=("aleatoric", "error propagation", "Monte Carlo", "draws"),
    )
    yield Component(
        kind="uncertainty",
        name="mc-dropout",
        target="specframe_uncertainty.network_draws:McDropout",
        params=McDropoutParams,
        summary="How much predictions differ with a network's dropout left on",
        tags=("epistemic", "network", "draws"),
    )
    yield Component(
        kind="uncertainty",
        name="laplace",
        target="specframe_uncertainty.network_draws:Laplace",
        params=LaplaceParams,
        summary="How much predictions differ with a network's last layer drawn from its posterior",
        tags=("epistemic", "network", "Bayesian", "draws"),
    )
    yield Component(
        kind="uncertainty",
        name="heteroscedastic",
        target="specframe_uncertainty.heteroscedastic:Heteroscedastic",
        params=HeteroscedasticParams,
        summary="An error for every target: the model's own, or one that follows what the prediction tells of it",
        tags=("aleatoric", "calibration", "variance"),
    )
    yield Component(
        kind="uncertainty",
        name="quantile",
        target="specframe_uncertainty.quantile:Quantile",
        params=QuantileParams,
        summary="Bounds between quantiles: the model's own, or quantiles of residuals regressed on the prediction",
        tags=("aleatoric", "quantiles", "pinball"),
        example="specframe_uncertainty.examples:one_level",
    )
    yield Component(
        kind="uncertainty",
        name="gp-posterior",
        target="specframe_uncertainty.gp_posterior:GpPosterior",
        params=GpPosteriorParams,
        summary="The errors and the covariance of a posterior, as the model states them",
        tags=("Gaussian process", "Bayesian", "covariance"),
        example="specframe_uncertainty.examples:stated_errors",
    )
    yield Component(
        kind="uncertainty",
        name="variance-scaling",
        target="specframe_uncertainty.variance_scaling:VarianceScaling",
        params=VarianceScalingParams,
        summary="Multiplies errors that are stated by factors that make them hold, learned out of fold",
        tags=("calibration", "temperature", "student-t"),
        example="specframe_uncertainty.examples:stated_errors",
    )
