"""Uncertainty estimators: errors of predictions, from residuals on targets that the model did not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_uncertainty.conformal import Conformal
    from specframe_uncertainty.residual import Residual

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "conformal": ("Conformal",),
        "residual": ("Residual",),
    },
)

__all__ = ["Conformal", "Residual"]
