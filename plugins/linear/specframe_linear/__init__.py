"""Linear components: ridge regression, shrinkage to principal components, and the references to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_linear.flat import Flat
    from specframe_linear.measured import Measured
    from specframe_linear.naive import Naive
    from specframe_linear.pca_ridge import PcaRidge
    from specframe_linear.pca_shrinkage import PcaShrinkage
    from specframe_linear.ridge import Ridge

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "flat": ("Flat",),
        "measured": ("Measured",),
        "naive": ("Naive",),
        "pca_ridge": ("PcaRidge",),
        "pca_shrinkage": ("PcaShrinkage",),
        "ridge": ("Ridge",),
    },
)

__all__ = ["Flat", "Measured", "Naive", "PcaRidge", "PcaShrinkage", "Ridge"]
