"""Regression on features (least squares, shrinkage, latent components, trees), and the references to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_linear.bayesian_ridge import BayesianRidge
    from specframe_linear.boosting import Boosting
    from specframe_linear.flat import Flat
    from specframe_linear.forest import Forest
    from specframe_linear.measured import Measured
    from specframe_linear.naive import Naive
    from specframe_linear.ols import Ols
    from specframe_linear.pca_ridge import PcaRidge
    from specframe_linear.pca_shrinkage import PcaShrinkage
    from specframe_linear.pls import Pls
    from specframe_linear.ridge import Ridge
    from specframe_linear.stacking import Stacking
    from specframe_linear.trend_shrinkage import TrendShrinkage

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bayesian_ridge": ("BayesianRidge",),
        "boosting": ("Boosting",),
        "flat": ("Flat",),
        "forest": ("Forest",),
        "measured": ("Measured",),
        "naive": ("Naive",),
        "ols": ("Ols",),
        "pca_ridge": ("PcaRidge",),
        "pca_shrinkage": ("PcaShrinkage",),
        "pls": ("Pls",),
        "ridge": ("Ridge",),
        "stacking": ("Stacking",),
        "trend_shrinkage": ("TrendShrinkage",),
    },
)

__all__ = [
    "BayesianRidge",
    "Boosting",
    "Flat",
    "Forest",
    "Measured",
    "Naive",
    "Ols",
    "PcaRidge",
    "PcaShrinkage",
    "Pls",
    "Ridge",
    "Stacking",
    "TrendShrinkage",
]
