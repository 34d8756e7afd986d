"""Uncertainty estimators: errors of predictions, from residuals on targets that the model did not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_uncertainty.bootstrap import Bootstrap, InputBootstrap
    from specframe_uncertainty.conformal import Conformal
    from specframe_uncertainty.ensemble import Ensemble
    from specframe_uncertainty.gp_posterior import GpPosterior
    from specframe_uncertainty.heteroscedastic import Heteroscedastic
    from specframe_uncertainty.network_draws import Laplace, McDropout
    from specframe_uncertainty.quantile import Quantile
    from specframe_uncertainty.residual import Residual
    from specframe_uncertainty.variance_scaling import VarianceScaling

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bootstrap": ("Bootstrap", "InputBootstrap"),
        "conformal": ("Conformal",),
        "ensemble": ("Ensemble",),
        "gp_posterior": ("GpPosterior",),
        "heteroscedastic": ("Heteroscedastic",),
        "network_draws": ("Laplace", "McDropout"),
        "quantile": ("Quantile",),
        "residual": ("Residual",),
        "variance_scaling": ("VarianceScaling",),
    },
)

__all__ = [
    "Bootstrap",
    "Conformal",
    "Ensemble",
    "GpPosterior",
    "Heteroscedastic",
    "InputBootstrap",
    "Laplace",
    "McDropout",
    "Quantile",
    "Residual",
    "VarianceScaling",
]
