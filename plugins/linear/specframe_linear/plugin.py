"""The linear components, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_linear.params import (
    BayesianRidgeParams,
    BoostingParams,
    FlatParams,
    ForestParams,
    MeasuredParams,
    NaiveParams,
    OlsParams,
    PcaRidgeParams,
    PcaShrinkageParams,
    PlsParams,
    RidgeParams,
    StackingParams,
    TrendShrinkageParams,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="model",
        name="ridge",
        target="specframe_linear.ridge:Ridge",
        params=RidgeParams,
        requires=("scikit-learn>=1.6",),
        summary="Ridge regression on standardised inputs, penalty by leave-one-out, optionally robust to outliers",
        tags=("regression", "linear", "robust"),
    )
    yield Component(
        kind="model",
        name="pca-ridge",
        target="specframe_linear.pca_ridge:PcaRidge",
        params=PcaRidgeParams,
        requires=("scikit-learn>=1.6",),
        summary="Ridge regression onto principal components of the output spectra",
        tags=("regression", "linear", "principal components", "spectra"),
    )
    yield Component(
        kind="model",
        name="ols",
        target="specframe_linear.ols:Ols",
        params=OlsParams,
        summary="Ordinary least squares, with standard errors from the residuals and the leverage",
        tags=("regression", "linear", "uncertainty"),
    )
    yield Component(
        kind="model",
        name="bayesian-ridge",
        target="specframe_linear.bayesian_ridge:BayesianRidge",
        params=BayesianRidgeParams,
        summary="Ridge regression with penalty and noise of the greatest evidence, and the posterior's standard errors",
        tags=("regression", "linear", "Bayesian", "uncertainty"),
    )
    yield Component(
        kind="model",
        name="pls",
        target="specframe_linear.pls:Pls",
        params=PlsParams,
        summary="Partial least squares: a few combinations of the inputs that vary with the outputs",
        tags=("regression", "linear", "latent components", "spectra"),
    )
    yield Component(
        kind="model",
        name="forest",
        target="specframe_linear.forest:Forest",
        params=ForestParams,
        requires=("scikit-learn>=1.6",),
        summary="Extremely randomised trees, with the scatter of similar training labels as error",
        tags=("regression", "trees", "nonlinear", "uncertainty"),
        example="specframe_linear.examples:few_trees",
    )
    yield Component(
        kind="model",
        name="boosting",
        target="specframe_linear.boosting:Boosting",
        params=BoostingParams,
        requires=("scikit-learn>=1.6",),
        summary="Gradient-boosted trees, with quantiles on request; missing inputs are values of their own",
        tags=("regression", "trees", "nonlinear", "quantiles"),
    )
    yield Component(
        kind="model",
        name="pca-shrinkage",
        target="specframe_linear.pca_shrinkage:PcaShrinkage",
        params=PcaShrinkageParams,
        summary="Shrinks fitted spectra to principal components of the training set's, with errors (Wiener filter)",
        tags=("shrinkage", "linear", "principal components", "spectra", "uncertainty"),
        example="specframe_linear.examples:shrinkage",
    )
    yield Component(
        kind="model",
        name="trend-shrinkage",
        target="specframe_linear.trend_shrinkage:TrendShrinkage",
        params=TrendShrinkageParams,
        requires=("scikit-learn>=1.6",),
        summary="Depths of white curves, with the drifts that the training set has as prior knowledge",
        tags=("shrinkage", "light curves", "drift", "depth", "uncertainty"),
        example="specframe_linear.examples:trends",
    )
    yield Component(
        kind="model",
        name="stacking",
        target="specframe_linear.stacking:Stacking",
        params=StackingParams,
        requires=("scikit-learn>=1.6",),
        summary="An average of other models, with weights and errors learned from their out-of-fold predictions",
        tags=("combination", "ensemble", "linear", "uncertainty"),
        example="specframe_linear.examples:members",
    )
    yield Component(
        kind="model",
        name="measured",
        target="specframe_linear.measured:Measured",
        params=MeasuredParams,
        summary="The fitted spectra as they are, to be scored or improved on",
        tags=("reference", "baseline", "spectra"),
        example="specframe_linear.examples:spectra",
    )
    yield Component(
        kind="model",
        name="flat",
        target="specframe_linear.flat:Flat",
        params=FlatParams,
        summary="The fitted white depth at every wavelength: a planet without an atmosphere",
        tags=("reference", "baseline", "spectra"),
        example="specframe_linear.examples:spectra",
    )
    yield Component(
        kind="model",
        name="naive",
        target="specframe_linear.naive:Naive",
        params=NaiveParams,
        summary="The naive reference: mean and standard deviation of the training labels",
        tags=("reference", "baseline"),
    )
